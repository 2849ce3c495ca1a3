"""Views that filter the picture: they take away detail, surroundings and exact colours.

What remains recognisable through them is a shape, not a texture: what brush strokes can paint, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from orbifolio.runner.deferred import functional, torch
from orbifolio.runner.views.base import Filter, View, uniform

if TYPE_CHECKING:
    from torch import Tensor

RIM = 6.0  # steepness of a vignette's rim: it fades over about a third of half the side
OWN_GROUND = 0.5  # share of vignettes whose ground is the picture's own mean colour
FEWEST = 16  # pixels that a softened side keeps at least


class Soften(View):
    """Shrinks the picture and enlarges it again, so that fine detail is lost, as it will be under a brush."""

    kind: Literal["soften"] = "soften"
    smallest: float = Field(default=0.35, gt=0.05, le=1)
    """Side to which it is shrunk at most, as a share of its own."""

    def draw_filter(self, width: int, height: int, random: torch.Generator) -> Filter:
        """Area averages, then bicubic."""
        share = uniform(self.smallest, 1.0, random)
        small = (max(min(FEWEST, height), round(height * share)), max(min(FEWEST, width), round(width * share)))

        def soften(picture: Tensor) -> Tensor:
            shrunk = functional.interpolate(picture, size=small, mode="area")
            return functional.interpolate(shrunk, size=picture.shape[-2:], mode="bicubic", align_corners=False)

        return soften


class Vignette(View):
    """Shows only a soft round part about the middle, before a plain ground."""

    kind: Literal["vignette"] = "vignette"
    smallest: float = Field(default=0.55, gt=0, le=2)
    """Smallest radius, as a share of half the picture's side."""
    largest: float = Field(default=0.95, gt=0, le=2)
    """Largest radius, as a share of half the picture's side."""

    def draw_filter(self, width: int, height: int, random: torch.Generator) -> Filter:
        """A logistic rim; the ground is the picture's mean colour or any."""
        low, high = sorted((self.smallest, self.largest))
        radius = uniform(low, high, random)
        colour = torch.rand((1, 3, 1, 1), generator=random)
        own = bool(torch.rand((), generator=random) < OWN_GROUND)
        x, y = torch.linspace(-1, 1, width), torch.linspace(-1, 1, height)
        inside = torch.sigmoid((radius - (x[None, :].square() + y[:, None].square()).sqrt()) * 2 * RIM)

        def vignette(picture: Tensor) -> Tensor:
            ground = picture.mean(dim=(2, 3), keepdim=True).detach() if own else colour.to(picture)
            return torch.lerp(ground.expand_as(picture), picture, inside.to(picture))

        return vignette


class Lighting(View):
    """Changes contrast, brightness and the colour of the light."""

    kind: Literal["lighting"] = "lighting"
    contrast: float = Field(default=0.15, ge=0, lt=1)
    """Maximum relative change of contrast about middle grey."""
    tint: float = Field(default=0.06, ge=0, le=1)
    """Maximum change of each channel."""

    def draw_filter(self, width: int, height: int, random: torch.Generator) -> Filter:
        """A factor, and a constant for each channel."""
        factor = 1 + uniform(-self.contrast, self.contrast, random)
        tint = self.tint * (2 * torch.rand((1, 3, 1, 1), generator=random) - 1)
        return lambda picture: (picture - 0.5) * factor + 0.5 + tint.to(picture)


class Grain(View):
    """Adds noise, so that nothing can hang on values of single pixels."""

    kind: Literal["grain"] = "grain"
    amount: float = Field(default=0.03, ge=0, le=1)
    """Standard deviation of every value."""

    def draw_filter(self, width: int, height: int, random: torch.Generator) -> Filter:
        """The same noise whenever it is applied."""
        noise = self.amount * torch.randn((1, 3, height, width), generator=random)
        return lambda picture: picture + noise.to(picture)
