"""A vision network is a frozen map (picture -> {layer name: features}), computed only as deep as needed.

Convention: pictures are (batch, 3, height, width), sRGB-encoded in [0, 1], float32; each network applies
its own input convention (channel order, mean, scale) inside. Features are taken after the activation,
as (batch, channels, height / stride, width / stride), in the network's compute dtype.

Padding: `wrap` continues the picture periodically, so that the features of a tile are exactly those of
the infinite tiling; `replicate` repeats the edge, for pictures that do not tile; `zero` is what most
networks were trained with, and what their class scores need. It is given per axis as (top-bottom, left-right).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, NamedTuple

import torch
from torch import Tensor

from orbifolio.runner.settings import Settings

Padding = Literal["wrap", "replicate", "zero"]


@dataclass(frozen=True)
class Provenance:
    """Which weights a network carries; shown in every report.

    Attributes:
        name: of network and weights, e.g. `vgg16/hed`.
        sha256: of the converted file in the cache, or "" for untrained networks.
        licence: with the origin's credit.
        source: where they came from: a package's name and version, an address, or a file's name.
        notes: input convention, number of layers, anything else needed to reproduce a result.
    """

    name: str
    sha256: str
    licence: str
    source: str
    notes: str = ""


class ChannelStatistics(NamedTuple):
    """What the channels of a layer are like over the pictures that a network was trained with.

    Attributes:
        mean: (channels,) float32.
        deviation: (channels,) float32, standard deviations.
    """

    mean: Tensor
    deviation: Tensor


class Encoder(ABC):
    """A frozen network that gives the features of its layers.

    Attributes:
        name: as a recipe spells the kind.
        layers: names of all layers, shallow to deep.
        provenance: where its weights come from.
        classes: names of the classes of `logits`, or () where the network has none.
        padding: how pictures continue over their (top-bottom, left-right) edges.
    """

    name: str
    layers: tuple[str, ...]
    provenance: Provenance
    classes: tuple[str, ...] = ()
    style_layers: tuple[str, ...] = ()
    """Layers that style is matched on unless a recipe names others."""
    padding: tuple[Padding, Padding] = ("replicate", "replicate")

    @property
    def provenances(self) -> tuple[Provenance, ...]:
        """The weights of every network there is in it."""
        return (self.provenance,)

    @property
    def statistics(self) -> Mapping[str, ChannelStatistics]:
        """By layer, shallow to deep; empty where the network keeps none."""
        return {}

    @abstractmethod
    def features(self, picture: Tensor, layers: Sequence[str]) -> Mapping[str, Tensor]:
        """The features of these layers; nothing deeper than the deepest is computed.

        Args:
            picture: (batch, 3, height, width) in [0, 1]; height and width multiples of the deepest
                layer's stride where an axis wraps. The layer `logits`, where there is one, is
                (batch, classes).
            layers: names; their order does not matter.

        Raises:
            KeyError: the network has no such layer.
        """

    @abstractmethod
    def stride(self, layer: str) -> int:
        """Pixels per feature along each axis."""

    @abstractmethod
    def channels(self, layer: str) -> int:
        """Number of channels of a layer."""

    @abstractmethod
    def to(self, device: str, dtype: torch.dtype) -> Encoder:
        """The same network on a device, computing in a dtype (channels_last)."""

    @abstractmethod
    def padded(self, padding: tuple[Padding, Padding]) -> Encoder:
        """The same network (sharing its weights) with another continuation over the edges."""


class VisionSettings(Settings):
    """The base of every kind of vision network."""

    default_style_layers: ClassVar[tuple[str, ...]] = ()
    """Layers that style is matched on unless a recipe names others."""

    @property
    def half_precision(self) -> bool:
        """Whether gradients computed in bfloat16 agree with float32's (cosine >= 0.999), as tests show."""
        return False

    def class_names(self) -> tuple[str, ...]:
        """Names of the classes of `logits`, () where there are none, without loading weights."""
        return ()

    def build(self) -> Encoder:
        """The network in float32 on the CPU; fetches its weights on first use.

        Raises:
            MissingWeights: what was tried, what to run on a connected machine, which network works now.
        """
        raise NotImplementedError(type(self).__name__)

    def layer_names(self) -> tuple[str, ...]:
        """All layer names, shallow to deep, without loading weights (for validation)."""
        raise NotImplementedError(type(self).__name__)

    def normalised_layers(self) -> tuple[str, ...]:
        """Names of the layers that `Encoder.statistics` has, without loading weights; () where it has none."""
        return ()

    def layer_stride(self, layer: str) -> int:
        """A layer's stride, without loading weights (for the plan)."""
        raise NotImplementedError(type(self).__name__)

    def layer_channels(self, layer: str) -> int:
        """A layer's number of channels, without loading weights (for validation)."""
        raise NotImplementedError(type(self).__name__)

    def work(self, layers: Sequence[str]) -> float:
        """Arithmetic for a pixel up to the deepest of these layers, VGG16's fourth block being 1; for the plan."""
        return 1.0 if layers else 0.0

    def weight_names(self) -> tuple[str, ...]:
        """Names in the weights table that this network needs, for `check --plan` and `weights`."""
        raise NotImplementedError(type(self).__name__)
