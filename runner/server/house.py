"""What the server has, in one place: gallery, catalogue, uploads, desk, queue, news; and how a wish becomes a job."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from reports import imaging
from reports.log import read_run
from runner.errors import ImageError, InputError
from runner.server.catalogue import Catalogue
from runner.server.drafts import Checked, Desk, Draft, name_of
from runner.server.editing import edit
from runner.server.job import Job, JobStore
from runner.server.news import News
from runner.server.queue import Queue
from runner.server.uploads import Uploads

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
        from runner.commands.scaffolding import schema_text

        return schema_text()

    def submit(self, draft: Draft, found: Checked, *, look: str = "") -> Job:
        """Queue a draft that was checked.

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
        )

    def branch(self, job: Job) -> Draft:
        """A job's recipe with its pictures, beginning with what its run shows by now, where its canvas can.

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
        newest = imaging.newest_frame(read_run(folder)) if folder is not None else None
        if folder is None or newest is None:
            return plain
        try:
            start = self.uploads.take((folder / newest[1].path).read_bytes(), "start").id
            canvas = {"kind": "image", "image": "upload:start", "keep_detail": False}
            begun = Draft(job.origin, edit(text, ("renderer", "canvas", "init"), canvas), {**images, "start": start})
        except (OSError, ImageError, InputError):
            return plain
        return begun if self.desk.check(begun).loaded is not None else plain
