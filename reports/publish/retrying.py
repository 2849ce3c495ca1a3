"""Trying again: what may pass (a server too busy, a connection lost) gets a second chance, ever more patiently.

Waiting times double from try to try, and are drawn at random below that ("full jitter"), so that machines
that were turned away together do not come back together.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from orbifolio.runner.errors import PublishError

Answer = TypeVar("Answer")


class Passing(Exception):
    """A trouble that may pass by itself; its text tells cause and cure in case it does not."""


@dataclass(frozen=True)
class Patience:
    """How often and how long to try again.

    Attributes:
        tries: in all.
        first: longest wait before the second try, in seconds; doubles with each.
        longest: of all waits.
        stopped: set from outside to give up at once.
    """

    tries: int = 7
    first: float = 0.5
    longest: float = 20.0
    stopped: threading.Event = field(default_factory=threading.Event, compare=False)

    def wait(self, number: int) -> None:
        """Wait before try `number` (2, 3, ...)."""
        ceiling = min(self.longest, self.first * 2.0 ** (number - 2))
        self.stopped.wait(ceiling * (0.2 + 0.8 * random.random()))  # never at once: that is what was too much

    def insist(self, work: Callable[[], Answer], *, tries: int | None = None) -> Answer:
        """The answer of `work`, tried again while its trouble may pass.

        Raises:
            PublishError: it did not pass.
        """
        number = 1
        while True:
            try:
                return work()
            except Passing as trouble:
                number += 1
                if number > (tries or self.tries) or self.stopped.is_set():
                    raise PublishError(str(trouble)) from trouble
                self.wait(number)
