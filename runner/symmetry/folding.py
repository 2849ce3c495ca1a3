"""The fold, compiled: (points, mirrors, table) -> points in the triangle, states, numbers of reflections.

Apart from `triangle.py`, so that numba is loaded only when something is folded.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


@njit(cache=True)
def fold_points(
    points: Floats, covectors: Floats, vectors: Floats, mirrors: Integers, table: Integers, tolerance: float, most: int
) -> tuple[Floats, Integers, Integers]:
    """Reflect every point in the mirror it violates most until it violates none.

    Args:
        points: (N, 3).
        covectors: (m, 3) of the mirrors in use.
        vectors: (m, 3).
        mirrors: (m,) their numbers.
        table: (states, 3) the state that follows a state at each mirror.
        tolerance: how far outside counts as on a mirror, relative to the third coordinate where that is above 1.
        most: reflections; a point that takes more has -1 of them.

    Returns:
        (N, 3) points, (N,) states, (N,) numbers of reflections.
    """
    result = points.copy()
    states = np.zeros(len(points), dtype=np.int64)
    counts = np.full(len(points), -1, dtype=np.int64)
    for index in range(len(points)):
        x, y, z = points[index, 0], points[index, 1], points[index, 2]
        state = 0
        for step in range(most):
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
            state = table[state, mirrors[worst]]
        result[index, 0], result[index, 1], result[index, 2] = x, y, z
        states[index] = state
    return result, states, counts
