"""Inception v3 (Szegedy et al. 2016) up to its block `mixed5`: the classic network of deep dreams.

Layers `conv1` ... `conv5` of the stem and `mixed0` ... `mixed5`. Deeper blocks are left out: the weights that
packages carry are ImageNet's only up to there.

Where the network does not pad (`valid`), a wrapped picture is continued at the bottom and right, which preserves
the period; untiled pictures lose the border, as in training.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import torch
from torch import Tensor
from torch.nn import functional

from orbifolio.runner.vision.base import Encoder, Padding, Provenance, VisionSettings, wraps
from orbifolio.runner.vision.edges import check_picture, extend
from orbifolio.runner.vision.weights import default_store

# Convolutions in Keras' order of creation: (in, out, kernel height, kernel width, stride, same padding).
Shape = tuple[int, int, int, int, int, bool]


def _convolutions() -> tuple[Shape, ...]:
    shapes: list[Shape] = [
        (3, 32, 3, 3, 2, False),
        (32, 32, 3, 3, 1, False),
        (32, 64, 3, 3, 1, True),
        (64, 80, 1, 1, 1, False),
        (80, 192, 3, 3, 1, False),
    ]

    def add(before: int, after: int, height: int = 1, width: int = 1, stride: int = 1, same: bool = True) -> int:
        shapes.append((before, after, height, width, stride, same))
        return after

    for entry, pooled in ((192, 32), (256, 64), (288, 64)):  # mixed0 to mixed2
        add(entry, 64)
        add(add(entry, 48), 64, 5, 5)
        add(add(add(entry, 64), 96, 3, 3), 96, 3, 3)
        add(entry, pooled)
    add(288, 384, 3, 3, 2, False)  # mixed3
    add(add(add(288, 64), 96, 3, 3), 96, 3, 3, 2, False)
    for middle in (128, 160):  # mixed4, mixed5
        add(768, 192)
        add(add(add(768, middle), middle, 1, 7), 192, 7, 1)
        add(add(add(add(add(768, middle), middle, 7, 1), middle, 1, 7), middle, 7, 1), 192, 1, 7)
        add(768, 192)
    return tuple(shapes)


CONVOLUTIONS = _convolutions()
LAYERS = {
    "conv1": (32, 2),
    "conv2": (32, 2),
    "conv3": (64, 2),
    "conv4": (80, 4),
    "conv5": (192, 4),
    "mixed0": (256, 8),
    "mixed1": (288, 8),
    "mixed2": (288, 8),
    "mixed3": (768, 16),
    "mixed4": (768, 16),
    "mixed5": (768, 16),
}
STYLE_LAYERS = ("conv1", "conv3", "conv5", "mixed1")  # of strides 2, 2, 4 and 8: from grain to motifs


def weight_shapes() -> dict[str, tuple[int, ...]]:
    """Shape of every tensor of the converted file; convolutions count from 1."""
    shapes: dict[str, tuple[int, ...]] = {}
    for number, (before, after, height, width, _, _) in enumerate(CONVOLUTIONS, start=1):
        shapes[f"{number}.weight"], shapes[f"{number}.bias"] = (after, before, height, width), (after,)
    return shapes


class InceptionEncoder(Encoder):
    """The convolutions and pools up to mixed5."""

    name = "inception-v3"
    layers = tuple(LAYERS)
    style_layers = STYLE_LAYERS

    def __init__(self, tensors: Mapping[str, Tensor], provenance: Provenance) -> None:
        self.provenance = provenance
        self._dtype = torch.float32
        self._tensors = dict(tensors)

    def features(self, picture: Tensor, layers: Sequence[str]) -> Mapping[str, Tensor]:
        """Features by layer; see the base class."""
        wanted = set(layers)
        if wanted - LAYERS.keys():
            unknown = min(wanted - LAYERS.keys())
            raise KeyError(f"{self.name} has no layer {unknown!r}; it has {', '.join(LAYERS)}")
        outputs: dict[str, Tensor] = {}
        if not wanted:
            return outputs
        check_picture(self.name, picture, max(self.stride(name) for name in wanted), self.padding)
        x = (picture.float() * 2 - 1).to(self._dtype).contiguous(memory_format=torch.channels_last)
        number = 0

        def convolve(value: Tensor) -> Tensor:
            nonlocal number
            number += 1
            return self._convolve(value, number)

        def chain(value: Tensor, length: int) -> Tensor:
            for _ in range(length):
                value = convolve(value)
            return value

        for name in LAYERS:
            if not wanted - outputs.keys():
                break
            if name in ("conv4", "mixed0"):
                x = self._shrink(x)
            if name.startswith("conv"):
                x = convolve(x)
            elif name in ("mixed0", "mixed1", "mixed2"):
                x = torch.cat([chain(x, 1), chain(x, 2), chain(x, 3), convolve(self._smooth(x))], dim=1)
            elif name == "mixed3":
                x = torch.cat([chain(x, 1), chain(x, 3), self._shrink(x)], dim=1)
            else:
                x = torch.cat([chain(x, 1), chain(x, 3), chain(x, 5), convolve(self._smooth(x))], dim=1)
            if name in wanted:
                outputs[name] = x
        return outputs

    def _convolve(self, x: Tensor, number: int) -> Tensor:
        _, _, height, width, stride, same = CONVOLUTIONS[number - 1]
        if same:
            x = extend(x, (height // 2, height // 2, width // 2, width // 2), self.padding)
        else:
            x = self._closed(x, height - stride, width - stride)
        weight, bias = self._tensors[f"{number}.weight"], self._tensors[f"{number}.bias"]
        return functional.relu(functional.conv2d(x, weight, bias, stride=stride))

    def _shrink(self, x: Tensor) -> Tensor:
        """Maximum over 3 x 3, stride 2, without padding."""
        return functional.max_pool2d(self._closed(x, 1, 1), 3, stride=2)

    def _closed(self, x: Tensor, below: int, right: int) -> Tensor:
        """The input of a layer that does not pad, continued along the axes that wrap to preserve the period."""
        return extend(
            x,
            (0, below if wraps(self.padding[0]) else 0, 0, right if wraps(self.padding[1]) else 0),
            self.padding,
        )

    def _smooth(self, x: Tensor) -> Tensor:
        """Average over 3 x 3, stride 1; at an edge that does not wrap, over the features inside only."""
        rows, columns = (int(wraps(edge)) for edge in self.padding)
        x = extend(x, (rows, rows, columns, columns), self.padding)
        return functional.avg_pool2d(x, 3, stride=1, padding=(1 - rows, 1 - columns), count_include_pad=False)

    def stride(self, layer: str) -> int:
        """By the table of layers."""
        return LAYERS[layer][1]

    def channels(self, layer: str) -> int:
        """By the table of layers."""
        return LAYERS[layer][0]

    def to(self, device: str, dtype: torch.dtype) -> InceptionEncoder:
        """A copy on a device in a dtype."""
        copy = self._copy()
        copy._dtype = dtype
        copy._tensors = {}
        for name, tensor in self._tensors.items():
            moved = tensor.to(device, dtype)
            layout = torch.channels_last if moved.dim() == 4 else torch.contiguous_format
            copy._tensors[name] = moved.contiguous(memory_format=layout)
        return copy

    def padded(self, padding: tuple[Padding, Padding]) -> InceptionEncoder:
        """A copy that shares its weights."""
        copy = self._copy()
        copy.padding = padding
        return copy

    def _copy(self) -> InceptionEncoder:
        copy = InceptionEncoder.__new__(InceptionEncoder)
        copy.__dict__.update(self.__dict__)
        return copy


class InceptionV3(VisionSettings):
    """The network of the classic deep dreams, up to mixed5."""

    kind: Literal["inception-v3"] = "inception-v3"
    default_style_layers: ClassVar[tuple[str, ...]] = STYLE_LAYERS
    cites: ClassVar[tuple[str, ...]] = ("szegedy2016",)

    def build(self) -> InceptionEncoder:
        """The network; fetches its weights on first use."""
        return InceptionEncoder(*default_store().load("inception-v3/imagenet", shapes=weight_shapes()))

    def work(self, layers: Sequence[str]) -> float:
        """Measured on pictures of 224 to 400 px."""
        return 0.35 if layers else 0.0

    def layer_names(self) -> tuple[str, ...]:
        """conv1 to conv5, mixed0 to mixed5."""
        return tuple(LAYERS)

    def layer_stride(self, layer: str) -> int:
        """By the table of layers."""
        return LAYERS[layer][1]

    def layer_channels(self, layer: str) -> int:
        """By the table of layers."""
        return LAYERS[layer][0]

    def weight_names(self) -> tuple[str, ...]:
        """The network's one file."""
        return ("inception-v3/imagenet",)
