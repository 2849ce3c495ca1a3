"""What is drawn in a figure, carried into its tile: (candidate, drawing) -> the drawing bent as the mesh was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from orbifolio.runner.arrays import C128, I64
from orbifolio.runner.deferred import spatial
from orbifolio.runner.tilings.figures import DrawnShape
from orbifolio.runner.tilings.search import Candidate

STEP = 0.01  # of the square root of the figure's area, to which lines are cut before they are bent


class Carrier:
    """The piecewise affine map from a figure to its tile, and back.

    Points beyond the outline follow the nearest triangle.

    Args:
        candidate: the tile that was found.
    """

    def __init__(self, candidate: Candidate) -> None:
        self._mirrored = candidate.template.mirrored
        self._figure, self._tile = candidate.bender.points, candidate.bent.mesh
        self._triangles = candidate.bender.triangles

    def carry(self, points: C128) -> C128:
        """Points of the figure's frame in the tile's."""
        placed = points.conj() if self._mirrored else points
        moved = mapped(placed, self._figure, self._tile, self._triangles)
        return moved.conj() if self._mirrored else moved

    def fetch(self, points: C128) -> C128:
        """Points of the tile's frame in the figure's."""
        placed = points.conj() if self._mirrored else points
        moved = mapped(placed, self._tile, self._figure, self._triangles)
        return moved.conj() if self._mirrored else moved

    def carry_shape(self, shape: DrawnShape) -> DrawnShape:
        """A drawn shape in the tile's frame."""
        return replace(shape, points=self.carry(_cut(shape.points, shape.closed)))


def _cut(points: C128, closed: bool) -> C128:
    """A polyline with points at least every `STEP`, its own among them."""
    ends = np.append(points[1:], points[0]) if closed else points[1:]
    pieces = []
    for a, b in zip(points, ends, strict=False):
        count = max(1, int(np.ceil(abs(b - a) / STEP)))
        pieces.append(a + (b - a) * np.arange(count) / count)
    if not closed:
        pieces.append(points[-1:])
    return np.concatenate(pieces)


def mapped(points: C128, source: C128, target: C128, triangles: I64) -> C128:
    """Points by the barycentric coordinates of the triangle that holds them, or of the nearest."""
    number = _located(points, source, triangles)
    a, b, c = source[triangles[number]].T
    cell = ((b - a).conj() * (c - a)).imag
    second = ((points - a).conj() * (c - a)).imag / cell
    third = ((b - a).conj() * (points - a)).imag / cell
    x, y, z = target[triangles[number]].T
    result: C128 = x + second * (y - x) + third * (z - x)
    return result


def _located(points: C128, source: C128, triangles: I64) -> I64:
    """(k,) the triangle of each point: one that holds it, else of the nearest middle."""
    middles = source[triangles].mean(1)
    tree = spatial.cKDTree(np.column_stack([middles.real, middles.imag]))
    count = min(12, len(triangles))
    _, near = tree.query(np.column_stack([points.real, points.imag]), k=count)
    near = near.reshape(len(points), count)
    a, b, c = np.moveaxis(source[triangles[near]], 2, 0)
    cell = ((b - a).conj() * (c - a)).imag
    place = points[:, None]
    second = ((place - a).conj() * (c - a)).imag / cell
    third = ((b - a).conj() * (place - a)).imag / cell
    least = np.minimum(np.minimum(second, third), 1 - second - third)  # negative outside
    chosen: I64 = near[np.arange(len(points)), least.argmax(1)]
    return chosen
