"""Translations of the hyperbolic plane that leave a picture as it was: where a loop or a band may repeat.

A translation moves along one line, its axis; a matrix of it has the eigenvalues exp(length), 1, exp(-length).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.exports.painted_surface import PaintedSurface
from orbifolio.runner.exports.tiling import images
from orbifolio.runner.images import encoding
from orbifolio.runner.symmetry.charts import Disk, opacity
from orbifolio.runner.symmetry.groups.triangle import Triangle

_MAX_LENGTH = 8.0  # hyperbolic units: 0.4 a frame is as fast as a loop may drift
_MAX_TRIED = 80  # candidates, shortest first: each compares 300 points; groups of many colours may need a later one
_MIN_EDGE = 0.05  # length in the disk of the triangle's edge, below which its images are too near the rim to search
_RADIUS = 0.92  # of the disk in the loop: its rim would only glitter
_FRAMES = 20  # of the loop: more drift more smoothly, and make a larger file
_MILLISECONDS = 130  # of a frame: 2.6 seconds for the whole translation


@dataclass(frozen=True)
class Translation:
    """A translation along a line.

    Attributes:
        axis: (3, 3) isometry that brings the line along x through the middle onto the axis, the middle to the
            axis' point nearest to it.
        length: by which points of the axis move, in hyperbolic units (curvature -1).
    """

    axis: F64
    length: float

    def move(self, share: float) -> F64:
        """(3, 3) from a chart whose line along x is the axis, moved by a share of the length, to the plane."""
        along = share * self.length
        boost = np.array([[math.cosh(along), 0, math.sinh(along)], [0, 1, 0], [math.sinh(along), 0, math.cosh(along)]])
        return np.asarray(self.axis @ boost)


def translation_of(matrix: F64) -> Translation:
    """The axis and length of a translation's matrix."""
    length = math.acosh((float(np.trace(matrix)) - 1) / 2)
    forwards, backwards = (_fixed(matrix, math.exp(sign * length)) for sign in (1, -1))
    gap = 1 - forwards[:2] @ backwards[:2]  # minus the product of the two ends on the rim
    middle = (forwards + backwards) / math.sqrt(2 * gap)
    along = (forwards - backwards) / math.sqrt(2 * gap)
    across = np.cross(along, middle) * [1.0, 1.0, -1.0]
    axis = np.stack([along, across, middle], axis=1)
    if np.linalg.det(axis) < 0:
        axis[:, 1] *= -1
    return Translation(axis, length)


def _fixed(matrix: F64, stretch: float) -> F64:
    """The end on the rim, (cos, sin, 1), that a translation stretches by this."""
    _, _, rows = np.linalg.svd(matrix - stretch * np.eye(3))
    end: F64 = rows[2] / rows[2, 2]
    return end


def shortest(painted: PaintedSurface, triangle: Triangle) -> Translation | None:
    """The shortest translation near the middle that leaves every colour where it was.

    Args:
        painted: the hyperbolic plane with its colours.
        triangle: whose images cover it.
    """
    layers = np.concatenate(list(images(triangle, min_edge=_MIN_EDGE)))
    even = layers[np.linalg.det(layers) > 0]
    length = np.arccosh(np.maximum((np.trace(even, axis1=1, axis2=2) - 1) / 2, 1.0))
    chosen = np.flatnonzero((length > 1e-3) & (length < _MAX_LENGTH))
    # of equal lengths, the one whose axis lies nearest to the middle: it moves the middle the shortest way
    order = np.lexsort((np.round(even[chosen, 2, 2], 6), np.round(length[chosen], 6)))
    probe = _probe()
    colours = painted.colours(probe)
    for number in chosen[order][:_MAX_TRIED]:
        if np.abs(painted.colours(probe @ even[number].T) - colours).max() < 1e-4:
            return translation_of(even[number])
    return None


def _probe() -> F64:
    """(300, 3) points around the middle, off every mirror."""
    number = np.arange(300)
    radius = 0.7 * np.sqrt((number + 0.5) / 300)
    angle = number * math.pi * (3 - math.sqrt(5)) + 0.1234
    squared = radius**2
    points = np.stack([2 * radius * np.cos(angle), 2 * radius * np.sin(angle), 1 + squared], axis=1)
    return np.asarray(points / (1 - squared)[:, None])


def loop(painted: PaintedSurface, translation: Translation, size: int) -> bytes:
    """The disk, drifting along the axis, as animated WebP."""
    shown = opacity(Disk(), size, size)
    assert shown is not None

    def pictures() -> Iterator[F32]:
        for number in range(_FRAMES):
            chart = Disk(_RADIUS, translation.move(number / _FRAMES))
            yield np.concatenate([painted.picture(chart, size, size), shown[..., None]], axis=2)

    return encoding.animated(pictures(), milliseconds=_MILLISECONDS)
