"""How many threads a process computes with, and that none spins while it waits.

OpenMP's threads wait for each other at the end of every kernel, spinning unless told otherwise. On a busy machine one
of them is always held up, and the others burn what it waits for: at a load of 8, two spinning threads on two cores made
12 steps a second where one made 55; two that sleep made 90. So every core is used, whatever else the machine does, and
a recipe gives the same bytes on it at any load.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from orbifolio.runner.deferred import torch

COUNT = "OMP_NUM_THREADS"
"""Environment variable: so many threads."""
WAITING = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0", "KMP_BLOCKTIME": "0"}
"""Environment variables of GNU's and LLVM's OpenMP, unless the user has set them: threads sleep while they wait."""


def settle(asked: int = 0) -> int:
    """Decide with how many threads this process computes; to be called before torch is imported, which reads it once.

    Args:
        asked: so many; 0 for what `OMP_NUM_THREADS` says, or one for each core.

    Returns:
        Their number.
    """
    for name, value in WAITING.items():
        os.environ.setdefault(name, value)
    count = asked or told() or cores()
    if count != told():
        os.environ[COUNT] = str(count)
    if asked and "torch" in sys.modules:
        torch.set_num_threads(count)
    return count


def told() -> int:
    """What `OMP_NUM_THREADS` says; 0 where it says nothing."""
    first = os.environ.get(COUNT, "").partition(",")[0].strip()
    return int(first) if first.isdecimal() else 0


def thread_count() -> int:
    """How many threads torch computes with, or will once it is imported, which this avoids."""
    return (told() if "torch" not in sys.modules else 0) or torch.get_num_threads()


def cores() -> int:
    """How many processor cores this process may use; two threads of one core count once, as they share its units."""
    numbers = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    return len({_shared(number) for number in numbers})


def _shared(number: int) -> str:
    """The logical processors that share a core with this one; itself where the system does not tell."""
    try:
        topology = Path(f"/sys/devices/system/cpu/cpu{number}/topology/thread_siblings_list")
        return topology.read_text(encoding="ascii")
    except OSError:
        return str(number)
