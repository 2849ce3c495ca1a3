"""A tour is an order of points in which one line visits each once and travels little.

Nearest neighbour, then 2-opt and Or-opt over each point's nearest neighbours (Croes 1958, Or 1976) until neither
shortens the line: some 5 % above the best for random points. For stipple portraits as one line after Kaplan and Bosch
(2005). Deterministic; compiled once and kept.
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.vector.nearest import Nearest

NEIGHBOURS = 10
"""Nearest points of each point that moves are tried with. Of 5,000 random points the tour is 3 % longer with 5,
1 % with 7, and no shorter with 15 or 25."""
MAX_SEGMENT = 3
"""Points moved together by Or-opt (Or 1976 moves up to three)."""
MAX_PASSES = 60
"""Passes over all points after which improvement ends even if moves are left: a safeguard, as 5,000 and 20,000 random
points need fewer than 20."""
MIN_GAIN = 1e-9
"""By how much a move must shorten the tour, so that rounding does not move points to and fro for ever."""


class TourTables(NamedTuple):
    """A tour under improvement.

    Attributes:
        points: (n, 2) x and y.
        near: (n, k) the nearest points of each point, nearest first.
        order: (n,) numbers of the points in the order of the tour; changed in place.
        position: (n,) index of each point in `order`; changed in place.
    """

    points: F64
    near: I64
    order: I64
    position: I64


def tour(points: F64) -> I64:
    """A short closed tour.

    Args:
        points: (n, 2).

    Returns:
        (n,) their numbers in order; the tour goes back from the last to the first.

    >>> tour(np.array([[0.0, 0.0], [2.0, 0.0], [1.0, 0.0], [2.0, 1.0], [0.0, 1.0]])).tolist()[0]
    0
    """
    n = len(points)
    if n < 4:
        return np.arange(n)
    k = min(NEIGHBOURS, n - 1)
    near = np.ascontiguousarray(Nearest(points).some(points, k + 1)[1][:, 1:], dtype=np.int64)
    order = np.array(_nearest_first(points), dtype=np.int64)
    position = np.empty(n, dtype=np.int64)
    position[order] = np.arange(n)
    _improve(TourTables(np.ascontiguousarray(points, dtype=np.float64), near, order, position), MAX_PASSES)
    start = int(np.nonzero(order == 0)[0][0])
    return np.roll(order, -start)


def opened(points: F64, order: I64) -> I64:
    """The tour cut at its longest step, as one line with two ends.

    Args:
        points: (n, 2).
        order: of a closed tour.
    """
    if len(order) < 2:
        return order
    steps = np.hypot(*(points[np.roll(order, -1)] - points[order]).T)
    return np.roll(order, -int(steps.argmax()) - 1)


def length(points: F64, order: I64) -> float:
    """The length of a closed tour, in the unit of the points."""
    return float(np.hypot(*(points[np.roll(order, -1)] - points[order]).T).sum())


def _nearest_first(points: F64) -> list[int]:
    """From the first point always to the nearest not yet visited; a tree is built anew as it empties."""
    left = np.arange(len(points))
    visited = np.zeros(len(points), dtype=bool)
    order = [0]
    visited[0] = True
    while len(order) < len(points):
        left = left[~visited[left]]
        tree, half = Nearest(points[left]), max(1, len(left) // 2)
        for _ in range(half):
            reach = 8
            while True:
                nearest = tree.some(points[order[-1:]], min(reach, len(left)))[1][0]
                free = [int(left[at]) for at in nearest if not visited[left[at]]]
                if free:
                    break
                reach *= 4
            order.append(free[0])
            visited[free[0]] = True
    return order


@numba.njit(cache=True)
def _gap(points: F64, a: int, b: int) -> float:  # pragma: no cover - compiled
    return float(np.hypot(points[a, 0] - points[b, 0], points[a, 1] - points[b, 1]))


@numba.njit(cache=True)
def _reverse(tour: TourTables, first: int, last: int) -> None:  # pragma: no cover - compiled
    """Reverse the stretch from position `first` to `last`, or the rest of the tour if that is shorter."""
    order, position = tour.order, tour.position
    n = len(order)
    inner = (last - first) % n + 1
    if 2 * inner > n:
        first, last, inner = (last + 1) % n, (first - 1) % n, n - inner
    for _ in range(inner // 2):
        order[first], order[last] = order[last], order[first]
        position[order[first]], position[order[last]] = first, last
        first, last = (first + 1) % n, (last - 1) % n


@numba.njit(cache=True)
def _move(tour: TourTables, i: int, size: int, j: int, flip: bool) -> None:  # pragma: no cover - compiled
    """Put the stretch of positions i .. i + size - 1 behind position j, which lies outside it."""
    order, position = tour.order, tour.position
    stretch = order[i : i + size].copy()
    if flip:
        stretch = stretch[::-1].copy()
    if j > i:
        for at in range(i, j - size + 1):
            order[at] = order[at + size]
        low, high, start = i, j, j - size + 1
    else:
        for at in range(i + size - 1, j + size, -1):
            order[at] = order[at - size]
        low, high, start = j + 1, i + size - 1, j + 1
    order[start : start + size] = stretch
    for at in range(low, high + 1):
        position[order[at]] = at


@numba.njit(cache=True)
def _or_opt(tour: TourTables, a: int) -> bool:  # pragma: no cover - compiled
    """Move a stretch that begins or ends at `a` to a neighbour of `a`, if that is shorter.

    Cutting the stretch out saves two steps and costs the one that closes the gap. Put beside c it costs the steps to c
    and to c's old neighbour, less the step between these two.
    """
    points, near, order, position = tour
    n = len(order)
    for size in range(1, MAX_SEGMENT + 1):
        for side in range(2):
            i = position[a] if side == 0 else position[a] - size + 1
            if i < 1 or i + size >= n:  # the stretch and its neighbours lie within the array
                continue
            first, last = order[i], order[i + size - 1]
            before, after = order[i - 1], order[i + size]
            saved = _gap(points, before, first) + _gap(points, last, after) - _gap(points, before, after)
            for c in near[a]:
                gap = _gap(points, a, c)
                if gap >= saved:
                    break
                if i <= position[c] < i + size:
                    continue
                other = last if side == 0 else first
                for behind in range(2):  # the stretch comes behind c, or before it
                    j = position[c] if behind == 1 else (position[c] - 1) % n
                    beyond = order[(j + 1) % n] if behind == 1 else order[j]
                    if i <= position[beyond] < i + size or j == n - 1:
                        continue
                    if saved - (gap + _gap(points, other, beyond) - _gap(points, c, beyond)) > MIN_GAIN:
                        _move(tour, i, size, j, (side == 0) != (behind == 1))
                        return True
    return False


@numba.njit(cache=True)
def _two_opt(tour: TourTables, a: int) -> bool:  # pragma: no cover - compiled
    """Join `a` to a neighbour c and their successors (or predecessors) b and d to each other, if that is shorter."""
    points, near, order, position = tour
    n = len(order)
    for side in (1, -1):
        b = order[(position[a] + side) % n]
        saved = _gap(points, a, b)
        for c in near[a]:
            gap = _gap(points, a, c)
            if gap >= saved:
                break
            d = order[(position[c] + side) % n]
            if saved + _gap(points, c, d) - gap - _gap(points, b, d) > MIN_GAIN:
                if side == 1:
                    _reverse(tour, position[b], position[c])
                else:
                    _reverse(tour, position[c], position[b])
                return True
    return False


@numba.njit(cache=True)
def _improve(tour: TourTables, passes: int) -> None:  # pragma: no cover - compiled
    """Moves at every point, again until a pass finds none; in place."""
    for _ in range(passes):
        moved = False
        for a in range(len(tour.order)):
            while _two_opt(tour, a) or _or_opt(tour, a):
                moved = True
        if not moved:
            break
