"""Measuring on a chart: (picture, chart, isometries of its points) -> how exactly the picture has each.

As in `measure.py`, nothing here knows of orbits: points are looked up in the picture, moved, and looked up
again. A chart shows places at different scales, so each value is a mean over a small patch of the surface
that moves along with its point, and only places are compared that the chart shows at a like scale: towards a
rim no picture can tell anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from orbifolio.runner.symmetry.base import Claim
from orbifolio.runner.symmetry.groups.triangle import on_surface
from orbifolio.runner.symmetry.layouts.charts import Chart
from orbifolio.runner.symmetry.verify.tile import Measurement, Residual, colour_residuals

Floats = npt.NDArray[np.float64]

_COARSEST = 2.0  # scale of the places that count, in units of the finest
_PATCH = 2.0  # radius of a patch, in pixels of the coarsest of them
_FEWEST = 150  # points without which a claim cannot be judged


class _Reader:
    """Looks points up in a picture."""

    def __init__(self, picture: npt.NDArray[Any], chart: Chart) -> None:
        from scipy import ndimage

        self.centred = np.asarray(picture, dtype=np.float64) - 0.5
        self.height, self.width = self.centred.shape[:2]
        self.chart = chart
        self._margin = 8 if chart.wrap[1] else 0
        margins = [(0, 0), (self._margin, self._margin), (0, 0)]
        wide = np.pad(self.centred, margins, mode="wrap") if self._margin else self.centred
        self._map = ndimage.map_coordinates
        self._splines = [ndimage.spline_filter(wide[..., channel], order=3, mode="mirror") for channel in range(3)]

    def scale(self, points: Floats) -> Floats:
        """(N,) length of a pixel on the surface, infinite for what is not in the picture."""
        x, y = self.chart.place(points)
        inside = (np.abs(x) < 1) & (np.abs(y) < 1 - 4 / self.height)
        sights = self.chart.look(np.where(inside, x, 0.0), np.where(inside, y, 0.0))
        length = sights.spacing * 2 / min(self.width, self.height)
        result: Floats = np.where(inside & sights.there, length, np.inf)
        return result

    def read(self, points: Floats) -> Floats:
        """(N, 3) colours at points, centred."""
        x, y = self.chart.place(points)
        rows = (1 - y) / 2 * self.height - 0.5
        columns = (x + 1) / 2 * self.width - 0.5 + self._margin
        at = np.stack([rows, columns])
        return np.stack(
            [self._map(spline, at, order=3, mode="mirror", prefilter=False) for spline in self._splines], axis=1
        )


def _patch(points: Floats, radius: float, curvature: int) -> Floats:
    """(61, N, 3) each point and four rings around it."""
    x, y, z = points.T
    if curvature > 0:
        helper = np.where(np.abs(z)[:, None] < 0.9, [0.0, 0.0, 1.0], [1.0, 0.0, 0.0])
        right = np.cross(helper, points)
        right /= np.linalg.norm(right, axis=1, keepdims=True)
        up = np.cross(points, right)
    elif curvature < 0:
        share = 1 / (1 + z)
        right = np.stack([1 + x * x * share, x * y * share, x], axis=1)
        up = np.stack([x * y * share, 1 + y * y * share, y], axis=1)
    else:
        right, up = np.broadcast_to([1.0, 0.0, 0.0], points.shape), np.broadcast_to([0.0, 1.0, 0.0], points.shape)
    offsets = [(0.0, 0.0)]
    for ring, count in ((0.25, 6), (0.5, 12), (0.75, 18), (1.0, 24)):
        angles = np.arange(count) * 2 * np.pi / count + ring
        offsets += list(zip(ring * np.cos(angles), ring * np.sin(angles), strict=True))
    return np.stack([on_surface(points + radius * (a * right + b * up), curvature) for a, b in offsets])


def measure_chart(
    picture: npt.NDArray[Any],
    chart: Chart,
    claims: Sequence[Claim],
    candidates: Sequence[Claim] = (),
    *,
    points: int = 1500,
) -> Measurement:
    """Measure isometries of a surface on a picture of it.

    Args:
        picture: (height, width, 3) in [0, 1], as the chart shows it.
        chart: that it was made with.
        claims: matrices are (3, 3), acting on points.
        candidates: isometries that should not hold.
        points: tried for each; those count that the chart shows well before and after.

    Returns:
        Residuals as of `measure.measure`; an isometry that leads out of the picture is left out.

    Raises:
        ValueError: not a picture.
    """
    if np.ndim(picture) != 3 or np.shape(picture)[2] != 3 or not np.isfinite(picture).all():
        raise ValueError(f"a picture of shape {np.shape(picture)}; it must be (height, width, 3) and finite")
    reader = _Reader(picture, chart)
    random = np.random.default_rng(0)
    x, y = random.uniform(-1, 1, (2, 8 * points))
    sights = chart.look(x, y)
    places = sights.points[sights.there]
    scales = reader.scale(places)
    limit = _COARSEST * float(scales.min())
    places = places[scales < limit][:points]
    radius = _PATCH * limit

    def residuals(matrix: Floats) -> Floats | None:
        moved = places @ matrix.T
        good = reader.scale(moved) < limit
        if int(good.sum()) < _FEWEST:
            return None
        patch = _patch(places[good], radius, chart.curvature)
        here = np.mean([reader.read(ring) for ring in patch], axis=0)
        there = np.mean([reader.read(ring @ matrix.T) for ring in patch], axis=0)
        return colour_residuals(here, there)

    held, tried = [], []
    for claim in claims:
        every = residuals(claim.matrix)
        if every is not None:
            others = np.delete(every, claim.colour)
            least = float(others.min())
            held.append(Residual(claim.name, float(every[claim.colour]), claim.colour, int(every.argmin()), least))
    for claim in candidates:
        every = residuals(claim.matrix)
        if every is not None:
            first, second = np.sort(every)[:2]
            tried.append(Residual(claim.name, float(first), None, int(every.argmin()), float(second)))
    tried.sort(key=lambda item: item.residual)
    spread = float(reader.centred.std(axis=(0, 1)).mean())
    return Measurement(tuple(held), tuple(tried), spread)
