"""A job is a request for one run, kept on disk: `JobStore` <-> `.serve/jobs/<id>/job.json` in the gallery.

    .serve/jobs/20261121-101500-4f2a9c/job.json
                                       plane/rainbow-hexagon.yaml    the recipe as it was asked for
                                       wish        `pause`, `keep` or `cancel`, for the process that runs it
                                       run         `rainbow-hexagon/20261121-...`, once there is a report
                                       and the files of a `JobRunner`: started, lock, result.json, work.log

Everything a restarted server must know is here; the run itself is in the gallery, as any run is.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from orbifolio.runner.files import write_atomically
from orbifolio.runner.server.file_quota import FileQuota

QUEUED, RUNNING, PAUSED, DONE, FAILED, CANCELLED = "queued", "running", "paused", "done", "failed", "cancelled"
WAITING_OR_RUNNING = (QUEUED, RUNNING)
OVER = (DONE, FAILED, CANCELLED)
_ID = re.compile(r"^[0-9]{8}-[0-9]{6}-[0-9a-f]{6}$")
_RUN = re.compile(r"[^./\\\0][^/\\\0]*/[0-9]{8}-[0-9]{6}-[0-9a-f]{4}")
"""A recipe of any name that the gallery shows; never a path out of the gallery."""
IMAGE_NAME = re.compile(r"^[a-zA-Z0-9][a-zA-Z0-9_-]{0,39}$")
_LATEST = 253_402_300_799  # the last second of the year 9999, after which no date can be written
FOLDER = ".serve"
"""Beside the runs, where neither the gallery's pages nor a publication look."""
JOBS, UPLOADS = "jobs", "uploads"
"""Folders in it."""
COUNTED = (f"{UPLOADS}/*", f"{JOBS}/*/images/*", f"{JOBS}/*/*/*.yaml")
"""What visitors' files are, below `FOLDER`."""


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
        owner: the visitor who alone may see it, since it holds pictures of theirs; "" for all.
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
    owner: str = ""


def quota_of(gallery: Path) -> FileQuota:
    """The quota of a gallery's visitors."""
    return FileQuota(gallery / FOLDER, COUNTED, gallery / FOLDER / UPLOADS)


class JobStore:
    """All jobs of a gallery: on disk, and after the first question for them all in memory.

    Only one server writes them (`serve` holds a lock), so that what it remembers is what there is. A job's own process
    reads its job alone.

    Args:
        gallery: the folder that holds all runs.
        quota: that the files of its jobs count in; one of its own by default.
    """

    def __init__(self, gallery: Path, quota: FileQuota | None = None) -> None:
        self.gallery = gallery
        self.folder = gallery / FOLDER / JOBS
        self.quota = quota or quota_of(gallery)
        self._jobs: dict[str, Job] | None = None
        self._active: dict[str, Job] = {}
        self._owners: dict[str, str] = {}
        self._lock = threading.RLock()

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
            ImageError: there is no room for its pictures.
            OSError: the disk is full or not writable.
        """
        now = time.time()
        identity = f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime(now))}-{secrets.token_hex(3)}"
        job = Job(id=identity, state=QUEUED, created=now, images=tuple(pictures), **attributes)
        sizes = {self.image_path(job, name): path.stat().st_size for name, path in pictures.items()}
        self.quota.take({**sizes, self.recipe_path(job): len(text.encode())})
        try:
            for name, path in pictures.items():
                write_atomically(self.image_path(job, name), path.read_bytes())
            write_atomically(self.recipe_path(job), text.encode())
            self.write(job)
        except OSError:
            self.remove(job)
            raise
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
        with self._lock:
            if self._jobs is not None:
                self._remember(job)

    def _remember(self, job: Job) -> None:
        assert self._jobs is not None
        self._jobs[job.id] = job
        if job.run:
            self._owners[job.run.casefold()] = job.owner  # some file systems know no case
        if job.state in OVER:
            self._active.pop(job.id, None)
        else:
            self._active[job.id] = job

    def change(self, job: Job, **values: Any) -> Job:
        """Keep a job with other values, and with the run that its process has begun."""
        changed = replace(job, **values)
        if not changed.run:
            changed = replace(changed, run=_run_of(self.folder_of(job.id)))
        self.write(changed)
        return changed

    def read(self, identity: str) -> Job:
        """A job as it was kept, with the run that its process has begun.

        Raises:
            KeyError: there is none of this name, or it cannot be read.
        """
        with self._lock:
            if self._jobs is not None:
                return self._with_run(self._jobs[identity])
        return self._with_run(self._stored(identity))

    def _with_run(self, job: Job) -> Job:
        """A job with its run, which its process notes while it is running."""
        if job.run or job.state != RUNNING:
            return job
        return replace(job, run=_run_of(self.folder_of(job.id)))

    def _stored(self, identity: str) -> Job:
        """A job from its file."""
        folder = self.folder_of(identity)
        try:
            record = json.loads((folder / "job.json").read_text(encoding="utf-8"))
            values = {name: record[name] for name in Job.__dataclass_fields__ if name in record}
            job = Job(**{**values, "images": tuple(values.get("images", ()))})
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            raise KeyError(identity) from None
        if not _makes_sense(job, identity):
            raise KeyError(identity)
        return job if job.run else replace(job, run=_run_of(folder))

    def _load(self) -> dict[str, Job]:
        with self._lock:
            if self._jobs is None:
                jobs = []
                for folder in self.folder.iterdir() if self.folder.is_dir() else ():
                    with contextlib.suppress(KeyError):
                        jobs.append(self._stored(folder.name))
                self._jobs = {}
                for job in sorted(jobs, key=lambda job: job.created):  # names are exact to the second only
                    self._remember(job)
            return self._jobs

    def all(self) -> list[Job]:
        """Every job, oldest first."""
        with self._lock:
            return [self._with_run(job) for job in self._load().values()]

    def newest(self, count: int, shown: Callable[[Job], bool]) -> list[Job]:
        """The newest jobs that may be shown, newest first."""
        with self._lock:
            jobs = filter(shown, reversed(self._load().values()))
            return [self._with_run(job) for job in itertools.islice(jobs, count)]

    def of_run(self, run: str) -> Job | None:
        """The job that made a run of the gallery."""
        return next((job for job in self.all() if job.run and job.run == run), None)

    def owner_of(self, run: str) -> str:
        """The visitor who alone may see a run of the gallery, "" for all."""
        with self._lock:
            self._load()
            owner = self._owners.get(run.casefold())
        if owner is None:  # its process may have begun it just now
            owner = next((job.owner for job in self.active() if job.run.casefold() == run.casefold()), "")
        return owner

    def active(self) -> list[Job]:
        """The jobs that are not over, oldest first."""
        with self._lock:
            self._load()
            return sorted(map(self._with_run, self._active.values()), key=lambda job: job.created)

    def remove(self, job: Job) -> None:
        """Forget a job; its run stays in the gallery."""
        folder = self.folder_of(job.id)
        shutil.rmtree(folder, ignore_errors=True)
        self.quota.forget(folder)
        with self._lock:
            self._active.pop(job.id, None)
            if self._jobs is not None:
                self._jobs.pop(job.id, None)

    def cancel(self, job: Job) -> Job:
        """Keep a job as cancelled, and nothing of what was sent for it; of one that has begun also its recipe."""
        changed = self.change(job, state=CANCELLED, message="", images=(), photo="")
        folder = self.folder_of(job.id)
        emptied = [folder / "images"] if changed.run else [path for path in folder.iterdir() if path.is_dir()]
        for each in emptied:
            shutil.rmtree(each, ignore_errors=True)
            self.quota.forget(each)
        return changed

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


def _makes_sense(job: Job, identity: str) -> bool:
    """Whether a record that lay on the disk is one of ours: each value of its type, and no number absurd."""
    texts = {name: value for name, value in asdict(job).items() if name not in ("created", "images")}
    return (
        job.id == identity
        and all(isinstance(value, str) for value in texts.values())
        and type(job.created) in (int, float)
        and 0 <= job.created < _LATEST
        and all(isinstance(name, str) and IMAGE_NAME.match(name) for name in job.images)
        and job.state in (QUEUED, RUNNING, PAUSED, *OVER)
        and (not job.run or _RUN.fullmatch(job.run) is not None)
        and not {"/", "\\", "\0"} & set(job.name + job.theme)
        and not job.theme.startswith(".")
    )


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
