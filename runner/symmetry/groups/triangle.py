"""A triangle with angles pi/p, pi/q, pi/r, its three mirrors, and the fold: (points) -> (position in it, state).

The sum 1/p + 1/q + 1/r decides where it lives: more than 1 on the sphere, 1 in the Euclidean plane, less in
the hyperbolic plane. The three are one computation: points are homogeneous 3-vectors (unit vectors; (x, y, 1);
points of the hyperboloid x^2 + y^2 - z^2 = -1, z > 0), mirrors are linear reflections x - 2 (n.x) v. Folding
reflects a point in the mirror it violates most until it violates none (Coxeter 1973); a table of states records
which reflections they were, as far as the caller needs it.

Convention: corner P (angle pi/p) is at (0, 0, 1), the middle of every chart; R lies at angle 0 from it
(to the right), Q at angle pi/p, counter-clockwise. Mirror i is the side opposite to corner i, in the order
P, Q, R; a point is inside where n_i . x >= 0 for all i.

Reference: Coxeter, Regular Polytopes (1973); in {p, q} with r = 2, P is the middle of a p-gon, Q a vertex
and R the middle of an edge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from orbifolio.runner.arrays import F64, I64

_TOLERANCE = 1e-12  # a point this little outside counts as on the mirror: it need not be reflected
_MAX_REFLECTIONS = 400  # {7, 3} takes 82 at a millionth from the rim


def on_surface(points: F64, curvature: int) -> F64:
    """Homogeneous points scaled to lie on the sphere (1), on z = 1 (0) or on the hyperboloid (-1).

    Args:
        points: (..., 3), of any length.
        curvature: 1, 0 or -1.
    """
    x, y, z = points[..., 0], points[..., 1], points[..., 2]
    if curvature > 0:
        scale = np.sqrt(x * x + y * y + z * z)
    elif curvature < 0:
        scale = np.sqrt(np.maximum(z * z - x * x - y * y, 1e-300))
    else:
        scale = z
    result: F64 = points / scale[..., None]
    return result


def tangent_frames(points: F64, curvature: int) -> tuple[F64, F64]:
    """Two unit vectors at every point, at right angles to each other: where a small step along them leads, is surface.

    Args:
        points: (N, 3), on the surface.
        curvature: the surface's, -1, 0 or 1.

    Returns:
        (N, 3) each.
    """
    x, y, z = points.T
    if curvature > 0:
        helper = np.where(np.abs(z)[:, None] < 0.9, [0.0, 0.0, 1.0], [1.0, 0.0, 0.0])
        right = np.cross(helper, points)
        right /= np.linalg.norm(right, axis=1, keepdims=True)
        return right, np.cross(points, right)
    if curvature < 0:
        share = 1 / (1 + z)
        right = np.stack([1 + x * x * share, x * y * share, x], axis=1)
        return right, np.stack([x * y * share, 1 + y * y * share, y], axis=1)
    flat = np.zeros_like(points)
    return flat + [1.0, 0.0, 0.0], flat + [0.0, 1.0, 0.0]


@dataclass(frozen=True)
class Folded:
    """Where the fold brings points.

    Attributes:
        weights: (N, 3) barycentric coordinates in the triangle, not negative, summing to 1.
        state: (N,) the state of the given table after all reflections, 0 without a table.
        reflections: (N,) number of reflections that each point took.
    """

    weights: F64
    state: I64
    reflections: I64


@dataclass(frozen=True)
class Triangle:
    """A reflection triangle.

    Attributes:
        p: angle pi / p at the middle.
        q: angle pi / q.
        r: angle pi / r.
    """

    p: int
    q: int
    r: int = 2

    def __post_init__(self) -> None:
        """Refuse numbers that do not make a triangle.

        Raises:
            ValueError: an angle of a half turn or more.
        """
        if min(self.p, self.q, self.r) < 2:
            raise ValueError(f"({self.p}, {self.q}, {self.r}); each angle is pi over 2 or more; use numbers from 2 on")

    @property
    def curvature(self) -> int:
        """1 on the sphere, 0 in the plane, -1 in the hyperbolic plane."""
        excess = self.q * self.r + self.p * self.r + self.p * self.q - self.p * self.q * self.r
        return (excess > 0) - (excess < 0)

    @property
    def area(self) -> float:
        """On the unit sphere or the hyperbolic plane, by the sum of the angles (Gauss-Bonnet); 0 in the plane."""
        return math.pi * abs(1 / self.p + 1 / self.q + 1 / self.r - 1) if self.curvature else 0.0

    @cached_property
    def mirrors(self) -> tuple[F64, F64]:
        """Covectors n and vectors v, each (3, 3), a row for each mirror; the reflection is x - 2 (n.x) v."""
        angle = math.pi / self.p
        b = -math.cos(math.pi / self.r)
        a = (b * math.cos(angle) - math.cos(math.pi / self.q)) / math.sin(angle)
        c = math.sqrt(abs(1 - a * a - b * b)) if self.curvature else 1.0
        covectors = np.array([[a, b, c], [0.0, 1.0, 0.0], [math.sin(angle), -math.cos(angle), 0.0]])
        return covectors, covectors * [1.0, 1.0, float(self.curvature)]

    @cached_property
    def corners(self) -> F64:
        """(3, 3), the points P, Q, R as rows."""
        covectors, _ = self.mirrors
        corners = []
        for first, second in ((1, 2), (2, 0), (0, 1)):
            point = np.cross(covectors[first], covectors[second])
            corners.append(self.normalised(point * np.sign(point[2] or 1.0)))
        return np.array(corners)

    def normalised(self, points: F64) -> F64:
        """Homogeneous points brought onto the surface they belong to: (..., 3), none of them at infinity."""
        return on_surface(points, self.curvature)

    def reflection(self, mirror: int) -> F64:
        """(3, 3) matrix of a mirror, acting on column vectors."""
        covectors, vectors = self.mirrors
        matrix: F64 = np.eye(3) - 2 * np.outer(vectors[mirror], covectors[mirror])
        return matrix

    def fold(self, points: F64, table: I64 | None = None, *, active: tuple[int, ...] = (0, 1, 2)) -> Folded:
        """Bring points into the triangle.

        Args:
            points: (N, 3) on the surface.
            table: (states, 3), the state that follows a state at each mirror; points begin in state 0.
            active: the mirrors in use; with two of them the "triangle" is the whole wedge between them.

        Raises:
            FloatingPointError: a point needs too many reflections for double precision (too near the rim).
        """
        from orbifolio.runner.symmetry.groups.fold_kernel import (  # compiles, so not before it is needed
            Mirrors,
            fold_points,
        )

        covectors, vectors = (np.ascontiguousarray(matrix[list(active)]) for matrix in self.mirrors)
        mirrors = Mirrors(covectors, vectors, np.array(active, dtype=np.int64))
        steps = np.zeros((1, 3), dtype=np.int64) if table is None else np.ascontiguousarray(table)
        start = np.ascontiguousarray(points, dtype=np.float64)
        folded, states, counts = fold_points(start, mirrors, steps, _TOLERANCE, _MAX_REFLECTIONS)
        stray = int((counts < 0).sum())
        if not stray:
            return Folded(self._weights(folded), states, counts)
        raise FloatingPointError(
            f"({self.p}, {self.q}, {self.r}): {stray} points take more than {_MAX_REFLECTIONS} reflections; "
            "they lie too near the rim; keep 1 - radius above 0.00001"
        )

    def _weights(self, points: F64) -> F64:
        """Barycentric coordinates: the distances from the mirrors, each as a share of its corner's."""
        covectors, _ = self.mirrors
        heights = np.einsum("ij,ij->i", covectors, self.corners)
        raw = np.maximum(points @ covectors.T / heights, 0.0)
        weights: F64 = raw / raw.sum(axis=1, keepdims=True)
        return weights
