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


@njit(cache=True)
def blend_nodes(
    sheets: Integers,
    elements: Integers,
    weights: Floats,
    divisions: int,
    orbit: Integers,
    glued: Integers,
    product: Integers,
) -> tuple[Integers, Integers, Floats]:
    """The three nodes of the small triangle that each point lies in.

    Args:
        sheets: (N,).
        elements: (N,) colour element through which the sheet is seen.
        weights: (N, 3) barycentric coordinates in the sheet.
        divisions: of a side.
        orbit: (sheets, nodes) orbit of every node.
        glued: (sheets, nodes) colour element through which it shows its orbit.
        product: (48, 48) of colour elements.

    Returns:
        (N, 3) orbits, (N, 3) colour elements, (N, 3) weights.
    """
    orbits = np.empty((len(sheets), 3), dtype=np.int64)
    shown = np.empty((len(sheets), 3), dtype=np.int64)
    shares = np.empty((len(sheets), 3))
    last = divisions - 1
    for index in range(len(sheets)):
        a, b = weights[index, 0] * divisions, weights[index, 1] * divisions
        p, q = min(max(int(np.floor(a)), 0), last), min(max(int(np.floor(b)), 0), last)
        if p + q > last and p > 0:
            p -= p + q - last
        q -= max(p + q - last, 0)
        u, v = min(max(a - p, 0.0), 1.0), min(max(b - q, 0.0), 1.0)
        upper = u + v > 1 and p + q < last
        if u + v > 1 and not upper:  # rounding only: a point a hair beyond the side RQ
            total = u + v
            u, v = u / total, v / total
        for corner in range(3):
            if upper:
                down, across = (1, 1) if corner == 0 else ((0, 1) if corner == 1 else (1, 0))
                share = u + v - 1 if corner == 0 else (1 - u if corner == 1 else 1 - v)
            else:
                down, across = (0, 0) if corner == 0 else ((1, 0) if corner == 1 else (0, 1))
                share = 1 - min(u + v, 1.0) if corner == 0 else (u if corner == 1 else v)
            first = p + down
            node = first * (divisions + 1) - first * (first - 1) // 2 + q + across
            orbits[index, corner] = orbit[sheets[index], node]
            shown[index, corner] = product[elements[index], glued[sheets[index], node]]
            shares[index, corner] = share
    return orbits, shown, shares
