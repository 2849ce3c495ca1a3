"""Choosing the steps that a drawing needs: (curves) -> the positions to keep, the same for all curves.

A long run has more steps than a screen has columns, and its page must stay light. Kept positions are real
steps with their true values: of each bucket the first one, and the one where some curve strays farthest,
so that a spike or a NaN of any term stays visible.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

MAX_POSITIONS = 480
"""Positions of a curve: one every 3 px of the widest page (100rem)."""

_MAX_VALUES = 3000  # of all curves of a page together: about 10 kB compressed as drawing, and as much as data
_MIN_POSITIONS = 80  # however many curves there are: with fewer, each would look like a polygon

Points = Sequence[tuple[float, float]]


def position_limit(curves: int) -> int:
    """How many positions a page with so many curves can afford.

    >>> position_limit(1), position_limit(8), position_limit(31), position_limit(1000)
    (480, 375, 96, 80)
    """
    return max(_MIN_POSITIONS, min(MAX_POSITIONS, _MAX_VALUES // max(1, curves)))


def _heights(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Where each value lies in the range of its curve, in [0, 1], on the scale that its chart uses.

    Args:
        values: (curves, positions).

    Returns:
        (curves, positions); infinite where a value is not finite.
    """
    finite = np.isfinite(values)
    positive = np.min(values, axis=1, keepdims=True, where=finite, initial=np.inf) > 0
    shown = np.where(positive, np.log10(np.where(finite & positive, values, 1.0)), values)
    shown = np.where(finite, shown, np.inf)  # NaN and infinity must stay visible
    low = np.min(shown, axis=1, keepdims=True, where=finite, initial=np.inf)
    high = np.max(shown, axis=1, keepdims=True, where=finite, initial=-np.inf)
    span = np.where((high > low) & np.isfinite(high - low), high - low, 1.0)
    centre = np.where(np.isfinite(low), low, 0.0)
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray((shown - centre) / span, dtype=np.float64)


def choose_positions(curves: Sequence[Points], limit: int = MAX_POSITIONS) -> tuple[float, ...]:
    """The positions to draw, ascending; the first and the last of all are among them.

    Args:
        curves: (x, y) of each, x ascending.
        limit: how many positions, at least 4.
    """
    every = sorted({x for points in curves for x, _ in points})
    if len(every) <= limit:
        return tuple(every)
    column = {x: index for index, x in enumerate(every)}
    values = np.full((len(curves), len(every)), np.nan)
    present = np.zeros_like(values, dtype=bool)
    for row, points in enumerate(curves):
        for x, y in points:
            values[row, column[x]] = y
            present[row, column[x]] = True
    heights = _heights(values)
    heights[~present] = np.nan  # a term of another phase is absent, not wrong
    size = math.ceil(len(every) / ((limit - 1) // 2))
    chosen = {len(every) - 1}
    for start in range(0, len(every), size):
        bucket = heights[:, start : start + size]
        middle = np.array([np.median(row[np.isfinite(row)]) if np.isfinite(row).any() else 0.0 for row in bucket])
        farthest = np.nan_to_num(np.abs(bucket - middle[:, None]), nan=-1.0, posinf=np.inf).max(axis=0)
        chosen |= {start, start + int(farthest.argmax())}
    return tuple(every[index] for index in sorted(chosen))
