"""Pictures of curved surfaces, ready to be measured: (picture, chart) -> residuals of any isometry of its points.

Points are looked up in the picture, moved, and looked up again. A chart shows places at different scales, so each
value is a mean over the surface around its point, by a Gaussian as wide as the one that flat pictures are compared
after. Only places that the chart shows at similar scales are compared: towards a rim no picture shows enough.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from functools import cached_property

import numpy as np

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.symmetry.charts import Chart
from orbifolio.runner.symmetry.groups.triangle import on_surface, tangent_frames
from orbifolio.runner.symmetry.verify.flat import BLUR, PIXEL_VARIANCE
from orbifolio.runner.symmetry.verify.residuals import MIN_PLACES, change, colour_residuals

_MAX_SCALE = 1.4  # of the places that count, in units of the finest: more compares sharp with blurred
_REACH = 2.2  # standard deviations that a mean sees: what lies farther out would weigh a tenth, and needs more rim
_STEP = 0.7
"""Distance of a mean's samples in pixels of the coarsest place, 1.4 of the finest: samples half as far apart change no
residual by a thousandth of itself."""
_SOFTENING = 1.0
"""Standard deviation, in pixels, of a Gaussian that takes away what places shown half as large cannot show."""

_RIM = 2 + _MAX_SCALE * _REACH * BLUR
"""Pixels from the surface's rim within which nothing is compared: a mean, and what a spline sees, must be surface."""

_POINTS, _CANDIDATE_POINTS = 1500, 500
"""Tried for each isometry; those count that the chart shows well before and after. Candidates are many, and two digits
will do."""


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
        good = scales < self._limit
        self._points, self._scales = points[good][:_POINTS], scales[good][:_POINTS]

    def residuals(self, matrix: F64, *, claimed: bool) -> F64 | None:
        """The residual of every colour element, or None where the picture shows too few points before and after."""
        scales = self._scale(self._points @ matrix.T)
        good = np.flatnonzero(scales < self._limit)[: _POINTS if claimed else _CANDIDATE_POINTS]
        if len(good) < MIN_PLACES:
            return None
        return colour_residuals(self._here[good], self._means(good, matrix, scales[good]))

    def steps(self, matrix: F64) -> float:
        """Not known: places are means over several pixels here, of different sizes."""
        return 0.0

    def grain(self) -> float:
        """How much softening changes what residuals compare: see `Measurement.grain`."""
        from scipy import ndimage

        modes = ["wrap" if wraps else "nearest" for wraps in self._chart.wrap]
        widths = (_SOFTENING, _SOFTENING, 0)
        soft = CurvedReader(ndimage.gaussian_filter(self._centred, widths, mode=[*modes, "nearest"]), self._chart)
        return change(self._here, soft._here)

    @cached_property
    def _here(self) -> F64:
        """(N, 3) the means around all points where they are."""
        return self._means(np.arange(len(self._points)), np.eye(3), self._scales)

    def _means(self, chosen: I64, matrix: F64, scales: F64) -> F64:
        """(n, 3) means around points, moved.

        A pixel is a mean already, of the variance 1/12 of its own width. Places that are shown smaller have lost more
        to it, so that their Gaussian is narrower by as much.

        Args:
            chosen: (n,) which points.
            matrix: (3, 3) that moves them and their surroundings.
            scales: (n,) length of a pixel where they are moved to.
        """
        variance = BLUR**2 + PIXEL_VARIANCE * (1 - (scales / self._limit) ** 2)
        total, weight = np.zeros((len(chosen), 3)), np.zeros((len(chosen), 1))
        for distance, points in _around(self._points[chosen], self._limit, self._chart.curvature):
            share = np.exp(-0.5 * distance**2 / variance)[:, None]
            total += share * self._read(points @ matrix.T)
            weight += share
        return total / weight

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


def _around(points: F64, pixel: float, curvature: int) -> Iterator[tuple[float, F64]]:
    """Samples of the surface around points: a distance in pixels, and (N, 3) the points that lie so far from them.

    Args:
        points: (N, 3) on the surface.
        pixel: its length on the surface.
        curvature: the surface's, -1, 0 or 1.
    """
    right, up = tangent_frames(points, curvature)
    reach = _REACH * BLUR
    count = math.ceil(2 * reach / _STEP)
    for i, j in itertools.product(range(-count, count + 1), repeat=2):  # a grid of triangles
        a, b = _STEP * (i + j / 2), _STEP * math.sqrt(0.75) * j
        distance = math.hypot(a, b)
        if distance <= reach:
            yield distance, on_surface(points + pixel * (a * right + b * up), curvature)
