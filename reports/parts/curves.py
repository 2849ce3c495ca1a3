"""Curves over steps, which a script makes movable: of a run, of the runs of a sweep, and a frame's place in its run."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

from orbifolio.reports.charts.chart import LINE_STYLES, LineChart, Series, draw_chart
from orbifolio.reports.charts.curves import step_position
from orbifolio.reports.data.log import PhaseRecord, RunRecord
from orbifolio.reports.data.metrics import PhaseCurve
from orbifolio.reports.parts.base import Part
from orbifolio.reports.parts.comparison_cells import CellBuilder
from orbifolio.reports.wording import format_count, format_integer


@dataclass(frozen=True)
class Curves(Part):
    """Curves over the steps.

    Attributes:
        before: steps of the run before the first one here.
        joined: whether they are curves of several runs: each has its own steps, and none leads to a picture.
        shown: how many charts are seen at once; the others are folded away.
    """

    template: ClassVar[str] = "parts/curves.html"
    listed: ClassVar[bool] = True
    styles: ClassVar[tuple[str, ...]] = ("vendor/uPlot.min.css", "curves.css")
    scripts: ClassVar[tuple[str, ...]] = ("vendor/uPlot.iife.min.js", "chart.js", "curves.js")
    charts: tuple[LineChart, ...]
    id: str = "curves"
    title: str = "Loss"
    before: int = 0
    joined: bool = False
    shown: int = 100

    @property
    def open(self) -> tuple[LineChart, ...]:
        """The charts that are seen at once."""
        return self.charts[: self.shown]

    @property
    def folded(self) -> tuple[LineChart, ...]:
        """The others."""
        return self.charts[self.shown :]

    @property
    def folded_summary(self) -> str:
        """What those show."""
        names = [chart.title[:1].lower() + chart.title[1:] for chart in self.folded]
        return f"{format_count(len(names), 'more chart')}: {', '.join(names)}"

    @property
    def data(self) -> dict[str, Any]:
        """What is drawn, for the page's script: the steps once, then the values of each curve of each chart."""
        return {
            "before": self.before,
            "joined": self.joined,
            "x": self.charts[0].positions,
            "borders": self.charts[0].borders,
            "charts": {chart.id: [line.values for line in chart.lines] for chart in self.charts},
        }


@dataclass(frozen=True)
class PositionMarker(Part):
    """A frame's position in the run, marked in the curve of the total loss; needs no script."""

    template: ClassVar[str] = "parts/position_marker.html"
    styles: ClassVar[tuple[str, ...]] = ("curves.css",)
    id: ClassVar[str] = "whereabouts"
    title: ClassVar[str] = "In the run"
    chart: LineChart
    lead: str


def position_marker(
    run: RunRecord, phase: PhaseRecord, step: int, whole: LineChart | None
) -> tuple[PositionMarker, ...]:
    """A frame's place in the run: the curve with its step marked, or nothing if there is no curve.

    Args:
        run: as read from its folder.
        step: the frame's step; the beginning of a phase is where the phase before it ended.
        whole: `total_chart` of all phases, drawn once for all frames.
    """
    if whole is None or len(whole.positions) < 2:
        return ()
    place = step_position(run.phases, phase, step)
    last = int(whole.positions[-1])
    lead = f"step {format_integer(place)} of {format_integer(last)}" if place else "before the first step"
    return (PositionMarker(replace(whole, here=whole.across(place)), lead),)


def _points(curve: tuple[PhaseCurve, ...]) -> list[tuple[float, float]]:
    """(step over all phases, loss)."""
    points, before = [], 0.0
    for stretch in curve:
        points += [(before + step, loss) for step, loss in stretch.points]
        before += max(float(stretch.steps), stretch.points[-1][0] if stretch.points else 0.0)
    return points


def _borders(curve: tuple[PhaseCurve, ...]) -> tuple[tuple[float, str], ...]:
    """Where each phase begins."""
    borders, before = [], 0
    for stretch in curve:
        borders.append((before + 1.0, stretch.title))
        before += stretch.steps
    return tuple(borders)


def loss_overlay(cells: CellBuilder) -> LineChart | None:
    """The total loss of every run by its steps; phases are marked where all runs have the same ones."""
    snapshot = cells.snapshot
    drawn = [
        (member, points)
        for member in snapshot.sweep.members
        if (preview := snapshot.preview(member)) is not None and (points := _points(preview.card.curve))
    ]
    # the log of a run that has just started does not name its later phases yet
    borders = {_borders(preview.card.curve) for preview in snapshot.previews.values() if preview.card.curve}
    longest = max(borders, key=len, default=())
    same = all(each == longest[: len(each)] for each in borders)
    series = [Series(f"#{member.number} {cells.name(member)[0]}", points) for member, points in drawn]
    chart = draw_chart(
        "curve-loss",
        "Total loss",
        series,
        columns=longest if same and len(longest) > 1 else (),
        keep=sorted({x for _, points in drawn for x, _ in points}),
    )
    if chart is None:
        return None
    lines = tuple(
        replace(line, style=member.number % LINE_STYLES) for line, (member, _) in zip(chart.lines, drawn, strict=True)
    )
    return replace(chart, lines=lines)
