"""Parts that show numbers over steps: charts that a script makes movable, and a frame's place in the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from orbifolio.reports.charts.chart import LineChart
from orbifolio.reports.parts.base import Part


@dataclass(frozen=True)
class Curves(Part):
    """Curves over the steps.

    Attributes:
        before: steps of the run before the first one here.
        joined: whether they are curves of several runs: each has its own steps, and none leads to a picture.
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
    """Where a frame stands in the run, marked in the curve of the total loss; needs no script."""

    template: ClassVar[str] = "parts/whereabouts.html"
    styles: ClassVar[tuple[str, ...]] = ("curves.css",)
    id: ClassVar[str] = "whereabouts"
    title: ClassVar[str] = "In the run"
    chart: LineChart
    lead: str
