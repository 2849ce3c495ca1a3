"""Polygons, compiled: their crossings, and the points and samples inside of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit

from orbifolio.runner.arrays import F64, I32, Bools

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Compile, and keep the result on disk."""
    plain: Any = njit  # numba's own annotations are loose
    return cast(Function, plain(cache=True)(function))


@compiled
def crossing_count(x: F64, y: F64, most: int) -> int:
    """How often a closed polygon crosses itself; counting ends at `most`."""
    n, count = len(x), 0
    for i in range(n):
        a = i + 1 if i + 1 < n else 0
        for j in range(i + 2, n):
            b = j + 1 if j + 1 < n else 0
            if b == i:
                continue
            first = (x[a] - x[i]) * (y[j] - y[i]) - (y[a] - y[i]) * (x[j] - x[i])
            second = (x[a] - x[i]) * (y[b] - y[i]) - (y[a] - y[i]) * (x[b] - x[i])
            if first * second >= 0:
                continue
            third = (x[b] - x[j]) * (y[i] - y[j]) - (y[b] - y[j]) * (x[i] - x[j])
            fourth = (x[b] - x[j]) * (y[a] - y[j]) - (y[b] - y[j]) * (x[a] - x[j])
            if third * fourth < 0:
                count += 1
                if count >= most:
                    return count
    return count


@compiled
def fill_inside(x: F64, y: F64, px: F64, py: F64, result: Bools) -> None:
    """Whether points lie in a polygon, in place, by crossings of a ray to the right."""
    n = len(x)
    for k in range(len(px)):
        within, j = False, n - 1
        for i in range(n):
            if (y[i] > py[k]) != (y[j] > py[k]) and px[k] < (x[j] - x[i]) * (py[k] - y[i]) / (y[j] - y[i]) + x[i]:
                within = not within
            j = i
        result[k] = within


@compiled
def fill_polygon(x: F64, y: F64, number: int, copy: I32, hits: I32) -> None:
    """Number the samples inside a polygon, in place.

    Args:
        x: (n,) columns of the corners; sample j lies at j.
        y: (n,) rows of them.
        number: of the polygon.
        copy: (h, w) gets the number.
        hits: (h, w) is counted up.
    """
    height, width = copy.shape
    n = len(x)
    crossings = np.empty(n)
    first, last = max(0, int(np.ceil(y.min()))), min(height - 1, int(np.floor(y.max())))
    for row in range(first, last + 1):
        count = 0
        j = n - 1
        for i in range(n):
            if (y[i] > row) != (y[j] > row):
                crossings[count] = (x[j] - x[i]) * (row - y[i]) / (y[j] - y[i]) + x[i]
                count += 1
            j = i
        ordered = np.sort(crossings[:count])
        for k in range(0, count - 1, 2):
            begin, end = max(0, int(np.ceil(ordered[k]))), min(width, int(np.ceil(ordered[k + 1])))
            for column in range(begin, end):
                copy[row, column] = number
                hits[row, column] += 1
