"""A vision network is a frozen map (picture -> {layer name: features}), computed only as deep as needed.

Convention: pictures are (batch, 3, height, width), sRGB-encoded in [0, 1], float32; each network applies
its own input convention (channel order, mean, scale) inside. Features are taken after the activation,
as (batch, channels, height / stride, width / stride), in the network's compute dtype.

Padding: `wrap` continues the picture periodically, so that the features of a tile are exactly those of
the infinite tiling; `replicate` repeats the edge, for pictures that do not tile; `zero` is what most
networks were trained with, and what their class scores need. It is given per axis as (top-bottom, left-right).
Where a picture wraps both ways, a `Shear` from top to bottom lets it continue with a shift.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import TYPE_CHECKING, ClassVar, Literal, NamedTuple

from orbifolio.runner.deferred import torch
from orbifolio.runner.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Shear:
    """Wrapping from top to bottom with a shift: what lies below the picture is the picture, moved to the right.

    A lattice that is not rectangular repeats so: of p6's tile, which holds two cells, the upper half is enough.

    Attributes:
        share: of the width by which it is moved, in (0, 1).
    """

    share: Fraction

    def step(self, width: int) -> int:
        """The shift in features of a map of this width; exact where `edges.check_picture` lets the picture pass."""
        return int(self.share * width)


Padding = Literal["wrap", "replicate", "zero"] | Shear


def wraps(edge: Padding) -> bool:
    """Whether a picture continues with itself over an edge, shifted or not."""
    return edge == "wrap" or isinstance(edge, Shear)


AUTOGRAD_BYTES = 1500.0  # a pixel under EfficientNet-Lite or Inception, measured from 512 to 1,024 px
PICTURES = 9.0  # numbers a pixel beside a chain's features: the picture, its gradient, the first layer's input
KERNEL_SHARE = {"bf16": 1.3, "fp32": 1.05}
"""What a chain takes in all, kernels' own memory included, beside its tensors; measured from 512 to 2,048 px."""


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


@dataclass(frozen=True)
class Convention:
    """What a network expects: (picture's channels in this order, times scale, minus mean) over deviation."""

    order: tuple[int, int, int]
    scale: float
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]

    def offset(self, device: torch.device | str) -> Tensor:
        """(1, 3, 1, 1) float32 the picture, in its own order of channels, that the network sees as zeros."""
        return _offset(self, str(device))

    def factors(self, device: torch.device | str) -> Tensor:
        """(1, 3, 1, 1) float32 of the picture's own channels beyond the offset."""
        return _factors(self, str(device))

    def apply(self, picture: Tensor) -> Tensor:
        """The picture as the network wants it."""
        seen = (picture - self.offset(picture.device)) * self.factors(picture.device)
        return seen if self.order == (0, 1, 2) else torch.cat([seen[:, at : at + 1] for at in self.order], dim=1)

    def fold(self, weight: Tensor) -> Tensor:
        """(channels, 3, k, k) a first layer's weights, for the picture less `offset` instead of what `apply` gives."""
        places = [self.order.index(channel) for channel in range(3)]
        return weight[:, places] * self.factors(weight.device)


# Kept, since a constant that is made on a device in every evaluation waits for it.
@cache
def _offset(convention: Convention, device: str) -> Tensor:
    values = [convention.mean[convention.order.index(channel)] / convention.scale for channel in range(3)]
    return torch.tensor(values, device=device).view(1, 3, 1, 1)


@cache
def _factors(convention: Convention, device: str) -> Tensor:
    values = [convention.scale / convention.deviation[convention.order.index(channel)] for channel in range(3)]
    return torch.tensor(values, device=device).view(1, 3, 1, 1)


@dataclass(frozen=True)
class Pool:
    """Averages or maxima over squares of features.

    Attributes:
        maximum: instead of the average.
        size: of the squares.
        stride: from one to the next.
        margins: (top, bottom, left, right) by which features are continued first.
    """

    maximum: bool
    size: int
    stride: int
    margins: tuple[int, int, int, int] = (0, 0, 0, 0)


@dataclass(frozen=True)
class ChainLink:
    """One layer of a chain: a pool where there is one, margins, a convolution, a ReLU.

    Attributes:
        name: of the layer.
        weight: (channels after, channels before, k, k).
        bias: (channels after,) of the same dtype.
        margins: (top, bottom, left, right) by which features are continued for the convolution.
        stride: of the convolution.
        pool: before it.
    """

    name: str
    weight: Tensor
    bias: Tensor
    margins: tuple[int, int, int, int]
    stride: int = 1
    pool: Pool | None = None


@dataclass(frozen=True)
class Chain:
    """A network, or its beginning, each of whose layers sees nothing but the one before: it can be walked back by hand.

    Attributes:
        convention: of the first layer's input.
        links: its layers, shallow to deep, on one device.
        padding: how features continue over the (top-bottom, left-right) edges.
        dtype: of the features. The first layer's weights may be float32 all the same: a picture in bfloat16 has only
            8 bits.
    """

    convention: Convention
    links: tuple[ChainLink, ...]
    padding: tuple[Padding, Padding]
    dtype: torch.dtype


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

    def chain(self, layers: Sequence[str]) -> Chain | None:
        """The network down to the deepest of these layers where that is a chain, else None."""
        return None

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


def chain_values(table: Sequence[tuple[int, int]]) -> float:
    """Numbers for each pixel that are alive at the peak of a chain's evaluation: see `chain_backward`.

    On the way forth all features are kept. On the way back those of a layer are let go, and its gradient, the same with
    margins, and the result for the layer before are there beside the features of the layers above.

    Args:
        table: (channels, stride) of each layer in use, shallow to deep.
    """
    values = [channels / stride**2 for channels, stride in table]
    peak = sum(values)
    for number, value in enumerate(values):
        before = values[number - 1] if number else 0.0
        peak = max(peak, sum(values[:number]) + 2 * value + before)
    return peak + PICTURES


def chain_bytes(table: Sequence[tuple[int, int]], precision: str) -> float:
    """Bytes for each pixel at the peak of a chain's evaluation, in `bf16` or `fp32`."""
    return chain_values(table) * (2 if precision == "bf16" else 4) * KERNEL_SHARE[precision]


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

    def pixel_bytes(self, layers: Sequence[str], precision: str) -> float:
        """Memory that a pixel takes at the peak of an evaluation down to the deepest of these layers; for the plan.

        This is the measured need of networks that autograd differentiates; those that are chains count theirs.
        """
        return AUTOGRAD_BYTES if layers else 0.0

    def halo(self, layers: Sequence[str]) -> int | None:
        """Pixels that features down to the deepest of these layers see beyond theirs, about; for the plan of tiles.

        None where the network is no chain (see `Encoder.chain`), and sees pictures as a whole only.
        """
        return None

    def weight_names(self) -> tuple[str, ...]:
        """Names in the weights table that this network needs, for `check --plan` and `weights`."""
        raise NotImplementedError(type(self).__name__)
