"""What the server has, in one place: gallery, catalogue, uploads, desk, queue, news; and how a wish becomes a job."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from orbifolio.reports.data.log import read_run
from orbifolio.reports.media.img import newest_frame
from orbifolio.runner.errors import ImageError, InputError
from orbifolio.runner.server import branching
from orbifolio.runner.server.branching import Beginning
from orbifolio.runner.server.catalogue import Catalogue
from orbifolio.runner.server.drafts import Checked, Desk, Draft, name_of
from orbifolio.runner.server.editing import edit
from orbifolio.runner.server.job import Job, JobStore
from orbifolio.runner.server.news import News
from orbifolio.runner.server.queue import Queue
from orbifolio.runner.server.uploads import Uploads

LOOKS_THEME = "photographs"
"""The gallery's theme for what the painting page makes."""


class House:
    """Everything behind the pages.

    Args:
        gallery: the folder that holds all runs.
        recipe: that the server was started with, or None.
        devices: one run at a time on each.
        overrides: put into every recipe.
    """

    def __init__(
        self, gallery: Path, recipe: Path | None = None, *, devices: Sequence[str], overrides: Sequence[str] = ()
    ) -> None:
        self.gallery = gallery.resolve()
        self.store = JobStore(self.gallery)
        self.catalogue = Catalogue(recipe)
        self.uploads = Uploads(self.gallery)
        self.desk = Desk(self.catalogue, self.uploads)
        self.queue = Queue(self.store, devices, self.catalogue.folder_of, overrides)
        self.news = News(self.queue)
        self.glancing = asyncio.Semaphore(1)
        """One preview at a time: it is computed in this process."""
        self.decoding = asyncio.Semaphore(2)
        self.streams = 0
        self.closing = threading.Event()

    @cached_property
    def schema(self) -> str:
        """The JSON Schema of recipes."""
        from orbifolio.runner.commands.scaffolding import schema_text

        return schema_text()

    def submit(self, draft: Draft, found: Checked, *, look: str = "", run: str = "") -> Job:
        """Queue a draft that was checked.

        Args:
            draft: it.
            found: what is known of it.
            look: of the painting page, or "".
            run: `type/id` that it goes on from, or "".

        Raises:
            InputError: too many wait.
        """
        assert found.loaded is not None
        entry = self.desk.entry(draft.origin)
        name, theme = (f"photo-{look}", LOOKS_THEME) if look else name_of(entry, found.loaded.recipe.title)
        pictures = {each: self.desk.picture(draft.images[each]) for each in found.asked if each in draft.images}
        return self.queue.add(
            draft.text,
            pictures,
            title=found.loaded.recipe.title,
            name=name,
            theme=theme,
            origin=draft.origin,
            look=look,
            photo=next(iter(pictures), ""),
            run=run,
        )

    def begin(self, branch: str, draft: Draft, found: Checked) -> tuple[Draft, Checked, str]:
        """A branch's draft as it is to be queued, and the run that it goes on from, or "".

        Raises:
            InputError: there is no such run.
        """
        job = self._branched(branch)
        begins, draft, found = self.begins(job, draft, found)
        folder = self.store.run_folder(job)
        if begins.kind != branching.STATE or folder is None or found.loaded is None:
            return draft, found, ""
        name, _ = name_of(self.desk.entry(draft.origin), found.loaded.recipe.title)
        made = branching.copy_state(folder, self.gallery, name, job.title)
        return draft, found, made.relative_to(self.gallery).as_posix()

    def _branched(self, branch: str) -> Job:
        try:
            return self.store.read(branch)
        except KeyError:
            raise InputError(f"branch: there is no run {branch[:60]!r}; it was removed meanwhile; begin anew") from None

    def begins(self, branch: str | Job, draft: Draft, found: Checked) -> tuple[Beginning, Draft, Checked]:
        """What a branch would begin with, and the draft that does: with the run's newest picture put in if need be.

        Raises:
            InputError: there is no such run.
        """
        job = self._branched(branch) if isinstance(branch, str) else branch
        assert found.loaded is not None
        folder = self.store.run_folder(job)
        begins = branching.beginning(folder, found.loaded, pictured=False)
        if begins.kind == branching.STATE:
            return begins, draft, found
        begun = draft if "start" in draft.images else self._with_newest(draft, folder)
        known = found if begun is draft else self.desk.check(begun)
        if "start" not in begun.images or known.loaded is None:
            return begins, draft, found
        return branching.beginning(folder, found.loaded, pictured=True), begun, known

    def branch(self, job: Job) -> Draft:
        """A job's recipe with its pictures; where its run's state is gone, it begins with the picture, if it can.

        Raises:
            InputError: the recipe or a picture of it is gone.
        """
        try:
            text = self.store.recipe_path(job).read_text(encoding="utf-8")
            images = {
                name: self.uploads.take(self.store.image_path(job, name).read_bytes(), name).id for name in job.images
            }
        except OSError as error:
            raise InputError(f"{job.id}: its recipe cannot be read ({error.strerror}); begin from a recipe") from None
        plain = Draft(job.origin, text, images)
        folder = self.store.run_folder(job)
        if folder is not None and branching.has_state(folder):
            return (
                plain  # it goes on from there; if it is changed too much for that, the picture is put in at its start
            )
        return self._with_newest(plain, folder)

    def _with_newest(self, plain: Draft, folder: Path | None) -> Draft:
        """A draft that begins with a run's newest picture, or as it is where that cannot be."""
        newest = newest_frame(read_run(folder)) if folder is not None else None
        if folder is None or newest is None:
            return plain
        try:
            start = self.uploads.take((folder / newest[1].path).read_bytes(), "start").id
            canvas = {"kind": "image", "image": "upload:start", "keep_detail": False}
            text = edit(plain.text, ("renderer", "canvas", "init"), canvas)
            begun = Draft(plain.origin, text, {**plain.images, "start": start})
        except (OSError, ImageError, InputError):
            return plain
        return begun if self.desk.check(begun).loaded is not None else plain
