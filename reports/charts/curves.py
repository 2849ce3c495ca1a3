"""Curves of a run: (phases) -> finished charts of the loss, of its terms, and of the pace.

Convention: a position is a step counted over all phases, from 1; 0 is before the first step. The charts
of one phase count its own steps, and tell how many came before them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orbifolio.reports.charts.chart import LineChart, Series, draw_chart
from orbifolio.reports.charts.thinning import choose_positions, position_limit
from orbifolio.reports.data.log import PhaseRecord, RunRecord, StepRecord
from orbifolio.reports.data.values import as_texts


def step_position(phases: Sequence[PhaseRecord], phase: PhaseRecord, step: int) -> int:
    """A step's number over the whole run."""
    return sum(other.steps[-1].step for other in phases if other.index < phase.index and other.steps) + step


def _positions(phases: Sequence[PhaseRecord]) -> list[tuple[int, StepRecord]]:
    """Every step with its place in the whole run."""
    placed: list[tuple[int, StepRecord]] = []
    for phase in phases:
        before = step_position(phases, phase, 0)
        placed.extend((before + step.step, step) for step in phase.steps)
    return placed


def phase_columns(phases: Sequence[PhaseRecord]) -> tuple[tuple[float, str], ...]:
    """Where each phase begins, with its title."""
    started = [phase for phase in phases if phase.steps]
    return tuple((step_position(phases, phase, phase.steps[0].step), phase.title) for phase in started)


def _collected(placed: Sequence[tuple[int, StepRecord]], select: str) -> dict[str, Series]:
    """All named values (`terms` or `metrics`) as curves, in order of first appearance."""
    curves: dict[str, list[tuple[float, float]]] = {}
    for place, step in placed:
        named: Mapping[str, float] = getattr(step, select)
        for name, value in named.items():
            curves.setdefault(name, []).append((place, value))
    return {name: Series(name, curve) for name, curve in curves.items()}


def _families(terms: Mapping[str, Series]) -> list[tuple[str, list[Series]]]:
    """Terms that belong together (`gram.conv1_1` belongs to `gram`), then those that stand alone."""
    families: dict[str, list[Series]] = {}
    for name, series in terms.items():
        families.setdefault(name.partition(".")[0], []).append(series)
    single = [series for members in families.values() if len(members) == 1 for series in members]
    groups = [(name, members) for name, members in families.items() if len(members) > 1]
    if single:
        groups.append(("terms" if not groups else "other terms", single))
    return groups


def _total(placed: Sequence[tuple[int, StepRecord]]) -> Series:
    return Series("loss", [(place, step.loss) for place, step in placed])


def charted_metrics(run: RunRecord) -> tuple[str, ...]:
    """The metrics that the run's renderer wants drawn as curves."""
    return as_texts(run.record.get("charted"))


def loss_charts(phases: Sequence[PhaseRecord], metrics: Sequence[str] = ()) -> tuple[LineChart, ...]:
    """The total loss, then its terms: a chart for each family; then metrics. All draw the same steps.

    Args:
        phases: one phase, or all of a run.
        metrics: names of those that get a curve, all in one chart.
    """
    placed = _positions(phases)
    columns = phase_columns(phases) if len(phases) > 1 else ()
    total, terms = _total(placed), _collected(placed, "terms")
    every = [series.points for series in (total, *terms.values())]
    keep = choose_positions(every, position_limit(len(every)))
    charts = [draw_chart("curve-loss", "Total loss", [total], columns=columns, keep=keep)] if placed else []
    if len(terms) > 1:
        for number, (name, members) in enumerate(_families(terms), 1):
            short = [Series(member.label.removeprefix(f"{name}."), member.points) for member in members]
            title = name.replace("_", " ").replace("-", " ").capitalize()
            charts.append(draw_chart(f"curve-{number}", title, short, columns=columns, keep=keep))
    measured = [series for name, series in _collected(placed, "metrics").items() if name in metrics]
    if measured:
        title = " and ".join(series.label.replace("_", " ") for series in measured).capitalize()
        charts.append(draw_chart("curve-metrics", title, measured, columns=columns, keep=keep))
    return tuple(chart for chart in charts if chart)


def total_chart(phases: Sequence[PhaseRecord]) -> LineChart | None:
    """The total loss alone, drawn small: every frame's page has one."""
    total = _total(_positions(phases))
    columns = phase_columns(phases) if len(phases) > 1 else ()
    return draw_chart("curve-loss", "Total loss", [total], columns=columns, keep=choose_positions([total.points], 160))


def pace_chart(phases: Sequence[PhaseRecord]) -> LineChart | None:
    """Seconds of each step."""
    points = [(float(place), step.seconds) for place, step in _positions(phases)]
    columns = phase_columns(phases) if len(phases) > 1 else ()
    return draw_chart("curve-pace", "Seconds for each step", [Series("seconds", points)], columns=columns)
