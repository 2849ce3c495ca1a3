"""Zooming pictures, ready to be measured: (picture) -> residuals of any movement of its logarithm.

A movement that turns, zooms or flips about the middle is measured in the picture itself. One that turns the inside
out does not move the picture's plane into itself; it is measured in the picture's logarithm, a strip that repeats
around, blurred so far that its inner edge is no sharper than the pixels there.

Convention: movements are (3, 3) on points (Re log z, Im log z, 1), as in `log_lattice.py`.
"""

from __future__ import annotations

import math
from functools import cached_property

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.symmetry.charts import Chart
from orbifolio.runner.symmetry.layouts.flat_charts import as_similarity
from orbifolio.runner.symmetry.verify.flat import FlatReader

DEPTH = 4.0
"""Ratio of outer to inner radius of the ring that is measured in the logarithm. All of it is blurred to what the pixels
at its inner edge can show: a deeper ring loses more detail, a shallower one holds less of a zoom."""

_HOLE = 1 / 14  # radius about the middle that does not count, in units of the largest circle's: too fine for pixels
_BLUR = 1 / 77  # at the inner edge, in the same units: 2.5 pixels of a picture 384 pixels wide


class ZoomReader:
    """A zooming picture in which movements of its logarithm are measured."""

    def __init__(self, centred: F64, chart: Chart) -> None:
        """A reader of a picture.

        Args:
            centred: (height, width, 3), mid-grey at 0.
            chart: that it was made with; its plane is the whole picture, whatever part of the zoom that shows.
        """
        self._centred = centred
        self._radius = min(centred.shape[:2]) / 2
        self._blur = min(2.5, max(1.0, self._radius * _BLUR))
        hole = min(14.0, max(5.0, self._radius * _HOLE))
        self._plane = FlatReader(centred, (False, False), blur=self._blur, hole=hole)

    def residuals(self, matrix: F64, *, claimed: bool) -> F64 | None:
        """The residual of every colour element, or None where too few places can be compared."""
        similarity = as_similarity(matrix)
        if similarity is not None:
            return self._plane.residuals(similarity, claimed=claimed)
        reader, to_logarithm = self._strip
        return reader.residuals((np.linalg.inv(to_logarithm) @ matrix @ to_logarithm)[:2], claimed=claimed)

    def steps(self, matrix: F64) -> float:
        """Not known: places are means over several pixels here, of different sizes."""
        return 0.0

    def grain(self) -> float:
        """How much softening changes what residuals compare: see `Measurement.grain`."""
        return self._plane.grain()

    @cached_property
    def _strip(self) -> tuple[FlatReader, F64]:
        """The picture's logarithm, and the (3, 3) way from its fractions (x, y) to (Re w, Im w)."""
        strip = logarithm(self._centred)
        rows, columns = strip.shape[:2]
        unit, outer = 2 * math.pi / columns, math.log((self._radius - 1) / self._radius)
        blur = self._blur / (self._radius / DEPTH) * columns / (2 * math.pi)
        # y = 1 is the outer edge
        matrix = np.array([[0.0, rows * unit, outer - rows * unit], [2 * math.pi, 0.0, 0.0], [0.0, 0.0, 1.0]])
        return FlatReader(strip, (False, True), blur=blur), matrix


def logarithm(picture: F64) -> F64:
    """The picture's logarithm: angle to the right (it wraps), radius downwards from the inside out."""
    from scipy import ndimage

    height, width = picture.shape[:2]
    outer = min(height, width) / 2 - 1
    columns = math.ceil(2 * math.pi * outer)
    rows = math.ceil(math.log(DEPTH) * columns / (2 * math.pi))
    radius = outer * np.exp(((np.arange(rows) + 0.5) - rows) * (2 * math.pi / columns))
    angle = np.arange(columns) * (2 * math.pi / columns)
    x = (width - 1) / 2 + radius[:, None] * np.cos(angle)
    y = (height - 1) / 2 - radius[:, None] * np.sin(angle)
    return np.stack(
        [ndimage.map_coordinates(picture[..., channel], [y, x], order=3, mode="mirror") for channel in range(3)], axis=2
    )
