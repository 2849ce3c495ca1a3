"""What runs are compared by: (run) -> named numbers, and its loss at a few steps; both small enough for a card.

    loss, seconds, steps, peak_memory_bytes          of the whole run
    terms.gram.conv1_1                               terms at the end of the last phase
    metrics.evaluations                              metrics of the last step
    symmetry.worst, symmetry.closest_unclaimed       measured residuals
    symmetry.visibility                              how well one sees it
    judge.distance, judge.seam, judge.eyes.gram      where `orbifolio judge` has left its judgement
    painting.decibels                                whatever else the summary holds as a number

Convention: a loss curve has the same steps in all runs that plan as many, so that curves of several runs
can be drawn over common positions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from orbifolio.reports.data.log import PhaseRecord, RunRecord
from orbifolio.reports.data.values import as_finite, as_int, as_mapping, as_numbers, as_text, as_tuple

MAX_MEASURES = 64
"""Measures of a run, as each makes its card larger; a renderer with more terms is compared by the first ones."""

_MAX_POINTS = 60  # of a curve over all its phases: about as many as a small drawing shows
_MIN_PHASE_POINTS = 8  # of each phase, however many there are: its fall must show
_NOT_MEASURES = (  # descriptions, not measures; or measures that have names of their own above
    "schema",
    "seed",
    "started",
    "finished",
    "seconds",
    "steps",
    "peak_memory_bytes",
    "final",
    "phases",
    "parameters",
    "versions",
    "system",
    "symmetry",
    "judge",
    "rerun",
)
_MEASURED = ("worst", "closest_unclaimed", "visibility")
_JUDGED = ("distance", "seam", "grain", "lpips")


@dataclass(frozen=True)
class PhaseCurve:
    """The loss over one phase: its title, how many steps it has, and (step, loss) of some of them."""

    title: str
    steps: int
    points: tuple[tuple[float, float], ...]


def _leaves(value: object, name: str) -> Iterator[tuple[str, float]]:
    """Finite numbers in nested mappings; lists are descriptions, not measures."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{name}.{key}")
    elif isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        yield name, float(value)


def _last_loss(run: RunRecord) -> tuple[float | None, Mapping[str, float]]:
    """The total and the terms at the end of the last phase that has any."""
    for phase in reversed(run.phases):
        terms = phase.terms or (phase.steps[-1].terms if phase.steps else {})
        if terms:
            total = math.fsum(terms.values()) if all(map(math.isfinite, terms.values())) else None
            return total, terms
    return None, {}


def run_measures(run: RunRecord) -> dict[str, float]:
    """The measures of a run, those first that every run has."""
    record = run.record
    loss, terms = _last_loss(run)
    steps = [step for phase in run.phases for step in phase.steps]
    symmetry, judge = as_mapping(record.get("symmetry")), as_mapping(record.get("judge"))
    measures: dict[str, float | None] = {
        "loss": loss,
        "seconds": run.work_seconds,
        "steps": as_finite(record.get("steps")) or len(steps) or None,
        "peak_memory_bytes": as_finite(record.get("peak_memory_bytes")) or None,
        **{f"symmetry.{name}": as_finite(symmetry.get(name)) for name in _MEASURED},
        **{f"judge.{name}": as_finite(judge.get(name)) for name in _JUDGED},
        **{f"judge.eyes.{name}": score for name, score in as_numbers(judge.get("eyes")).items()},
    }
    if len(terms) > 1:
        measures |= {f"terms.{name}": value for name, value in terms.items()}
    measures |= {f"metrics.{name}": value for name, value in (steps[-1].metrics.items() if steps else ())}
    for key, value in record.items():
        if key not in _NOT_MEASURES:
            measures |= dict(_leaves(value, key))
    finite = [(name, value) for name, value in measures.items() if value is not None and math.isfinite(value)]
    return dict(finite[:MAX_MEASURES])


def _kept_steps(steps: int, points: int) -> set[int]:
    """Steps 1..n to keep: close together at the beginning, where a loss falls fastest."""
    if steps <= points:
        return set(range(1, steps + 1))
    return {round(steps ** (at / (points - 1))) for at in range(points)}


def _phase_curve(phase: PhaseRecord, points: int) -> PhaseCurve:
    planned = max(phase.planned, phase.steps[-1].step if phase.steps else 0)
    kept = _kept_steps(planned, points) | ({phase.steps[-1].step} if phase.steps else set())
    steps = [step for step in phase.steps if step.step in kept and math.isfinite(step.loss)]
    return PhaseCurve(phase.title, planned, tuple((float(step.step), float(f"{step.loss:.4g}")) for step in steps))


def loss_curve(run: RunRecord) -> tuple[PhaseCurve, ...]:
    """The total loss of a run, phase by phase."""
    started = [phase for phase in run.phases if phase.steps]
    points = max(_MIN_PHASE_POINTS, _MAX_POINTS // max(1, len(started)))
    return tuple(_phase_curve(phase, points) for phase in started)


def loss_curve_from_json(record: object) -> tuple[PhaseCurve, ...]:
    """A curve as a card keeps it."""
    curve = []
    for entry in map(as_mapping, as_tuple(record)):
        pairs = [as_tuple(item) for item in as_tuple(entry.get("points"))]
        points = [(as_finite(pair[0]), as_finite(pair[1])) for pair in pairs if len(pair) == 2]
        whole = tuple((step, loss) for step, loss in points if step is not None and loss is not None)
        steps = max(0, as_int(entry.get("steps")) or 0)
        curve.append(PhaseCurve(as_text(entry.get("title")), steps, tuple(sorted(whole))))
    return tuple(curve)
