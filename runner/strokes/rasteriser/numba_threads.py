"""How a loop over strokes is shared out: (work, cost of each stroke) -> the work done by several threads at once.

Each thread gets a range of strokes and writes only what is its own, so the result is the same for any number.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np

from orbifolio.runner.arrays import I64
from orbifolio.runner.threads import thread_count


@cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads)


def parallel_ranges(work: Callable[[int, int], object], cost: I64) -> None:
    """Call `work(first, last)` on ranges of strokes of about the same cost, at once.

    Args:
        work: releases the lock and writes only what belongs to its strokes.
        cost: (n,) of each stroke.
    """
    threads = max(1, thread_count())
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
