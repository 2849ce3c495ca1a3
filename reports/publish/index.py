"""The index of a store: its catalogue and the pages above the runs, kept in step while others publish too.

Invariant: a page is only ever replaced by one that was made from a catalogue at least as new. Each page's tag is looked
up *before* the catalogue is read, and the page is then written on the condition that it still has this tag. At the end
the catalogue must still be the one that the pages were made from; if it is not, another publisher has replaced it, and
the update starts again. So the last publisher has seen all runs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

from orbifolio.reports.publish.catalogue import (
    CATALOGUE_KEY,
    CatalogueEntry,
    GalleryCatalogue,
    keeps_conditions,
    read_catalogue,
    write_catalogue,
)
from orbifolio.reports.publish.index_pages import index_files
from orbifolio.reports.publish.manifest import FileEntry
from orbifolio.reports.publish.retry import RetryPolicy
from orbifolio.reports.publish.serving import headers_for
from orbifolio.reports.publish.store import MISSING, PreconditionFailed, StoredObject
from orbifolio.reports.publish.uploading import Uploader, UploadJob, in_parallel, upload
from orbifolio.reports.render import PageRenderer
from orbifolio.reports.sweep.record import SWEEPS_FOLDER, RecordedSweep
from orbifolio.runner.errors import PublishError

_LOST_RACES = RetryPolicy(attempts=60, first=0.1, longest=2.0)
"""A lost race is won soon: about a minute and a half of losing means that others publish without pause."""
_NO_SWEEPS: Mapping[str, RecordedSweep] = {}


class Index:
    """Writes the index of one store.

    Args:
        uploader: writes to the store, or only reports what it would write.
        pages: renders them with the gallery's templates.
        now: the moment as of which runs are shown, in seconds since the epoch.

    Attributes:
        keys: of the pages to look up before the catalogue is read; more are added as they turn out to be needed.
    """

    def __init__(self, uploader: Uploader, pages: PageRenderer, now: Callable[[], float]) -> None:
        self.uploader = uploader
        self.store = uploader.store
        self.listener = uploader.listener
        self.pages = pages
        self.now = now
        self.keys: set[str] = {"index.html"}
        self._warned = False

    def update(
        self,
        ours: Mapping[str, CatalogueEntry],
        gone: Collection[str] = (),
        sweeps: Mapping[str, RecordedSweep] = _NO_SWEEPS,
    ) -> GalleryCatalogue:
        """Add our runs to the catalogue, and write the pages that this changes.

        Args:
            ours: runs whose pages are in the store.
            gone: runs, and sweeps as `sweeps/name`, that are no longer to be shown.
            sweeps: those of our gallery, by name.

        Returns:
            The catalogue as it is now.

        Raises:
            PublishError: the store cannot be used, or others publish without pause.
        """
        try:
            return _LOST_RACES.call(
                lambda: self._attempt(ours, gone, sweeps), lambda error: isinstance(error, PreconditionFailed)
            )
        except PreconditionFailed:
            raise PublishError(
                f"{self.store.name}: others publish here without pause; the runs are uploaded, but the index does not "
                "show them all yet; publish again later"
            ) from None

    def _attempt(
        self, ours: Mapping[str, CatalogueEntry], gone: Collection[str], sweeps: Mapping[str, RecordedSweep]
    ) -> GalleryCatalogue:
        """Update once.

        Raises:
            PreconditionFailed: another publisher was faster, or a page was not looked up early enough.
        """
        heads = dict(in_parallel(self.store, sorted(self.keys), self.store.head))
        before = read_catalogue(self.store)
        after = replace(
            before,
            runs={run: entry for run, entry in {**before.runs, **ours}.items() if run not in gone},
            sweeps={
                name: sweep
                for name, sweep in {**before.sweeps, **sweeps}.items()
                if f"{SWEEPS_FOLDER}/{name}" not in gone
            },
        )
        now = self.now()
        files = index_files(after.cards(now), self.pages, self.store.root, before.pages, after.shown(now))
        stale = set(before.pages) - set(files)
        after = replace(after, pages=tuple(sorted({*files, *stale})))  # ours until they are gone
        if not files.keys() <= heads.keys():
            self.keys |= files.keys()
            raise PreconditionFailed(self.store.name)
        after = self._swap(before, after)
        for key, content in files.items():
            self._write(key, content, heads[key], after)
        if stale:
            self.uploader.delete(sorted(stale))
            after = self._swap(after, replace(after, pages=tuple(sorted(files))))
        if self.uploader.dry:
            return after
        stored = self.store.head(CATALOGUE_KEY)
        if stored is None or stored.tag != after.tag:
            raise PreconditionFailed(self.store.name)
        return after

    def _swap(self, before: GalleryCatalogue, after: GalleryCatalogue) -> GalleryCatalogue:
        """Write the catalogue if it changes."""
        if not before.conditions and not self.uploader.dry:
            after = replace(after, conditions="kept" if keeps_conditions(self.store) else "ignored")
        if after.conditions == "ignored" and not self._warned:
            self._warned = True
            self.listener.say(
                f"{self.store.name} ignores conditional writes: if two machines publish at the same moment, the index "
                "may lack a run until the next publication; nothing that was uploaded is lost"
            )
        if after.to_json() == before.to_json() and before.tag is not MISSING:
            return after
        return after if self.uploader.dry else replace(after, tag=write_catalogue(self.store, after, before))

    def _write(self, key: str, content: bytes, head: StoredObject | None, after: GalleryCatalogue) -> None:
        """Write a page unless the store holds it already."""
        entry = FileEntry(hashlib.sha256(content).hexdigest(), len(content), str(headers_for(key)))
        if head is not None and entry.matches(head):
            return
        condition = None if after.conditions == "ignored" else MISSING if head is None else head.tag
        self.listener.expect(1, entry.bytes)
        if not self.uploader.dry:
            upload(self.store, UploadJob(key, Path(key), content, entry, condition))
        self.listener.uploaded(key, entry.bytes)
