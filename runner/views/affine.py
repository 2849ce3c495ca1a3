"""Views that move the picture: random affine maps of the plane.

Convention: maps act on pixel coordinates (x right, y down, 1) about the picture's centre and say where in
the artwork each pixel of the view looks.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from orbifolio.runner.deferred import torch
from orbifolio.runner.views.base import View, uniform

if TYPE_CHECKING:
    from torch import Tensor


class Jitter(View):
    """Shifts by whole pixels, so that the network's sampling grid meets the artwork anew at every step."""

    kind: Literal["jitter"] = "jitter"
    amount: int = Field(default=16, ge=1, le=1024)
    """Maximum shift along each axis, in pixels."""
    shifts: ClassVar[bool] = True
    cites: ClassVar[tuple[str, ...]] = ("mordvintsev2015",)

    def draw(self, width: int, height: int, random: torch.Generator) -> Tensor:
        """A translation by whole pixels."""
        shift = torch.randint(-self.amount, self.amount + 1, (2,), generator=random)
        view = torch.eye(3, dtype=torch.float64)
        view[:2, 2] = shift.double()
        return view


class Rotate(View):
    """Turns by a random angle."""

    kind: Literal["rotate"] = "rotate"
    degrees: float = Field(default=8.0, gt=0, le=180)
    """Maximum turn either way, in degrees."""
    cites: ClassVar[tuple[str, ...]] = ("olah2017",)

    def draw(self, width: int, height: int, random: torch.Generator) -> Tensor:
        """A rotation about the centre."""
        angle = math.radians(uniform(-self.degrees, self.degrees, random))
        cosine, sine = math.cos(angle), math.sin(angle)
        return torch.tensor([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]], dtype=torch.float64)


class Scale(View):
    """Enlarges or shrinks by a random factor."""

    kind: Literal["scale"] = "scale"
    low: float = Field(default=0.9, gt=0.05, le=8)
    """Minimum magnification."""
    high: float = Field(default=1.1, gt=0.05, le=8)
    """Maximum magnification."""
    cites: ClassVar[tuple[str, ...]] = ("olah2017",)

    def draw(self, width: int, height: int, random: torch.Generator) -> Tensor:
        """A scaling about the centre; the factor is uniform in its logarithm."""
        low, high = sorted((self.low, self.high))
        factor = math.exp(uniform(math.log(low), math.log(high), random))
        return torch.diag(torch.tensor([1 / factor, 1 / factor, 1], dtype=torch.float64))


class Mirror(View):
    """Flips left and right, every other time."""

    kind: Literal["mirror"] = "mirror"
    cites: ClassVar[tuple[str, ...]] = ("yin2020",)

    def draw(self, width: int, height: int, random: torch.Generator) -> Tensor:
        """The identity or a reflection in the middle column."""
        flipped = bool(torch.rand((), generator=random) < 0.5)
        return torch.diag(torch.tensor([-1.0 if flipped else 1.0, 1, 1], dtype=torch.float64))


class Crop(View):
    """Enlarges a random part to the whole, so that the picture gets shapes of all sizes."""

    kind: Literal["crop"] = "crop"
    smallest: float = Field(default=0.5, gt=0.05, le=1)
    """Side of the smallest part, as a share of the picture's side."""
    cites: ClassVar[tuple[str, ...]] = ("olah2017",)

    def draw(self, width: int, height: int, random: torch.Generator) -> Tensor:
        """A scaling and a translation that stay inside the picture."""
        side = uniform(self.smallest, 1.0, random)
        view = torch.diag(torch.tensor([side, side, 1], dtype=torch.float64))
        view[0, 2] = uniform(-0.5, 0.5, random) * (1 - side) * width
        view[1, 2] = uniform(-0.5, 0.5, random) * (1 - side) * height
        return view
