"""What a page shows of a sweep's runs: (gallery, sweep) -> a preview of each: its card, and how far it is.

A page is made from previews alone: on disk they are read, in a store they come from its catalogue.
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
from orbifolio.reports.media.run_card import card_from_run, stub_card
from orbifolio.reports.sweep.record import RecordedMember, RecordedSweep, newest_first, read_sweeps
from orbifolio.runner.files import is_file

WAITING = Status("waiting", "Waiting")
NOT_STARTED = Status("waiting", "Not started")
ELSEWHERE = Status("gone", "Elsewhere")


@dataclass(frozen=True)
class RunPreview:
    """A run as a sweep shows it: its card and, while it is running, its progress; whether it has a page already."""

    card: Card
    progress: ProgressEstimate | None = None
    paged: bool = True


@dataclass(frozen=True)
class SweepSnapshot:
    """A sweep as of a moment, with previews by `type/id` of the runs that are available."""

    sweep: RecordedSweep
    previews: Mapping[str, RunPreview] = field(default_factory=dict)

    def preview(self, member: RecordedMember) -> RunPreview | None:
        """The preview of a member's run, or None if it has no run or its run is not here."""
        return self.previews.get(member.run)

    def state(self, member: RecordedMember) -> Status:
        """The state of a member: its run's own log is newer than the sweep's record."""
        preview = self.preview(member)
        if preview is not None and preview.card.status == "done":
            return STATUSES["done"]
        if member.state in FINISHED and member.state != "done":
            return STATUSES[member.state]
        if member.state == "done":
            return ELSEWHERE
        if not self.sweep.running:
            return NOT_STARTED if preview is None else STATUSES.get(preview.card.status, NOT_STARTED)
        # a run that has just failed may be about to start again, so its own log does not count yet
        return STATUSES["running"] if member.state == "running" else WAITING


def make_snapshot(
    sweep: RecordedSweep, previews: Mapping[str, RunPreview], now: float, *, slack: float = 0.0
) -> SweepSnapshot:
    """A sweep with previews of its own runs only.

    Args:
        previews: of any runs, by `type/id`.
        now: seconds since the epoch.
        slack: seconds of silence that are allowed beside the usual.
    """
    own = {run: previews[run] for run in sweep.runs if run in previews}
    living = [run for run, preview in own.items() if preview.card.running]
    return SweepSnapshot(sweep.at(now, living, slack=slack), own)


def read_preview(gallery: Path, run: str, now: float) -> RunPreview | None:
    """The preview of a run on disk, or None if it is not there."""
    folder = gallery / run
    if not any(is_file(folder / name) for name in ("run.json", "events.jsonl")):
        return None
    paged = is_file(folder / "index.html")
    card = card_from_json(read_json(folder / CARD_NAME))
    if card is not None and card.status == "done" and card.key == run:
        return RunPreview(card, paged=paged)
    try:
        run_record = read_run(folder, now=now)
        progress = measure_progress(run_record) if run_record.running else None
        return RunPreview(card_from_run(run_record), progress, paged)
    except Exception as error:  # a fault of ours included: the other runs must not pay for it
        return RunPreview(stub_card(folder, error), paged=paged)


def read_snapshot(gallery: Path, sweep: RecordedSweep, now: float) -> SweepSnapshot:
    """A sweep of a gallery on disk, with previews of all runs that are there."""
    previews = {run: read_preview(gallery, run, now) for run in sweep.runs}
    return make_snapshot(sweep, {run: preview for run, preview in previews.items() if preview is not None}, now)


def read_snapshots(gallery: Path, cards: Iterable[Card], now: float) -> list[SweepSnapshot]:
    """All sweeps of a gallery on disk, newest first; of runs that ended, the cards are taken as they are."""
    by_key = {each.key: each for each in cards}

    def preview(run: str) -> RunPreview | None:
        if (card := by_key.get(run)) is None:
            return None
        return read_preview(gallery, run, now) if card.running else RunPreview(card)

    return [
        make_snapshot(sweep, {run: it for run in sweep.runs if (it := preview(run)) is not None}, now)
        for sweep in read_sweeps(gallery)
    ]


def snapshots_from_cards(
    sweeps: Iterable[RecordedSweep], cards: Iterable[Card], now: float, *, slack: float = 0.0
) -> list[SweepSnapshot]:
    """Sweeps whose runs lie elsewhere, newest first; sweeps without any run that is there are left out."""
    previews = {each.key: RunPreview(each) for each in cards}
    snapshots = (make_snapshot(sweep, previews, now, slack=slack) for sweep in sorted(sweeps, key=newest_first))
    return [each for each in snapshots if each.previews]
