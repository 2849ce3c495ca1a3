"""What all networks share: a frozen network is named tensors and a walk that yields (layer, features).

The walk goes shallow to deep and is left as soon as the last wanted layer has come, so nothing deeper is
computed. Tensors are shared between the differently padded copies of a network.
"""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from runner.errors import ShapeMismatch
from runner.vision.base import Encoder, Padding, Provenance, VisionSettings
from runner.vision.edges import extend, same_margins


@dataclass(frozen=True)
class Layer:
    """A row of a network's table.

    Attributes:
        name: as recipes spell it.
        stride: pixels per feature along each axis.
        channels: number of channels.
    """

    name: str
    stride: int
    channels: int


class LayeredSettings(VisionSettings):
    """Settings of a network whose layers are known from a table, without loading weights."""

    def table(self) -> tuple[Layer, ...]:
        """The layers, shallow to deep."""
        raise NotImplementedError(type(self).__name__)

    def layer_names(self) -> tuple[str, ...]:
        """All layer names, shallow to deep."""
        return tuple(layer.name for layer in self.table())

    def layer_stride(self, layer: str) -> int:
        """A layer's stride."""
        return find_layer(self.table(), layer).stride

    def layer_channels(self, layer: str) -> int:
        """A layer's number of channels."""
        return find_layer(self.table(), layer).channels

    def weight_names(self) -> tuple[str, ...]:
        """None, unless a network says otherwise."""
        return ()


def find_layer(table: Sequence[Layer], name: str) -> Layer:
    """The layer of this name.

    Raises:
        KeyError: no such layer; names all that there are.
    """
    for layer in table:
        if layer.name == name:
            return layer
    raise KeyError(f"no layer {name!r}; the layers are {', '.join(layer.name for layer in table)}")


class FrozenEncoder(Encoder):
    """A network given by named tensors.

    Attributes:
        tensors: `<layer>.weight` and `<layer>.bias`, none of which requires a gradient.
        dtype: of the features.
        exact: names (before the dot) of layers that stay in float32 whatever the dtype.
    """

    exact: frozenset[str] = frozenset()

    def __init__(
        self, name: str, table: Sequence[Layer], tensors: Mapping[str, Tensor], provenance: Provenance
    ) -> None:
        self.name = name
        self.table = tuple(table)
        self.layers = tuple(layer.name for layer in self.table)
        self.provenance = provenance
        self.dtype = torch.float32
        self.tensors = {key: self._place(key, value, "cpu", torch.float32) for key, value in tensors.items()}

    def stride(self, layer: str) -> int:
        """Pixels per feature along each axis."""
        return find_layer(self.table, layer).stride

    def channels(self, layer: str) -> int:
        """Number of channels of a layer."""
        return find_layer(self.table, layer).channels

    def to(self, device: str, dtype: torch.dtype) -> FrozenEncoder:
        """The same network on a device, computing in a dtype (channels_last)."""
        other = copy.copy(self)
        other.dtype = dtype
        other.tensors = {key: self._place(key, value, device, dtype) for key, value in self.tensors.items()}
        return other

    def padded(self, padding: tuple[Padding, Padding]) -> FrozenEncoder:
        """The same network (sharing its weights) with another continuation over the edges."""
        other = copy.copy(self)
        other.padding = padding
        return other

    def features(self, picture: Tensor, layers: Sequence[str]) -> Mapping[str, Tensor]:
        """The features of these layers; nothing deeper than the deepest is computed.

        Raises:
            KeyError: an unknown layer.
            ShapeMismatch: not a picture, or a side that wraps is no multiple of the deepest layer's stride.
        """
        wanted = [find_layer(self.table, name) for name in layers]
        if not wanted:
            return {}
        self._check(picture, max(wanted, key=lambda layer: layer.stride))
        missing = {layer.name for layer in wanted}
        found: dict[str, Tensor] = {}
        for name, features in self.walk(self.enter(picture.float())):
            if name in missing:
                found[name] = features
                missing.remove(name)
                if not missing:
                    break
        return {name: found[name] for name in layers}

    @abstractmethod
    def enter(self, picture: Tensor) -> Tensor:
        """The picture in the network's own input convention, float32."""

    @abstractmethod
    def walk(self, x: Tensor) -> Iterator[tuple[str, Tensor]]:
        """All layers' features, in the order of the table."""

    def convolve(self, x: Tensor, name: str, *, stride: int = 1, groups: int = 1) -> Tensor:
        """A convolution with `same` margins, in the dtype of its weights; the result in the network's."""
        weight = self.tensors[f"{name}.weight"]
        x = self.extended(x.to(weight.dtype), (weight.shape[-2], weight.shape[-1]), stride)
        y = functional.conv2d(x, weight, self.tensors.get(f"{name}.bias"), stride=stride, groups=groups)
        return y.to(self.dtype)

    def extended(self, x: Tensor, kernel: tuple[int, int], stride: int) -> Tensor:
        """Features with the margins that a kernel needs."""
        top, bottom = same_margins(x.shape[-2], kernel[0], stride, self.padding[0])
        left, right = same_margins(x.shape[-1], kernel[1], stride, self.padding[1])
        return extend(x, (top, bottom, left, right), self.padding)

    def _place(self, key: str, value: Tensor, device: str, dtype: torch.dtype) -> Tensor:
        kept = torch.float32 if key.rpartition(".")[0] in self.exact else dtype
        value = value.detach().to(device=device, dtype=kept)
        return value.contiguous(memory_format=torch.channels_last) if value.ndim == 4 else value

    def _check(self, picture: Tensor, deepest: Layer) -> None:
        if picture.ndim != 4 or picture.shape[1] != 3:
            raise ShapeMismatch(
                f"{self.name}: picture", expected=("batch", 3, "height", "width"), actual=picture.shape
            )
        for axis, side in ((0, "height"), (1, "width")):
            size = picture.shape[2 + axis]
            if size < deepest.stride or (self.padding[axis] == "wrap" and size % deepest.stride):
                rule = "a multiple of" if self.padding[axis] == "wrap" else "at least"
                expected: list[object] = ["batch", 3, "height", "width"]
                expected[2 + axis] = f"{side} {rule} {deepest.stride}, the stride of {deepest.name}"
                raise ShapeMismatch(f"{self.name}: picture", expected=expected, actual=picture.shape)
