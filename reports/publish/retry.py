"""Trying again what botocore does not: a policy of how often, and how long to wait in between."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class RetryPolicy:
    """Waits that double from attempt to attempt, each drawn at random, so that machines do not come back together.

    Attributes:
        attempts: calls of the work at most, the first included.
        first: longest wait before the second attempt, in seconds.
        longest: of all waits, in seconds.
    """

    attempts: int
    first: float
    longest: float

    def call(self, work: Callable[[], Answer], may_pass: Callable[[Exception], bool]) -> Answer:
        """The answer of `work`; its last exception is raised as it is.

        Args:
            work: is called until it answers.
            may_pass: whether an exception is worth another attempt.
        """
        for number in range(self.attempts - 1):
            try:
                return work()
            except Exception as error:
                if not may_pass(error):
                    raise
            ceiling = min(self.longest, self.first * 2.0**number)
            time.sleep(ceiling * random.uniform(0.2, 1.0))  # never at once: too soon is what went wrong
        return work()
