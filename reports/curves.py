"""Loss curves without a plotting library: (values by step) -> path data and percentages for a template.

The drawing has no text: a chart is stretched to the page's width, and its labels are ordinary text
placed by percentages, so that they are as legible on a phone as on a wall.

Convention: drawings are 1000 units wide and high, y downwards; x is the step counted over all phases;
one colour and dash per line (`style` 0..15, drawn by the stylesheet).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports import wording
from reports.log import Phase, Step

STYLES = 16
_UNITS = 1000.0
_BUCKETS = 240  # a line keeps the least and the greatest value of each: spikes stay visible


@dataclass(frozen=True)
class Series:
    """A named curve: (x, y) in ascending x; a y that is not finite is a gap."""

    label: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class Line:
    """One drawn curve: SVG path data, and its first and last value in words."""

    label: str
    style: int
    path: str
    first: str
    last: str


@dataclass(frozen=True)
class Mark:
    """A labelled place on an axis, in percent from the left or from the top."""

    place: str
    label: str


@dataclass(frozen=True)
class Chart:
    """A finished chart.

    Attributes:
        id: unique on its page.
        scale: `logarithmic` or `linear`.
        rows: labelled values on the vertical axis.
        columns: labelled beginnings of the phases (or steps, where there is one phase).
        summary: the chart in a sentence, for whoever cannot see it.
    """

    id: str
    title: str
    scale: str
    lines: tuple[Line, ...]
    rows: tuple[Mark, ...]
    columns: tuple[Mark, ...]
    summary: str


def _nice_ticks(low: float, high: float) -> list[float]:
    """About four round values between two."""
    step = 10.0 ** math.floor(math.log10((high - low) / 4))
    step *= next((factor for factor in (1, 2, 5, 10) if (high - low) / (factor * step) <= 5), 10)
    first = math.ceil(low / step)
    return [step * (first + index) for index in range(int(math.floor(high / step)) - first + 1)]


def _log_ticks(low: float, high: float) -> list[float]:
    """Round values between two positive ones: decades, or 1-2-5, or a linear choice."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for digits in ((1,), (1, 2, 5)):
        found = [digit * 10.0**decade for decade in range(first, last + 1) for digit in digits]
        found = [value for value in found if low <= value <= high]
        if len(found) >= 3:
            return found[:: math.ceil(len(found) / 6)]
    return _nice_ticks(low, high)


def _thinned(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most two points for each bucket: the least and the greatest, in their order."""
    if len(points) <= 2 * _BUCKETS:
        return list(points)
    size = math.ceil(len(points) / _BUCKETS)
    kept: list[tuple[float, float]] = []
    for start in range(0, len(points), size):
        bucket = [point for point in points[start : start + size] if math.isfinite(point[1])]
        if bucket:
            kept.extend(sorted({min(bucket, key=lambda p: p[1]), max(bucket, key=lambda p: p[1])}))
        else:
            kept.append(points[start])
    return kept


def _spelled(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def chart(
    identity: str, title: str, series: Sequence[Series], *, columns: Sequence[tuple[float, str]] = ()
) -> Chart | None:
    """Draw curves over a common axis: logarithmic if all values are positive.

    Args:
        identity: unique on the page.
        title: shown above.
        series: the curves; empty ones are left out.
        columns: (x, label) of what to mark along the horizontal axis.

    Returns:
        The chart, or None if no curve has a finite value.
    """
    drawn = [item for item in series if any(math.isfinite(y) for _, y in item.points)]
    if not drawn:
        return None
    finite = [y for item in drawn for _, y in item.points if math.isfinite(y)]
    low, high = min(finite), max(finite)
    logarithmic = low > 0
    if math.isclose(low, high, rel_tol=1e-9):  # a flat line stands in the middle
        low, high = (low / 1.5, high * 1.5) if logarithmic else (low - 1, high + 1)
    rows = _log_ticks(low, high) if logarithmic else _nice_ticks(low, high)
    left = min(item.points[0][0] for item in drawn)
    right = max(item.points[-1][0] for item in drawn)

    def axis(value: float) -> float:
        return math.log10(value) if logarithmic else value

    bottom, top = axis(low), axis(high)
    bottom, top = bottom - 0.04 * (top - bottom), top + 0.04 * (top - bottom)

    def across(x: float) -> float:
        return _UNITS * (x - left) / (right - left) if right > left else _UNITS / 2

    def down(y: float) -> float:
        return _UNITS * (top - axis(y)) / (top - bottom)

    lines = []
    for index, item in enumerate(drawn):
        path: list[str] = []
        before: float | None = None  # x of the last point, if the pen is down
        for x, y in _thinned(item.points):
            if not math.isfinite(y):
                before = None
                continue
            # phases differ in what they sum over: no line leads from one to the next
            connected = before is not None and not any(before < start <= x for start, _ in columns)
            path.append(f"{'L' if connected else 'M'}{_spelled(across(x))} {_spelled(down(y))}")
            before = x
        if len(path) == 1:
            path.append("h0")  # round line ends make it a dot
        values = [y for _, y in item.points if math.isfinite(y)]
        lines.append(
            Line(item.label, index % STYLES, "".join(path), wording.number(values[0]), wording.number(values[-1]))
        )
    noun = wording.count(len(drawn), "curve")
    return Chart(
        id=identity,
        title=title,
        scale="logarithmic" if logarithmic else "linear",
        lines=tuple(lines),
        rows=tuple(Mark(_spelled(down(value) / 10), wording.number(value, 3)) for value in rows),
        columns=tuple(Mark(_spelled(across(x) / 10), label) for x, label in columns if left <= x <= right),
        summary=f"{noun} over {wording.count(round(right - left) + 1, 'step')}, "
        f"between {wording.number(min(finite), 3)} and {wording.number(max(finite), 3)}.",
    )


def _positions(phases: Sequence[Phase]) -> list[tuple[int, Step]]:
    """Every step with its place in the whole run."""
    placed: list[tuple[int, Step]] = []
    before = 0
    for phase in phases:
        placed.extend((before + step.step, step) for step in phase.steps)
        before += phase.steps[-1].step if phase.steps else 0
    return placed


def phase_columns(phases: Sequence[Phase]) -> tuple[tuple[float, str], ...]:
    """Where each phase begins, with its title."""
    columns: list[tuple[float, str]] = []
    before = 0
    for phase in phases:
        if phase.steps:
            columns.append((before + phase.steps[0].step, phase.title))
            before += phase.steps[-1].step
    return tuple(columns)


def _collected(placed: Sequence[tuple[int, Step]], select: str) -> dict[str, Series]:
    """All named values (`terms` or `metrics`) as curves, in order of first appearance."""
    found: dict[str, list[tuple[float, float]]] = {}
    for position, step in placed:
        named: Mapping[str, float] = getattr(step, select)
        for name, value in named.items():
            found.setdefault(name, []).append((position, value))
    return {name: Series(name, points) for name, points in found.items()}


def loss_charts(phases: Sequence[Phase]) -> tuple[Chart, ...]:
    """The total loss, then its terms: a chart for each family (`gram.conv1_1` belongs to `gram`).

    Args:
        phases: one phase, or all of a run.
    """
    placed = _positions(phases)
    columns = phase_columns(phases) if len(phases) > 1 else ()
    total = Series("loss", [(position, step.loss) for position, step in placed])
    charts = [chart("curve-loss", "Total loss", [total], columns=columns)] if placed else []
    terms = _collected(placed, "terms")
    if len(terms) > 1:
        families: dict[str, list[Series]] = {}
        for name, series in terms.items():
            families.setdefault(name.partition(".")[0], []).append(series)
        single = [series for members in families.values() if len(members) == 1 for series in members]
        groups = [(name, members) for name, members in families.items() if len(members) > 1]
        if single:
            groups.append(("terms" if not groups else "other terms", single))
        for number, (name, members) in enumerate(groups, 1):
            short = [Series(member.label.removeprefix(f"{name}."), member.points) for member in members]
            title = name.replace("_", " ").replace("-", " ").capitalize()
            charts.append(chart(f"curve-{number}", title, short, columns=columns))
    return tuple(found for found in charts if found)


def pace_chart(phases: Sequence[Phase]) -> Chart | None:
    """Seconds of each step."""
    placed = _positions(phases)
    points = [(float(position), step.seconds) for position, step in placed]
    return chart(
        "curve-pace",
        "Seconds for each step",
        [Series("seconds", points)],
        columns=phase_columns(phases) if len(phases) > 1 else (),
    )
