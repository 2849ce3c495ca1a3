"""Content: the artwork's features shall be those of one picture, place by place (Gatys et al. 2016)."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from orbifolio.runner.objectives.base import Objective, ObjectiveSettings, Preparation, Sight, fit_mask
from orbifolio.runner.symmetry.base import Layout
from orbifolio.runner.vision.base import VisionSettings


class Content(ObjectiveSettings):
    """Keep what a picture shows: squared difference of deep features, relative to their size."""

    kind: Literal["content"] = "content"
    image: str
    """The picture whose content is kept."""
    layers: tuple[Annotated[str, Field(min_length=1)], ...] = ()
    """Layers to compare; by default the deepest of the network's style layers."""
    cites: ClassVar[tuple[str, ...]] = ("gatys2016",)

    def layers_needed(self) -> tuple[str, ...]:
        """The layers named in the recipe."""
        return self.layers

    def default_layers(self, vision: VisionSettings) -> tuple[str, ...]:
        """The deepest of the network's style layers."""
        return vision.default_style_layers[-1:]

    def pictures(self) -> tuple[str, ...]:
        """The content picture and the mask."""
        return (self.image, *super().pictures())

    def places(self) -> bool:
        """Always."""
        return True

    def shape_givers(self) -> tuple[str, ...]:
        """The content picture."""
        return (self.image,)

    def build(self, preparation: Preparation) -> ContentObjective:
        """Compute the content picture's features at the artwork's size."""
        names = self.layers or preparation.encoder.style_layers[-1:]
        size = (preparation.height, preparation.width)
        picture = cover(preparation.plain_picture(self.image), size).to(preparation.device)
        with torch.no_grad():
            targets = {name: value.float() for name, value in preparation.encoder.features(picture, names).items()}
        return ContentObjective(self, names, targets, self.load_mask(preparation))


class ContentObjective(Objective):
    """The working content objective: targets are features."""

    def __init__(
        self, settings: Content, layers: tuple[str, ...], targets: dict[str, Tensor], mask: Tensor | None
    ) -> None:
        self.settings = settings
        self.layers = layers
        self.targets = targets
        self.mask = mask

    def __call__(self, sight: Sight) -> dict[str, Tensor]:
        """One term for each layer, e.g. `content.conv4_1`."""
        terms = {}
        for name in self.layers:
            target = self.targets[name]
            difference = (sight.features[name].float() - target).square()
            mask = fit_mask(self.mask, target)
            if mask is not None:
                difference = difference * mask
            terms[f"content.{name}"] = difference.sum() * (self.settings.weight / target.square().sum().clamp_min(1e-8))
        return terms

    def describe(self) -> str:
        """Image and layers in one line."""
        return f"content x{self.settings.weight:g} of {self.settings.image} on {', '.join(self.layers)}"


def cover(picture: Tensor, size: tuple[int, int]) -> Tensor:
    """The middle of a picture, scaled to fill (height, width) without distortion.

    Args:
        picture: (1, 3, h, w).
        size: (height, width) in pixels.

    Returns:
        (1, 3, height, width) in [0, 1].
    """
    height, width = picture.shape[-2:]
    factor = max(size[0] / height, size[1] / width)
    scaled = (max(size[0], round(height * factor)), max(size[1], round(width * factor)))
    picture = functional.interpolate(picture, size=scaled, mode="bicubic", antialias=True).clamp(0, 1)
    top, left = (scaled[0] - size[0]) // 2, (scaled[1] - size[1]) // 2
    return picture[..., top : top + size[0], left : left + size[1]]


def lost_detail(picture: Tensor, old: Layout, new: Layout) -> Tensor:
    """What a picture has at a new size and did not have at an old one (octaves).

    Args:
        picture: (1, 3, h, w).
        old: layout of the size before.
        new: layout of the size to come.

    Returns:
        (new.parameters, 3), to be added to values.
    """
    device = new.orbit_size.device
    fine = new.sample(cover(picture, (new.height, new.width)).to(device))
    coarse = old.render(old.sample(cover(picture, (old.height, old.width)).to(device)))
    return fine - new.sample(coarse)
