"""What must be compiled: folding points, blending nodes, and which nodes are neighbours through which colours.

Apart from `triangle.py`, `texture.py` and `smoothing.py`, so that numba is loaded only when something is folded.
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
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], Floats]:
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
    orbits = np.empty((len(sheets), 3), dtype=np.int32)
    shown = np.empty((len(sheets), 3), dtype=np.int32)
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


@njit(cache=True)
def nodes_around(
    divisions: int, orbit: Integers, glued: Integers, orbits: int, inverse: Integers, product: Integers
) -> tuple[Integers, Integers, Integers, Integers]:
    """What every orbit sees along the sides of all small triangles, each sight once with its number.

    A side of two small triangles counts twice; one on the border of a sheet is seen once from each side of it.

    Args:
        divisions: of a side.
        orbit: (sheets, nodes) orbit of every node.
        glued: (sheets, nodes) colour element through which it shows its orbit.
        orbits: how many there are.
        inverse: (48,) of colour elements.
        product: (48, 48) of colour elements.

    Returns:
        (orbits + 1,) where the sights of each orbit begin; and for each sight the orbit seen, the colour element
        that it is seen through, and how often.
    """
    room = np.zeros(orbits + 1, dtype=np.int64)  # six around every node of every sheet are enough
    for sheet in range(orbit.shape[0]):
        for node in range(orbit.shape[1]):
            room[orbit[sheet, node] + 1] += 6
    room = np.cumsum(room)
    filled = np.zeros(orbits, dtype=np.int64)
    seen = np.empty(room[-1], dtype=np.int32)
    through = np.empty(room[-1], dtype=np.int32)
    often = np.empty(room[-1], dtype=np.int32)
    for sheet in range(orbit.shape[0]):
        node = 0
        for p in range(divisions + 1):
            for q in range(divisions + 1 - p):
                own, back = orbit[sheet, node], inverse[glued[sheet, node]]
                for way in range(6):
                    down = p + (1, 1, 0, -1, -1, 0)[way]
                    across = q + (0, -1, -1, 0, 1, 1)[way]
                    if down < 0 or across < 0 or down + across > divisions:
                        continue
                    border = (p == 0 and down == 0) or (q == 0 and across == 0)
                    border = border or (p + q == divisions and down + across == divisions)
                    other = down * (divisions + 1) - down * (down - 1) // 2 + across
                    # I(a) = element_a v_a, so v_a sees I(b) as element_a^-1 element_b v_b
                    sight, colours = orbit[sheet, other], product[back, glued[sheet, other]]
                    slot, end = room[own], room[own] + filled[own]
                    while slot < end and (seen[slot] != sight or through[slot] != colours):
                        slot += 1
                    if slot == end:
                        seen[slot], through[slot], often[slot] = sight, colours, 0
                        filled[own] += 1
                    often[slot] += 1 if border else 2
                node += 1
    offsets = np.zeros(orbits + 1, dtype=np.int64)
    offsets[1:] = np.cumsum(filled)
    for own in range(orbits):  # closes the gaps, in place: nothing moves up
        for number in range(filled[own]):
            source, target = room[own] + number, offsets[own] + number
            seen[target], through[target], often[target] = seen[source], through[source], often[source]
    total = offsets[-1]
    return offsets, seen[:total].copy(), through[:total].copy(), often[:total].copy()


@njit(cache=True)
def layer_taps(
    orbits: npt.NDArray[np.int32],
    elements: npt.NDArray[np.int32],
    weights: Floats,
    level: Floats,
    levels: int,
    count: int,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.float32], npt.NDArray[np.int32]]:
    """Taps of a stack of levels: every point blends the two levels that its own lies between.

    Args:
        orbits: (N, k) in one level.
        elements: (N, k) colour elements.
        weights: (N, k); taps of weight 0 are left out.
        level: (N,) from 0 to `levels`.
        levels: number of the highest, above 0; level l's orbits come after `l * count` others.
        count: of orbits in a level.

    Returns:
        (taps,) orbits, (taps,) colour elements, (taps,) weights; (N + 1,) 0, then where each point's taps end.
    """
    total = 0
    for index in range(len(orbits)):
        lower = min(int(level[index]), levels - 1)
        share = level[index] - lower
        for tap in range(orbits.shape[1]):
            if weights[index, tap] != 0:
                total += (share < 1) + (share > 0)
    found, shown = np.empty(total, dtype=np.int32), np.empty(total, dtype=np.int32)
    shares, ends = np.empty(total, dtype=np.float32), np.zeros(len(orbits) + 1, dtype=np.int32)
    slot = 0
    for index in range(len(orbits)):
        lower = min(int(level[index]), levels - 1)
        share = level[index] - lower
        for upper in range(2):
            part = share if upper else 1 - share
            if part <= 0:
                continue
            for tap in range(orbits.shape[1]):
                if weights[index, tap] != 0:
                    found[slot] = orbits[index, tap] + (lower + upper) * count
                    shown[slot], shares[slot] = elements[index, tap], weights[index, tap] * part
                    slot += 1
        ends[index + 1] = slot
    return found, shown, shares, ends
