"""EfficientNet-Lite (Tan and Le 2019, the variants without squeeze-and-excitation, with ReLU6).

Small networks that name the 1000 classes of ImageNet; the weights of Lite0 come with a plain dependency, so it is
there offline. Lite1 has more blocks, Lite2 more channels too. Layers: `stem`; in block b of stage s `s.be` after the
expansion, `s.bd` after the depthwise convolution, `s.bo` the block's output; `head`; `logits`. Each but the last also
has what its batch normalisation gives, before activation and shortcut: `stem.norm`, `s.be.norm` and so on.

Batch normalisation is folded into the convolutions; mean and deviation of what it gave are kept. Strided convolutions
pad like TensorFlow's `same`: more at the bottom and right, so that a wrapped tile keeps its period.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from orbifolio.runner.deferred import functional, torch
from orbifolio.runner.settings import family
from orbifolio.runner.vision.base import ChannelStatistics, Encoder, Padding, Provenance, VisionSettings
from orbifolio.runner.vision.edges import check_picture, extend, same_margins
from orbifolio.runner.vision.efficientnet_names import LITE0, LITE1, LITE2
from orbifolio.runner.vision.imagenet import class_names
from orbifolio.runner.vision.weights import default_store

if TYPE_CHECKING:
    from torch import Tensor

# (kernel, stride, expansion, channels) of each stage, of the narrowest network.
STAGES = ((3, 1, 1, 16), (3, 2, 6, 24), (5, 2, 6, 40), (3, 2, 6, 80), (5, 1, 6, 112), (5, 2, 6, 192), (3, 1, 6, 320))
STEM, HEAD, CLASSES = 32, 1280, 1000  # channels of stem and head, and classes of ImageNet
NORMALISED = ".norm"  # ends the names of what batch normalisation gives
STYLE_LAYERS = ("stem", "1.1d", "2.1e", "2.2e", "3.2e", "4.3e", "5.3e")  # of strides 2, 2, 2, 4, 8, 16 and 16


@dataclass(frozen=True)
class InvertedBottleneck:
    """One inverted residual block."""

    name: str
    before: int
    after: int
    kernel: int
    stride: int
    expansion: int
    at: int  # stride of its input


@dataclass(frozen=True)
class Architecture:
    """What distinguishes the networks of the family.

    Attributes:
        name: as a recipe spells the kind.
        repeats: blocks in each stage.
        width: factor of the stages' channels, which are then rounded to multiples of eight.
    """

    name: str
    repeats: tuple[int, ...]
    width: float = 1.0

    @cached_property
    def blocks(self) -> tuple[InvertedBottleneck, ...]:
        """All blocks, shallow to deep."""
        blocks, before, at = [], STEM, 2
        for stage, (count, (kernel, first, expansion, narrow)) in enumerate(zip(self.repeats, STAGES, strict=True), 1):
            channels = int(narrow * self.width + 4) // 8 * 8
            for number in range(1, count + 1):
                stride = first if number == 1 else 1
                blocks.append(InvertedBottleneck(f"{stage}.{number}", before, channels, kernel, stride, expansion, at))
                before, at = channels, at * stride
        return tuple(blocks)

    @cached_property
    def layers(self) -> dict[str, tuple[int, int]]:
        """(channels, stride) by layer name, shallow to deep."""
        layers: dict[str, tuple[int, int]] = {}
        for name, shape in self.convolutions.items():
            layers |= {f"{name}{NORMALISED}": shape, name: shape}
        layers["logits"] = (CLASSES, 32)
        return layers

    @cached_property
    def convolutions(self) -> dict[str, tuple[int, int]]:
        """(channels, stride) of what every convolution gives, by its name, shallow to deep."""
        convolutions = {"stem": (STEM, 2)}
        for block in self.blocks:
            if block.expansion > 1:
                convolutions[f"{block.name}e"] = (block.before * block.expansion, block.at)
            convolutions[f"{block.name}d"] = (block.before * block.expansion, block.at * block.stride)
            convolutions[f"{block.name}o"] = (block.after, block.at * block.stride)
        return convolutions | {"head": (HEAD, 32)}

    @property
    def normalised(self) -> tuple[str, ...]:
        """The layers that statistics are kept of, shallow to deep."""
        return tuple(f"{name}{NORMALISED}" for name in self.convolutions)

    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Shape of every tensor of the converted file."""
        shapes: dict[str, tuple[int, ...]] = {"stem.weight": (STEM, 3, 3, 3), "stem.bias": (STEM,)}
        for block in self.blocks:
            wide = block.before * block.expansion
            if block.expansion > 1:
                shapes |= {f"{block.name}e.weight": (wide, block.before, 1, 1), f"{block.name}e.bias": (wide,)}
            shapes |= {f"{block.name}d.weight": (wide, 1, block.kernel, block.kernel)}
            shapes |= {f"{block.name}d.bias": (wide,)}
            shapes |= {f"{block.name}o.weight": (block.after, wide, 1, 1), f"{block.name}o.bias": (block.after,)}
        shapes |= {"head.weight": (HEAD, self.blocks[-1].after, 1, 1), "head.bias": (HEAD,)}
        for name, (channels, _) in self.convolutions.items():
            shapes |= {f"{name}.mean": (channels,), f"{name}.deviation": (channels,)}
        return shapes | {"logits.weight": (CLASSES, HEAD), "logits.bias": (CLASSES,)}


class EfficientNetEncoder(Encoder):
    """Computes features and class scores, with batch normalisation folded into the convolutions."""

    style_layers = STYLE_LAYERS

    def __init__(self, architecture: Architecture, tensors: Mapping[str, Tensor], provenance: Provenance) -> None:
        self.architecture = architecture
        self.name, self.layers = architecture.name, tuple(architecture.layers)
        self.padding = ("zero", "zero")
        self.provenance = provenance
        self.classes = class_names()
        self._dtype = torch.float32
        self._tensors = dict(tensors)

    @property
    def statistics(self) -> Mapping[str, ChannelStatistics]:
        """Of every `.norm` layer; see the base class."""
        tensors = self._tensors
        return {
            f"{name}{NORMALISED}": ChannelStatistics(tensors[f"{name}.mean"], tensors[f"{name}.deviation"])
            for name in self.architecture.convolutions
        }

    def features(self, picture: Tensor, layers: Sequence[str]) -> Mapping[str, Tensor]:
        """Features by layer; see the base class."""
        wanted = set(layers)
        if unknown := sorted(wanted - set(self.layers)):
            raise KeyError(f"{self.name} has no layer {unknown[0]!r}; it has {', '.join(self.layers)}")
        outputs: dict[str, Tensor] = {}
        if not wanted:
            return outputs
        check_picture(self.name, picture, max(self.stride(name) for name in wanted), self.padding)
        x = ((picture.float() * 255 - 127) / 128).to(self._dtype)
        x = x.contiguous(memory_format=torch.channels_last)

        def record(name: str, value: Tensor) -> bool:
            """Record a layer that is wanted; True once nothing deeper is."""
            if name in wanted:
                outputs[name] = value
            return not wanted - outputs.keys()

        def normalised(name: str, before: Tensor, stride: int = 1) -> Tensor:
            value = self._convolve(before, name, stride=stride)
            record(f"{name}{NORMALISED}", value)
            return value

        x = normalised("stem", x, 2).clamp(0, 6)
        if record("stem", x):
            return outputs
        for block in self.architecture.blocks:
            entry = x
            if block.expansion > 1:
                x = normalised(f"{block.name}e", x).clamp(0, 6)
                if record(f"{block.name}e", x):
                    return outputs
            x = normalised(f"{block.name}d", x, block.stride).clamp(0, 6)
            if record(f"{block.name}d", x):
                return outputs
            x = normalised(f"{block.name}o", x)
            if block.stride == 1 and block.before == block.after:
                x = x + entry
            if record(f"{block.name}o", x):
                return outputs
        x = normalised("head", x).clamp(0, 6)
        if record("head", x):
            return outputs
        weight, bias = self._tensors["logits.weight"], self._tensors["logits.bias"]
        outputs["logits"] = functional.linear(x.mean(dim=(2, 3)).to(weight.dtype), weight, bias)
        return outputs

    def _convolve(self, x: Tensor, name: str, *, stride: int = 1) -> Tensor:
        weight, bias = self._tensors[f"{name}.weight"], self._tensors[f"{name}.bias"]
        groups = weight.shape[0] if weight.shape[1] == 1 and name.endswith("d") else 1
        # oneDNN's bf16 gradient of strided depthwise convolutions is 12 to 47 times slower than its fp32.
        rows, columns = (same_margins(size, weight.shape[-1], stride) for size in x.shape[-2:])
        x = extend(x.to(weight.dtype), (*rows, *columns), self.padding)
        return functional.conv2d(x, weight, bias, stride=stride, groups=groups).to(self._dtype)

    def stride(self, layer: str) -> int:
        """By the table of layers."""
        return self.architecture.layers[layer][1]

    def channels(self, layer: str) -> int:
        """By the table of layers."""
        return self.architecture.layers[layer][0]

    def to(self, device: str, dtype: torch.dtype) -> EfficientNetEncoder:
        """A copy on a device in a dtype; strided depthwise convolutions and the scores stay in float32."""
        copy = self._copy()
        copy._dtype = dtype
        strided = {f"{block.name}d" for block in self.architecture.blocks if block.stride > 1} | {"logits"}
        copy._tensors = {}
        for name, tensor in self._tensors.items():
            layer, _, part = name.rpartition(".")
            precision = torch.float32 if layer in strided or part in ("mean", "deviation") else dtype
            moved = tensor.to(device, precision)
            layout = torch.channels_last if moved.dim() == 4 else torch.contiguous_format
            copy._tensors[name] = moved.contiguous(memory_format=layout)
        return copy

    def padded(self, padding: tuple[Padding, Padding]) -> EfficientNetEncoder:
        """A copy that shares its weights."""
        copy = self._copy()
        # Its scores need the zeros it was trained with: an espresso of probability 0.94 falls to 0.27 where
        # edges are repeated instead.
        copy.padding = tuple("zero" if edge == "replicate" else edge for edge in padding)  # type: ignore[assignment]
        return copy

    def _copy(self) -> EfficientNetEncoder:
        copy = EfficientNetEncoder.__new__(EfficientNetEncoder)
        copy.__dict__.update(self.__dict__)
        return copy


class EfficientNetLite(VisionSettings):
    """What the networks of this family have in common."""

    architecture: ClassVar[Architecture]
    default_style_layers: ClassVar[tuple[str, ...]] = STYLE_LAYERS
    cites: ClassVar[tuple[str, ...]] = ("tan2019", "deng2009")

    def build(self) -> EfficientNetEncoder:
        """The network with ImageNet's weights."""
        (name,) = self.weight_names()
        loaded = default_store().load(name, shapes=self.architecture.weight_shapes())
        return EfficientNetEncoder(self.architecture, *loaded)

    def work(self, layers: Sequence[str]) -> float:
        """Measured on pictures of 224 to 400 px."""
        return 0.35 if layers else 0.0

    def layer_names(self) -> tuple[str, ...]:
        """From stem to logits."""
        return tuple(self.architecture.layers)

    def normalised_layers(self) -> tuple[str, ...]:
        """All that end in `.norm`."""
        return self.architecture.normalised

    def layer_stride(self, layer: str) -> int:
        """By the table of layers."""
        return self.architecture.layers[layer][1]

    def layer_channels(self, layer: str) -> int:
        """By the table of layers."""
        return self.architecture.layers[layer][0]

    def class_names(self) -> tuple[str, ...]:
        """The 1000 classes of ImageNet."""
        return class_names()

    def weight_names(self) -> tuple[str, ...]:
        """The network's one file."""
        return (f"{self.architecture.name}/imagenet",)


class EfficientNetLite0(EfficientNetLite):
    """Small and fast, knows the names of 1000 classes, and comes with the program."""

    kind: Literal["efficientnet-lite0"] = "efficientnet-lite0"
    architecture: ClassVar[Architecture] = Architecture("efficientnet-lite0", LITE0)


class EfficientNetLite1(EfficientNetLite):
    """The same with more layers; knows the same 1000 classes a little better."""

    kind: Literal["efficientnet-lite1"] = "efficientnet-lite1"
    architecture: ClassVar[Architecture] = Architecture("efficientnet-lite1", LITE1)


class EfficientNetLite2(EfficientNetLite):
    """The same with more layers and more channels."""

    kind: Literal["efficientnet-lite2"] = "efficientnet-lite2"
    architecture: ClassVar[Architecture] = Architecture("efficientnet-lite2", LITE2, 1.1)


CLASSIFIERS = (EfficientNetLite0, EfficientNetLite1, EfficientNetLite2)
AnyClassifier: Any = family(*CLASSIFIERS)
