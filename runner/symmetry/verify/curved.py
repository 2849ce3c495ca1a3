"""Pictures of curved surfaces, ready to be measured: (picture, chart) -> residuals of any isometry of its points.

Points are looked up in the picture, moved, and looked up again. A chart shows places at different scales, so each
value is a mean over a small patch of the surface that moves along with its point. Only places that the chart shows at
similar scales are compared: towards a rim no picture shows enough.
"""

from __future__ import annotations

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.symmetry.charts import Chart
from orbifolio.runner.symmetry.groups.triangle import on_surface
from orbifolio.runner.symmetry.verify.residuals import MIN_PLACES, change, colour_residuals

_MAX_SCALE = 2.0  # of the places that count, in units of the finest: a larger one compares sharp with blurred
_PATCH_RADIUS = 2.0  # in pixels of the coarsest of them: a smaller patch sees the pixel grid, a larger no detail
_SOFTENING = 1.0
"""Standard deviation, in pixels, of a Gaussian that takes away what places shown half as large cannot show."""

_RIM = 2 + _MAX_SCALE * _PATCH_RADIUS
"""Pixels from the surface's rim within which nothing is compared: a patch, and what a spline sees, must be surface."""

_POINTS = 1500  # tried for each isometry; those count that the chart shows well before and after


class CurvedReader:
    """A picture of a curved surface in which isometries are measured."""

    def __init__(self, centred: F64, chart: Chart) -> None:
        """A reader of a picture.

        Args:
            centred: (height, width, 3), mid-grey at 0, as the chart shows it.
            chart: that it was made with.
        """
        from scipy import ndimage

        self._centred = centred
        self._height, self._width = centred.shape[:2]
        self._chart = chart
        self._margin = 8 if chart.wrap[1] else 0
        margins = [(0, 0), (self._margin, self._margin), (0, 0)]
        wide = np.pad(centred, margins, mode="wrap") if self._margin else centred
        self._map = ndimage.map_coordinates
        self._splines = [ndimage.spline_filter(wide[..., channel], order=3, mode="mirror") for channel in range(3)]
        x, y = np.random.default_rng(0).uniform(-1, 1, (2, 8 * _POINTS))
        seen = chart.look(x, y)
        points = seen.points[seen.there]
        scales = self._scale(points)
        self._limit = _MAX_SCALE * float(scales.min())
        self._points = points[scales < self._limit][:_POINTS]

    def residuals(self, matrix: F64, *, claimed: bool) -> F64 | None:
        """The residual of every colour element, or None where the picture shows too few points before and after."""
        good = self._scale(self._points @ matrix.T) < self._limit
        if int(good.sum()) < MIN_PLACES:
            return None
        patch = _patch(self._points[good], _PATCH_RADIUS * self._limit, self._chart.curvature)
        here = np.mean([self._read(ring) for ring in patch], axis=0)
        there = np.mean([self._read(ring @ matrix.T) for ring in patch], axis=0)
        return colour_residuals(here, there)

    def grain(self) -> float:
        """How much softening changes what residuals compare: see `Measurement.grain`."""
        from scipy import ndimage

        modes = ["wrap" if wraps else "nearest" for wraps in self._chart.wrap]
        widths = (_SOFTENING, _SOFTENING, 0)
        soft = CurvedReader(ndimage.gaussian_filter(self._centred, widths, mode=[*modes, "nearest"]), self._chart)
        patch = _patch(self._points, _PATCH_RADIUS * self._limit, self._chart.curvature)
        sharp, blurred = (np.mean([reader._read(ring) for ring in patch], axis=0) for reader in (self, soft))
        return change(sharp, blurred)

    def _scale(self, points: F64) -> F64:
        """(N,) length of a pixel on the surface, infinite for what is not in the picture."""
        x, y = self._chart.place(points)
        pixel = 2 / min(self._width, self._height)
        inside = (np.abs(x) < 1) & (np.abs(y) < 1 - 4 / self._height) & (self._chart.depth(x, y) > _RIM * pixel)
        seen = self._chart.look(np.where(inside, x, 0.0), np.where(inside, y, 0.0))
        length = seen.spacing * pixel
        result: F64 = np.where(inside & seen.there, length, np.inf)
        return result

    def _read(self, points: F64) -> F64:
        """(N, 3) colours at points, centred."""
        x, y = self._chart.place(points)
        rows = (1 - y) / 2 * self._height - 0.5
        columns = (x + 1) / 2 * self._width - 0.5 + self._margin
        at = np.stack([rows, columns])
        return np.stack(
            [self._map(spline, at, order=3, mode="mirror", prefilter=False) for spline in self._splines], axis=1
        )


def _patch(points: F64, radius: float, curvature: int) -> F64:
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
