"""Flat pictures, ready to be measured: (picture, how it wraps) -> residuals of any movement, enlargements included.

A movement may enlarge (the zoom of a Droste picture): then what it carries a place to is compared after a Gaussian
wider by the same factor, so that both sides have lost the same detail. Places are left out that the movement carries
beyond the picture, or too near to its border for the blur.

Convention: movements are (2, 3) in fractions of the picture, y downwards, or (3, 3) on points of `PlaneChart`. An
axis that wraps has sample j of n at j / n, any other at (j + 1/2) / n.
"""

from __future__ import annotations

import math
from functools import cached_property, lru_cache

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.charts import Chart
from orbifolio.runner.symmetry.layouts.flat_charts import PlaneChart, in_fractions
from orbifolio.runner.symmetry.verify.residuals import MIN_PLACES, change, colour_residuals

BLUR = 2.0
"""Standard deviation, in pixels, of a Gaussian that first removes the finest grain, which no turned pixel grid can
represent: white noise in the texels of a 60 degree turn reads 0.26 without it, 0.04 with it; a texture 2 pixels coarse
0.019 and 0.01. It commutes with every isometry."""

_CLAIM_PLACES, _CANDIDATE_PLACES = 20_000, 3_000  # compared for each; candidates are many, and two digits will do
PIXEL_VARIANCE = 1 / 12  # of a pixel's own box, which no enlargement enlarges
_SOFTENING = 0.7
"""Standard deviation, in pixels, of a Gaussian that takes away much of the finest detail, which a turned pixel grid
need not show again."""

_FLAT_TONES = 16  # colours of a picture without soft edges: lines with soft ones have dozens of levels
_MARGIN = 12  # pixels by which an axis that wraps is continued: a cubic spline's memory fades as 0.27^n
_MIN_SHIFT = 6.0  # blurs that a place must move by: Gaussians three blurs wide on either side do not overlap then


class FlatReader:
    """A flat picture in which movements are measured.

    Attributes:
        size: (width, height) in pixels.
    """

    def __init__(self, centred: F64, wrap: tuple[bool, bool], *, blur: float = BLUR, hole: float = 0.0) -> None:
        """A reader of a picture.

        Args:
            centred: (height, width, 3), mid-grey at 0.
            wrap: periodic over (top-bottom, left-right).
            blur: standard deviation in pixels that is taken away first; see `BLUR`.
            hole: radius in pixels about the middle that does not count: where one pixel shows a whole pattern.
        """
        self._centred, self._wrap, self._blur, self._hole = centred, wrap, blur, hole
        self.size = np.array([centred.shape[1], centred.shape[0]], dtype=np.float64)
        # a few zooms: each is as large as the picture
        self._softened, self._splines = lru_cache(maxsize=8)(self._soften), lru_cache(maxsize=8)(self._interpolate)

    @classmethod
    def through(cls, centred: F64, chart: Chart) -> FlatReader:
        """For a picture that a chart shows."""
        return cls(centred, chart.wrap)

    def residuals(self, matrix: F64, *, claimed: bool) -> F64 | None:
        """The residual of every colour element, or None where too few places can be compared."""
        if claimed:
            return self.compared(matrix, _CLAIM_PLACES)
        # on a torus almost all places move; elsewhere those near a fixed point would make everything hold
        shift = 0.0 if all(self._wrap) else _MIN_SHIFT * max(self._blur, 1.0)
        return self.compared(matrix, _CANDIDATE_PLACES, shift)

    def grain(self) -> float:
        """How much softening changes what residuals compare: see `Measurement.grain`."""
        sharp, soft = self._softened(self._blur), self._soften(math.hypot(self._blur, _SOFTENING))
        return change(sharp.reshape(-1, 3), soft.reshape(-1, 3))

    def steps(self, matrix: F64) -> float:
        """How much the edges of flat tones differ on the grid that a movement turns this one into, as a residual.

        A picture of a few tones has no soft edges: each runs along pixels, up to half a pixel from its place, and
        elsewhere on any other grid. So the picture is read to the nearest pixel of the moved grid, and back.
        """
        if not self._is_flat:
            return 0.0
        offset = np.array([0.0 if self._wrap[1] else 0.5, 0.0 if self._wrap[0] else 0.5])
        moved = in_fractions(matrix, float(self.size[0] / self.size[1]))
        linear = moved[:, :2] * self.size[:, None] / self.size
        shift = moved[:, 2] * self.size + linear @ offset - offset
        width, height = self.size.astype(int)
        places = np.stack(np.meshgrid(np.arange(width), np.arange(height)), axis=-1).astype(np.float64)
        there = np.rint(np.round(places @ linear.T + shift, 9))
        back = np.rint(np.round((there - shift) @ np.linalg.inv(linear).T, 9)).astype(np.int64)
        read = self._centred[back[..., 1] % height, back[..., 0] % width]
        return change(self._softened(self._blur).reshape(-1, 3), self._soften(self._blur, read).reshape(-1, 3))

    @cached_property
    def _is_flat(self) -> bool:
        """Whether it has a few tones only."""
        levels = np.rint((self._centred + 0.5) * 255).astype(np.int64) @ [1, 256, 65536]
        return len(np.unique(levels.ravel()[: 64 * _FLAT_TONES])) <= _FLAT_TONES >= len(np.unique(levels))

    def compared(self, matrix: F64, count: int, min_shift: float = 0.0) -> F64 | None:
        """The residual of every colour element, or None where too few places can be compared.

        Args:
            matrix: the movement, see the module's docstring.
            count: maximum number of places to compare.
            min_shift: pixels that a place must move by to count; near a fixed point everything holds.
        """
        width, height = self.size
        offset = np.array([0.0 if self._wrap[1] else 0.5, 0.0 if self._wrap[0] else 0.5])
        moved = in_fractions(matrix, float(width / height))
        linear = moved[:, :2] * self.size[:, None] / self.size
        factor = math.sqrt(abs(float(np.linalg.det(linear))))
        if factor < 0.999:  # only enlargements are measured: compare the same places the other way round
            back = np.linalg.inv(np.vstack([moved, [0, 0, 1]]))[:2]
            every = self.compared(back, count, min_shift)
            return None if every is None else every[np.array(colour.INVERSE)]
        places = _places(int(height), int(width), self._wrap, round(3 * self._blur), self._hole, 4 * count)
        # rounding keeps images that fall on a pixel on it, so that exact tiles measure as exact
        target = np.round((((places + offset) / self.size) @ moved[:, :2].T + moved[:, 2]) * self.size - offset, 9)
        wide = self._blur_after(factor)
        inside = np.ones(len(places), dtype=bool)
        for axis in (0, 1):
            if not self._wrap[1 - axis]:
                inside &= (target[:, axis] >= 3 * wide) & (target[:, axis] <= self.size[axis] - 1 - 3 * wide)
        inside &= np.hypot(*(target - (self.size - 1) / 2).T) >= self._hole
        if min_shift:
            inside &= np.hypot(*(target - places).T) >= min_shift
        places, target = places[inside][:count], target[inside][:count]
        if len(places) < MIN_PLACES and not all(self._wrap):
            return None
        return colour_residuals(self._read_pixels(places), self._read(wide, target))

    def _blur_after(self, factor: float) -> float:
        """Blur on the enlarged side, so that both sides have lost the same detail of what they show.

        With a pixel's own box, the small side has lost the variance blur^2 + 1/12; enlarged, factor^2 times that. The
        large side's pixels have lost 1/12 already, so its Gaussian needs the rest.
        """
        if factor < 1.001:
            return self._blur
        return float(np.sqrt(factor**2 * (self._blur**2 + PIXEL_VARIANCE) - PIXEL_VARIANCE))

    def _read_pixels(self, places: F64) -> F64:
        """(N, 3) blurred colours of pixels (column, row); on a torus, whose spline has no seam, without one."""
        if not all(self._wrap):
            return self._read(self._blur, places)
        columns, rows = places.astype(np.int64).T
        colours: F64 = self._softened(round(self._blur, 6))[rows, columns]
        return colours

    def _read(self, blur: float, places: F64) -> F64:
        """(N, 3) blurred colours at positions (column, row)."""
        from scipy import ndimage

        margin, mode = self._edges
        at = [
            np.mod(positions, size) + margin if wraps else positions
            for positions, size, wraps in zip(places.T, self.size, self._wrap[::-1], strict=True)
        ]
        splines = self._splines(round(blur, 6))
        colours = [ndimage.map_coordinates(item, at[::-1], order=3, mode=mode, prefilter=False) for item in splines]
        return np.stack(colours, axis=1)

    @property
    def _edges(self) -> tuple[int, str]:
        """The margin along axes that wrap, and how splines continue: only a whole torus can be left to scipy."""
        return (0, "grid-wrap") if all(self._wrap) else (_MARGIN, "mirror")

    def _soften(self, blur: float, picture: F64 | None = None) -> F64:
        """(height, width, 3) the picture, or another of its size, blurred."""
        from scipy import ndimage

        soft = self._centred if picture is None else picture
        for axis, wraps in enumerate(self._wrap):
            if blur:
                soft = ndimage.gaussian_filter1d(soft, blur, axis=axis, mode="wrap" if wraps else "nearest")
        return soft

    def _interpolate(self, blur: float) -> list[F64]:
        """Spline coefficients of each channel, blurred, with a margin along the axes that wrap."""
        from scipy import ndimage

        soft, (margin, mode) = self._softened(blur), self._edges
        margins = [(margin, margin) if wraps else (0, 0) for wraps in self._wrap]
        wide = np.pad(soft, [*margins, (0, 0)], mode="wrap")
        return [ndimage.spline_filter(wide[..., channel], order=3, mode=mode) for channel in range(3)]


def plane_reader(centred: F64, chart: PlaneChart) -> FlatReader:
    """For a picture that does not repeat; its middle may be too crowded to count."""
    return FlatReader(centred, chart.wrap, hole=chart.hole)


@lru_cache(maxsize=8)
def _places(height: int, width: int, wrap: tuple[bool, bool], margin: int, hole: float, count: int) -> F64:
    """Pixels (column, row), in a random order that is always the same."""
    rows, columns = np.divmod(np.random.default_rng(0).permutation(height * width), width)
    good = np.hypot(columns - (width - 1) / 2, rows - (height - 1) / 2) >= hole
    if not wrap[0]:
        good &= (rows >= margin) & (rows < height - margin)
    if not wrap[1]:
        good &= (columns >= margin) & (columns < width - margin)
    return np.stack([columns[good], rows[good]], axis=1)[:count].astype(np.float64)
