"""A job is a request for one run, kept on disk: `JobStore` <-> `.serve/jobs/<id>/job.json` in the gallery.

    .serve/jobs/20261121-101500-4f2a9c/job.json
                                       plane/rainbow-hexagon.yaml    the recipe as it was asked for
                                       wish        `pause`, `keep` or `cancel`, for the process that runs it
                                       run         `rainbow-hexagon/20261121-...`, once there is a report
                                       and the files of a `JobRunner`: started, lock, result.json, work.log

Everything a restarted server must know is here; the run itself is in the gallery, as any run is.
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from orbifolio.runner.files import write_atomically

QUEUED, RUNNING, PAUSED, DONE, FAILED, CANCELLED = "queued", "running", "paused", "done", "failed", "cancelled"
WAITING_OR_RUNNING = (QUEUED, RUNNING)
OVER = (DONE, FAILED, CANCELLED)
_ID = re.compile(r"^[0-9]{8}-[0-9]{6}-[0-9a-f]{6}$")
_RUN = re.compile(r"[^./\\\0][^/\\\0]*/[0-9]{8}-[0-9]{6}-[0-9a-f]{4}")
"""A recipe of any name that the gallery shows; never a path out of the gallery."""
IMAGE_NAME = re.compile(r"^[a-zA-Z0-9][a-zA-Z0-9_-]{0,39}$")
FOLDER = ".serve"
"""Beside the runs, where neither the gallery's pages nor a publication look."""


@dataclass(frozen=True)
class Job:
    """A request for one run.

    Attributes:
        id: also the name of its folder.
        title: of the recipe, for people.
        name: of the recipe's file, without its ending; the gallery groups runs by it.
        theme: name of the recipe's folder.
        state: `queued`, `running`, `paused`, `done`, `failed` or `cancelled`.
        created: seconds since the epoch.
        origin: key of the catalogue's recipe that it began as, "" for none.
        look: of the painting page, "" for none.
        images: names of the pictures that the recipe asks for.
        photo: the name of the picture that is compared with the result, "" for none.
        device: where it runs or ran, "" before.
        run: its run in the gallery, as `recipe/identity`; "" before there is one.
        message: why it failed, for a reader.
    """

    id: str
    title: str
    name: str
    theme: str
    state: str
    created: float
    origin: str = ""
    look: str = ""
    images: tuple[str, ...] = ()
    photo: str = ""
    device: str = ""
    run: str = ""
    message: str = ""


class JobStore:
    """All jobs of a gallery.

    Args:
        gallery: the folder that holds all runs.
    """

    def __init__(self, gallery: Path) -> None:
        self.gallery = gallery
        self.folder = gallery / FOLDER / "jobs"

    def folder_of(self, identity: str) -> Path:
        """The folder of a job.

        Raises:
            KeyError: this is not a valid id.
        """
        if not _ID.match(identity):
            raise KeyError(identity)
        return self.folder / identity

    def add(self, text: str, pictures: Mapping[str, Path], **attributes: Any) -> Job:
        """Keep a new job, queued.

        Args:
            text: YAML of the recipe.
            pictures: files by the names that the recipe asks for; copied, so that they outlive the uploads.
            attributes: fields of `Job` beside `id`, `state` and `created`.

        Raises:
            OSError: the disk is full or not writable.
        """
        now = time.time()
        identity = f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(now))}-{secrets.token_hex(3)}"
        job = Job(id=identity, state=QUEUED, created=now, images=tuple(pictures), **attributes)
        for name, path in pictures.items():
            write_atomically(self.image_path(job, name), path.read_bytes())
        write_atomically(self.recipe_path(job), text.encode())
        self.write(job)
        return job

    def recipe_path(self, job: Job) -> Path:
        """Where the job's recipe lies: file and folder have the recipe's own names."""
        return self.folder_of(job.id) / job.theme / f"{job.name}.yaml"

    def image_path(self, job: Job, name: str) -> Path:
        """Where a picture that the recipe asks for lies."""
        if not IMAGE_NAME.match(name):
            raise KeyError(name)
        return self.folder_of(job.id) / "images" / f"{name}.png"

    def write(self, job: Job) -> None:
        """Write a job's file, in place of the one before."""
        text = json.dumps({"format": 1, **asdict(job)}, ensure_ascii=False, indent=1)
        write_atomically(self.folder_of(job.id) / "job.json", text.encode() + b"\n")

    def change(self, job: Job, **values: Any) -> Job:
        """Keep a job with other values."""
        changed = replace(job, **values)
        self.write(changed)
        return changed

    def read(self, identity: str) -> Job:
        """A job as it was kept, with the run that its process has begun.

        Raises:
            KeyError: there is none of this name, or it cannot be read.
        """
        folder = self.folder_of(identity)
        try:
            record = json.loads((folder / "job.json").read_text(encoding="utf-8"))
            values = {name: record[name] for name in Job.__dataclass_fields__ if name in record}
            job = Job(**{**values, "images": tuple(values.get("images", ()))})
        except (OSError, ValueError, TypeError, KeyError):
            raise KeyError(identity) from None
        return job if job.run else replace(job, run=_run_of(folder))

    def all(self) -> list[Job]:
        """Every job, oldest first."""
        jobs = []
        for folder in sorted(self.folder.iterdir()) if self.folder.is_dir() else ():
            try:
                jobs.append(self.read(folder.name))
            except KeyError:
                continue
        return sorted(jobs, key=lambda job: job.created)  # names are exact to the second only

    def remove(self, job: Job) -> None:
        """Forget a job; its run stays in the gallery."""
        shutil.rmtree(self.folder_of(job.id), ignore_errors=True)

    def request(self, job: Job, what: str) -> None:
        """Tell the process that runs the job: `pause`, `keep`, `cancel`, or "" to withdraw a request."""
        path = self.folder_of(job.id) / "wish"
        if what:
            write_atomically(path, what.encode())
        else:
            path.unlink(missing_ok=True)

    def requested(self, job: Job) -> str:
        """What was requested last, "" for nothing."""
        return read_request(self.folder_of(job.id))

    def run_folder(self, job: Job) -> Path | None:
        """The job's run in the gallery, or None."""
        return self.gallery / job.run if _RUN.fullmatch(job.run) and (self.gallery / job.run).is_dir() else None


def read_request(folder: Path) -> str:
    """The request in a job's folder, "" for none."""
    try:
        return (folder / "wish").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _run_of(folder: Path) -> str:
    try:
        run = (folder / "run").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""
    return run if _RUN.fullmatch(run) else ""
