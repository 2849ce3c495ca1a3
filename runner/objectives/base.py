"""An objective is a function (inputs -> {term name: scalar}), to be made small.

`ObjectiveSettings.build(preparation)` computes every target once, by the same functions that score
later. Names of terms are dotted (`style.gram.conv3_1`): the report draws one curve for each. Values are
weighted: their sum is the loss.
"""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pydantic import Field

from orbifolio.runner.deferred import functional, torch
from orbifolio.runner.images.cover import cover
from orbifolio.runner.named_files import FileName
from orbifolio.runner.objectives.statistics import Moments, moments
from orbifolio.runner.settings import Settings, kind_of
from orbifolio.runner.symmetry.base import Symmetry
from orbifolio.runner.vision.base import Encoder, Shear, VisionSettings

if TYPE_CHECKING:
    from torch import Tensor

    from orbifolio.runner.objectives.target_cache import TargetCache


@dataclass(frozen=True)
class Appearance:
    """One way in which a symmetric artwork shows its texture: turned, mirrored, recoloured.

    Attributes:
        degrees: of the turn, counter-clockwise.
        mirrored: flipped left-right before the turn.
        colour: (3, 3) float matrix acting on RGB - 0.5.
    """

    degrees: float
    mirrored: bool
    colour: tuple[tuple[float, ...], ...]


INITIAL = "the initial picture"
PLAIN = Appearance(0.0, False, ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)))


def appearances_of(symmetry: Symmetry) -> tuple[Appearance, ...]:
    """The distinct ways in which an artwork with a symmetry shows its texture, the identity first."""
    return tuple(
        Appearance(degrees, mirrored, tuple(map(tuple, matrix.tolist())))
        for degrees, mirrored, matrix in symmetry.appearances()
    )


@dataclass(frozen=True)
class Preparation:
    """What an objective computes its targets from, once for each phase.

    Attributes:
        encoder: the vision network, on its device and in its dtype, padded as the artwork is.
        width: of the artwork in pixels.
        height: of the artwork in pixels.
        picture: source -> (1, 3, h, w) float32 sRGB picture in [0, 1], prepared as the recipe says.
        plain_picture: the same without preparation, for content.
        mask: the same of a mask, what is clear in it being black; by default `plain_picture`.
        targets: where those of style are kept from run to run; None for nowhere.
        appearances: how the symmetry shows the texture, for pooling; the identity first.
        device: that the targets are needed on.
        initial: gives the (1, 3, height, width) artwork that `init` holds at this size; of a painting, the picture that
            is painted.
        domain: area of a fundamental domain of the symmetry in pixels; None where the artwork shows nothing twice.
        core: pixels along a side of the tiles' cores in which the artwork is looked at; None for the whole.
    """

    encoder: Encoder
    width: int
    height: int
    picture: Callable[[str], Tensor]
    plain_picture: Callable[[str], Tensor]
    appearances: tuple[Appearance, ...] = (PLAIN,)
    device: str = "cpu"
    initial: Callable[[], Tensor] | None = None
    domain: float | None = None
    mask: Callable[[str], Tensor] | None = None
    targets: TargetCache | None = None
    core: int | None = None

    def features(self, picture: Tensor, layers: Sequence[str]) -> Mapping[str, Tensor]:
        """The features of a picture of the artwork's size, looked at as the artwork is."""
        chain = None if self.core is None else self.encoder.chain(layers)
        if self.core is None or chain is None:
            return self.encoder.features(picture, layers)
        from orbifolio.runner.vision.chain_backward import features_in_tiles  # its kernels need torch at once

        return features_in_tiles(chain, picture, layers, self.core)

    def picture_to_match(self, source: str | None) -> Tensor:
        """(1, 3, height, width) a picture that covers the artwork, on the device; the initial one for None."""
        if source is not None:
            return cover(self.plain_picture(source), (self.height, self.width)).to(self.device)
        assert self.initial is not None  # every renderer with a canvas gives it
        return self.initial().to(self.device)


@dataclass(frozen=True)
class LayerPart:
    """Which part of a layer some features are.

    Attributes:
        part: rows and columns, each from the first to the one after the last; None for the whole layer.
    """

    part: tuple[tuple[int, int], tuple[int, int]] | None = None

    def of(self, whole: Tensor) -> Tensor:
        """(..., rows, columns) of a map of the layer's size, in the same memory."""
        if self.part is None:
            return whole
        (top, bottom), (left, right) = self.part
        return whole[..., top:bottom, left:right]


@dataclass(frozen=True, eq=False)
class PlaceSum:
    """A sum over the places of a layer, which the sums over parts of it add up to.

    Attributes:
        layer: name.
        summand: (features (1, channels, rows, columns) of a part, where it lies) -> its sum, of any shape.
    """

    layer: str
    summand: Callable[[Tensor, LayerPart], Tensor]


@dataclass(frozen=True)
class ObjectiveInput:
    """What an objective scores.

    Attributes:
        artwork: (1, 3, height, width) the picture itself, not clamped, float32.
        picture: the same through this step's view: what the network saw.
        features: layer -> features of `picture`.
        wrap: the artwork repeats over its (top-bottom, left-right) edges.
        shear: with which it repeats from top to bottom, or None.
        summaries: layer -> moments of its features, where an engine has them; ask `moments` for them.
        totals: what an engine has of objectives' sums; ask `total` for them.
    """

    artwork: Tensor
    picture: Tensor
    features: Mapping[str, Tensor] = field(default_factory=dict)
    wrap: tuple[bool, bool] = (False, False)
    shear: Shear | None = None
    summaries: Mapping[str, Moments] = field(default_factory=dict)
    totals: Mapping[PlaceSum, Tensor] = field(default_factory=dict)

    def total(self, item: PlaceSum) -> Tensor:
        """A sum over all places of a layer; one of the objective's `sums`."""
        found = self.totals.get(item)
        return item.summand(self.features[item.layer], LayerPart()) if found is None else found

    def moments(self, layer: str, mask: Tensor | None = None) -> Moments:
        """The moments of a layer, weighted by a mask of the artwork's size.

        An objective that asks for these and not for the features lets an engine differentiate by them, which takes one
        matrix product for each layer.
        """
        if mask is None and layer in self.summaries:
            return self.summaries[layer]
        features = self.features[layer]
        return moments(features, fit_mask(mask, features))


class Objective(ABC):
    """Scores an artwork; the smaller the better.

    Attributes:
        layers: names of the network's layers that it uses.
        sums: over the places of those, of each layer of which it wants sums and not moments. An objective that asks
            for moments without a mask and for these alone can be scored in tiles: see `tile_engine`.
    """

    layers: tuple[str, ...] = ()
    sums: tuple[PlaceSum, ...] = ()

    @abstractmethod
    def __call__(self, inputs: ObjectiveInput) -> dict[str, Tensor]:
        """Weighted scalar terms by dotted name."""

    def describe(self) -> str:
        """One line for the report."""
        return type(self).__name__


class ObjectiveSettings(Settings):
    """The base of every kind of objective."""

    weight: float = Field(default=1.0, ge=-1e6, le=1e6)
    """Factor of this objective's terms; negative turns attraction into repulsion."""
    mask: FileName | None = None
    """Picture whose brightness says where the objective applies (white: fully, black or clear: not at all)."""

    def build(self, preparation: Preparation) -> Objective:
        """The working objective with its targets computed."""
        raise NotImplementedError(type(self).__name__)

    def layers_needed(self) -> tuple[str, ...]:
        """Layers that the recipe names (for validation and the plan)."""
        return ()

    def default_layers(self, vision: VisionSettings) -> tuple[str, ...]:
        """Layers that it uses where the recipe names none."""
        return ()

    def pictures(self) -> tuple[str, ...]:
        """Image sources it will read (for validation)."""
        return () if self.mask is None else (self.mask,)

    def shape_givers(self) -> tuple[str, ...]:
        """Image sources whose shape the artwork takes where nothing else says."""
        return ()

    def places(self) -> bool:
        """Whether it compares features place by place, which moving views would put elsewhere."""
        return False

    def repeats(self) -> bool:
        """Whether it scores a part of which the whole picture is made by shifts as it scores the whole picture."""
        return False

    def needs_whole(self) -> str:
        """Why it cannot be scored in tiles; "" if it can, asking for moments and `Objective.sums` of layers alone."""
        return "looks at the features of the whole picture at once"

    def least_side(self, vision: VisionSettings) -> int:
        """Pixels that its pictures need on each side, as they are; 0 where they are scaled to the artwork."""
        return 0

    def choices(self, picture: Callable[[str], Tensor], *, pixels: int, domain: float | None) -> tuple[str, ...]:
        """What it chooses by itself at a size, for the plan and the report.

        Args:
            picture: as `Preparation.picture`.
            pixels: how many the artwork has, or the part of it that the network sees.
            domain: as `Preparation.domain`.
        """
        return ()

    def complaints(self, vision: VisionSettings) -> list[tuple[str, str]]:
        """What is wrong with it under a network, as (path below the objective, "what; rule; cure")."""
        return [("layers", text) for text in unknown_layers(self.layers_needed(), vision)]

    def load_mask(self, preparation: Preparation) -> Tensor | None:
        """(1, 1, height, width) in [0, 1] at the artwork's size, or None."""
        if self.mask is None:
            return None
        mask = (preparation.mask or preparation.plain_picture)(self.mask).mean(dim=1, keepdim=True)
        return functional.interpolate(
            mask, size=(preparation.height, preparation.width), mode="bilinear", antialias=True
        ).to(preparation.device)


def unknown_layers(layers: Sequence[str], vision: VisionSettings) -> list[str]:
    """A message for each layer that a network does not have."""
    names = vision.layer_names()
    network = kind_of(type(vision))
    messages = []
    for layer in layers:
        if layer == "logits":
            messages.append(
                f"'logits' of {network} are class scores, not places; choose a layer with places, or a dream of a class"
            )
        elif layer not in names:
            near = difflib.get_close_matches(layer, names, n=2, cutoff=0.5)
            cure = f"did you mean {' or '.join(near)}?" if near else f"choose from {', '.join(names)}"
            messages.append(f"{network} has no layer {layer!r}; {cure}")
    return messages


def fit_mask(mask: Tensor | None, features: Tensor) -> Tensor | None:
    """A mask averaged down to the size of some features, as (1, 1, h, w) float32."""
    if mask is None:
        return None
    return functional.adaptive_avg_pool2d(mask, (features.shape[-2], features.shape[-1]))


def weighted_mean(values: Tensor, mask: Tensor | None) -> Tensor:
    """Mean over all entries, weighted by a mask that broadcasts over channels."""
    if mask is None:
        return values.mean()
    return (values * mask).sum() / (mask.sum() * values.shape[1]).clamp_min(torch.finfo(values.dtype).eps)
