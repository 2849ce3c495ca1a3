"""What a page knows of a sweep's runs: (gallery, sweep) -> the card of each run, and how far it is.

A page is made from faces alone: on disk they are read, in a store they come from its catalogue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orbifolio.reports.data.card import CARD_NAME, Card, card_from_json
from orbifolio.reports.data.log import FINISHED, read_run
from orbifolio.reports.data.progress import ProgressEstimate, measure_progress
from orbifolio.reports.data.values import read_json
from orbifolio.reports.links import STATUSES, Status
from orbifolio.reports.run_card import card_from_run
from orbifolio.reports.sweep.record import SweepMember, SweepRecord, newest_first, read_sweeps

WAITING = Status("waiting", "Waiting")
NOT_STARTED = Status("waiting", "Not begun")
ELSEWHERE = Status("gone", "Not here")


@dataclass(frozen=True)
class RunPreview:
    """A run as a sweep shows it: its card and, while it goes on, its progress; whether it has a page already."""

    card: Card
    progress: ProgressEstimate | None = None
    paged: bool = True


@dataclass(frozen=True)
class SweepSnapshot:
    """A sweep as of a moment, with the faces of those of its runs that are there, by `type/id`."""

    sweep: SweepRecord
    faces: Mapping[str, RunPreview] = field(default_factory=dict)

    def face(self, member: SweepMember) -> RunPreview | None:
        """The face of a member's run, or None if it has none or that is not here."""
        return self.faces.get(member.run)

    def state(self, member: SweepMember) -> Status:
        """How a member stands: what its run's own log says is newer than the sweep's record."""
        face = self.face(member)
        if face is not None and face.card.status == "done":
            return STATUSES["done"]
        if member.state in FINISHED and member.state != "done":
            return STATUSES[member.state]
        if member.state == "done":
            return ELSEWHERE
        if not self.sweep.running:
            return NOT_STARTED if face is None else STATUSES.get(face.card.status, NOT_STARTED)
        # a run that has just ended badly is about to be begun again: that is the sweep's business
        return STATUSES["running"] if member.state == "running" else WAITING


def make_snapshot(
    sweep: SweepRecord, faces: Mapping[str, RunPreview], now: float, *, slack: float = 0.0
) -> SweepSnapshot:
    """A sweep with those faces that are its own."""
    own = {run: faces[run] for run in sweep.runs if run in faces}
    living = [run for run, face in own.items() if face.card.running]
    return SweepSnapshot(sweep.at(now, living, slack=slack), own)


def read_preview(gallery: Path, run: str, now: float) -> RunPreview | None:
    """The face of a run on disk, or None if it is not there."""
    folder = gallery / run
    if not any((folder / name).is_file() for name in ("run.json", "events.jsonl")):
        return None
    paged = (folder / "index.html").is_file()
    kept = card_from_json(read_json(folder / CARD_NAME))
    if kept is not None and kept.status == "done" and kept.key == run:
        return RunPreview(kept, paged=paged)
    found = read_run(folder, now=now)
    return RunPreview(card_from_run(found), measure_progress(found) if found.running else None, paged)


def read_snapshot(gallery: Path, sweep: SweepRecord, now: float) -> SweepSnapshot:
    """A sweep of a gallery on disk, with all faces that there are."""
    faces = {run: read_preview(gallery, run, now) for run in sweep.runs}
    return make_snapshot(sweep, {run: face for run, face in faces.items() if face is not None}, now)


def read_snapshots(gallery: Path, cards: Iterable[Card], now: float) -> list[SweepSnapshot]:
    """All sweeps of a gallery on disk, newest first; of runs that ended, the cards are taken as they are."""
    known = {each.key: each for each in cards}

    def face(run: str) -> RunPreview | None:
        if (found := known.get(run)) is None:
            return None
        return read_preview(gallery, run, now) if found.running else RunPreview(found)

    return [
        make_snapshot(sweep, {run: it for run in sweep.runs if (it := face(run)) is not None}, now)
        for sweep in read_sweeps(gallery)
    ]


def snapshots_from_cards(
    sweeps: Iterable[SweepRecord], cards: Iterable[Card], now: float, *, slack: float = 0.0
) -> list[SweepSnapshot]:
    """Sweeps whose runs lie elsewhere, newest first; without those of which no run is there."""
    faces = {each.key: RunPreview(each) for each in cards}
    found = (make_snapshot(sweep, faces, now, slack=slack) for sweep in sorted(sweeps, key=newest_first))
    return [each for each in found if each.faces]
