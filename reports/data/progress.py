"""How far a run is: (run) -> the share done and the time left, from the log alone."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from orbifolio.reports.data.log import PhaseRecord, RunRecord
from orbifolio.reports.data.values import as_finite, as_mapping, as_tuple
from orbifolio.reports.wording import format_duration, format_integer

_RECENT = 10  # last steps whose median is the pace: with fewer the time left jumps, with more it lags


@dataclass(frozen=True)
class ProgressEstimate:
    """How far a run or a sweep is.

    Attributes:
        share: done, in [0, 1]; None if it cannot be estimated.
        left: seconds; None if they cannot be estimated.
        line: where it is, in words.
    """

    share: float | None
    left: float | None
    line: str

    @property
    def percent(self) -> str:
        """The share done as a whole percentage, "" if it cannot be estimated."""
        return "" if self.share is None else f"{100 * self.share:.0f}"

    @property
    def time_left(self) -> str:
        """The time left in words, "" if it cannot be estimated."""
        return "" if self.left is None else f"about {format_duration(max(1.0, self.left))} left"


def _planned_widths(run: RunRecord) -> list[float | None]:
    """The widths of all phases in the resolved recipe."""
    renderer = as_mapping(as_mapping(run.record.get("parameters")).get("renderer"))
    phases = map(as_mapping, as_tuple(renderer.get("phases")))
    return [as_finite(phase.get("size")) for phase in phases]


def _pixels(phase: PhaseRecord, widths: list[float | None]) -> float | None:
    """Something proportional to a phase's number of pixels."""
    if phase.index < len(widths) and (width := widths[phase.index]):
        return width * width
    return float(phase.width * phase.height) or None


def measure_progress(run: RunRecord) -> ProgressEstimate:
    """Estimate from the pace of recent steps; later phases cost in proportion to their pixels.

    What a branch has from the run that it continues is no progress of its own.
    """
    widths = _planned_widths(run)
    spent = left = 0.0
    pace: float | None = None
    pixels: float | None = None
    estimable = bool(run.phases)
    for phase in run.phases:
        here = _pixels(phase, widths)
        if phase.steps:
            pace = median(step.seconds for step in phase.steps[-_RECENT:])
            pixels = here
            spent += sum(step.seconds for step in phase.steps if (phase.index, step.step) > run.branched)
        done = phase.steps[-1].step if phase.steps else 0
        remaining = 0 if phase.finished else max(0, phase.planned - done)
        if not remaining:
            continue
        if pace is None or not phase.planned:
            estimable = False
        else:
            left += remaining * pace * (here / pixels if here and pixels else 1.0)
    if run.picture_finished:
        return ProgressEstimate(1.0, None, "The picture is finished; files that go with it are being made")
    total = spent + left
    share = spent / total if estimable and total > 0 else None
    return ProgressEstimate(share, left if estimable and pace is not None else None, _line(run))


def _line(run: RunRecord) -> str:
    """Which step of which phase."""
    started = [phase for phase in run.phases if phase.started]
    if not started:
        return "Getting ready"
    phase = started[-1]
    step = phase.steps[-1].step if phase.steps else 0
    of = f" of {format_integer(phase.planned)}" if phase.planned else ""
    if (phase.index, step) <= run.branched:
        return f"Getting ready to go on from phase {phase.index + 1}, step {format_integer(step)}{of}"
    return f"Phase {phase.index + 1} of {len(run.phases)}, step {format_integer(step)}{of}"
