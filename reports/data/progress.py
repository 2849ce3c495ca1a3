"""How far a run is: (run) -> share done and the time that is left, from the log alone."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

from orbifolio.reports import wording
from orbifolio.reports.data import values
from orbifolio.reports.data.log import Phase, Run

_RECENT = 10  # steps whose pace is taken for the phase's


@dataclass(frozen=True)
class Progress:
    """Share done in [0, 1] or None, seconds left or None, and where the run is, in words."""

    share: float | None
    left: float | None
    line: str


def _planned_widths(run: Run) -> list[float | None]:
    """Wished widths of all phases, from the resolved recipe."""
    renderer = values.mapping(values.mapping(run.record.get("parameters")).get("renderer"))
    phases = map(values.mapping, values.sequence(renderer.get("phases")))
    return [values.finite(phase.get("size")) for phase in phases]


def _pixels(phase: Phase, widths: list[float | None]) -> float | None:
    """Something proportional to a phase's number of pixels."""
    if phase.index < len(widths) and (width := widths[phase.index]):
        return width * width
    return float(phase.width * phase.height) or None


def measure(run: Run) -> Progress:
    """Estimate from the pace of recent steps; later phases cost in proportion to their pixels."""
    widths = _planned_widths(run)
    spent = left = 0.0
    pace: float | None = None
    pixels: float | None = None
    known = bool(run.phases)
    for phase in run.phases:
        here = _pixels(phase, widths)
        if phase.steps:
            pace = median(step.seconds for step in phase.steps[-_RECENT:])
            pixels = here
            spent += sum(step.seconds for step in phase.steps)
        done = phase.steps[-1].step if phase.steps else 0
        remaining = 0 if phase.finished else max(0, phase.planned - done)
        if not remaining:
            continue
        if pace is None or not phase.planned:
            known = False
        else:
            left += remaining * pace * (here / pixels if here and pixels else 1.0)
    total = spent + left
    share = spent / total if known and total > 0 else None
    return Progress(share, left if known and pace is not None else None, _line(run))


def _line(run: Run) -> str:
    """Which step of which phase."""
    begun = [phase for phase in run.phases if phase.started]
    if not begun:
        return "Getting ready"
    phase = begun[-1]
    step = phase.steps[-1].step if phase.steps else 0
    of = f" of {wording.integer(phase.planned)}" if phase.planned else ""
    return f"Phase {phase.index + 1} of {len(run.phases)}, step {wording.integer(step)}{of}"
