"""A group of isometries on a surface, and the picture that shows it: (symmetry, picture's size) -> group.

Points are homogeneous 3-vectors as in `groups/triangle.py`, on the sphere, in the plane (x, y, 1) or on the
hyperboloid; the group acts on them by (3, 3) matrices. Of a picture that repeats, the translations of the picture
itself belong to the group.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orbifolio.runner.arrays import F64, Bools
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.base import Layout, Symmetry

_POINT_TOLERANCE = 1e-6  # relative to a point's size: far above rounding, far below the distance of its images
_MAX_ELEMENTS = 20_000  # a tiling of some thousand tiles is finer than any picture


@dataclass(frozen=True)
class Motion:
    """An isometry and the colour element it carries."""

    matrix: F64
    colour: int

    def inverse(self) -> Motion:
        """The isometry that undoes this one."""
        back: F64 = np.linalg.inv(self.matrix).astype(np.float64)
        return Motion(back, int(colour.INVERSE[self.colour]))


class IsometryGroup:
    """A group of isometries of a surface, as a picture shows it.

    Attributes:
        curvature: 1 sphere, 0 plane, -1 hyperbolic plane.
        width: of the picture in pixels.
        height: of the picture in pixels.
        wrap: whether the picture continues over its (top-bottom, left-right) edges.
        generators: with their colour elements.
    """

    def __init__(self, symmetry: Symmetry, width: int, height: int) -> None:
        """The group of a symmetry.

        Args:
            symmetry: of the plane (with movements of the picture's plane) or of a curved surface.
            width: of the picture in pixels.
            height: of the picture in pixels.
        """
        self.width, self.height, self.wrap = width, height, symmetry.wrap
        chart = symmetry.chart_for(width, height)
        self.curvature = chart.curvature
        self.chart = chart if chart.curvature else None
        if chart.curvature:
            self.generators = tuple(Motion(claim.matrix, claim.colour) for claim in symmetry.claims())
            return
        # samples lie at pixels' middles, but along an axis that wraps the first one is the group's origin
        self._first = np.array([0.5 if wraps else 0.0 for wraps in reversed(symmetry.wrap)])
        self._ratio = symmetry.ratio or width / height
        scale, back = np.diag([self._ratio, 1.0, 1.0]), np.diag([1 / self._ratio, 1.0, 1.0])
        generators = []
        for claim in symmetry.planar_claims(self._ratio):
            generators.append(Motion(scale @ claim.homogeneous @ back, claim.colour))
        for wraps, shift in zip(symmetry.wrap, ((0.0, 1.0), (self._ratio, 0.0)), strict=True):
            if wraps:
                generators.append(Motion(np.array([[1.0, 0.0, shift[0]], [0.0, 1.0, shift[1]], [0.0, 0.0, 1.0]]), 0))
        self.generators = tuple(generators)

    def look(self, pixels: F64) -> tuple[F64, Bools]:
        """The surface's points that places of the picture show, and which of the places show any.

        Args:
            pixels: (n, 2), x to the right, y down; beyond the picture where that is a plane.
        """
        if self.chart is None:
            fractions = (pixels - self._first) / [self.width, self.height]
            points = np.column_stack([fractions * [self._ratio, 1.0], np.ones(len(pixels))])
            return points, np.ones(len(pixels), dtype=bool)
        fractions = pixels / [self.width, self.height]
        seen = self.chart.look(2 * fractions[:, 0] - 1, 1 - 2 * fractions[:, 1])
        return seen.points, seen.there

    def place(self, points: F64) -> F64:
        """(n, 2) where the picture shows points, in pixels; some may lie outside of it."""
        if self.chart is None:
            pixels: F64 = points[:, :2] / [self._ratio, 1.0] * [self.width, self.height] + self._first
            return pixels
        x, y = self.chart.place(points)
        return np.stack([(x + 1) / 2 * self.width, (1 - y) / 2 * self.height], axis=1)

    def representatives(self, layout: Layout) -> F64:
        """(P, 3) for each orbit of a layout of this symmetry a point that shows the orbit's own value."""
        points = layout.representatives()
        return points * [self._ratio, 1.0, 1.0] if self.chart is None else points

    def scale(self, pixels: F64) -> F64 | None:
        """(n,) how large the picture shows things at some places, 1 in its middle; None in the plane.

        Args:
            pixels: (n, 2), x to the right, y down.
        """
        if self.chart is None:
            return None
        x, y = 2 * pixels[:, 0] / self.width - 1, 1 - 2 * pixels[:, 1] / self.height
        middle = self.chart.look(np.zeros(1), np.zeros(1)).spacing
        seen = self.chart.look(np.clip(x, -1, 1), np.clip(y, -1, 1))
        shown: F64 = np.where(seen.there, middle / np.maximum(seen.spacing, 1e-12), 0.0)
        return shown

    def distance(self, left: F64, right: F64) -> F64:
        """Distances on the surface, as chords: monotonic in the true ones, and equal to them where they are small.

        Args:
            left: (..., 3), on the surface.
            right: (..., 3), on the surface.
        """
        away = left - right
        square = (away[..., :2] ** 2).sum(-1) + self.curvature * away[..., 2] ** 2
        result: F64 = np.sqrt(np.maximum(square, 0.0))
        return result

    def elements(self, centre: F64, reach: float, about: F64 | None = None) -> tuple[Motion, ...]:
        """The group's elements that take a point near to a place, nearest first; by default near the point itself.

        Args:
            centre: (3,) a point in general position: no element but the identity leaves it where it is.
            reach: how far from the place; see `distance`.
            about: (3,) the place; the point itself if None.
        """
        about = centre if about is None else about
        steps = [*self.generators, *(item.inverse() for item in self.generators)]
        moves = np.array([step.matrix for step in steps]).reshape(-1, 3, 3)
        longest = float(self.distance(moves @ centre, centre).max(initial=0.0))
        found = [Motion(np.eye(3), colour.IDENTITY)]
        reached, waiting = set(_keys(centre[None])), found
        while waiting and moves.size and len(found) < _MAX_ELEMENTS:
            products = (np.array([item.matrix for item in waiting])[:, None] @ moves).reshape(-1, 3, 3)
            places = products @ centre
            # a way to an element within reach may lead a step beyond it
            near = np.flatnonzero(self.distance(places, about) <= reach + longest)
            following = []
            for number, key in zip(near.tolist(), _keys(places[near]), strict=True):
                if key not in reached:
                    reached.add(key)
                    item, step = divmod(number, len(steps))
                    shown = colour.compose(waiting[item].colour, steps[step].colour)
                    following.append(Motion(products[number], shown))
            found, waiting = found + following, following
        away = self.distance(np.array([item.matrix for item in found]) @ centre, about)
        return tuple(found[n] for n in np.argsort(away, kind="stable") if away[n] <= reach)


def _keys(points: F64) -> list[bytes]:
    """The same for points, (n, 3), that are equal up to rounding."""
    sizes = 2.0 ** np.ceil(np.log2(np.maximum(1.0, np.abs(points).max(axis=1))))
    steps = np.round(points / (sizes * _POINT_TOLERANCE)[:, None]) + 0.0  # no -0
    return [row.tobytes() for row in np.column_stack([sizes, steps])]
