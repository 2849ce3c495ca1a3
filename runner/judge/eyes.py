"""An eye is a pair of functions: crops -> their statistics, and (statistics, statistics) -> how far apart they are.

Statistics are means over places, so that those of several crops, pictures, colours and scales are pooled by their plain
mean. Distances are of the same kind for all sizes of picture; their units differ from eye to eye, and mean nothing
before `style_distance` has put them between a style's own halves and an unrelated picture.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from orbifolio.runner.deferred import torch
from orbifolio.runner.vision.alexnet import LAYERS as ALEXNET_LAYERS
from orbifolio.runner.vision.alexnet import STYLE_LAYERS as ALEXNET_STYLE
from orbifolio.runner.vision.alexnet import WEIGHTS as ALEXNET
from orbifolio.runner.vision.alexnet import AlexNet
from orbifolio.runner.vision.base import Encoder, Provenance
from orbifolio.runner.vision.efficientnet import STYLE_LAYERS as EFFICIENTNET_STYLE
from orbifolio.runner.vision.efficientnet import EfficientNetLite2
from orbifolio.runner.vision.style_predictor import WEIGHTS as STYLE_PREDICTOR
from orbifolio.runner.vision.style_predictor import StylePredictor, load_style_predictor

if TYPE_CHECKING:
    from torch import Tensor

MIN_NORM = 1e-12  # keeps quotients finite where nothing is seen


class Eye(ABC):
    """The base of all eyes."""

    name: ClassVar[str]
    title: ClassVar[str]
    weights: ClassVar[str]
    """Name of its weights; where a recipe's own network has them, the eye is left out."""
    provenance: Provenance

    @classmethod
    @abstractmethod
    def open(cls) -> Eye:
        """The eye with its published weights, fetched on first use.

        Raises:
            MissingWeights: they are not here and cannot be fetched.
        """

    @abstractmethod
    def look(self, crops: Tensor) -> Tensor:
        """(n, 3, side, side) sRGB in [0, 1] -> (n, d) statistics of each."""

    @abstractmethod
    def distance(self, first: Tensor, second: Tensor) -> float:
        """How far apart two pooled statistics, (d,) each, are; at least 0, and 0 for equal ones."""


class StyleCodeEye(Eye):
    """The style predictor's 100 numbers: their Euclidean distance."""

    name = "style-code"
    title = "Style code"
    weights = STYLE_PREDICTOR

    def __init__(self, network: StylePredictor) -> None:
        self.network, self.provenance = network, network.provenance

    @classmethod
    def open(cls) -> StyleCodeEye:
        """With Magenta's weights."""
        return cls(load_style_predictor())

    def look(self, crops: Tensor) -> Tensor:
        """The codes: (n, 100)."""
        return self.network.codes(crops)

    def distance(self, first: Tensor, second: Tensor) -> float:
        """|a - b|."""
        return float((first - second).norm())


class GramEye(Eye):
    """Gram matrices of AlexNet (Gatys et al. 2015): which of its features occur together.

    |A - B| / sqrt(|A| |B|), Frobenius norms, averaged over the layers.
    """

    name = "gram"
    title = "AlexNet Gram"
    weights = ALEXNET

    def __init__(self, network: Encoder) -> None:
        self.network, self.provenance = network, network.provenance
        self._sizes = [ALEXNET_LAYERS[layer].after ** 2 for layer in ALEXNET_STYLE]

    @classmethod
    def open(cls) -> GramEye:
        """With ImageNet's weights."""
        return cls(AlexNet().build())

    def look(self, crops: Tensor) -> Tensor:
        """All Gram matrices, one behind the other."""
        seen = self.network.features(crops, ALEXNET_STYLE)
        grams = []
        for layer in ALEXNET_STYLE:
            features = seen[layer].flatten(2)
            grams.append((features @ features.transpose(1, 2) / features.shape[2]).flatten(1))
        return torch.cat(grams, dim=1)

    def distance(self, first: Tensor, second: Tensor) -> float:
        """See the class."""
        layers = zip(torch.split(first, self._sizes), torch.split(second, self._sizes), strict=True)
        return _mean(float((a - b).norm() / (a.norm() * b.norm()).sqrt().clamp_min(MIN_NORM)) for a, b in layers)


class FeatureEye(Eye):
    """Mean and deviation of EfficientNet-Lite2's features.

    In each layer the Frechet distance of normal distributions with these means and deviations, channels taken as
    independent, sqrt(|m - n|^2 + |s - t|^2) (Dowson and Landau 1982, as Heusel et al. 2017 use it), over their root
    mean square; averaged over the layers.
    """

    name = "features"
    title = "EfficientNet features"
    weights = EfficientNetLite2().weight_names()[0]

    def __init__(self, network: Encoder) -> None:
        self.network, self.provenance = network, network.provenance
        self._sizes = [2 * network.channels(layer) for layer in EFFICIENTNET_STYLE]

    @classmethod
    def open(cls) -> FeatureEye:
        """With ImageNet's weights."""
        return cls(EfficientNetLite2().build())

    def look(self, crops: Tensor) -> Tensor:
        """Means and means of squares of every layer's channels, one behind the other."""
        seen: Mapping[str, Tensor] = self.network.features(crops, EFFICIENTNET_STYLE)
        parts = [power for layer in EFFICIENTNET_STYLE for power in (seen[layer], seen[layer].square())]
        return torch.cat([part.mean((2, 3)) for part in parts], dim=1)

    def distance(self, first: Tensor, second: Tensor) -> float:
        """See the class."""
        layers = zip(torch.split(first, self._sizes), torch.split(second, self._sizes), strict=True)
        return _mean(_frechet(*a.chunk(2), *b.chunk(2)) for a, b in layers)


def _frechet(mean: Tensor, square: Tensor, other_mean: Tensor, other_square: Tensor) -> float:
    """Of two layers' means and means of squares, (channels,) each, over their root mean square."""
    deviation = (square - mean.square()).clamp_min(0).sqrt()
    other_deviation = (other_square - other_mean.square()).clamp_min(0).sqrt()
    squared = (mean - other_mean).square().sum() + (deviation - other_deviation).square().sum()
    return float((2 * squared / (square.sum() + other_square.sum()).clamp_min(MIN_NORM)).sqrt())


def _mean(values: Iterable[float]) -> float:
    every = list(values)
    return sum(every) / len(every)


EYES = (StyleCodeEye, GramEye, FeatureEye)
