"""Publishing: (gallery on disk, store) -> the same gallery in the store, beside everybody else's runs.

The order makes every moment a good one to be interrupted in: assets, then of each run its pictures, its
data, its deepest pages, ..., its own page; then the catalogue, the recipes' pages, the gallery's page; and
only then is deleted what no page needs any more. What the runs' manifests list is not uploaded again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath

from orbifolio.reports.data.values import inner_path
from orbifolio.reports.publish import catalogue, contents, run, serving
from orbifolio.reports.publish.above import index_files
from orbifolio.reports.publish.catalogue import Catalogue
from orbifolio.reports.publish.index import Index
from orbifolio.reports.publish.run import Standing
from orbifolio.reports.publish.store import Store
from orbifolio.reports.publish.uploading import Job, Sender, Witness, each, planned
from orbifolio.reports.render import PageRenderer, renderer
from orbifolio.reports.sweep.record import SWEEP_NAME, SWEEPS_FOLDER, SweepRecord, read_sweeps
from orbifolio.reports.write_gallery import run_folders
from orbifolio.runner.errors import InputError

_INDEX = 120.0  # seconds of uploading after which the index shows what is there so far


@dataclass
class Tally:
    """What was done, or would be.

    Attributes:
        uploaded: files.
        bytes: of them, before compression.
        deleted: files.
        runs: looked at.
        changed: of these.
    """

    uploaded: int = 0
    bytes: int = 0
    deleted: int = 0
    runs: int = 0
    changed: int = 0


class _Counting:
    """Counts what a witness is told."""

    def __init__(self, witness: Witness) -> None:
        self.tally = Tally()
        self._witness = witness
        self.expect = witness.expect
        self.reached = witness.reached
        self.say = witness.say

    def uploaded(self, key: str, bytes_: int) -> None:
        self.tally.uploaded += 1
        self.tally.bytes += bytes_
        self._witness.uploaded(key, bytes_)

    def deleted(self, key: str) -> None:
        self.tally.deleted += 1
        self._witness.deleted(key)


class Publication:
    """Publishes one gallery to one store, once or again and again.

    Args:
        store: where to.
        gallery: the folder that holds all runs.
        witness: is told what happens.
        every: seconds between two publications while a run goes on, 0 if there is only this one.
        dry: change nothing, only tell.
        pages: renders the index; ours if None.
        now: seconds since the epoch.

    Raises:
        InputError: this gallery cannot be published there.
    """

    def __init__(
        self,
        store: Store,
        gallery: Path,
        witness: Witness,
        *,
        every: float = 0.0,
        dry: bool = False,
        pages: PageRenderer | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        store.refuse(gallery)
        self._store = store
        self._gallery = gallery.absolute()
        self._counting = _Counting(witness)
        self._sender = Sender(store, self._counting, dry=dry)
        self._every = every
        self._pages = pages or renderer()
        self._now = now
        self._index = Index(self._sender, self._pages, now)
        self._standing: dict[str, str] = {}  # shared files that were seen to stand, by their SHA-256

    def publish(self, runs: Sequence[Path] | None = None, *, remove: Collection[str] = ()) -> Tally:
        """Publish these runs, or all.

        Args:
            runs: their folders; all of the gallery's if None. The sweeps that they took part in come along.
            remove: runs of the store, as `type/id`, and sweeps, as `sweeps/name`, to take away.

        Returns:
            What was done.

        Raises:
            PublishError: it could not be finished; what stands in the store is whole, and the next time goes on.
            InputError: a run to take away is not there, or is still in the gallery.
        """
        self._counting.tally = tally = Tally()
        known = catalogue.read(self._store)
        sweeps = self._sweeps(runs)
        here = [folder for folder in run_folders(self._gallery) if self._fit(folder)]
        self._index.keys.update(known.pages, self._above, (f"{folder.parent.name}/index.html" for folder in here))
        self._check(remove, here, known)
        self._index.keys.update(f"{SWEEPS_FOLDER}/{name}/index.html" for name in sweeps)
        self._share(here)
        if any(set(sweep.runs) & set(known.runs) for name, sweep in sweeps.items() if name not in known.sweeps):
            self._shelve({}, sweeps=sweeps)  # the pages of runs that are shown already will lead to it
        wanted = here if runs is None else [folder.absolute() for folder in runs]
        done: dict[str, Standing] = {}
        indexed = time.monotonic()
        for folder in sorted(wanted, key=lambda folder: folder.name, reverse=True):  # newest first
            standing = run.publish_run(folder, self._gallery, known, self._sender, every=self._every, now=self._now)
            tally.runs += 1
            tally.changed += standing.changed
            self._counting.reached(tally.runs, len(wanted))
            done[standing.manifest.run] = standing
            if time.monotonic() - indexed > _INDEX:
                self._shelve(done, sweeps=sweeps)
                indexed = time.monotonic()
        leaving = [run.forget(name, self._sender) for name in remove if not _is_sweep(name)]
        self._shelve(done, remove, sweeps=sweeps)
        self._clear(done, remove)
        for manifest in leaving:
            run.take_away(manifest, self._sender)
        return tally

    def _sweeps(self, runs: Sequence[Path] | None) -> dict[str, SweepRecord]:
        """The gallery's own sweeps by name: all, or those that any of these runs took part in."""
        wanted = None if runs is None else {f"{folder.parent.name}/{folder.name}" for folder in runs}
        found = read_sweeps(self._gallery)
        return {sweep.name: sweep for sweep in found if wanted is None or wanted & set(sweep.runs)}

    @cached_property
    def _above(self) -> frozenset[str]:
        """Keys of what stands above even a gallery without runs."""
        return frozenset(index_files((), self._pages, self._store.root))

    def _fit(self, folder: Path) -> bool:
        """Whether a run can be published; why not is told."""
        if folder.is_symlink() or folder.parent.is_symlink():
            self._counting.say(f"{folder}: is a link, and left out; publish the gallery that it leads to")
            return False
        name = folder.relative_to(self._gallery).as_posix()
        if inner_path(name) != name:
            self._counting.say(f"{folder}: is left out; : and \\ cannot be in the address of a run; rename the folder")
            return False
        return True

    def _check(self, remove: Collection[str], here: Sequence[Path], known: Catalogue) -> None:
        names = {folder.relative_to(self._gallery).as_posix() for folder in here}
        for name in remove:
            if _is_sweep(name):
                self._check_sweep(name, known)
                continue
            if name in names:
                raise InputError(
                    f"--remove {name}: the run is still in {self._gallery} and would be published again; "
                    "remove it there first"
                )
            if name not in known.tags:
                raise InputError(
                    f"--remove {name}: {self._store.name} holds no such run; name it by its folders, as in "
                    "whirlpool/20261121-101500-4f2a"
                )

    def _check_sweep(self, name: str, known: Catalogue) -> None:
        if (self._gallery / name / SWEEP_NAME).is_file():
            raise InputError(
                f"--remove {name}: the sweep is still in {self._gallery} and would be published again; "
                "remove it there first"
            )
        if name.partition("/")[2] not in known.sweeps:
            raise InputError(
                f"--remove {name}: {self._store.name} holds no such sweep; name it by its folder, as in "
                f"{SWEEPS_FOLDER}/20261121-101500-4f2a"
            )

    def _share(self, here: Sequence[Path]) -> None:
        """Assets, then what else lies beside the runs; each unless it stands already."""
        jobs = {job.key: job for job in self._beside(here)}
        for asset in self._pages.assets.values():  # of the index, which may be newer than the gallery's pages
            jobs.setdefault(asset.path, planned(asset.path, Path(asset.path), asset.content))
        unsure = [job for job in jobs.values() if self._standing.get(job.key) != job.entry.sha256]
        heads = each(self._store, unsure, lambda job: self._store.head(job.key))
        new = [job for job, head in heads if head is None or not job.entry.stands(head)]
        for job, entry in self._sender.send(replace(job, order=serving.rank(job.key)) for job in new):
            self._standing[job.key] = entry.sha256
        self._standing |= {job.key: job.entry.sha256 for job in unsure if job not in new}

    def _beside(self, here: Sequence[Path]) -> list[Job]:
        found = []
        for path in contents.beside(self._gallery, here).files:
            if path in self._above or _is_index(path) or _is_sweep(path):
                continue  # made from the cards of all runs, not only of those that are here
            try:
                found.append(planned(path, self._gallery / path, None))
            except FileNotFoundError:
                continue
        return found

    def _shelve(
        self, done: dict[str, Standing], gone: Collection[str] = (), *, sweeps: dict[str, SweepRecord] | None = None
    ) -> None:
        self._index.update({name: standing.shelved for name, standing in done.items()}, gone, sweeps or {})

    def _clear(self, done: dict[str, Standing], gone: Collection[str]) -> None:
        """Delete what is stale, now that no page needs it."""
        left = {name: run.clear(standing, self._sender) for name, standing in done.items() if standing.stale}
        if left:
            self._shelve({**done, **left}, gone)


def _is_sweep(path: str) -> bool:
    """Whether a path or a name is a sweep's: its page is made from the catalogue, as those above the runs are."""
    return path.startswith(f"{SWEEPS_FOLDER}/")


def _is_index(path: str) -> bool:
    """Whether a file beside the runs is a page above them."""
    place = PurePosixPath(path)
    return len(place.parts) <= 2 and (place.name == "index.html" or serving.is_news(path))
