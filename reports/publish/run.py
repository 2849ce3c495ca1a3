"""One run in a store: folder on disk -> files in the store, manifest, entry for the catalogue."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from orbifolio.reports.data.card import CARD_NAME, Card, card_from_json
from orbifolio.reports.data.values import parse_json
from orbifolio.reports.media.run_card import read_card
from orbifolio.reports.publish.catalogue import CatalogueEntry, GalleryCatalogue, read_manifest
from orbifolio.reports.publish.contents import Snapshot, snapshot
from orbifolio.reports.publish.manifest import FileEntry, Manifest
from orbifolio.reports.publish.serving import headers_for, upload_rank
from orbifolio.reports.publish.uploading import Uploader, UploadJob, plan_upload
from orbifolio.runner.errors import PublishError

SAVE_SECONDS = 4.0
SAVE_FILES = 64
"""The manifest is saved after this many seconds or files of uploading: what a kill may cause to be uploaded twice."""

_MANIFEST = headers_for("manifest.json")
_NOT_SENT = FileEntry("", 0, "")


@dataclass(frozen=True)
class PublishedRun:
    """A run whose pages are in the store.

    Attributes:
        entry: for the catalogue.
        manifest: of what the store holds.
        stale: files that no page needs any more once the index is updated.
        changed: whether anything had to be done.
        strangers: what lies in its folder and is left out.
    """

    entry: CatalogueEntry
    manifest: Manifest
    stale: tuple[str, ...] = ()
    changed: bool = False
    strangers: tuple[str, ...] = ()


@dataclass(frozen=True)
class _LocalRun:
    """A run as it was read from disk.

    Attributes:
        run: `type/id`.
        card: for the index pages.
        jobs: an upload of each of its files, by path below the run's folder.
        strangers: see `Snapshot`.
    """

    run: str
    card: Card
    jobs: Mapping[str, UploadJob]
    strangers: tuple[str, ...]

    def manifest(self, every: float) -> Manifest:
        files = {path: job.entry for path, job in self.jobs.items()}
        return Manifest(self.run, True, every if self.card.running else 0.0, self.card, files)


def _read(folder: Path, gallery: Path, now: float) -> _LocalRun:
    run = folder.relative_to(gallery).as_posix()
    files = snapshot(folder, gallery)
    jobs = {}
    for path in (*files.files, *files.pages):
        try:
            jobs[path] = plan_upload(f"{run}/{path}", folder / path, files.pages.get(path))
        except FileNotFoundError:
            continue
    return _LocalRun(run, _card(folder, files, now), jobs, files.strangers)


def _card(folder: Path, files: Snapshot, now: float) -> Card:
    """The run's card as it was read beside its pages, or one made from its log."""
    card = card_from_json(parse_json(files.pages.get(CARD_NAME, b"")))
    if card is None or card.key != f"{folder.parent.name}/{folder.name}":
        return read_card(folder, now=now)
    return card.at(now)


def publish_run(
    folder: Path,
    gallery: Path,
    catalogue: GalleryCatalogue,
    uploader: Uploader,
    *,
    every: float,
    now: Callable[[], float],
) -> PublishedRun:
    """Upload what changed of one run, pages last; the caller updates the index and then deletes what is stale.

    Args:
        folder: of the run, `gallery/type/id`.
        gallery: the folder that holds all runs.
        catalogue: what the store holds.
        uploader: writes to the store, or only reports what it would write.
        every: seconds between two publications during the run, 0 if this is the only one.
        now: the clock, in seconds since the epoch.
    """
    local = _read(folder, gallery, now())
    target = local.manifest(every)
    entry = catalogue.runs.get(local.run)
    if entry is not None and entry.digest == target.digest and entry.tag == catalogue.tags.get(local.run):
        return PublishedRun(entry, target, strangers=local.strangers)
    old, tag = Manifest(local.run), ""
    if local.run in catalogue.tags:
        old, tag = read_manifest(uploader.store, local.run)
    stale = tuple(
        path
        for path in old.files
        if path not in target.files and (path.partition("/")[0] in local.strangers or not (folder / path).exists())
    )
    whole = replace(target, files={**{path: old.files[path] for path in stale}, **target.files})
    jobs = [
        replace(job, order=(*upload_rank(path, replaces=path in old.files), path in old.files))
        for path, job in local.jobs.items()
        if old.files.get(path) != job.entry
    ]
    if jobs or not old.complete or old.digest != whole.digest:
        whole, tag = _upload(whole, old, jobs, uploader)
    return PublishedRun(CatalogueEntry.of(whole, tag), whole, stale, changed=True, strangers=local.strangers)


def _upload(whole: Manifest, old: Manifest, jobs: Sequence[UploadJob], uploader: Uploader) -> tuple[Manifest, str]:
    """Send a run's files, and its manifest before, in between and after them; also when this ends early.

    Returns:
        The manifest of what is in the store, and its tag.
    """
    start = len(whole.run) + 1  # of the path below the run, in a key
    coming = {job.key[start:]: _NOT_SENT for job in jobs if job.key[start:] not in old.files}
    done: dict[str, FileEntry] = {**old.files, **coming}

    def save() -> None:
        _put(replace(old, complete=False, files=done), uploader)

    if jobs:
        save()
    saved = time.monotonic()
    fresh = 0
    try:
        for job, entry in uploader.upload(jobs):
            done[job.key[start:]] = entry
            fresh += 1
            if fresh >= SAVE_FILES or time.monotonic() - saved > SAVE_SECONDS:
                save()
                saved, fresh = time.monotonic(), 0
    except BaseException:
        if fresh:
            with contextlib.suppress(PublishError):  # the first failure is the one to report
                save()
        raise
    sent = {path: done[path] for path in whole.files if done.get(path, _NOT_SENT).sha256}
    whole = replace(whole, files=sent)
    return whole, _put(whole, uploader)


def _put(manifest: Manifest, uploader: Uploader) -> str:
    return "" if uploader.dry else uploader.store.put(manifest.key, manifest.to_json().encode(), _MANIFEST)


def delete_stale(published: PublishedRun, uploader: Uploader) -> PublishedRun:
    """Delete what no page of a run needs any more; the index must have been updated before."""
    run = published.manifest.run
    uploader.delete(f"{run}/{path}" for path in published.stale)
    files = {path: entry for path, entry in published.manifest.files.items() if path not in published.stale}
    whole = replace(published.manifest, files=files)
    return PublishedRun(CatalogueEntry.of(whole, _put(whole, uploader)), whole)


def mark_removed(run: str, uploader: Uploader) -> Manifest:
    """Mark a run as incomplete, so that no publisher adds it to the index again.

    Returns:
        Its manifest: what is to be deleted once the index no longer shows the run.
    """
    manifest, _ = read_manifest(uploader.store, run)
    manifest = replace(manifest, complete=False)
    _put(manifest, uploader)
    return manifest


def delete_run(manifest: Manifest, uploader: Uploader) -> None:
    """Delete a run's files, outermost page first, and its manifest last."""
    ordered = sorted(manifest.files, key=upload_rank, reverse=True)
    for _, group in groupby(ordered, key=upload_rank):
        uploader.delete(f"{manifest.run}/{path}" for path in group)
    if not uploader.dry:
        uploader.store.delete(manifest.key)
