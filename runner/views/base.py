"""A view: artwork -> what the network sees while optimising, drawn anew at every step; the result is free of them.

A view moves the picture (a random affine map of the plane) or filters it (a random change of its colours or sharpness),
or both. `random` is a torch.Generator on the CPU.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from orbifolio.runner.deferred import torch
from orbifolio.runner.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

Filter = Callable[["Tensor"], "Tensor"]
"""(1, 3, height, width) -> the same size, differentiable."""


class View(Settings):
    """The base of every kind of view."""

    shifts: ClassVar[bool] = False
    """Whether all that it does is a shift, so that a picture which repeats does so as before."""

    def draw(self, width: int, height: int, random: torch.Generator) -> Tensor:
        """A random (3, 3) float64 map from the view's pixels to the artwork's, about the centre."""
        return torch.eye(3, dtype=torch.float64)

    def draw_filter(self, width: int, height: int, random: torch.Generator) -> Filter | None:
        """A random change of what the moved picture shows; None for none."""
        return None


def uniform(low: float, high: float, random: torch.Generator) -> float:
    """A number between two, each equally likely."""
    return low + (high - low) * float(torch.rand((), generator=random, dtype=torch.float64))
