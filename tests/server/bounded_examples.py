"""Functions to be called with bounds; a module of its own, so that their processes import no more than they need."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np

from orbifolio.runner.errors import ImageError


def double(number: int) -> int:
    return 2 * number


def fill(count: int) -> int:
    return int(np.ones(count, np.uint8).sum())


def turn_for_ever() -> None:
    while True:
        pass


def sleep_beside(path: str) -> None:
    Path(path).write_text(str(os.getpid()), encoding="ascii")
    time.sleep(60)


def refuse() -> None:
    raise ImageError("the picture is torn; mend it")


def fail() -> None:
    raise ZeroDivisionError("a fault of ours")


def end() -> None:
    os._exit(3)
