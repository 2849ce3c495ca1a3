"""Curves of a run: (phases) -> finished charts of the loss, of its terms, and of the pace.

Convention: a position is a step counted over all phases, from 1; 0 is before the first step. The charts
of one phase count its own steps and say how many came before them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from orbifolio.reports.charts.chart import LineChart, Series, draw_chart
from orbifolio.reports.charts.thinning import choose_positions, position_limit
from orbifolio.reports.data.log import PhaseRecord, RunRecord, StepRecord
from orbifolio.reports.data.values import as_texts
from orbifolio.reports.wording import title_from_name

_SMALL_POSITIONS = 160  # of a chart at most 44rem = 704 px wide: one every 4 px


def step_position(phases: Sequence[PhaseRecord], phase: PhaseRecord, step: int) -> int:
    """A step's number over the whole run."""
    return sum(other.steps[-1].step for other in phases if other.index < phase.index and other.steps) + step


def steps_by_position(phases: Sequence[PhaseRecord]) -> list[tuple[int, StepRecord]]:
    """Every step of these phases after its position."""
    steps: list[tuple[int, StepRecord]] = []
    for phase in phases:
        before = step_position(phases, phase, 0)
        steps.extend((before + step.step, step) for step in phase.steps)
    return steps


def phase_columns(phases: Sequence[PhaseRecord]) -> tuple[tuple[float, str], ...]:
    """Where each phase begins, with its title; nothing for a single phase, which its page names already."""
    started = [phase for phase in phases if phase.steps] if len(phases) > 1 else []
    return tuple((step_position(phases, phase, phase.steps[0].step), phase.title) for phase in started)


def _curves(values: Iterable[tuple[int, Mapping[str, float]]]) -> dict[str, Series]:
    """A curve for each name, from (position, named values), in order of first appearance."""
    curves: dict[str, list[tuple[float, float]]] = {}
    for position, named in values:
        for name, value in named.items():
            curves.setdefault(name, []).append((position, value))
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


def _total(steps: Sequence[tuple[int, StepRecord]]) -> Series:
    return Series("loss", [(position, step.loss) for position, step in steps])


def charted_metrics(run: RunRecord) -> tuple[str, ...]:
    """The metrics that the run's renderer wants drawn as curves."""
    return as_texts(run.record.get("charted"))


def loss_charts(phases: Sequence[PhaseRecord], metrics: Sequence[str] = ()) -> tuple[LineChart, ...]:
    """The total loss, then its terms: a chart for each family; then metrics. All draw the same steps.

    Args:
        phases: one phase, or all of a run.
        metrics: names of those that get a curve, all in one chart.
    """
    steps = steps_by_position(phases)
    columns = phase_columns(phases)
    total, terms = _total(steps), _curves((position, step.terms) for position, step in steps)
    every = [series.points for series in (total, *terms.values())]
    keep = choose_positions(every, position_limit(len(every)))
    charts = [draw_chart("curve-loss", "Total loss", [total], columns=columns, keep=keep)] if steps else []
    if len(terms) > 1:
        for number, (name, members) in enumerate(_families(terms), 1):
            short = [Series(member.label.removeprefix(f"{name}."), member.points) for member in members]
            title = title_from_name(name.replace("_", " "))
            charts.append(draw_chart(f"curve-{number}", title, short, columns=columns, keep=keep))
    measures = _curves((position, step.metrics) for position, step in steps)
    measured = [series for name, series in measures.items() if name in metrics]
    if measured:
        title = " and ".join(series.label.replace("_", " ") for series in measured).capitalize()
        charts.append(draw_chart("curve-metrics", title, measured, columns=columns, keep=keep))
    return tuple(chart for chart in charts if chart)


def total_chart(phases: Sequence[PhaseRecord]) -> LineChart | None:
    """The total loss alone, drawn small and from few positions, since the page of every frame repeats it."""
    total = _total(steps_by_position(phases))
    keep = choose_positions([total.points], _SMALL_POSITIONS)
    return draw_chart("curve-loss", "Total loss", [total], columns=phase_columns(phases), keep=keep)


def pace_chart(phases: Sequence[PhaseRecord]) -> LineChart | None:
    """Seconds of each step."""
    points = [(float(position), step.seconds) for position, step in steps_by_position(phases)]
    pace = Series("seconds", points)
    return draw_chart("curve-pace", "Seconds for each step", [pace], columns=phase_columns(phases))
