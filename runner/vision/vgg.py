"""VGG16 and VGG19: five blocks of 3 x 3 convolutions, the networks whose Gram matrices make textures.

Layers `conv1_1` ... `conv5_3` (`conv5_4` in VGG19), after the ReLU. Pooling between blocks averages unless
asked otherwise: Gatys et al. (2015) found average pooling to give cleaner pictures than the maximum the
networks were trained with, and only with it do bfloat16 gradients agree with float32's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar, Literal

import torch
from pydantic import field_validator
from torch import Tensor
from torch.nn import functional

from runner.vision.base import Provenance
from runner.vision.encoder import FrozenEncoder, Layer, LayeredSettings
from runner.vision.own_file import own_vgg
from runner.vision.shapes import VGG16_BLOCKS, VGG19_BLOCKS, VGG_WIDTHS, vgg_layers
from runner.vision.weights import default_store

Pooling = Literal["average", "max"]
STYLE_LAYERS = ("conv1_1", "conv2_1", "conv3_1", "conv4_1")

CAFFE_MEAN = (104.007, 116.669, 122.679)  # of ImageNet: blue, green, red, of 255
IMAGENET_MEAN = (0.485, 0.456, 0.406)  # red, green, blue, of 1
IMAGENET_DEVIATION = (0.229, 0.224, 0.225)


def vgg_table(blocks: tuple[int, ...], widths: tuple[int, ...] = VGG_WIDTHS) -> tuple[Layer, ...]:
    """The layers of a network with this many convolutions in each block."""
    return tuple(Layer(name, 2 ** (block - 1), widths[block - 1]) for name, block in vgg_layers(blocks))


class VggEncoder(FrozenEncoder):
    """A VGG network without its classifier.

    The first convolution stays in float32: a picture rounded to bfloat16 has 8 bits, and its gradient's
    cosine to float32's drops from 0.9998 to 0.9990 (random weights and cotangents, to conv4_1).
    """

    exact = frozenset({"conv1_1"})
    style_layers = STYLE_LAYERS

    def __init__(
        self, name: str, table: tuple[Layer, ...], tensors: Mapping[str, Tensor], provenance: Provenance,
        *, convention: str, pooling: Pooling,
    ) -> None:
        super().__init__(name, table, tensors, provenance)
        self.convention = convention
        self.pooling = pooling

    def enter(self, picture: Tensor) -> Tensor:
        """Blue, green, red of 255 less the mean (`caffe`), or red, green, blue standardised (`torchvision`)."""
        if self.convention == "caffe":
            return picture.flip(1) * 255 - _column(CAFFE_MEAN, picture)
        return (picture - _column(IMAGENET_MEAN, picture)) / _column(IMAGENET_DEVIATION, picture)

    def walk(self, x: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Convolution, ReLU; pooling in front of each block but the first."""
        x = x.contiguous(memory_format=torch.channels_last)
        stride = 1
        for layer in self.table:
            if layer.stride != stride:
                x = functional.avg_pool2d(x, 2) if self.pooling == "average" else functional.max_pool2d(x, 2)
                stride = layer.stride
            x = functional.relu_(self.convolve(x, layer.name))
            yield layer.name, x


def _column(values: tuple[float, float, float], like: Tensor) -> Tensor:
    return torch.tensor(values, dtype=like.dtype, device=like.device).view(1, 3, 1, 1)


class VggSettings(LayeredSettings):
    """What VGG16 and VGG19 have in common."""

    published: ClassVar[tuple[str, ...]] = ()
    blocks: ClassVar[tuple[int, ...]] = ()
    default_style_layers: ClassVar[tuple[str, ...]] = STYLE_LAYERS

    weights: str = "imagenet"
    """Which weights: a published name, or `path:FILE` for a file of one's own (.safetensors, .pth, .pt, .h5)."""
    pooling: Pooling = "average"
    """Between blocks: the average (cleaner textures) or the maximum (as the network was trained)."""
    convention: Literal["auto", "caffe", "torchvision"] = "auto"
    """What a file of one's own expects: `caffe` is BGR of 255 less the mean, `torchvision` is RGB standardised."""

    @field_validator("weights")
    @classmethod
    def _known(cls, value: str) -> str:
        if value in cls.published or (value.startswith("path:") and value != "path:"):
            return value
        raise ValueError(f"{value!r} names no weights; use {', '.join(cls.published)} or path:FILE")

    @property
    def half_precision(self) -> bool:
        """With average pooling only: bfloat16 flips the winners of maximum pooling (cosine 0.969)."""
        return self.pooling == "average"

    def table(self) -> tuple[Layer, ...]:
        """The layers, shallow to deep."""
        return vgg_table(self.blocks)

    def weight_names(self) -> tuple[str, ...]:
        """`vgg16/hed` and the like; none for a file of one's own."""
        return () if self.weights.startswith("path:") else (f"{self._kind()}/{self.weights}",)

    def build(self) -> VggEncoder:
        """The network in float32 on the CPU; fetches its weights on first use.

        Raises:
            MissingWeights: published weights that are not here and could not be fetched.
            InputError: a file of one's own that is missing, unreadable or of another network.
        """
        if self.weights.startswith("path:"):
            path = Path(self.weights.removeprefix("path:")).expanduser()
            loaded = own_vgg(path, self._kind(), self.blocks, self.convention)
        else:
            loaded = default_store().load(f"{self._kind()}/{self.weights}")
        return VggEncoder(
            self._kind(), self.table(), loaded.tensors, loaded.provenance,
            convention=loaded.convention, pooling=self.pooling,
        )

    @classmethod
    def _kind(cls) -> str:
        return str(cls.model_fields["kind"].default)


class Vgg16(VggSettings):
    """VGG16 (Simonyan and Zisserman 2014), the best known network for textures and style."""

    kind: Literal["vgg16"] = "vgg16"
    weights: str = "hed"
    """`hed` (VGG16 retuned for edges, small download), `imagenet` (the original, large), or `path:FILE`."""
    published: ClassVar[tuple[str, ...]] = ("hed", "imagenet")
    blocks: ClassVar[tuple[int, ...]] = VGG16_BLOCKS
    cites: ClassVar[tuple[str, ...]] = ("simonyan2014", "xie2015", "deng2009")


class Vgg19(VggSettings):
    """VGG19 (Simonyan and Zisserman 2014), the network of the first style transfer papers."""

    kind: Literal["vgg19"] = "vgg19"
    weights: str = "imagenet"
    """`imagenet` (large download), or `path:FILE` for a file of one's own."""
    published: ClassVar[tuple[str, ...]] = ("imagenet",)
    blocks: ClassVar[tuple[int, ...]] = VGG19_BLOCKS
    cites: ClassVar[tuple[str, ...]] = ("simonyan2014", "deng2009")
