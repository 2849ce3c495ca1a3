"""Travel is the pen's way in the air: `ordered(strokes)` reorders and reverses strokes so that it is short.

The nearest end first, then 2-opt moves: a run of strokes is reversed, each drawn backwards, wherever that is shorter.
"""

from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.vector.nearest import Nearest

MAX_PASSES = 20
"""Passes over all pairs of strokes after which shortening ends even if moves are left: each takes quadratic time.
1,000 and 3,000 random strokes need no more than 5."""
MAX_RUN = 2000
"""Strokes of a run that is reversed: beyond that a pass is no longer quadratic. 20,000 strokes took two minutes."""
MIN_GAIN = 1e-9
"""By how much a move must shorten the way, so that rounding does not reverse strokes to and fro for ever."""


def ordered(strokes: Sequence[F64]) -> list[F64]:
    """The strokes in the order and direction of drawing; the pen starts in the top-left corner.

    Args:
        strokes: (k, 2) points each, in any unit.
    """
    if not strokes:
        return []
    ends = np.array([[stroke[0], stroke[-1]] for stroke in strokes])
    order = _greedy(ends)
    _shorten(ends, order, MAX_PASSES)
    return [strokes[number][::-1] if turned else strokes[number] for number, turned in order.tolist()]


def air(strokes: Sequence[F64]) -> float:
    """How far the pen travels in the air from (0, 0) through all strokes in their order."""
    at = np.zeros(2)
    total = 0.0
    for stroke in strokes:
        total += float(np.hypot(*(stroke[0] - at)))
        at = stroke[-1]
    return total


def _greedy(ends: F64) -> I64:
    """(m, 2) number and direction (1: backwards), always the nearest end next."""
    m = len(ends)
    tree = Nearest(ends.reshape(-1, 2))
    free = np.ones(m, dtype=bool)
    at = np.zeros(2)
    order = np.empty((m, 2), dtype=np.int64)
    for step in range(m):
        reach = 8
        while True:
            nearest = tree.some(at[None], min(reach, 2 * m))[1][0]
            hits = nearest[free[nearest // 2]]
            if len(hits):
                break
            reach *= 4
        number, end = divmod(int(hits[0]), 2)
        free[number] = False
        order[step] = number, end
        at = ends[number, 1 - end]
    return order


@numba.njit(cache=True, nogil=True)
def _shorten(ends: F64, order: I64, passes: int) -> None:  # pragma: no cover
    """2-opt on the sequence of strokes, in place.

    Reversing the run i .. j leaves the travel within it as long as it was: only the way into it and the way out of
    it change. Travel ends with the last stroke, so a run at the end has no way out.

    Args:
        ends: (m, 2, 2) first and last point of each stroke.
        order: (m, 2) number and direction (1: backwards); changed in place.
        passes: maximum number of passes over all pairs.
    """
    m = len(order)
    for _ in range(passes):
        moved = False
        for i in range(m - 1):
            for j in range(i + 1, min(m, i + MAX_RUN)):
                first, last = order[i], order[j]
                entry, leave = ends[first[0], first[1]], ends[last[0], 1 - last[1]]
                x, y = 0.0, 0.0
                if i > 0:
                    x, y = ends[order[i - 1, 0], 1 - order[i - 1, 1]]
                change = np.hypot(leave[0] - x, leave[1] - y) - np.hypot(entry[0] - x, entry[1] - y)
                if j + 1 < m:
                    after = ends[order[j + 1, 0], order[j + 1, 1]]
                    change += np.hypot(entry[0] - after[0], entry[1] - after[1])
                    change -= np.hypot(leave[0] - after[0], leave[1] - after[1])
                if change < -MIN_GAIN:
                    for at in range((j - i + 1) // 2):
                        number, turned = order[i + at, 0], order[i + at, 1]
                        order[i + at, 0], order[i + at, 1] = order[j - at, 0], order[j - at, 1]
                        order[j - at, 0], order[j - at, 1] = number, turned
                    for at in range(i, j + 1):
                        order[at, 1] = 1 - order[at, 1]
                    moved = True
        if not moved:
            break
