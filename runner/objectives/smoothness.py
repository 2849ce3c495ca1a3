"""Smoothness and range: what a picture should be, whatever it shows.

Smoothness: weight * sum over both axes of mean d^2, or of mean sqrt(d^2 + 1/255^2), with d the difference of
neighbouring pixels. Range: weight * mean e^2, with e the excess of a value over [0, 1].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from orbifolio.runner.deferred import torch
from orbifolio.runner.objectives.base import Objective, ObjectiveInput, ObjectiveSettings, Preparation, weighted_mean
from orbifolio.runner.vision.base import Padding
from orbifolio.runner.vision.edges import shifted

if TYPE_CHECKING:
    from torch import Tensor


class Smoothness(ObjectiveSettings):
    """Total variation: removes pixel grain. Differences wrap around where the artwork tiles."""

    kind: Literal["smoothness"] = "smoothness"
    power: Literal[1, 2] = 2
    """2: squared differences, gentle on texture; 1: absolute differences (Rudin et al. 1992), keeps edges."""
    weight: float = 5.0
    """Factor of the mean over neighbouring pixels; 5 removes grain beside normalised style terms."""
    cites: ClassVar[tuple[str, ...]] = ("rudin1992",)

    def repeats(self) -> bool:
        """Yes, but with a mask: it is a mean over all places."""
        return self.mask is None

    def needs_whole(self) -> str:
        """No: it looks at no features."""
        return ""

    def build(self, preparation: Preparation) -> SmoothnessObjective:
        """The objective with its mask at the artwork's size."""
        return SmoothnessObjective(self, self.load_mask(preparation))


class SmoothnessObjective(Objective):
    """Scores differences of neighbouring pixels."""

    def __init__(self, settings: Smoothness, mask: Tensor | None) -> None:
        self.settings = settings
        self.mask = mask

    def __call__(self, inputs: ObjectiveInput) -> dict[str, Tensor]:
        """The term `smoothness`, both axes added."""
        total = torch.zeros((), device=inputs.artwork.device)
        edges: tuple[Padding, Padding] = (inputs.shear or "wrap", "wrap")
        for axis, wraps, (across, down) in zip((-2, -1), inputs.wrap, ((0, -1), (-1, 0)), strict=True):
            difference = inputs.artwork - shifted(inputs.artwork, across, down, edges)
            mask = self.mask
            if not wraps:
                size = difference.shape[axis]
                difference = difference.narrow(axis, 1, size - 1)
                mask = None if mask is None else mask.narrow(axis, 1, size - 1)
            if self.settings.power == 2:
                difference = difference.square()
            else:
                # Smoothed near zero, where the absolute value has no derivative (1/255 is one grey level).
                difference = (difference.square() + (1 / 255) ** 2).sqrt()
            total = total + weighted_mean(difference, mask)
        return {"smoothness": total * self.settings.weight}

    def describe(self) -> str:
        """Weight and power in one line."""
        return f"smoothness x{self.settings.weight:g}, power {self.settings.power}"


class Range(ObjectiveSettings):
    """Keeps colours inside what a screen can show, so that nothing is lost when the picture is written."""

    kind: Literal["range"] = "range"
    weight: float = 10.0
    """Factor of the mean squared excess over [0, 1]."""
    cites: ClassVar[tuple[str, ...]] = ("gatys2015",)

    def repeats(self) -> bool:
        """Yes, but with a mask: it is a mean over all places."""
        return self.mask is None

    def needs_whole(self) -> str:
        """No: it looks at no features."""
        return ""

    def build(self, preparation: Preparation) -> RangeObjective:
        """The objective with its mask at the artwork's size."""
        return RangeObjective(self, self.load_mask(preparation))


class RangeObjective(Objective):
    """Scores values outside [0, 1]."""

    def __init__(self, settings: Range, mask: Tensor | None) -> None:
        self.settings = settings
        self.mask = mask

    def __call__(self, inputs: ObjectiveInput) -> dict[str, Tensor]:
        """The term `range`: zero inside [0, 1], quadratic outside."""
        excess = inputs.artwork - inputs.artwork.clamp(0, 1)
        return {"range": weighted_mean(excess.square(), self.mask) * self.settings.weight}

    def describe(self) -> str:
        """The weight in one line."""
        return f"range x{self.settings.weight:g}"
