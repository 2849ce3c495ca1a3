"""VGG16 and VGG19: five blocks of 3 x 3 convolutions, the networks whose Gram matrices make textures.

Layers `conv1_1` ... `conv5_3` (`conv5_4` in VGG19), after the ReLU. Pooling between blocks averages by
default: Gatys et al. (2015) found that it gives cleaner pictures than the maximum the networks were
trained with, and only with it do bfloat16 gradients agree with float32's.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from orbifolio.runner.deferred import torch
from orbifolio.runner.named_files import ExistingFile
from orbifolio.runner.settings import kind_of
from orbifolio.runner.vision.base import (
    Chain,
    ChainLink,
    Convention,
    Encoder,
    Padding,
    Pool,
    Provenance,
    VisionSettings,
    chain_bytes,
)
from orbifolio.runner.vision.chain import chain_features
from orbifolio.runner.vision.conversion import VGG16, VGG19
from orbifolio.runner.vision.edges import check_picture
from orbifolio.runner.vision.weights import default_store

if TYPE_CHECKING:
    from torch import Tensor

Pooling = Literal["average", "max"]
WIDTHS = (64, 128, 256, 512, 512)  # channels in each block
STYLE_LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1")  # those of Gatys et al. (2015) without the deepest, conv5_1


CAFFE = Convention((2, 1, 0), 255.0, (104.007, 116.669, 122.679), (1.0, 1.0, 1.0))  # ImageNet's mean as BGR
TORCHVISION = Convention((0, 1, 2), 1.0, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225))  # ImageNet's as RGB
CONVENTIONS = {"hed": CAFFE, "imagenet": TORCHVISION}


def layer_table(depths: Sequence[int]) -> dict[str, tuple[int, int]]:
    """(channels, stride) by layer name, shallow to deep.

    >>> layer_table((2, 2, 3, 3, 3))["conv4_1"]
    (512, 8)
    """
    return {
        f"conv{block}_{number}": (width, 2 ** (block - 1))
        for block, (depth, width) in enumerate(zip(depths, WIDTHS, strict=True), start=1)
        for number in range(1, depth + 1)
    }


class VggEncoder(Encoder):
    """A VGG network without its classifier.

    The first convolution stays in float32, since a picture rounded to bfloat16 has only 8 bits. Cosine of the
    style gradient (Grams to conv4_1, `hed`) in bfloat16 to float32's: 0.9998 from noise, 0.9994 near the style,
    0.998 from a smooth photograph far from it; 0.9997, 0.9991 and 0.998 with all of it in bfloat16.
    """

    style_layers = STYLE_LAYERS

    def __init__(
        self,
        name: str,
        depths: Sequence[int],
        tensors: Mapping[str, Tensor],
        convention: Convention,
        provenance: Provenance,
        *,
        pooling: Pooling = "average",
    ) -> None:
        self.name = name
        self.provenance = provenance
        self.table = layer_table(depths)
        self.layers = tuple(self.table)
        self.convention = convention
        self.pooling = pooling
        self._tensors = tensors
        self._device = "cpu"
        self._dtype = torch.float32
        self._placed: dict[str, Tensor] = {}

    def features(self, picture: Tensor, layers: Sequence[str]) -> Mapping[str, Tensor]:
        """The features of these layers; nothing deeper than the deepest is computed.

        Raises:
            KeyError: the network has no such layer.
            ShapeMismatch: a side that wraps is not a multiple of the deepest layer's stride.
        """
        for name in layers:
            if name not in self.table:
                raise KeyError(f"{self.name} has no layer {name!r}; it has {', '.join(self.layers)}")
        if not layers:
            return {}
        check_picture(self.name, picture, max(self.stride(name) for name in layers), self.padding)
        return chain_features(self.chain(layers), picture, layers)

    def chain(self, layers: Sequence[str]) -> Chain:
        """All of it: 3 x 3 convolutions, and a pool of 2 x 2 features where a block ends."""
        links: list[ChainLink] = []
        between, above = Pool(self.pooling == "max", size=2, stride=2), 1
        deepest = max(self.layers.index(name) for name in layers)
        for name in self.layers[: deepest + 1]:
            stride = self.stride(name)
            weight, bias = self._placed_tensor(f"{name}.weight"), self._placed_tensor(f"{name}.bias")
            links.append(ChainLink(name, weight, bias, (1, 1, 1, 1), pool=None if stride == above else between))
            above = stride
        return Chain(self.convention, tuple(links), self.padding, self._dtype)

    def _placed_tensor(self, name: str) -> Tensor:
        """A tensor on its device, moved there when first used: most runs stop half way down."""
        tensor = self._placed.get(name)
        if tensor is None:
            dtype = torch.float32 if name.startswith("conv1_1.") else self._dtype
            tensor = self._tensors[name].detach().to(device=self._device, dtype=dtype)
            if tensor.dim() == 4:
                tensor = tensor.contiguous(memory_format=torch.channels_last)
            self._placed[name] = tensor
        return tensor

    def stride(self, layer: str) -> int:
        """By the table of layers."""
        return self.table[layer][1]

    def channels(self, layer: str) -> int:
        """By the table of layers."""
        return self.table[layer][0]

    def to(self, device: str, dtype: torch.dtype) -> VggEncoder:
        """The same network on a device, computing in a dtype (channels_last)."""
        other = copy.copy(self)
        other._device, other._dtype, other._placed = device, dtype, {}
        return other

    def padded(self, padding: tuple[Padding, Padding]) -> VggEncoder:
        """The same network (sharing its weights) with another continuation over the edges."""
        other = copy.copy(self)
        other.padding = padding
        return other


MULTIPLICATIONS = 204_480.0
"""Per pixel, in VGG16 up to conv4_1: 9 * channels in * channels out / stride^2, summed."""


class VggSettings(VisionSettings):
    """What the VGG networks have in common."""

    depths: ClassVar[tuple[int, ...]] = VGG16
    default_style_layers: ClassVar[tuple[str, ...]] = STYLE_LAYERS

    path: ExistingFile | None = Field(default=None, min_length=1)
    """Your own file of weights instead (.safetensors, .pth, .pt, .h5); `weights` says whose input it expects."""
    pooling: Pooling = "average"
    """Between blocks: the average (cleaner textures) or the maximum (as the network was trained)."""

    @property
    def half_precision(self) -> bool:
        """With average pooling: bfloat16 flips the winners of maximum pooling (cosine 0.969)."""
        return self.pooling == "average"

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every tensor that the network needs."""
        shapes: dict[str, tuple[int, ...]] = {}
        before = 3
        for name, (channels, _) in layer_table(self.depths).items():
            shapes[f"{name}.weight"], shapes[f"{name}.bias"] = (channels, before, 3, 3), (channels,)
            before = channels
        return shapes

    def layer_names(self) -> tuple[str, ...]:
        """conv1_1 to the last of block 5."""
        return tuple(layer_table(self.depths))

    def layer_stride(self, layer: str) -> int:
        """By the table of layers."""
        return layer_table(self.depths)[layer][1]

    def layer_channels(self, layer: str) -> int:
        """By the table of layers."""
        return layer_table(self.depths)[layer][0]

    def work(self, layers: Sequence[str]) -> float:
        """By multiplications: each convolution's, at its resolution."""
        table, wanted, total, before = layer_table(self.depths), set(layers), 0.0, 3
        deepest = max((at for at, name in enumerate(table) if name in wanted), default=-1)
        for channels, stride in list(table.values())[: deepest + 1]:
            total += 9.0 * before * channels / stride**2
            before = channels
        return total / MULTIPLICATIONS

    def pixel_bytes(self, layers: Sequence[str], precision: str) -> float:
        """By the features of every layer down to the deepest."""
        table, wanted = layer_table(self.depths), set(layers)
        deepest = max((at for at, name in enumerate(table) if name in wanted), default=-1)
        return chain_bytes(list(table.values())[: deepest + 1], precision) if layers else 0.0

    def halo(self, layers: Sequence[str]) -> int:
        """A feature on each side for every convolution down to the deepest."""
        table, wanted = layer_table(self.depths), set(layers)
        deepest = max((at for at, name in enumerate(table) if name in wanted), default=-1)
        return sum(stride for _, stride in list(table.values())[: deepest + 1])

    def _load(self, weights: str) -> VggEncoder:
        kind = kind_of(type(self))
        name = f"{kind}/{weights}"
        store = default_store()
        if self.path is None:
            tensors, provenance = store.load(name, shapes=self.shapes())
        else:
            tensors, provenance = store.load_own(self.path, name=name, shapes=self.shapes())
        return VggEncoder(kind, self.depths, tensors, CONVENTIONS[weights], provenance, pooling=self.pooling)


class Vgg16(VggSettings):
    """VGG16 (Simonyan and Zisserman 2014), the usual network for textures and style."""

    kind: Literal["vgg16"] = "vgg16"
    weights: Literal["imagenet", "hed"] = "imagenet"
    """`imagenet`: the original; `hed`: of an edge detector grown from it (Xie, Tu 2015), whose textures are softer."""
    cites: ClassVar[tuple[str, ...]] = ("simonyan2014", "xie2015", "deng2009")

    def build(self) -> VggEncoder:
        """The network; fetches its weights on first use."""
        return self._load(self.weights)

    def weight_names(self) -> tuple[str, ...]:
        """`vgg16/imagenet` or `vgg16/hed`; none for the user's own file."""
        return () if self.path else (f"vgg16/{self.weights}",)


class Vgg19(VggSettings):
    """VGG19 (Simonyan and Zisserman 2014), the network of the first style transfer papers."""

    kind: Literal["vgg19"] = "vgg19"
    weights: Literal["imagenet"] = "imagenet"
    """`imagenet`: the original, 575 MB."""
    depths: ClassVar[tuple[int, ...]] = VGG19
    cites: ClassVar[tuple[str, ...]] = ("simonyan2014", "deng2009")

    def build(self) -> VggEncoder:
        """The network; fetches its weights on first use."""
        return self._load(self.weights)

    def weight_names(self) -> tuple[str, ...]:
        """`vgg19/imagenet`; none for the user's own file."""
        return () if self.path else (f"vgg19/{self.weights}",)
