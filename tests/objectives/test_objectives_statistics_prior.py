"""The statistics prior against numpy, and against what a network remembers of photographs."""

import numpy as np
import pytest
import torch
from skimage import data

from orbifolio.runner.objectives.base import ObjectiveInput
from orbifolio.runner.objectives.statistics_prior import (
    StatisticsPrior,
    StatisticsPriorObjective,
    statistics_distance,
)
from orbifolio.runner.vision.base import ChannelStatistics
from orbifolio.runner.vision.efficientnet import EfficientNetLite0
from orbifolio.runner.vision.vgg import Vgg16


def test_the_distance_is_that_of_means_and_deviations_in_deviations():
    random = np.random.default_rng(1)
    features = random.normal(3, 2, size=(4, 5, 6, 7))
    mean, deviation = np.full(5, 2.5), np.full(5, 1.5)
    expected = ChannelStatistics(torch.tensor(mean), torch.tensor(deviation))
    power = 1.02 * deviation**2
    off_mean = np.abs(features.mean((0, 2, 3)) - mean) / np.sqrt(power)
    off_deviation = (features.std((0, 2, 3)) - deviation) ** 2 / power
    for slack in (0.0, 0.2):
        formula = (np.maximum(0, off_mean - slack) ** 2).mean() + off_deviation.mean()
        found = statistics_distance(torch.tensor(features), expected, slack)
        assert float(found) == pytest.approx(formula, rel=1e-4)


def test_a_silent_channel_has_a_finite_gradient():
    features = torch.zeros((1, 2, 4, 4), requires_grad=True)
    statistics_distance(features, ChannelStatistics(torch.ones(2), torch.ones(2))).backward()
    assert torch.isfinite(features.grad).all()


def test_photographs_are_nearer_than_noise_and_flat_colour():
    """Mean and deviation kept by the converter are those of pictures, so these must score best."""
    network = EfficientNetLite0().build()
    objective = StatisticsPriorObjective(StatisticsPrior(weight=1.0), network.statistics)

    def score(picture: np.ndarray) -> float:
        shown = torch.from_numpy(np.ascontiguousarray(picture, np.float32)).permute(2, 0, 1)[None]
        shown = torch.nn.functional.interpolate(shown, size=(96, 96), mode="area")
        with torch.no_grad():
            features = network.features(shown, objective.layers)
        return float(objective(ObjectiveInput(shown, shown, features))["statistics-prior"])

    photographs = [score(picture / 255) for picture in (data.rocket(), data.immunohistochemistry())]
    noise = score(np.random.default_rng(2).uniform(size=(96, 96, 3)))
    flat = score(np.full((96, 96, 3), 0.5))
    assert max(photographs) < 0.7 * min(noise, flat)


def test_networks_without_statistics_are_refused():
    ((path, text),) = StatisticsPrior().complaints(Vgg16())
    assert path == ""
    assert text == (
        "vgg16 keeps no statistics of its features; the prior compares with them; use `vision: efficientnet-lite0`, "
        "-lite1 or -lite2"
    )
    assert StatisticsPrior().complaints(EfficientNetLite0()) == []
    ((path, _),) = StatisticsPrior(mask="m.png").complaints(EfficientNetLite0())
    assert path == "mask"
