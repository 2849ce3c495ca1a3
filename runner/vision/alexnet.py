"""AlexNet (Krizhevsky 2014): five convolutions, small and fast, and the network behind LPIPS.

Layers `conv1` ... `conv5`, after the ReLU, at strides 4, 8, 16, 16 and 16. Its first kernel is 11 pixels wide with
a stride of 4, so its textures are coarser than VGG's: it is a judge's eye rather than a painter's.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from orbifolio.runner.deferred import torch
from orbifolio.runner.vision.base import (
    Chain,
    ChainLink,
    Encoder,
    Padding,
    Pool,
    Provenance,
    VisionSettings,
    chain_bytes,
)
from orbifolio.runner.vision.chain import chain_features
from orbifolio.runner.vision.edges import Margins, check_picture
from orbifolio.runner.vision.vgg import MULTIPLICATIONS, TORCHVISION
from orbifolio.runner.vision.weights import default_store

if TYPE_CHECKING:
    from torch import Tensor

STYLE_LAYERS = ("conv1", "conv2", "conv3", "conv4")
WEIGHTS = "alexnet/imagenet"


@dataclass(frozen=True)
class AlexNetLayer:
    """One layer: a maximum over 3 x 3 features at every second one first, where `pooled`; then the convolution."""

    before: int
    after: int
    kernel: int
    pooled: bool
    stride: int  # of the layer's features, in pixels


LAYERS = {
    "conv1": AlexNetLayer(3, 64, 11, False, 4),
    "conv2": AlexNetLayer(64, 192, 5, True, 8),
    "conv3": AlexNetLayer(192, 384, 3, True, 16),
    "conv4": AlexNetLayer(384, 256, 3, False, 16),
    "conv5": AlexNetLayer(256, 256, 3, False, 16),
}
FIRST_STRIDE = 4  # of the first convolution, the only one with a stride
FIRST_PADDING = 2  # features before the first window's first pixel, as the network was trained


def weight_shapes() -> dict[str, tuple[int, ...]]:
    """Shape of every tensor of the network."""
    shapes: dict[str, tuple[int, ...]] = {}
    for name, layer in LAYERS.items():
        shapes[f"{name}.weight"] = (layer.after, layer.before, layer.kernel, layer.kernel)
        shapes[f"{name}.bias"] = (layer.after,)
    return shapes


class AlexNetEncoder(Encoder):
    """AlexNet without its classifier.

    With zeros around the picture it is the network as trained, to the number of its features: (size - 7) / 4 + 1 in
    the first layer, rounded down. Where an axis wraps or repeats its edge, windows start at the same pixels and there
    are size / stride of them.
    """

    style_layers = STYLE_LAYERS

    def __init__(self, tensors: Mapping[str, Tensor], provenance: Provenance) -> None:
        self.name, self.layers = "alexnet", tuple(LAYERS)
        self.provenance = provenance
        self._tensors = dict(tensors)
        self._dtype = torch.float32

    def features(self, picture: Tensor, layers: Sequence[str]) -> Mapping[str, Tensor]:
        """The features of these layers; nothing deeper than the deepest is computed.

        Raises:
            KeyError: the network has no such layer.
            ShapeMismatch: a side that wraps is not a multiple of the deepest layer's stride.
        """
        if unknown := sorted(set(layers) - set(LAYERS)):
            raise KeyError(f"{self.name} has no layer {unknown[0]!r}; it has {', '.join(LAYERS)}")
        if not layers:
            return {}
        check_picture(self.name, picture, max(self.stride(name) for name in layers), self.padding)
        return chain_features(self.chain(layers), picture, layers)

    def chain(self, layers: Sequence[str]) -> Chain:
        """All of it; maxima are over 3 x 3 features."""
        links: list[ChainLink] = []
        pool = Pool(True, size=3, stride=2, margins=self._margins(0, 1))
        deepest = max(self.layers.index(name) for name in layers)
        for name in self.layers[: deepest + 1]:
            layer, first = LAYERS[name], name == self.layers[0]
            margins = self._margins(FIRST_PADDING, 5) if first else (layer.kernel // 2,) * 4
            weight, bias = self._tensors[f"{name}.weight"], self._tensors[f"{name}.bias"]
            stride = FIRST_STRIDE if first else 1
            links.append(ChainLink(name, weight, bias, margins, stride, pool if layer.pooled else None))
        return Chain(TORCHVISION, tuple(links), self.padding, self._dtype)

    def _margins(self, before: int, after: int) -> Margins:
        """Margins of a step with a stride; beyond zeros there is nothing more to see after the picture."""
        rows, columns = ((before, before if edge == "zero" else after) for edge in self.padding)
        return (*rows, *columns)

    def stride(self, layer: str) -> int:
        """By the table of layers."""
        return LAYERS[layer].stride

    def channels(self, layer: str) -> int:
        """By the table of layers."""
        return LAYERS[layer].after

    def to(self, device: str, dtype: torch.dtype) -> AlexNetEncoder:
        """The same network on a device; the first convolution stays in float32, as in VGG."""
        other = copy.copy(self)
        other._dtype, other._tensors = dtype, {}
        for name, tensor in self._tensors.items():
            moved = tensor.to(device, torch.float32 if name.startswith("conv1.") else dtype)
            layout = torch.channels_last if moved.dim() == 4 else torch.contiguous_format
            other._tensors[name] = moved.contiguous(memory_format=layout)
        return other

    def padded(self, padding: tuple[Padding, Padding]) -> AlexNetEncoder:
        """The same network (sharing its weights) with another continuation over the edges."""
        other = copy.copy(self)
        other.padding = padding
        return other


class AlexNet(VisionSettings):
    """AlexNet (Krizhevsky 2014): five layers, fast, with coarse textures."""

    kind: Literal["alexnet"] = "alexnet"
    default_style_layers: ClassVar[tuple[str, ...]] = STYLE_LAYERS
    cites: ClassVar[tuple[str, ...]] = ("krizhevsky2014", "deng2009")

    def build(self) -> AlexNetEncoder:
        """The network with ImageNet's weights; fetches them on first use."""
        return AlexNetEncoder(*default_store().load(WEIGHTS, shapes=weight_shapes()))

    def layer_names(self) -> tuple[str, ...]:
        """conv1 to conv5."""
        return tuple(LAYERS)

    def layer_stride(self, layer: str) -> int:
        """By the table of layers."""
        return LAYERS[layer].stride

    def layer_channels(self, layer: str) -> int:
        """By the table of layers."""
        return LAYERS[layer].after

    def work(self, layers: Sequence[str]) -> float:
        """By multiplications: each convolution's, at its resolution."""
        total, wanted = 0.0, set(layers) & set(LAYERS)
        for name, layer in LAYERS.items():
            if not wanted:
                break
            total += layer.kernel**2 * layer.before * layer.after / layer.stride**2
            wanted.discard(name)
        return total / MULTIPLICATIONS

    def pixel_bytes(self, layers: Sequence[str], precision: str) -> float:
        """By the features of every layer down to the deepest."""
        deepest = max((at for at, name in enumerate(LAYERS) if name in set(layers)), default=-1)
        table = [(layer.after, layer.stride) for layer in list(LAYERS.values())[: deepest + 1]]
        return chain_bytes(table, precision) if layers else 0.0

    def halo(self, layers: Sequence[str]) -> int:
        """Half a window for every convolution and pool down to the deepest."""
        deepest = max((at for at, name in enumerate(LAYERS) if name in set(layers)), default=-1)
        sides, before = 0, 1
        for layer in list(LAYERS.values())[: deepest + 1]:
            sides += before * layer.kernel // 2 + (before if layer.pooled else 0)
            before = layer.stride
        return sides

    def weight_names(self) -> tuple[str, ...]:
        """The network's one file."""
        return (WEIGHTS,)
