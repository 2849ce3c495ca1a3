"""One run in a store: its folder on disk -> its files, its manifest and its entry in the catalogue."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from orbifolio.reports.data.card import CARD_NAME, Card, card_from_json
from orbifolio.reports.publish import catalogue, serving
from orbifolio.reports.publish import contents as disk
from orbifolio.reports.publish.catalogue import Catalogue, Shelved
from orbifolio.reports.publish.manifest import Entry, Manifest
from orbifolio.reports.publish.uploading import Job, Sender, planned
from orbifolio.reports.run_card import read_card
from orbifolio.runner.errors import PublishError

SAVE_SECONDS = 4.0
SAVE_FILES = 64
"""Uploading that a kill may lose: so long, or so many files."""

_MANIFEST = serving.served("manifest.json")
_NOTHING = Entry("", 0, "")


@dataclass(frozen=True)
class Standing:
    """A run whose pages stand in the store.

    Attributes:
        shelved: its entry for the catalogue.
        manifest: what the store holds of it.
        stale: files that no page needs once the index stands.
        changed: whether anything had to be done.
    """

    shelved: Shelved
    manifest: Manifest
    stale: tuple[str, ...] = ()
    changed: bool = False


@dataclass(frozen=True)
class _Found:
    """A run as it was read from disk."""

    run: str
    folder: Path
    card: Card
    jobs: Mapping[str, Job]

    def manifest(self, every: float) -> Manifest:
        files = {path: job.entry for path, job in self.jobs.items()}
        return Manifest(self.run, True, every if self.card.running else 0.0, self.card, files)


def _read(folder: Path, gallery: Path, now: float) -> _Found:
    run = folder.relative_to(gallery).as_posix()
    found = disk.snapshot(folder, gallery)
    jobs = {}
    for path in (*found.files, *found.pages):
        try:
            jobs[path] = planned(f"{run}/{path}", folder / path, found.pages.get(path))
        except FileNotFoundError:
            continue
    return _Found(run, folder, _card(folder, found, now), jobs)


def _card(folder: Path, found: disk.Contents, now: float) -> Card:
    """What the index says of a run: its card as it was read beside its pages, or one made from its log."""
    try:
        face = card_from_json(json.loads(found.pages.get(CARD_NAME, b"")))
    except (ValueError, RecursionError):
        face = None
    if face is None or face.key != f"{folder.parent.name}/{folder.name}":
        return read_card(folder, now=now)
    return face.at(now)


def publish_run(
    folder: Path, gallery: Path, known: Catalogue, sender: Sender, *, every: float, now: Callable[[], float]
) -> Standing:
    """Upload what changed of one run, pages last; the index and what is stale are left to the caller.

    Args:
        folder: the run's.
        gallery: the folder that holds all runs.
        known: what the store holds.
        sender: writes to the store, or only tells.
        every: seconds between two publications of a run that goes on.
        now: seconds since the epoch.
    """
    found = _read(folder, gallery, now())
    target = found.manifest(every)
    shelved = known.runs.get(found.run)
    if shelved is not None and shelved.digest == target.digest and shelved.tag == known.tags.get(found.run):
        return Standing(shelved, target)
    old, tag = Manifest(found.run), ""
    if found.run in known.tags:
        old, tag = catalogue.read_manifest(sender.store, found.run)
    stale = tuple(path for path in old.files if path not in target.files and not (folder / path).exists())
    whole = replace(target, files={**{path: old.files[path] for path in stale}, **target.files})
    jobs = [
        replace(job, order=(*serving.rank(path, known=path in old.files), path in old.files))
        for path, job in found.jobs.items()
        if old.files.get(path) != job.entry
    ]
    if jobs or not old.complete or old.digest != whole.digest:
        whole, tag = _upload(whole, old, jobs, sender)
    return Standing(Shelved.of(whole, tag), whole, stale, changed=True)


def _upload(whole: Manifest, old: Manifest, jobs: Sequence[Job], sender: Sender) -> tuple[Manifest, str]:
    """Send a run's files with its manifest before, in between and after; also when it ends early.

    Returns:
        The manifest of what stands, and its tag.
    """
    begin = len(whole.run) + 1
    coming = {job.key[begin:]: Entry("", 0, "") for job in jobs if job.key[begin:] not in old.files}
    done: dict[str, Entry] = {**old.files, **coming}
    partial = replace(old, run=whole.run, complete=False, card=old.card)

    def save() -> None:
        _put(replace(partial, files=done), sender)

    if jobs:
        save()
    saved = time.monotonic()
    fresh = 0
    try:
        for job, entry in sender.send(jobs):
            done[job.key[begin:]] = entry
            fresh += 1
            if fresh >= SAVE_FILES or time.monotonic() - saved > SAVE_SECONDS:
                save()
                saved, fresh = time.monotonic(), 0
    except BaseException:
        if fresh:
            _save_anyhow(save)
        raise
    sent = {path: done[path] for path in whole.files if done.get(path, _NOTHING).sha256}
    whole = replace(whole, files=sent)
    return whole, _put(whole, sender)


def _save_anyhow(save: Callable[[], None]) -> None:
    """Keep what was uploaded before something went wrong, if that can be kept at all: the first trouble is told."""
    with contextlib.suppress(PublishError):
        save()


def _put(manifest: Manifest, sender: Sender) -> str:
    return "" if sender.dry else sender.store.put(manifest.key, manifest.to_json().encode(), _MANIFEST)


def clear(standing: Standing, sender: Sender) -> Standing:
    """Delete what no page of a run needs any more; the index must stand already."""
    run = standing.manifest.run
    sender.delete(f"{run}/{path}" for path in standing.stale)
    files = {path: entry for path, entry in standing.manifest.files.items() if path not in standing.stale}
    whole = replace(standing.manifest, files=files)
    return Standing(Shelved.of(whole, _put(whole, sender)), whole)


def forget(run: str, sender: Sender) -> Manifest:
    """Mark a run as one that is being taken away, so that nobody shows it again.

    Returns:
        Its manifest: what there is to delete once the index shows it no more.
    """
    old, _ = catalogue.read_manifest(sender.store, run)
    old = replace(old, complete=False)
    _put(old, sender)
    return old


def take_away(manifest: Manifest, sender: Sender) -> None:
    """Delete a run's files, outermost page first, and its manifest last."""
    ordered = sorted(manifest.files, key=serving.rank, reverse=True)
    for _, group in groupby(ordered, key=serving.rank):
        sender.delete(f"{manifest.run}/{path}" for path in group)
    if not sender.dry:
        sender.store.delete(manifest.key)
