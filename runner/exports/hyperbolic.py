"""Products of a hyperbolic tiling beside its picture: (surface, triangle, values) -> files by name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.exports import drift, tiling
from orbifolio.runner.exports.painted_surface import MovedChart, PaintedSurface
from orbifolio.runner.images import encoding
from orbifolio.runner.symmetry.charts import Band, Chart, Disk, HalfPlane, Klein, Square, opacity
from orbifolio.runner.symmetry.groups.triangle import Triangle
from orbifolio.runner.symmetry.layouts.folded import FoldedSurface

if TYPE_CHECKING:
    from torch import Tensor

_MAX_SIDE = 640  # pixels of a square chart's side, half of it of a wide one's height: pictures for a page
_LOOP = 240  # pixels a side: time to draw it, and bytes, grow with the square
_BAND = 0.9  # of the band's height: its edges are infinitely far away


def _charts(translation: drift.Translation | None) -> Mapping[str, Chart]:
    """Every chart, the band along a translation so that it repeats."""
    length = 2 * math.pi if translation is None else translation.length
    times = max(1, round(9 / length))  # about three times as wide as high
    band: Chart = Band(times * length, _BAND)
    if translation is not None:
        band = MovedChart(band, translation.move(0.0))
    return {"disk": Disk(), "klein": Klein(), "half-plane": HalfPlane(), "band": band, "square": Square()}


def chart_picture(painted: PaintedSurface, chart: Chart, side: int) -> F32:
    """A picture of one chart; a disk on nothing.

    Args:
        painted: the hyperbolic plane with its colours.
        chart: to show it in.
        side: pixels of the shorter side.
    """
    width, height = (round(side * chart.ratio), side) if chart.ratio >= 1 else (side, round(side / chart.ratio))
    picture = painted.picture(chart, width, height)
    shown = opacity(chart, width, height)
    return picture if shown is None else np.concatenate([picture, shown[..., None]], axis=2)


def hyperbolic_products(
    surface: FoldedSurface, triangle: Triangle, values: Tensor, *, pixels: int, own: str = ""
) -> Mapping[str, bytes]:
    """The other charts, the tiling's edges as a drawing, and a slow drift.

    Args:
        surface: of the hyperbolic plane.
        triangle: whose edges are drawn.
        values: (orbits, 3), centred and constrained.
        pixels: width of the artwork.
        own: the artwork's own chart, which is left out.
    """
    painted = PaintedSurface(surface, values)
    translation = drift.shortest(painted, triangle)
    side = max(16, min(pixels, _MAX_SIDE))
    files = {
        f"{name}.webp": encoding.webp(chart_picture(painted, chart, side // 2 if chart.ratio >= 1.5 else side))
        for name, chart in _charts(translation).items()
        if name != own
    }
    name = f"{{{triangle.p},{triangle.q}}}" if triangle.r == 2 else f"({triangle.p} {triangle.q} {triangle.r})"
    files["tiling.svg"] = tiling.outline(triangle, title=f"Edges of the tiling {name} in the Poincare disk")
    if translation is not None:
        files["drift.webp"] = drift.loop(painted, translation, min(side, _LOOP))
    return files
