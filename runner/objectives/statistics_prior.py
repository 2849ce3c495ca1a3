"""Statistics prior: features are to be spread as they are over the pictures that the network was trained with.

Batch normalisation remembers mean m and standard deviation d of every channel over ImageNet. A picture that a class
score alone makes leaves them by far; held near them, it looks like a photograph of something (Yin et al. 2020,
DeepInversion). Over batch and places,

    mean over layers and channels of max(0, |mean - m| / d - slack)^2 + ((deviation - d) / d)^2.

Departures: standard deviations relative to the network's own, instead of variances, so that all layers and channels
count alike; and single channels are cut off, since a few hardly ever excited ones would otherwise rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from orbifolio.runner.deferred import torch
from orbifolio.runner.objectives.base import Objective, ObjectiveInput, ObjectiveSettings, Preparation
from orbifolio.runner.settings import kind_of
from orbifolio.runner.vision.base import ChannelStatistics, VisionSettings

if TYPE_CHECKING:
    from torch import Tensor

EARLY_LAYERS = 4  # of stride 2: where a class score puts its grain
FLOOR = 0.02  # share of a layer's mean squared deviation that every channel's is raised by: some are all but constant
MOST = 25.0  # of a channel's squared difference: five deviations


class StatisticsPrior(ObjectiveSettings):
    """Keep mean and spread of the network's features as they are over photographs, beside a dream of a class."""

    kind: Literal["statistics-prior"] = "statistics-prior"
    weight: float = 8.0
    """Factor of the mean over layers; about 8 for one picture, more for a batch, whose statistics are truer."""
    slack: float = Field(default=0.5, ge=0, le=10)
    """How far, in deviations, a mean may lie off at no cost: pictures of one class are not the average of all."""
    early: float = Field(default=1.0, ge=0, le=100)
    """Weight of the first four layers once more, which keeps grain away."""
    cites: ClassVar[tuple[str, ...]] = ("yin2020",)

    def default_layers(self, vision: VisionSettings) -> tuple[str, ...]:
        """All that the network keeps statistics of."""
        return vision.normalised_layers()

    def complaints(self, vision: VisionSettings) -> list[tuple[str, str]]:
        """The network must have statistics; a mask would change them."""
        if not vision.normalised_layers():
            return [
                (
                    "",
                    f"{kind_of(type(vision))} keeps no statistics of its features; the prior compares with them; use "
                    "`vision: efficientnet-lite0`, -lite1 or -lite2",
                )
            ]
        if self.mask is not None:
            return [("mask", "statistics are those of whole pictures; a mask has no effect on them; leave it out")]
        return []

    def build(self, preparation: Preparation) -> StatisticsPriorObjective:
        """The objective with the network's statistics."""
        return StatisticsPriorObjective(self, preparation.encoder.statistics, device=preparation.device)


class StatisticsPriorObjective(Objective):
    """Scores how far features are from the network's statistics."""

    def __init__(
        self, settings: StatisticsPrior, statistics: Mapping[str, ChannelStatistics], *, device: str = "cpu"
    ) -> None:
        self.settings = settings
        self.layers = tuple(statistics)
        self.statistics = {
            name: ChannelStatistics(item.mean.to(device).float(), item.deviation.to(device).float())
            for name, item in statistics.items()
        }

    def __call__(self, inputs: ObjectiveInput) -> dict[str, Tensor]:
        """The term `statistics-prior`, over the whole batch."""
        slack = self.settings.slack
        distances = [statistics_distance(inputs.features[name], item, slack) for name, item in self.statistics.items()]
        total = _mean(distances) + self.settings.early * _mean(distances[:EARLY_LAYERS])
        return {"statistics-prior": self.settings.weight * total}

    def describe(self) -> str:
        """Weight and number of layers in one line."""
        return f"statistics prior x{self.settings.weight:g} over {len(self.layers)} layers"


def statistics_distance(features: Tensor, expected: ChannelStatistics, slack: float = 0.0) -> Tensor:
    """How far features are from expected statistics; see the module's docstring.

    Args:
        features: (batch, channels, height, width).
        expected: of the channels.
        slack: deviations that a mean may lie off at no cost.

    Returns:
        A scalar, 0 where mean and deviation of every channel are as expected.

    >>> features = torch.tensor([[[[1.0, 3.0]]]])
    >>> expected = ChannelStatistics(torch.tensor([2.0]), torch.tensor([1.0]))
    >>> round(float(statistics_distance(features, expected)), 4)
    0.0
    """
    features = features.float()
    power = expected.deviation.square()
    power = power + FLOOR * power.mean()
    mean = features.mean(dim=(0, 2, 3))
    variance = features.var(dim=(0, 2, 3), unbiased=False)
    # The root has no derivative at zero, where a channel is silent.
    deviation = (variance + 1e-6).sqrt()
    off_mean = ((mean - expected.mean).abs() / power.sqrt() - slack).clamp_min(0).square()
    off_deviation = (deviation - expected.deviation).square() / power
    return off_mean.clamp(max=MOST).mean() + off_deviation.clamp(max=MOST).mean()


def _mean(values: Sequence[Tensor]) -> Tensor:
    return torch.stack(list(values)).mean()
