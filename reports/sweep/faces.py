"""What a page knows of a sweep's runs: (gallery, sweep) -> the card of each run, and how far it is.

A page is made from faces alone: on disk they are read, in a store they come from its catalogue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from orbifolio.reports.data import card, progress, values
from orbifolio.reports.data.card import Card
from orbifolio.reports.data.log import FINISHED, read_run
from orbifolio.reports.data.progress import Progress
from orbifolio.reports.links import STATUSES, Status
from orbifolio.reports.sweep import record
from orbifolio.reports.sweep.record import Member, Sweep

WAITING = Status("waiting", "Waiting")
UNBEGUN = Status("waiting", "Not begun")
GONE = Status("gone", "Not here")


@dataclass(frozen=True)
class Face:
    """A run as a sweep shows it: its card and, while it goes on, its progress; whether it has a page already."""

    card: Card
    progress: Progress | None = None
    paged: bool = True


@dataclass(frozen=True)
class Shown:
    """A sweep as of a moment, with the faces of those of its runs that are there, by `type/id`."""

    sweep: Sweep
    faces: Mapping[str, Face] = field(default_factory=dict)

    def face(self, member: Member) -> Face | None:
        """The face of a member's run, or None if it has none or that is not here."""
        return self.faces.get(member.run)

    def state(self, member: Member) -> Status:
        """How a member stands: what its run's own log says is newer than the sweep's record."""
        face = self.face(member)
        if face is not None and face.card.status == "done":
            return STATUSES["done"]
        if member.state in FINISHED and member.state != "done":
            return STATUSES[member.state]
        if member.state == "done":
            return GONE
        if not self.sweep.running:
            return UNBEGUN if face is None else STATUSES.get(face.card.status, UNBEGUN)
        # a run that has just ended badly is about to be begun again: that is the sweep's business
        return STATUSES["running"] if member.state == "running" else WAITING


def shown(sweep: Sweep, faces: Mapping[str, Face], now: float, *, slack: float = 0.0) -> Shown:
    """A sweep with those faces that are its own."""
    own = {run: faces[run] for run in sweep.runs if run in faces}
    living = [run for run, face in own.items() if face.card.running]
    return Shown(sweep.at(now, living, slack=slack), own)


def read(gallery: Path, run: str, now: float) -> Face | None:
    """The face of a run on disk, or None if it is not there."""
    folder = gallery / run
    if not any((folder / name).is_file() for name in ("run.json", "events.jsonl")):
        return None
    paged = (folder / "index.html").is_file()
    kept = card.from_json(values.read_json(folder / card.NAME))
    if kept is not None and kept.status == "done" and kept.key == run:
        return Face(kept, paged=paged)
    found = read_run(folder, now=now)
    return Face(card.from_run(found), progress.measure(found) if found.running else None, paged)


def read_shown(gallery: Path, sweep: Sweep, now: float) -> Shown:
    """A sweep of a gallery on disk, with all faces that there are."""
    faces = {run: read(gallery, run, now) for run in sweep.runs}
    return shown(sweep, {run: face for run, face in faces.items() if face is not None}, now)


def all_shown(gallery: Path, cards: Iterable[Card], now: float) -> list[Shown]:
    """All sweeps of a gallery on disk, newest first; of runs that ended, the cards are taken as they are."""
    known = {each.key: each for each in cards}

    def face(run: str) -> Face | None:
        if (found := known.get(run)) is None:
            return None
        return read(gallery, run, now) if found.running else Face(found)

    return [
        shown(sweep, {run: it for run in sweep.runs if (it := face(run)) is not None}, now)
        for sweep in record.read_all(gallery)
    ]


def of_cards(sweeps: Iterable[Sweep], cards: Iterable[Card], now: float, *, slack: float = 0.0) -> list[Shown]:
    """Sweeps whose runs lie elsewhere, newest first; without those of which no run is there."""
    faces = {each.key: Face(each) for each in cards}
    found = (shown(sweep, faces, now, slack=slack) for sweep in sorted(sweeps, key=record.order))
    return [each for each in found if each.faces]
