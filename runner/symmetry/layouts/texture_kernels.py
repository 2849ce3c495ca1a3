"""Textures, compiled: blending nodes, which nodes are neighbours through which colours, and stacks of levels.

Apart from `texture.py`, `smoothing.py` and `folded.py`, so that numba is loaded only when something is folded.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from orbifolio.runner.arrays import F32, F64, I32, I64
from orbifolio.runner.symmetry.taps import Taps


class TextureNodes(NamedTuple):
    """The nodes of a texture.

    Attributes:
        divisions: of a triangle's side.
        orbit: (sheets, nodes) orbit of every node.
        element: (sheets, nodes) colour element through which it shows its orbit.
    """

    divisions: int
    orbit: I64
    element: I64


@njit(cache=True)
def blend_nodes(sheets: I64, elements: I64, weights: F64, nodes: TextureNodes, product: I64) -> tuple[I32, I32, F64]:
    """The three nodes of the small triangle that each point lies in.

    With m divisions a point has coordinates (a, b) = m (w_P, w_Q) = (p + u, q + v), and nodes lie at whole (p, q). The
    square of (p, q) is cut along u + v = 1. Below it the corners (p, q), (p + 1, q), (p, q + 1) weigh 1 - u - v, u, v;
    above it (p + 1, q + 1), (p, q + 1), (p + 1, q) weigh u + v - 1, 1 - u, 1 - v. Row i has m + 1 - i nodes, so that
    node (p, q) has the number p (m + 1) - p (p - 1) / 2 + q.

    Args:
        sheets: (N,) sheet that each point lies on.
        elements: (N,) colour element through which the sheet is seen.
        weights: (N, 3) barycentric coordinates in the sheet.
        nodes: orbit and colour element of every node.
        product: (48, 48) of colour elements.

    Returns:
        (N, 3) orbits, (N, 3) colour elements, (N, 3) weights.
    """
    divisions, orbit, shows = nodes.divisions, nodes.orbit, nodes.element
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
            shown[index, corner] = product[elements[index], shows[sheets[index], node]]
            shares[index, corner] = share
    return orbits, shown, shares


@njit(cache=True)
def nodes_around(nodes: TextureNodes, orbits: int, inverse: I64, product: I64) -> tuple[I64, I32, I32, I32]:
    """What every orbit sees along the sides of all small triangles, each sight once with its number.

    A side of two small triangles counts twice; one on the border of a sheet is seen once from each side of it.

    Args:
        nodes: orbit and colour element of every node.
        orbits: their number, one more than the largest in `nodes.orbit`.
        inverse: (48,) of colour elements.
        product: (48, 48) of colour elements.

    Returns:
        (orbits + 1,) where the sights of each orbit begin; and for each sight the orbit seen, the colour element
        that it is seen through, and how often.
    """
    divisions, orbit, shows = nodes.divisions, nodes.orbit, nodes.element
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
                own, back = orbit[sheet, node], inverse[shows[sheet, node]]
                for way in range(6):
                    down = p + (1, 1, 0, -1, -1, 0)[way]
                    across = q + (0, -1, -1, 0, 1, 1)[way]
                    if down < 0 or across < 0 or down + across > divisions:
                        continue
                    border = (p == 0 and down == 0) or (q == 0 and across == 0)
                    border = border or (p + q == divisions and down + across == divisions)
                    other = down * (divisions + 1) - down * (down - 1) // 2 + across
                    # I(a) = element_a v_a, so v_a sees I(b) as element_a^-1 element_b v_b
                    sight, colours = orbit[sheet, other], product[back, shows[sheet, other]]
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
def layer_taps(taps: Taps, level: F64, levels: int, count: int) -> tuple[I32, I32, F32, I32]:
    """Taps of a stack of levels: every point blends the two levels that its own lies between.

    Args:
        taps: in one level, int32; those of weight 0 are left out.
        level: (N,) from 0 to `levels`.
        levels: number of the highest, above 0; level l's orbits come after `l * count` others.
        count: of orbits in a level.

    Returns:
        (taps,) orbits, (taps,) colour elements, (taps,) weights; (N + 1,) 0, then where each point's taps end.
    """
    orbits, elements, weights = taps.orbits, taps.elements, taps.weights
    total = 0
    for index in range(len(orbits)):
        lower = min(int(level[index]), levels - 1)
        share = level[index] - lower
        for tap in range(orbits.shape[1]):
            if weights[index, tap] != 0:
                total += (share < 1) + (share > 0)
    layered, shown = np.empty(total, dtype=np.int32), np.empty(total, dtype=np.int32)
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
                    layered[slot] = orbits[index, tap] + (lower + upper) * count
                    shown[slot], shares[slot] = elements[index, tap], weights[index, tap] * part
                    slot += 1
        ends[index + 1] = slot
    return layered, shown, shares, ends
