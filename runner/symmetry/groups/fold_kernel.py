"""The reflection fold, compiled: (points, mirrors) -> points in the triangle, and the states that reflections made.

Apart from `triangle.py`, so that numba is loaded only when something is folded.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from orbifolio.runner.arrays import F64, I64


class Mirrors(NamedTuple):
    """The m mirrors in use: covectors n and vectors v, (m, 3) each, of the reflections x - 2 (n.x) v; (m,) numbers."""

    covectors: F64
    vectors: F64
    numbers: I64


@njit(cache=True)
def fold_points(
    points: F64, mirrors: Mirrors, table: I64, tolerance: float, max_reflections: int
) -> tuple[F64, I64, I64]:
    """Reflect every point in the mirror it violates most until it violates none.

    In homogeneous coordinates a mirror is linear: n.x is a point's signed distance from it up to a positive factor,
    negative outside, and with n.v = 1 the reflection x - 2 (n.x) v takes n.x to -n.x: what was outside by `depth` is
    inside by as much. Every reflection brings the point strictly nearer to the triangle's inside, so the loop ends.

    Args:
        points: (N, 3), on the surface.
        mirrors: the active ones, with their numbers in `table`.
        table: (states, 3) the state that follows a state at each mirror.
        tolerance: how far outside counts as on a mirror, relative to the third coordinate where that is above 1.
        max_reflections: a point that takes more has -1 of them.

    Returns:
        (N, 3) points, (N,) states, (N,) numbers of reflections.
    """
    covectors, vectors = mirrors.covectors, mirrors.vectors
    result = points.copy()
    states = np.zeros(len(points), dtype=np.int64)
    counts = np.full(len(points), -1, dtype=np.int64)
    for index in range(len(points)):
        x, y, z = points[index, 0], points[index, 1], points[index, 2]
        state = 0
        for step in range(max_reflections):
            worst, depth = 0, 0.0
            for number in range(len(covectors)):
                signed = covectors[number, 0] * x + covectors[number, 1] * y + covectors[number, 2] * z
                if number == 0 or signed < depth:
                    worst, depth = number, signed
            if depth >= -tolerance * max(1.0, abs(z)):
                counts[index] = step
                break
            x -= 2 * depth * vectors[worst, 0]
            y -= 2 * depth * vectors[worst, 1]
            z -= 2 * depth * vectors[worst, 2]
            state = table[state, mirrors.numbers[worst]]
        result[index, 0], result[index, 1], result[index, 2] = x, y, z
        states[index] = state
    return result, states, counts
