"""The losses of a sweep's runs over each other: (what is shown) -> one chart, a colour for each run."""

from __future__ import annotations

from dataclasses import replace

from orbifolio.reports.charts.chart import LINE_STYLES, LineChart, Series, draw_chart
from orbifolio.reports.data.metrics import PhaseCurve
from orbifolio.reports.sweep.cells import CellBuilder


def _points(curve: tuple[PhaseCurve, ...]) -> list[tuple[float, float]]:
    """(step over all phases, loss)."""
    found, before = [], 0.0
    for stretch in curve:
        found += [(before + step, loss) for step, loss in stretch.points]
        before += max(float(stretch.steps), stretch.points[-1][0] if stretch.points else 0.0)
    return found


def _borders(curve: tuple[PhaseCurve, ...]) -> tuple[tuple[float, str], ...]:
    """Where each phase begins."""
    found, before = [], 0
    for stretch in curve:
        found.append((before + 1.0, stretch.title))
        before += stretch.steps
    return tuple(found)


def loss_overlay(cells: CellBuilder) -> LineChart | None:
    """The total loss of every run by its steps; phases are marked where all runs have the same ones."""
    shown = cells.shown
    drawn = [
        (member, points)
        for member in shown.sweep.members
        if (face := shown.face(member)) is not None and (points := _points(face.card.curve))
    ]
    # a run that has just begun has not told of its later phases yet
    borders = {_borders(face.card.curve) for face in shown.faces.values() if face.card.curve}
    longest = max(borders, key=len, default=())
    same = all(each == longest[: len(each)] for each in borders)
    series = [Series(f"#{member.number} {cells.name(member)[0]}", points) for member, points in drawn]
    found = draw_chart(
        "curve-loss",
        "Total loss",
        series,
        columns=longest if same and len(longest) > 1 else (),
        keep=sorted({x for _, points in drawn for x, _ in points}),
    )
    if found is None:
        return None
    lines = tuple(
        replace(line, style=member.number % LINE_STYLES) for line, (member, _) in zip(found.lines, drawn, strict=True)
    )
    return replace(found, lines=lines)
