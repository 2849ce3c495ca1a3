"""When a gas has grown enough: a stop is `history -> reason`, empty while it is to continue.

Every phase also ends after its epochs, and adds no node beyond its budget.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from orbifolio.runner.settings import Settings, family


@dataclass(frozen=True)
class Moment:
    """A gas after a step.

    Attributes:
        nodes: alive, of all levels together.
        error: mean distance in pixels of the points to their nearest node.
    """

    nodes: int
    error: float


class GrowthStop(Settings):
    """The base of every stop."""

    def reason(self, history: Sequence[Moment]) -> str:
        """Why to stop, for a reader; empty to continue.

        Args:
            history: at least one moment of the phase, the newest last.
        """
        raise NotImplementedError(type(self).__name__)


class NodesReached(GrowthStop):
    """Stop when there are enough nodes."""

    kind: Literal["nodes"] = "nodes"
    count: int = Field(ge=2, le=1_000_000)
    """Nodes that are enough."""

    def reason(self, history: Sequence[Moment]) -> str:
        """The number of nodes, once there are enough."""
        return f"{history[-1].nodes} nodes" if history[-1].nodes >= self.count else ""


class ErrorReached(GrowthStop):
    """Stop when the points are near enough to the nodes."""

    kind: Literal["error"] = "error"
    pixels: float = Field(gt=0, le=10_000)
    """Mean distance of the points to their nearest node that is small enough."""

    def reason(self, history: Sequence[Moment]) -> str:
        """The quantisation error, once it is small enough."""
        error = history[-1].error
        return f"quantisation error {error:.3f} pixels" if error <= self.pixels else ""


class Plateau(GrowthStop):
    """Stop when the quantisation error no longer falls."""

    kind: Literal["plateau"] = "plateau"
    steps: int = Field(default=10, ge=2, le=10_000)
    """Steps to look back."""
    share: float = Field(default=0.01, gt=0, lt=1)
    """Share of the error by which it must have fallen over them."""

    def reason(self, history: Sequence[Moment]) -> str:
        """How long the error has not fallen, once that is too long."""
        if len(history) <= self.steps:
            return ""
        before, now = history[-1 - self.steps].error, history[-1].error
        return f"no better than {self.steps} steps ago" if now > before * (1 - self.share) else ""


STOPS = (NodesReached, ErrorReached, Plateau)
AnyStop = family(*STOPS)
