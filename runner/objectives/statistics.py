"""Statistics of one layer: features (channels, positions) -> a summary that ignores where things are.

Each statistic has one function for both sides, artwork and target. All of them derive from two moments,

    mean m = sum_i w_i x_i        second moment G = sum_i w_i x_i x_i^T        (weights w sum to 1)

which can be averaged over pictures, scales and appearances: a pooled target is the plain mean of
moments. The cost of an optimisation step is then one matrix product for each layer, shared by all
the statistics.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from orbifolio.runner.deferred import functional, torch
from orbifolio.runner.plugins import plugins
from orbifolio.runner.settings import KindFamily, Settings

if TYPE_CHECKING:
    from torch import Tensor

PART = 4  # positions for each channel in a part of a Gram matrix in bfloat16: smaller ones take more time
EPSILON = 1e-8  # keeps quotients and roots finite where a layer is silent


@dataclass(frozen=True)
class Moments:
    """First and second moments of a layer.

    Attributes:
        mean: (channels,) float32, of each channel over all positions.
        second: (channels, channels) float32, the Gram matrix divided by the number of positions.
    """

    mean: Tensor
    second: Tensor

    def to(self, device: str) -> Moments:
        """The same on a device."""
        return Moments(self.mean.to(device), self.second.to(device))

    @cached_property
    def deviation(self) -> Tensor:
        """(channels,) standard deviation of each channel."""
        variance = self.second.diagonal() - self.mean.square()
        return variance.clamp_min(EPSILON).sqrt()

    @cached_property
    def covariance(self) -> Tensor:
        """(channels, channels) second moment about the mean."""
        return self.second - torch.outer(self.mean, self.mean)

    def power(self, name: str) -> Tensor:
        """Sum of squares of `mean`, `second`, `deviation` or `covariance`, never 0; kept for the next step."""
        if name not in self._powers:
            values: Tensor = getattr(self, name)
            self._powers[name] = values.square().sum().clamp_min(EPSILON)
        return self._powers[name]

    @cached_property
    def _powers(self) -> dict[str, Tensor]:
        return {}


def moments(features: Tensor, mask: Tensor | None = None) -> Moments:
    """The moments of one layer's features.

    Args:
        features: (1, channels, height, width), any float dtype.
        mask: (1, 1, height, width) float32 weights, or None for equal weights.

    Returns:
        float32 moments.
    """
    flat = features.flatten(2)[0]  # (channels, positions)
    if mask is None:
        count = flat.shape[1]
        mean = flat.float().mean(dim=1) if flat.dtype == torch.float32 else flat.sum(dim=1, dtype=torch.float32) / count
        return Moments(mean, products(flat).float() / count)
    weights = mask.flatten()
    weights = weights / weights.sum().clamp_min(EPSILON)
    weighted = flat.float() * weights
    return Moments(weighted.sum(dim=1), weighted @ flat.float().mT)


def products(flat: Tensor) -> Tensor:
    """(channels, channels) sums of the products of channels over all positions.

    Of bfloat16 features a matrix product is summed in float32, but rounded to 8 bits: beside a target that is near,
    that is much, and was 0.8 % of the gradient of style. So it is made of parts, whose errors differ, and which are
    added in float32; of few positions, which cost nothing, it is made in float32.

    Args:
        flat: (channels, positions), any float dtype.

    Returns:
        Of bfloat16 in float32, else in the features' dtype.
    """
    if flat.dtype != torch.bfloat16:
        return flat @ flat.mT
    channels, count = flat.shape
    parts = count // (PART * channels)
    if parts < 2:
        return flat.float() @ flat.float().mT
    even = count // parts * parts
    batch = flat[:, :even].view(channels, parts, -1).transpose(0, 1)
    total = torch.bmm(batch, batch.mT).sum(dim=0, dtype=torch.float32)
    return total if even == count else total + products(flat[:, even:])


def pool(parts: Sequence[tuple[float, Moments]]) -> Moments:
    """The weighted mean of several pictures' moments; weights need not sum to 1."""
    total = sum(weight for weight, _ in parts)
    mean = sum((part.mean * (weight / total) for weight, part in parts), torch.zeros_like(parts[0][1].mean))
    second = sum((part.second * (weight / total) for weight, part in parts), torch.zeros_like(parts[0][1].second))
    return Moments(mean, second)


def _distance(artwork: Moments, target: Moments, name: str) -> Tensor:
    """||value - target||^2 / ||target||^2 of one attribute: comparable across layers whatever their scale."""
    difference = functional.mse_loss(getattr(artwork, name), getattr(target, name), reduction="sum")
    return difference / target.power(name)


class Statistic(Settings):
    """The base of every kind of statistic."""

    on_pixels: ClassVar[bool] = False
    """Whether it looks at the picture itself instead of a network's layers."""

    weight: float = Field(default=1.0, ge=0, le=1e6)
    """Factor of this statistic within its objective."""

    def score(self, artwork: Moments, target: Moments) -> Tensor:
        """An unweighted scalar, smallest where the artwork's statistic equals the target's."""
        raise NotImplementedError(type(self).__name__)


class Gram(Statistic):
    """Correlations between channels: which features occur together.

    Score: ||G - G_s||^2 / ||G_s||^2 with G the Gram matrix divided by the number of positions.
    Departs from Gatys et al. (2015) in the normalisation only: theirs depends on the layer's size.
    """

    kind: Literal["gram"] = "gram"
    cites: ClassVar[tuple[str, ...]] = ("gatys2015",)

    def score(self, artwork: Moments, target: Moments) -> Tensor:
        """Relative squared distance of Gram matrices."""
        return _distance(artwork, target, "second")


class ChannelMoments(Statistic):
    """Mean and standard deviation of each channel: keeps brightness and contrast from drifting."""

    kind: Literal["moments"] = "moments"
    cites: ClassVar[tuple[str, ...]] = ("li2017",)

    def score(self, artwork: Moments, target: Moments) -> Tensor:
        """Relative squared distances of means and of deviations, added."""
        return _distance(artwork, target, "mean") + _distance(artwork, target, "deviation")


class CentredGram(Statistic):
    """Covariances between channels: as the Gram matrix, blind to the channels' means.

    Reference: Berger and Memisevic (2016) discuss which statistics of a layer matter; the centred form
    is also MindsEye's GramMatrixCenteredMatcher.
    """

    kind: Literal["centred-gram"] = "centred-gram"
    cites: ClassVar[tuple[str, ...]] = ("berger2016", "mindseye")

    def score(self, artwork: Moments, target: Moments) -> Tensor:
        """Relative squared distance of covariance matrices."""
        return _distance(artwork, target, "covariance")


class Enhancer(Statistic):
    """Rewards the style's correlations up to a limit, instead of matching them: the vivid knob.

    Score: -mean over entries of clamp(G * G_s / rms(G_s)^2, low, high), after MindsEye's
    GramMatrixEnhancer. Linear until the clamp saturates, then without gradient; use it beside `gram`.
    """

    kind: Literal["enhancer"] = "enhancer"
    low: float = Field(default=-1.0, ge=-1e4, le=0)
    """Where punishment of opposite correlation ends."""
    high: float = Field(default=1.0, ge=0, le=1e4)
    """Where reward of correlation ends; larger is more vivid."""
    cites: ClassVar[tuple[str, ...]] = ("mindseye",)

    def score(self, artwork: Moments, target: Moments) -> Tensor:
        """Negative clamped agreement of Gram matrices."""
        square = target.second.square().mean().clamp_min(EPSILON)
        return -(artwork.second * target.second / square).clamp(self.low, self.high).mean()


class PixelGram(Statistic):
    """Gram matrix of the raw pixels with a constant beside them: fixes mean colour and its covariance.

    It is taken from the picture itself, not from a network's layer, and stops the colour drift that Gram
    matrices alone allow.
    """

    on_pixels: ClassVar[bool] = True
    kind: Literal["pixels"] = "pixels"
    cites: ClassVar[tuple[str, ...]] = ("gatys2015",)

    def score(self, artwork: Moments, target: Moments) -> Tensor:
        """Relative squared distance of second moments (the constant carries the means)."""
        return _distance(artwork, target, "second")


STATISTICS = KindFamily(
    (Gram, ChannelMoments, PixelGram, CentredGram, Enhancer),
    others=plugins("statistics", "orbifolio.runner.objectives.statistics:Statistic"),
)
AnyStatistic = Annotated[Any, STATISTICS]


def with_constant(picture: Tensor) -> Tensor:
    """A picture (1, 3, h, w) with a fourth channel of ones."""
    return torch.cat([picture, torch.ones_like(picture[:, :1])], dim=1)
