"""Measuring flat pictures: (picture, movements) -> how exactly the picture has each, enlargements included.

As in `measure.py`, nothing here knows of orbits. A movement may enlarge (the zoom of a Droste picture): then
what it carries a place to is compared after a Gaussian wider by the same factor, so that both sides have lost the
same detail. Places are left out that the movement carries beyond the picture, or too near to its border for the
blur.

Convention: movements are (2, 3) in fractions of the picture, y downwards, or (3, 3) on points of `flat.Sheet`. An
axis that wraps has sample j of n at j / n, any other at (j + 1/2) / n.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from orbifolio.runner.symmetry.base import Claim
from orbifolio.runner.symmetry.layouts.flat_charts import in_fractions
from orbifolio.runner.symmetry.verify.tile import Measurement, Residual, colour_residuals

Floats = npt.NDArray[np.float64]

FEWEST = 150
"""Places without which a movement cannot be judged."""

_PIXEL = 1 / 12  # variance of a pixel's own box, which no enlargement enlarges
_MARGIN = 12
_FAR = 6.0  # blurs that a place must move by for telling that a movement does not hold


@dataclass(frozen=True)
class Gauge:
    """A picture ready to be measured.

    Attributes:
        centred: (height, width, 3), mid-grey at 0.
        wrap: periodic over (top-bottom, left-right).
        blur: standard deviation in pixels that is taken away first; see `measure.measure`.
        hole: radius in pixels about the middle that does not count.
    """

    centred: Floats
    wrap: tuple[bool, bool]
    blur: float = 2.0
    hole: float = 0.0

    @property
    def ratio(self) -> float:
        """Width / height."""
        height, width = self.centred.shape[:2]
        return float(width) / float(height)

    def residuals(self, matrix: Floats, count: int, far: float = 0.0) -> Floats | None:
        """The residual of every colour element, or None where too few places can be compared.

        Args:
            matrix: the movement, see the module's docstring.
            count: places to compare.
            far: pixels that a place must move by to count; near a fixed point everything holds.
        """
        height, width = self.centred.shape[:2]
        size = np.array([width, height], dtype=np.float64)
        offset = np.array([0.0 if self.wrap[1] else 0.5, 0.0 if self.wrap[0] else 0.5])
        moved = in_fractions(matrix, self.ratio)
        linear = moved[:, :2] * size[:, None] / size
        factor = math.sqrt(abs(float(np.linalg.det(linear))))
        if factor < 0.999:  # look from the coarse side: compare the same places the other way round
            back = np.linalg.inv(np.vstack([moved, [0, 0, 1]]))[:2]
            found = self.residuals(back, count, far)
            return None if found is None else found[_inverses()]
        places = _places(height, width, self.wrap, round(3 * self.blur), self.hole, 4 * count)
        target = ((places + offset) / size) @ moved[:, :2].T + moved[:, 2]
        target = np.round(target * size - offset, 9)
        wide = self._width(factor)
        inside = np.ones(len(places), dtype=bool)
        for axis in (0, 1):
            if not self.wrap[1 - axis]:
                inside &= (target[:, axis] >= 3 * wide) & (target[:, axis] <= size[axis] - 1 - 3 * wide)
        inside &= np.hypot(*(target - (size - 1) / 2).T) >= self.hole
        if far:
            inside &= np.hypot(*(target - places).T) >= far
        places, target = places[inside][:count], target[inside][:count]
        if len(places) < FEWEST:
            return None
        return colour_residuals(self._read(self.blur, places), self._read(wide, target))

    def _width(self, factor: float) -> float:
        """Blur on the enlarged side, so that both sides have lost the same detail of what they show."""
        if factor < 1.001:
            return self.blur
        return float(np.sqrt(factor**2 * (self.blur**2 + _PIXEL) - _PIXEL))

    def _read(self, blur: float, places: Floats) -> Floats:
        """(N, 3) blurred colours at positions (column, row)."""
        from scipy import ndimage

        height, width = self.centred.shape[:2]
        at = [
            np.mod(place, size) + _MARGIN if wraps else place
            for place, size, wraps in zip(places.T, (width, height), self.wrap[::-1], strict=True)
        ]
        splines = self._splines(round(blur, 6))
        found = [ndimage.map_coordinates(item, at[::-1], order=3, mode="mirror", prefilter=False) for item in splines]
        return np.stack(found, axis=1)

    def _splines(self, blur: float) -> list[Floats]:
        return _splines(self, blur)

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


@lru_cache(maxsize=8)
def _splines(gauge: Gauge, blur: float) -> list[Floats]:
    """Spline coefficients of each channel, blurred, with a margin along the axes that wrap."""
    from scipy import ndimage

    soft = gauge.centred
    for axis, wraps in enumerate(gauge.wrap):
        if blur:
            soft = ndimage.gaussian_filter1d(soft, blur, axis=axis, mode="wrap" if wraps else "nearest")
    margins = [(_MARGIN, _MARGIN) if wraps else (0, 0) for wraps in gauge.wrap]
    wide = np.pad(soft, [*margins, (0, 0)], mode="wrap")
    return [ndimage.spline_filter(wide[..., channel], order=3, mode="mirror") for channel in range(3)]


def _inverses() -> npt.NDArray[np.int64]:
    from orbifolio.runner.symmetry import colour

    return np.array(colour.INVERSE, dtype=np.int64)


@lru_cache(maxsize=8)
def _places(height: int, width: int, wrap: tuple[bool, bool], margin: int, hole: float, most: int) -> Floats:
    """Pixels (column, row), in an order of chance that is always the same."""
    rows, columns = np.divmod(np.random.default_rng(0).permutation(height * width), width)
    good = np.hypot(columns - (width - 1) / 2, rows - (height - 1) / 2) >= hole
    if not wrap[0]:
        good &= (rows >= margin) & (rows < height - margin)
    if not wrap[1]:
        good &= (columns >= margin) & (columns < width - margin)
    return np.stack([columns[good], rows[good]], axis=1)[:most].astype(np.float64)


def gauge(picture: npt.NDArray[Any], wrap: tuple[bool, bool], *, blur: float = 2.0, hole: float = 0.0) -> Gauge:
    """A picture ready to be measured.

    Raises:
        ValueError: not a picture.
    """
    centred = np.asarray(picture, dtype=np.float64) - 0.5
    if centred.ndim != 3 or centred.shape[2] != 3 or not centred.size or not np.isfinite(centred).all():
        raise ValueError(f"a picture of shape {np.shape(picture)}; it must be (height, width, 3) and finite")
    return Gauge(centred, wrap, blur, hole)


def measure_flat(
    picture: npt.NDArray[Any],
    claims: Sequence[Claim],
    candidates: Sequence[Claim] = (),
    *,
    wrap: tuple[bool, bool],
    blur: float = 2.0,
    hole: float = 0.0,
    points: int = 20000,
    candidate_points: int = 3000,
) -> Measurement:
    """Measure movements on a finished picture.

    Args:
        picture: (height, width, 3) in [0, 1].
        claims: with the colour element each should have.
        candidates: movements that should not hold; their colour element is not used.
        wrap: periodic over (top-bottom, left-right).
        blur: see `measure.measure`.
        hole: radius in pixels about the middle that does not count: where one pixel shows a whole pattern.
        points: pixels compared for each claim.
        candidate_points: pixels compared for each candidate.

    Raises:
        ValueError: not a picture.
    """
    device = gauge(picture, wrap, blur=blur, hole=hole)
    held, tried = [], []
    for claim in claims:
        every = device.residuals(claim.matrix, points)
        if every is not None:
            least = float(np.delete(every, claim.colour).min())
            held.append(Residual(claim.name, float(every[claim.colour]), claim.colour, int(every.argmin()), least))
    for claim in candidates:
        every = device.residuals(claim.matrix, candidate_points, _FAR * max(blur, 1.0))
        if every is not None:
            first, second = np.sort(every)[:2]
            tried.append(Residual(claim.name, float(first), None, int(every.argmin()), float(second)))
    tried.sort(key=lambda item: item.residual)
    return Measurement(tuple(held), tuple(tried), float(device.centred.std(axis=(0, 1)).mean()))
