"""The index of a store: its catalogue and the pages above the runs, kept in step while others publish too.

Convention: a page is only ever replaced by one that was made from a catalogue at least as new. This holds
because each page's tag is looked up *before* the catalogue is read, and the page is then written on the
condition that it still has this tag. At the end the catalogue must be the one the pages were made from; if
it is not, somebody has published meanwhile, and it begins anew. So whoever comes last has seen everybody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path

from orbifolio.reports.publish import catalogue, serving
from orbifolio.reports.publish.above import index_files
from orbifolio.reports.publish.catalogue import Catalogue, Shelved
from orbifolio.reports.publish.manifest import Entry
from orbifolio.reports.publish.retrying import Patience
from orbifolio.reports.publish.store import MISSING, Conflict, Stored
from orbifolio.reports.publish.uploading import Job, Sender, each, send
from orbifolio.reports.render import PageRenderer
from orbifolio.reports.sweep.record import SWEEPS_FOLDER, SweepRecord
from orbifolio.runner.errors import PublishError

_ROUNDS = 60  # each of them lost to another publisher
_NONE: Mapping[str, SweepRecord] = {}
_BRIEFLY = Patience(first=0.1, longest=2.0)


class Index:
    """Writes the index of one store.

    Args:
        sender: writes to the store, or only tells.
        pages: renders them.
        now: the moment as of which runs are shown, in seconds since the epoch.

    Attributes:
        keys: of pages that are looked up before the catalogue is read; more are added as they are needed.
    """

    def __init__(self, sender: Sender, pages: PageRenderer, now: Callable[[], float]) -> None:
        self.sender = sender
        self.store = sender.store
        self.witness = sender.witness
        self.pages = pages
        self.now = now
        self.keys: set[str] = {"index.html"}
        self._warned = False

    def update(
        self, ours: Mapping[str, Shelved], gone: Collection[str] = (), sweeps: Mapping[str, SweepRecord] = _NONE
    ) -> Catalogue:
        """Put our runs into the catalogue, and write the pages that this changes.

        Args:
            ours: runs whose pages stand in the store.
            gone: runs, and sweeps as `sweeps/name`, that are to be shown no more.
            sweeps: ours, by name.

        Returns:
            The catalogue as it stands.

        Raises:
            PublishError: the store cannot be used, or others publish without end.
        """
        for number in range(1, _ROUNDS + 1):
            if number > 1:
                _BRIEFLY.wait(number)
            try:
                found = self._round(ours, gone, sweeps)
            except Conflict:
                continue
            if found is not None:
                return found
        raise PublishError(
            f"{self.store.name}: others publish here without pause; the runs are uploaded, but the index does not "
            "show them all yet; publish again later"
        )

    def _round(
        self, ours: Mapping[str, Shelved], gone: Collection[str], sweeps: Mapping[str, SweepRecord]
    ) -> Catalogue | None:
        """One attempt; None if it has to be made again."""
        heads = dict(each(self.store, sorted(self.keys), self.store.head))
        before = catalogue.read(self.store)
        after = replace(
            before,
            runs={run: it for run, it in {**before.runs, **ours}.items() if run not in gone},
            sweeps={
                name: it for name, it in {**before.sweeps, **sweeps}.items() if f"{SWEEPS_FOLDER}/{name}" not in gone
            },
        )
        now = self.now()
        files = index_files(after.cards(now), self.pages, self.store.root, before.pages, after.shown(now))
        stale = set(before.pages) - set(files)
        after = replace(after, pages=tuple(sorted({*files, *stale})))  # ours until they are gone
        if not files.keys() <= heads.keys():
            self.keys |= files.keys()  # not looked up early enough to be written on this reading
            return None
        after = self._swap(before, after)
        for key, content in files.items():
            self._write(key, content, heads[key], after)
        if stale:
            self.sender.delete(sorted(stale))
            after = self._swap(after, replace(after, pages=tuple(sorted(files))))
        if self.sender.dry:
            return after
        stands = self.store.head(catalogue.KEY)
        return after if stands is not None and stands.tag == after.tag else None

    def _swap(self, before: Catalogue, after: Catalogue) -> Catalogue:
        """Write the catalogue if it changes."""
        if not before.conditions and not self.sender.dry:
            kept = catalogue.keeps_conditions(self.store)
            after = replace(after, conditions="kept" if kept else "ignored")
        if after.conditions == "ignored" and not self._warned:
            self._warned = True
            self.witness.say(
                f"{self.store.name} does not keep the conditions of writes: if two machines publish in the same "
                "moment, the index may miss a run until the next one publishes; nothing that was uploaded is lost"
            )
        if after.to_json() == before.to_json() and before.tag is not MISSING:
            return after
        return after if self.sender.dry else replace(after, tag=catalogue.write(self.store, after, before))

    def _write(self, key: str, content: bytes, head: Stored | None, after: Catalogue) -> None:
        """Write a page unless it stands already."""
        how = str(serving.served(key))
        entry = Entry(hashlib.sha256(content).hexdigest(), len(content), how)
        if head is not None and entry.stands(head):
            return
        condition = None if after.conditions == "ignored" else MISSING if head is None else head.tag
        self.witness.expect(1, entry.bytes)
        if not self.sender.dry:
            send(self.store, Job(key, Path(key), content, entry, condition))
        self.witness.uploaded(key, entry.bytes)
