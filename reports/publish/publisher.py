"""Publishing: (gallery on disk, store) -> the same gallery in the store, beside everybody else's runs.

The order makes it safe to be interrupted at any moment: assets first; then each run's pictures, data, deepest pages,
..., its own page; then the catalogue, the recipes' pages, the gallery's page; and only then deletions of what no page
needs any more. What the runs' manifests list is not uploaded again.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath

from orbifolio.reports.files import Obstacles
from orbifolio.reports.publish.catalogue import GalleryCatalogue, read_catalogue
from orbifolio.reports.publish.contents import UnreadableFile, files_beside_runs
from orbifolio.reports.publish.index import Index
from orbifolio.reports.publish.index_pages import index_files
from orbifolio.reports.publish.run import PublishedRun, delete_run, delete_stale, mark_removed, publish_run
from orbifolio.reports.publish.serving import is_live_update, upload_rank
from orbifolio.reports.publish.store import Store
from orbifolio.reports.publish.uploading import ProgressListener, Uploader, UploadJob, in_parallel, plan_upload
from orbifolio.reports.render import PageRenderer, renderer
from orbifolio.reports.sweep.record import SWEEP_NAME, SWEEPS_FOLDER, RecordedSweep, read_sweeps
from orbifolio.reports.write_gallery import run_folders
from orbifolio.runner.errors import InputError, PathTaken
from orbifolio.runner.events import unreadable_files

_UNLISTABLE = {"Cc", "Cs"}
"""Categories of signs that not every store can list: control characters, and bytes of a name that are not UTF-8. S3
advises against backslashes, which some stores read as slashes."""
_INDEX_SECONDS = 120.0  # of uploading after which the index shows the runs so far; each update costs all its pages


@dataclass
class PublishStats:
    """What a publication did, or in a dry run would do.

    Attributes:
        uploaded: number of uploaded files.
        bytes: of the uploaded files, before compression.
        deleted: number of deleted files.
        runs: number of runs that were compared with the store.
        changed: number of those that differed.
    """

    uploaded: int = 0
    bytes: int = 0
    deleted: int = 0
    runs: int = 0
    changed: int = 0


class _StatsListener:
    """Passes everything on, and counts."""

    def __init__(self, listener: ProgressListener) -> None:
        self.stats = PublishStats()
        self._listener = listener
        self.expect = listener.expect
        self.reached = listener.reached
        self.say = listener.say

    def uploaded(self, key: str, bytes_: int) -> None:
        self.stats.uploaded += 1
        self.stats.bytes += bytes_
        self._listener.uploaded(key, bytes_)

    def deleted(self, key: str) -> None:
        self.stats.deleted += 1
        self._listener.deleted(key)


class Publisher:
    """Publishes one gallery to one store, once or again and again.

    Args:
        store: the target, which other machines may publish to as well.
        gallery: the folder that holds all runs.
        listener: is called after every change.
        every: seconds between two publications during a run, 0 if there is only this one.
        dry: change nothing, only report.
        pages: renders the index; the default renderer if None.
        now: the clock, in seconds since the epoch.

    Raises:
        InputError: this gallery cannot be published there.
    """

    def __init__(
        self,
        store: Store,
        gallery: Path,
        listener: ProgressListener,
        *,
        every: float = 0.0,
        dry: bool = False,
        pages: PageRenderer | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        store.refuse(gallery)
        self._store = store
        self._gallery = gallery.absolute()
        self._listener = _StatsListener(listener)
        self._uploader = Uploader(store, self._listener, dry=dry)
        self._every = every
        self._pages = pages or renderer()
        self._now = now
        self._index = Index(self._uploader, self._pages, now)
        self._shared: dict[str, str] = {}  # SHA-256 of shared files that the store holds, by key

    def publish(self, runs: Sequence[Path] | None = None, *, remove: Collection[str] = ()) -> PublishStats:
        """Publish these runs, or all.

        Args:
            runs: their folders; all of the gallery's if None. The sweeps that they belong to are published too.
            remove: runs of the store, as `type/id`, and sweeps, as `sweeps/name`, to delete.

        Returns:
            What was done.

        Raises:
            PublishError: it could not be finished; what is in the store is consistent, and the next time continues.
                A file that cannot be read is told at the end, when all other runs are published.
            InputError: a run to delete is not there, or is still in the gallery.
            PathTaken: files that every run has cannot be read of some; all others are published.
        """
        self._listener.stats = stats = PublishStats()
        catalogue = read_catalogue(self._store)
        sweeps = self._sweeps(runs)
        every = run_folders(self._gallery)
        here = [folder for folder in every if self._publishable(folder)]
        recipe_pages = (f"{folder.parent.name}/index.html" for folder in here)
        self._index.keys.update(catalogue.pages, self._index_keys, recipe_pages)
        self._check_removals(remove, here, catalogue)
        self._index.keys.update(f"{SWEEPS_FOLDER}/{name}/index.html" for name in sweeps)
        self._share(every)
        if any(set(sweep.runs) & set(catalogue.runs) for name, sweep in sweeps.items() if name not in catalogue.sweeps):
            self._update_index({}, sweeps=sweeps)  # pages of runs that are shown already will link to it
        wanted = here if runs is None else [folder.absolute() for folder in runs]
        published: dict[str, PublishedRun] = {}
        unreadable: UnreadableFile | None = None
        obstacles = Obstacles()
        indexed = time.monotonic()
        for folder in sorted(wanted, key=lambda folder: folder.name, reverse=True):  # newest first
            stats.runs += 1
            if faults := unreadable_files(folder):  # what was published of the run stays whole
                obstacles.note(faults)
                self._listener.say(f"{PathTaken(faults)}; this run is left out")
                continue
            try:
                run = publish_run(folder, self._gallery, catalogue, self._uploader, every=self._every, now=self._now)
            except UnreadableFile as error:  # of this run: the others are published all the same
                unreadable = unreadable or error
                self._listener.say(f"{error}; this run is left out")
                continue
            stats.changed += run.changed
            if run.strangers:
                names = ", ".join(name.encode(errors="backslashreplace").decode() for name in run.strangers)
                self._listener.say(
                    f"{folder}: {names}: left out, since no run makes such files; lay them beside the runs"
                )
            self._listener.reached(stats.runs, len(wanted))
            published[run.manifest.run] = run
            if time.monotonic() - indexed > _INDEX_SECONDS:
                self._update_index(published, sweeps=sweeps)
                indexed = time.monotonic()
        leaving = [mark_removed(name, self._uploader) for name in remove if not _is_sweep(name)]
        self._update_index(published, remove, sweeps=sweeps)
        self._delete_stale(published, remove)
        for manifest in leaving:
            delete_run(manifest, self._uploader)
        if unreadable is not None:
            raise unreadable
        obstacles.tell()
        return stats

    def _sweeps(self, runs: Sequence[Path] | None) -> dict[str, RecordedSweep]:
        """The gallery's own sweeps by name: all, or those that these runs belong to."""
        wanted = None if runs is None else {f"{folder.parent.name}/{folder.name}" for folder in runs}
        sweeps = read_sweeps(self._gallery)
        return {sweep.name: sweep for sweep in sweeps if wanted is None or wanted & set(sweep.runs)}

    @cached_property
    def _index_keys(self) -> frozenset[str]:
        """Keys of the pages that even a gallery without runs has."""
        return frozenset(index_files((), self._pages, self._store.root))

    def _publishable(self, folder: Path) -> bool:
        """Whether a run can be published; if not, the listener gets the reason."""
        if folder.is_symlink() or folder.parent.is_symlink():
            self._listener.say(f"{folder}: left out, as it is a link; publish the gallery that it leads to")
            return False
        name = folder.relative_to(self._gallery).as_posix()
        if any(sign == "\\" or unicodedata.category(sign) in _UNLISTABLE for sign in name):
            shown = name.encode(errors="backslashreplace").decode()
            self._listener.say(
                f"{self._gallery}/{shown!r}: left out, as not every store takes such signs; rename the folder"
            )
            return False
        return True

    def _check_removals(self, remove: Collection[str], here: Sequence[Path], catalogue: GalleryCatalogue) -> None:
        names = {folder.relative_to(self._gallery).as_posix() for folder in here}
        for name in remove:
            if _is_sweep(name):
                self._check_sweep(name, catalogue)
                continue
            if name in names:
                raise InputError(
                    f"--remove {name}: the run is still in {self._gallery} and would be published again; "
                    "delete it there first"
                )
            if name not in catalogue.tags:
                raise InputError(
                    f"--remove {name}: {self._store.name} holds no such run; name it by its folders, as in "
                    "whirlpool/20261121-101500-4f2a"
                )

    def _check_sweep(self, name: str, catalogue: GalleryCatalogue) -> None:
        if (self._gallery / name / SWEEP_NAME).is_file():
            raise InputError(
                f"--remove {name}: the sweep is still in {self._gallery} and would be published again; "
                "delete it there first"
            )
        if name.partition("/")[2] not in catalogue.sweeps:
            raise InputError(
                f"--remove {name}: {self._store.name} holds no such sweep; name it by its folder, as in "
                f"{SWEEPS_FOLDER}/20261121-101500-4f2a"
            )

    def _share(self, runs: Sequence[Path]) -> None:
        """Upload assets, then the other files beside all runs, unless the store holds them already."""
        jobs = {job.key: job for job in self._beside(runs)}
        for asset in self._pages.assets.values():  # those of the index, which a newer program may render
            jobs.setdefault(asset.path, plan_upload(asset.path, Path(asset.path), asset.content))
        unsure = [job for job in jobs.values() if self._shared.get(job.key) != job.entry.sha256]
        heads = in_parallel(self._store, unsure, lambda job: self._store.head(job.key))
        new = [job for job, head in heads if head is None or not job.entry.matches(head)]
        for job, entry in self._uploader.upload(replace(job, order=upload_rank(job.key)) for job in new):
            self._shared[job.key] = entry.sha256
        self._shared |= {job.key: job.entry.sha256 for job in unsure if job not in new}

    def _beside(self, runs: Sequence[Path]) -> list[UploadJob]:
        jobs = []
        for path in files_beside_runs(self._gallery, runs).files:
            if path in self._index_keys or _is_index(path) or _is_sweep(path):
                continue  # made from the catalogue instead, which has the cards of all publishers' runs
            try:
                jobs.append(plan_upload(path, self._gallery / path, None))
            except FileNotFoundError:
                continue
        return jobs

    def _update_index(
        self,
        published: dict[str, PublishedRun],
        gone: Collection[str] = (),
        *,
        sweeps: dict[str, RecordedSweep] | None = None,
    ) -> None:
        self._index.update({name: run.entry for name, run in published.items()}, gone, sweeps or {})

    def _delete_stale(self, published: dict[str, PublishedRun], gone: Collection[str]) -> None:
        """Delete what no page needs any more."""
        remaining = {name: delete_stale(run, self._uploader) for name, run in published.items() if run.stale}
        if remaining:
            self._update_index({**published, **remaining}, gone)


def _is_sweep(path: str) -> bool:
    """Whether a path or a name belongs to a sweep, whose page is made from the catalogue as well."""
    return path.startswith(f"{SWEEPS_FOLDER}/")


def _is_index(path: str) -> bool:
    """Whether a file beside the runs is one of the index pages, or their live updates."""
    place = PurePosixPath(path)
    return len(place.parts) <= 2 and (place.name == "index.html" or is_live_update(path))
