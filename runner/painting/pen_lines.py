"""Evenly spaced lines along a field, after Jobard and Lefer (1997): a line ends where it would come near another."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from orbifolio.runner.arrays import F32, F64, I64

HALF = 0.5  # of the spacing, the side of a cell that one line takes: others keep so far away
INERTIA = 0.6  # share of the direction so far at each step: a pen does not turn in its place
MAX_POINTS = 400  # of a line, each way
MIN_POINTS = 3  # of a line: two are a dot


class PenField(NamedTuple):
    """What lines follow.

    Attributes:
        angles: (h, w) radians.
        inside: (h, w) 1 where lines may be, 0 elsewhere.
        spacing: pixels between lines.
    """

    angles: F32
    inside: F32
    spacing: float


class PenRules(NamedTuple):
    """How long lines are, in units of their radius.

    Attributes:
        longest: each way.
        shortest: shorter ones are left out.
    """

    longest: float
    shortest: float


@njit(cache=True, nogil=True)
def _follow(field: PenField, taken: I64, number: int, start: F64, step: float, most: int, way: F64) -> int:
    """Points of a line in one direction, put into `way`; how many.

    Args:
        field: that is followed.
        taken: cells with the number of the line in them, -1 for none.
        number: of the line.
        start: x, y, bearing in radians.
        step: pixels from point to point.
        most: points.
        way: (MAX_POINTS, 2), filled.
    """
    high, wide = field.angles.shape
    cell = field.spacing * HALF
    x, y = start[0], start[1]
    dx, dy = math.cos(start[2]), math.sin(start[2])
    count = 0
    for _ in range(most):
        angle = field.angles[int(y), int(x)]
        ux, uy = math.cos(angle), math.sin(angle)
        if ux * dx + uy * dy < 0:
            ux, uy = -ux, -uy
        dx, dy = INERTIA * dx + (1 - INERTIA) * ux, INERTIA * dy + (1 - INERTIA) * uy
        norm = math.hypot(dx, dy) + 1e-9
        dx, dy = dx / norm, dy / norm
        x, y = x + dx * step, y + dy * step
        if x < 0 or y < 0 or x >= wide or y >= high or field.inside[int(y), int(x)] < 0.5:
            break
        owner = taken[int(y / cell) + 1, int(x / cell) + 1]
        if owner >= 0 and owner != number:
            break
        way[count, 0], way[count, 1] = x, y
        count += 1
    return count


@njit(cache=True, nogil=True)
def draw_lines(field: PenField, seeds: F64, radii: F64, rules: PenRules) -> tuple[F32, I64, I64]:
    """Lines through seeds, those first that come first.

    Args:
        field: that they follow.
        seeds: (n, 2) x, y in pixels, within the field.
        radii: (n,) half the widths in pixels.
        rules: how long.

    Returns:
        (N, 2) points; (m + 1,) where each line's begin; (m,) numbers of their seeds.
    """
    high, wide = field.angles.shape
    cell = field.spacing * HALF
    taken = np.full((int(high / cell) + 3, int(wide / cell) + 3), -1, np.int64)
    offsets, kept = np.zeros(len(seeds) + 1, np.int64), np.empty(len(seeds), np.int64)
    capacity = 64 * len(seeds) + 2 * MAX_POINTS + 1
    points = np.empty((capacity, 2), np.float32)
    ahead, behind = np.empty((MAX_POINTS, 2)), np.empty((MAX_POINTS, 2))
    start = np.empty(3)
    lines = 0
    for s in range(len(seeds)):
        x, y, radius = seeds[s, 0], seeds[s, 1], radii[s]
        row, column = int(y / cell) + 1, int(x / cell) + 1
        if (taken[row - 1 : row + 2, column - 1 : column + 2] >= 0).any():
            continue
        step = max(radius, 0.7 * cell)
        most = min(MAX_POINTS, int(rules.longest * radius / step) + 1)
        start[0], start[1], start[2] = x, y, field.angles[int(y), int(x)]
        forth = _follow(field, taken, s, start, step, most, ahead)
        start[2] += math.pi
        back = _follow(field, taken, s, start, step, most, behind)
        total = forth + back + 1
        if total < MIN_POINTS or total * step < rules.shortest * radius:
            continue
        first = offsets[lines]
        if first + total > capacity:
            capacity *= 2
            larger = np.empty((capacity, 2), np.float32)
            for k in range(first):  # by element, as in `bristle_coverage.with_room`
                larger[k, 0], larger[k, 1] = points[k, 0], points[k, 1]
            points = larger
        for k in range(back):
            points[first + k, 0], points[first + k, 1] = behind[back - 1 - k, 0], behind[back - 1 - k, 1]
        points[first + back, 0], points[first + back, 1] = x, y
        for k in range(forth):
            points[first + back + 1 + k, 0], points[first + back + 1 + k, 1] = ahead[k, 0], ahead[k, 1]
        for k in range(first, first + total):
            taken[int(points[k, 1] / cell) + 1, int(points[k, 0] / cell) + 1] = s
        kept[lines] = s
        lines += 1
        offsets[lines] = first + total
    return points[: offsets[lines]].copy(), offsets[: lines + 1].copy(), kept[:lines].copy()
