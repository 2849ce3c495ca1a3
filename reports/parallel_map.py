"""Doing one thing to many runs: (function, runs) -> results in their order, on all cores where that pays.

Forked processes share the compiled templates. A process with other threads cannot be forked safely, and
for a few runs the processes cost more than they save; then the runs are done one after another.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

MIN_ITEMS = 24
"""Fewer runs than this are not worth a second process."""


def _cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def _may_fork() -> bool:
    alone = threading.active_count() == 1 and "torch" not in sys.modules  # its threads are not Python's
    return alone and sys.platform.startswith("linux")


def parallel_map(do: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
    """What a function gives for each item.

    Args:
        do: picklable, as are its results.
        items: any number; a few are done one after another.

    Raises:
        Exception: the first one that the function raised; later items may not have been done.
    """
    cores = _cores()
    if len(items) < MIN_ITEMS or cores < 2 or not _may_fork():
        yield from map(do, items)
        return
    with multiprocessing.get_context("fork").Pool(cores) as pool:
        yield from pool.imap(do, items, chunksize=4)
