"""Drawing curves without a plotting library: (values by step) -> path data and percentages for a template.

The drawing has no text: a chart is stretched to the page's width, and its labels are ordinary text
placed by percentages, so that they are legible on any screen.

Convention: drawings are 1000 units wide and high, y downwards; x is the step counted over all phases;
one colour and dash per line (`style` 0..15, drawn by the stylesheet).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from orbifolio.reports.charts.thinning import choose_positions
from orbifolio.reports.charts.ticks import linear_ticks, logarithmic_ticks, step_ticks
from orbifolio.reports.wording import format_change, format_count, format_integer, format_number

LINE_STYLES = 16
"""Eight colours, solid and dashed; further curves repeat them."""
MARGIN = 0.04
"""Room above and below the curves, in shares of the axis, so that none touches the frame."""

_UNITS = 1000.0  # of the drawing, both ways


@dataclass(frozen=True)
class Series:
    """A named curve: (x, y) in ascending x; a y that is not finite is a gap."""

    label: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True)
class ChartLine:
    """One drawn curve: SVG path data, and its values in words.

    Attributes:
        lowest: the lowest value; `lowest_at` is the step that has it.
        values: at each of the chart's `positions`, None where there is none; for the page's script.
    """

    label: str
    style: int
    path: str
    first: str
    last: str
    change: str
    lowest: str
    lowest_at: str
    values: tuple[float | None, ...] = field(repr=False)


@dataclass(frozen=True)
class AxisMark:
    """A labelled place on an axis.

    Attributes:
        place: in percent from the left or from the top.
        width: the label's room in percent, "" if it needs none.
        value: of the axis there; for the page's script.
    """

    place: str
    label: str
    width: str = ""
    value: float | None = None


@dataclass(frozen=True)
class LineChart:
    """A finished chart.

    Attributes:
        id: unique on its page.
        scale: `logarithmic` or `linear`.
        rows: labelled values on the vertical axis.
        ends: the lowest and the highest value of the vertical axis; for the page's script.
        columns: labelled beginnings of the phases, where there are several.
        steps: labelled steps on the horizontal axis.
        summary: the chart in a sentence, for readers who cannot see it.
        positions: the steps that are drawn.
        borders: (step, title) of the beginning of each phase.
        here: a place to mark, in percent from the left; "" for none.
    """

    id: str
    title: str
    scale: str
    lines: tuple[ChartLine, ...]
    rows: tuple[AxisMark, ...]
    ends: tuple[float, float]
    columns: tuple[AxisMark, ...]
    steps: tuple[AxisMark, ...]
    summary: str
    positions: tuple[float, ...] = field(repr=False)
    borders: tuple[tuple[float, str], ...]
    here: str = ""

    def across(self, position: float) -> str:
        """Where a step lies, in percent from the left, kept within the chart."""
        return _percent(_share(position, self.positions[0], self.positions[-1]))


def _spelled(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _percent(share: float) -> str:
    return _spelled(100 * min(1.0, max(0.0, share)))


def _share(x: float, left: float, right: float) -> float:
    return (x - left) / (right - left) if right > left else 0.5


def _compact(value: float | None) -> float | None:
    """Four digits, as many as a reader is shown; whole numbers without a point."""
    if value is None or not math.isfinite(value):
        return None
    short = float(f"{value:.4g}")
    return int(short) if short == int(short) and abs(short) < 1e9 else short


@dataclass(frozen=True)
class _Axes:
    """From values to units of the drawing."""

    logarithmic: bool
    left: float
    right: float
    bottom: float
    top: float

    def across(self, x: float) -> float:
        return _UNITS * _share(x, self.left, self.right)

    def down(self, y: float) -> float:
        return _UNITS * (self.top - self.axis(y)) / (self.top - self.bottom)

    def axis(self, value: float) -> float:
        return math.log10(value) if self.logarithmic else value

    @property
    def ends(self) -> tuple[float, float]:
        return (10.0**self.bottom, 10.0**self.top) if self.logarithmic else (self.bottom, self.top)


def _axes(series: Sequence[Series], positions: Sequence[float]) -> tuple[_Axes, list[float]]:
    """Axes that hold all values at these positions, and the values to label."""
    finite = [y for item in series for _, y in item.points if math.isfinite(y)]
    low, high = min(finite), max(finite)
    logarithmic = low > 0
    if math.isclose(low, high, rel_tol=1e-9):  # a flat line is drawn in the middle
        room = max(1.0, abs(low) / 2)  # far from zero, a margin of 1 would vanish in rounding
        low, high = (low / 1.5, high * 1.5) if logarithmic else (low - room, high + room)
    bottom, top = (math.log10(low), math.log10(high)) if logarithmic else (low, high)
    room = MARGIN * (top - bottom)
    labels = logarithmic_ticks(low, high) if logarithmic else linear_ticks(low, high)
    return _Axes(logarithmic, positions[0], positions[-1], bottom - room, top + room), labels


def _path(points: Sequence[tuple[float, float]], axes: _Axes, borders: Sequence[tuple[float, str]]) -> str:
    """Path data; no line leads over a gap, nor from one phase to the next, as they differ in what they sum over."""
    path: list[str] = []
    before: float | None = None  # x of the last point, if the pen is down
    for x, y in points:
        if not math.isfinite(y):
            before = None
            continue
        connected = before is not None and not any(before < start <= x for start, _ in borders)
        path.append(f"{'L' if connected else 'M'}{_spelled(axes.across(x))} {_spelled(axes.down(y))}")
        before = x
    if len(path) == 1:
        path.append("h0")  # round line ends make it a dot
    return "".join(path)


def _line(
    item: Series, style: int, positions: Sequence[float], draw: Callable[[Sequence[tuple[float, float]]], str]
) -> ChartLine:
    values = dict(item.points)
    finite = [(y, x) for x, y in item.points if math.isfinite(y)]
    first, last, (lowest, where) = finite[0][0], finite[-1][0], min(finite)
    return ChartLine(
        label=item.label,
        style=style % LINE_STYLES,
        path=draw([(x, values[x]) for x in positions if x in values]),
        first=format_number(first),
        last=format_number(last),
        change=format_change(last, first),
        lowest=format_number(lowest),
        lowest_at=format_integer(round(where)),
        values=tuple(_compact(values.get(x)) for x in positions),
    )


def _columns(borders: Sequence[tuple[float, str]], axes: _Axes) -> tuple[AxisMark, ...]:
    """Where the phases begin; a label has room up to the next one."""
    places = [axes.across(x) / 10 for x, _ in borders]
    ends = [*places[1:], 100.0][: len(places)]
    return tuple(
        AxisMark(_spelled(place), label, _spelled(end - place))
        for place, end, (_, label) in zip(places, ends, borders, strict=True)
    )


def draw_chart(
    identity: str,
    title: str,
    series: Sequence[Series],
    *,
    columns: Sequence[tuple[float, str]] = (),
    keep: Sequence[float] | None = None,
) -> LineChart | None:
    """Draw curves over a common axis: logarithmic if all values are positive.

    Args:
        identity: unique on the page.
        series: the curves; empty ones are left out.
        columns: (x, label) of what to mark along the horizontal axis.
        keep: the x to draw; chosen here if None.

    Returns:
        The chart, or None if no curve has a finite value.
    """
    drawn = [item for item in series if any(math.isfinite(y) for _, y in item.points)]
    if not drawn:
        return None
    positions = tuple(keep) if keep is not None else choose_positions([item.points for item in drawn])
    axes, labels = _axes(drawn, positions)
    borders = tuple((x, label) for x, label in columns if axes.left <= x <= axes.right)
    finite = [y for item in drawn for _, y in item.points if math.isfinite(y)]
    length = format_count(round(axes.right - axes.left) + 1, "step")
    return LineChart(
        id=identity,
        title=title,
        scale="logarithmic" if axes.logarithmic else "linear",
        lines=tuple(
            _line(item, style, positions, lambda points: _path(points, axes, columns))
            for style, item in enumerate(drawn)
        ),
        rows=tuple(AxisMark(_spelled(axes.down(value) / 10), format_number(value, 3), value=value) for value in labels),
        ends=axes.ends,
        columns=_columns(borders, axes),
        steps=tuple(
            AxisMark(_spelled(axes.across(x) / 10), format_integer(x)) for x in step_ticks(axes.left, axes.right)
        ),
        summary=f"{format_count(len(drawn), 'curve')} over {length}, "
        f"between {format_number(min(finite), 3)} and {format_number(max(finite), 3)}.",
        positions=positions,
        borders=borders,
    )
