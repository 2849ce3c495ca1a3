"""What the server has: gallery, catalogue, uploads, drafts, jobs; and how a draft becomes a job."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

from orbifolio.reports.data.log import read_run
from orbifolio.reports.media.img import newest_frame
from orbifolio.runner.errors import ImageError, InputError, RecipeError
from orbifolio.runner.files import write_atomically
from orbifolio.runner.images.sources import ASKED
from orbifolio.runner.server.bounded_calls import BoundedCalls
from orbifolio.runner.server.branching import STATE, BranchStart, branch_start, copy_state, has_state
from orbifolio.runner.server.catalogue import RecipeCatalogue, RecipeEntry, free_path
from orbifolio.runner.server.job_queue import JobQueue
from orbifolio.runner.server.job_status import JobStatus
from orbifolio.runner.server.job_store import Job, JobStore
from orbifolio.runner.server.recipe_drafts import CheckedDraft, Draft, RecipeDrafts, name_of
from orbifolio.runner.server.recipe_edit import edit
from orbifolio.runner.server.uploads import Uploads

PRESETS_THEME = "photographs"
"""The gallery's theme for what the painting page makes."""


MAX_OWN = 1000
"""Recipes that visitors may save in the folder of one's own."""


class AppState:
    """Everything behind the pages.

    Args:
        gallery: the folder that holds all runs.
        recipe: that the server was started with, or None.
        devices: one run at a time on each.
        overrides: put into every recipe.
        shared: visitors may see each other's pictures, and the runs that they are made into.
    """

    def __init__(
        self,
        gallery: Path,
        recipe: Path | None = None,
        *,
        devices: Sequence[str],
        overrides: Sequence[str] = (),
        shared: bool = False,
    ) -> None:
        self.shared = shared
        self.gallery = gallery.resolve()
        self.store = JobStore(self.gallery)
        self.catalogue = RecipeCatalogue(recipe)
        self.uploads = Uploads(self.gallery, self.store.quota, shared=shared)
        self.drafts = RecipeDrafts(self.catalogue, self.uploads)
        self.queue = JobQueue(self.store, devices, self.catalogue.folder_of, overrides)
        self.status = JobStatus(self.queue)
        self.calls = BoundedCalls("orbifolio.runner.server.bounded_work")
        self.previewing = asyncio.Semaphore(1)
        """One preview or estimate at a time: runs need the processor."""
        self.decoding = asyncio.Semaphore(2)
        self.streams = 0
        self.closing = threading.Event()

    @cached_property
    def schema(self) -> str:
        """The JSON Schema of recipes."""
        from orbifolio.runner.recipe.schema import schema_text

        return schema_text()

    def may_see(self, owner: str, visitor: str) -> bool:
        """Whether a visitor may see what belongs to one."""
        return self.shared or owner in ("", visitor)

    def keep_recipe(self, checked: CheckedDraft) -> RecipeEntry:
        """Save a draft in the folder of one's own recipes; its entry.

        What a recipe on disk names is trusted from then on, so only a draft that could be run here is saved.

        Raises:
            InputError: there is no such folder, or it is full.
            RecipeError: what is wrong with the draft, except for pictures that are still to be chosen.
        """
        own = self.catalogue.own
        if own is None:
            raise InputError("there is no folder for recipes of your own; start the server with one; `serve FOLDER`")
        problems = [each for each in checked.problems if not each.message.startswith(ASKED)]
        if problems or not checked.data:
            raise RecipeError(checked.problems)
        entry = self.drafts.entry(checked.draft.origin)
        if entry is None or not entry.own:
            mine = [each for each in self.catalogue.entries().values() if each.own]
            if len(mine) >= MAX_OWN:
                raise InputError(f"{own.name} has {len(mine)} recipes; at most {MAX_OWN} are kept; remove some")
            name, _ = name_of(None, str(checked.data.get("title", "")))
            path = free_path(own / f"{name}.yaml")
        else:
            path = entry.path
        write_atomically(path, checked.draft.text.encode())
        return next(each for each in self.catalogue.entries().values() if each.path == path)

    def submit(self, checked: CheckedDraft, *, look: str = "", run: str = "") -> Job:
        """Queue a draft that was checked.

        Args:
            checked: a draft without problems.
            look: of the painting page, or "".
            run: `type/id` that it continues, or "".

        Raises:
            InputError: the queue is full.
        """
        assert checked.loaded is not None
        draft, title = checked.draft, checked.loaded.recipe.title
        name, theme = (f"photo-{look}", PRESETS_THEME) if look else name_of(self.drafts.entry(draft.origin), title)
        pictures = {
            each: self.drafts.picture(draft.images[each], draft.visitor)
            for each in checked.upload_names
            if each in draft.images
        }
        return self.queue.add(
            draft.text,
            pictures,
            title=title,
            name=name,
            theme=theme,
            origin=draft.origin,
            look=look,
            photo=next(iter(pictures), ""),
            run=run,
            owner=draft.visitor if pictures else "",
        )

    def start_branch(self, branch: str, checked: CheckedDraft) -> tuple[CheckedDraft, str]:
        """A branch's draft as it is to be queued, and the new run that it continues, or "".

        Args:
            branch: id of the job that it branches from.
            checked: a draft without problems.

        Raises:
            InputError: there is no such job.
        """
        start, checked = self.branch_start(branch, checked)
        job = self._branched(branch, checked.draft.visitor)
        folder = self.store.run_folder(job)
        if start.kind != STATE or folder is None or checked.loaded is None:
            return checked, ""
        name, _ = name_of(self.drafts.entry(checked.draft.origin), checked.loaded.recipe.title)
        run = copy_state(folder, self.gallery, name, job.title)
        return checked, run.relative_to(self.gallery).as_posix()

    def _branched(self, branch: str, visitor: str) -> Job:
        try:
            job = self.store.read(branch)
        except KeyError:
            job = None
        if job is None or not self.may_see(job.owner, visitor):
            raise InputError(f"branch: there is no run {branch[:60]!r}; it was removed meanwhile; start a new run")
        return job

    def branch_start(self, branch: str, checked: CheckedDraft) -> tuple[BranchStart, CheckedDraft]:
        """What a branch would begin with, and the draft that does: with the run's newest picture if it needs one.

        Args:
            branch: id of the job that it branches from.
            checked: a draft without problems.

        Raises:
            InputError: there is no such job.
        """
        assert checked.loaded is not None
        folder = self.store.run_folder(self._branched(branch, checked.draft.visitor))
        start = branch_start(folder, checked.loaded, pictured=False)
        if start.kind == STATE:
            return start, checked
        draft = checked.draft
        pictured = draft if "start" in draft.images else self._with_newest_picture(draft, folder)
        rechecked = checked if pictured is draft else self.drafts.check(pictured)
        if "start" not in pictured.images or rechecked.loaded is None:
            return start, checked
        return branch_start(folder, checked.loaded, pictured=True), rechecked

    def draft_of(self, job: Job, visitor: str = "") -> Draft:
        """A job's recipe with its pictures, for a visitor.

        Where its run's state is gone, it begins with the run's picture, if it can.

        Raises:
            InputError: the recipe or a picture of it is gone.
        """
        try:
            text = self.store.recipe_path(job).read_text(encoding="utf-8")
            images = {
                name: self.uploads.take(self.store.image_path(job, name).read_bytes(), name, visitor).id
                for name in job.images
            }
        except OSError as error:
            raise InputError(f"{job.id}: its recipe cannot be read ({error.strerror}); begin from a recipe") from None
        draft = Draft(job.origin, text, images, visitor)
        folder = self.store.run_folder(job)
        if folder is not None and has_state(folder):
            return draft  # continues from there; if it is changed too much for that, `branch_start` puts the picture in
        return self._with_newest_picture(draft, folder)

    def _with_newest_picture(self, draft: Draft, folder: Path | None) -> Draft:
        """A draft that begins with a run's newest picture, or as it is where that cannot be."""
        newest = newest_frame(read_run(folder)) if folder is not None else None
        if folder is None or newest is None:
            return draft
        try:
            start = self.uploads.take((folder / newest[1].path).read_bytes(), "start", draft.visitor).id
            canvas = {"kind": "image", "image": "upload:start", "keep_detail": False}
            text = edit(draft.text, ("renderer", "canvas", "init"), canvas)
            pictured = Draft(draft.origin, text, {**draft.images, "start": start}, draft.visitor)
        except (OSError, ImageError, InputError):
            return draft
        return pictured if self.drafts.check(pictured).loaded is not None else draft
