"""How a loop over strokes is compiled: (plain function) -> the same in machine code, kept on disk, without the lock.

Strokes are dealt to threads in ranges; each writes only what is its own, so the result is the same for any number.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
import torch
from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]


def compiled(function: Function) -> Function:
    """Compile on first use; NumPy's rules of division, since places divide by radii that are never 0."""
    plain: Any = njit  # numba's own annotations leave these options out
    return cast(Function, plain(cache=True, nogil=True, error_model="numpy")(function))


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads)


def deal(work: Callable[[int, int], object], cost: Longs) -> None:
    """Call `work(first, last)` on ranges of strokes of about the same cost, at once.

    Args:
        work: releases the lock and writes only what belongs to its strokes.
        cost: (n,) of each stroke.
    """
    threads = max(1, torch.get_num_threads())
    count = len(cost)
    if threads == 1 or count < 2 * threads:
        work(0, count)
        return
    total = np.cumsum(cost)
    marks = np.linspace(0, int(total[-1]), threads + 1)[1:-1]
    edges = [0, *np.searchsorted(total, marks).tolist(), count]
    waiting = [_pool(threads).submit(work, first, last) for first, last in zip(edges, edges[1:], strict=False)]
    for item in waiting:
        item.result()
