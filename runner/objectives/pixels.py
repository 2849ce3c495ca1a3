"""Pixels: the artwork should equal one picture, pixel by pixel; for paintings, whose strokes can only come near it.

weight * mean (artwork - picture)^2          with a mask, the mean weighted by it
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from orbifolio.runner.named_files import FileName
from orbifolio.runner.objectives.base import (
    INITIAL,
    Objective,
    ObjectiveInput,
    ObjectiveSettings,
    Preparation,
    weighted_mean,
)

if TYPE_CHECKING:
    from torch import Tensor


class PixelDifference(ObjectiveSettings):
    """Match a picture pixel by pixel: mean squared difference of sRGB, without a network."""

    kind: Literal["pixels"] = "pixels"
    image: FileName | None = None
    """The picture to match; by default what the canvas' `init` holds, or the picture that is painted."""

    def pictures(self) -> tuple[str, ...]:
        """The picture and the mask."""
        return tuple(source for source in (self.image, *super().pictures()) if source is not None)

    def places(self) -> bool:
        """No: it looks at the artwork itself, which views leave where it is."""
        return False

    def needs_whole(self) -> str:
        """No: it looks at no features."""
        return ""

    def shape_givers(self) -> tuple[str, ...]:
        """The picture, so that it is not cropped."""
        return () if self.image is None else (self.image,)

    def build(self, preparation: Preparation) -> PixelObjective:
        """The picture at the artwork's size."""
        picture = preparation.picture_to_match(self.image)
        return PixelObjective(self, picture, self.load_mask(preparation))


class PixelObjective(Objective):
    """Scores the distance from one picture."""

    def __init__(self, settings: PixelDifference, picture: Tensor, mask: Tensor | None) -> None:
        self.settings = settings
        self.picture = picture
        self.mask = mask

    def __call__(self, inputs: ObjectiveInput) -> dict[str, Tensor]:
        """The term `pixels`: the weighted mean squared difference."""
        difference = (inputs.artwork - self.picture).square()
        return {"pixels": self.settings.weight * weighted_mean(difference, self.mask)}

    def describe(self) -> str:
        """Weight and picture in one line."""
        return f"pixels x{self.settings.weight:g} of {self.settings.image or INITIAL}"
