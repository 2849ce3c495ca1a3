"""Content: the artwork's features should be those of one picture, place by place (Gatys et al. 2016).

Score of a layer: weight * ||F - F_c||^2 / ||F_c||^2, over all channels and places; with a mask, squares count by it.
Departs from Gatys et al. in the normalisation only: theirs depends on the layer's size and scale.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from orbifolio.runner.deferred import torch
from orbifolio.runner.named_files import FileName
from orbifolio.runner.objectives.base import (
    INITIAL,
    LayerPart,
    Objective,
    ObjectiveInput,
    ObjectiveSettings,
    PlaceSum,
    Preparation,
    fit_mask,
)
from orbifolio.runner.vision.base import VisionSettings

if TYPE_CHECKING:
    from torch import Tensor


class Content(ObjectiveSettings):
    """Keep what a picture shows: squared difference of deep features, relative to their size."""

    kind: Literal["content"] = "content"
    image: FileName | None = None
    """The picture whose content is kept; by default what the canvas' `init` holds, or the picture that is painted."""
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
        return tuple(source for source in (self.image, *super().pictures()) if source is not None)

    def places(self) -> bool:
        """Yes: features are compared where they are."""
        return True

    def needs_whole(self) -> str:
        """No: squares are added place by place."""
        return ""

    def shape_givers(self) -> tuple[str, ...]:
        """The content picture, so that it is not cropped."""
        return () if self.image is None else (self.image,)

    def build(self, preparation: Preparation) -> ContentObjective:
        """Compute the content picture's features at the artwork's size."""
        names = self.layers or preparation.encoder.style_layers[-1:]
        picture = preparation.picture_to_match(self.image)
        with torch.no_grad():
            targets = {name: value.float() for name, value in preparation.features(picture, names).items()}
        return ContentObjective(self, names, targets, self.load_mask(preparation))


class ContentObjective(Objective):
    """Compares features with those of the content picture."""

    def __init__(
        self, settings: Content, layers: tuple[str, ...], targets: dict[str, Tensor], mask: Tensor | None
    ) -> None:
        self.settings = settings
        self.layers = layers
        self.targets = targets
        self.masks = {name: fit_mask(mask, target) for name, target in targets.items()}
        self.shares = {
            name: settings.weight / target.square().sum().clamp_min(1e-8) for name, target in targets.items()
        }
        self.sums = tuple(PlaceSum(name, partial(self._difference, name)) for name in layers)

    def __call__(self, inputs: ObjectiveInput) -> dict[str, Tensor]:
        """One term for each layer, e.g. `content.conv4_1`."""
        return {f"content.{item.layer}": inputs.total(item) * self.shares[item.layer] for item in self.sums}

    def _difference(self, name: str, features: Tensor, place: LayerPart) -> Tensor:
        """The sum of squares over a part of a layer."""
        difference = (features.float() - place.of(self.targets[name])).square()
        mask = self.masks[name]
        return (difference if mask is None else difference * place.of(mask)).sum()

    def describe(self) -> str:
        """Image and layers in one line."""
        return f"content x{self.settings.weight:g} of {self.settings.image or INITIAL} on {', '.join(self.layers)}"
