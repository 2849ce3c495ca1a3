"""Each eye against its formula written out again, and what all of them owe."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from orbifolio.runner.judge.eyes import EYES, Eye, FeatureEye, GramEye, StyleCodeEye
from orbifolio.runner.vision import alexnet, efficientnet, style_predictor
from orbifolio.runner.vision.base import Provenance
from orbifolio.runner.vision.efficientnet import EfficientNetEncoder, EfficientNetLite2
from orbifolio.runner.vision.published import TABLE

NOWHERE = Provenance("made up", "", "", "")


def made_up(shapes: dict[str, tuple[int, ...]]) -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(3)
    tensors = {}
    for name, shape in shapes.items():
        spread = math.sqrt(2 / math.prod(shape[1:])) if name.endswith("weight") else 0.1
        tensors[name] = torch.randn(shape, generator=random) * spread
    return tensors


def code_eye() -> StyleCodeEye:
    return StyleCodeEye(style_predictor.StylePredictor(made_up(style_predictor.weight_shapes()), NOWHERE))


def gram_eye() -> GramEye:
    return GramEye(alexnet.AlexNetEncoder(made_up(alexnet.weight_shapes()), NOWHERE))


def feature_eye() -> FeatureEye:
    architecture = EfficientNetLite2.architecture
    return FeatureEye(EfficientNetEncoder(architecture, made_up(architecture.weight_shapes()), NOWHERE))


EVERY = pytest.mark.parametrize("make", [code_eye, gram_eye, feature_eye])


def crops(count: int, seed: int = 1) -> Tensor:
    return torch.rand(count, 3, 64, 64, generator=torch.Generator().manual_seed(seed))


def look(eye: Eye, seen: Tensor) -> Tensor:
    with torch.no_grad():
        return eye.look(seen)


@EVERY
def test_distances_are_distances(make):
    eye = make()
    a, b, c = (look(eye, crops(2, seed) ** power).mean(0) for seed, power in ((1, 1.0), (2, 2.0), (3, 0.3)))
    assert eye.distance(a, a) == pytest.approx(0, abs=1e-5)
    assert eye.distance(a, b) > 0
    assert eye.distance(a, b) == pytest.approx(eye.distance(b, a), rel=1e-5)
    assert eye.distance(a, a + 0.01 * (c - a)) < eye.distance(a, c)


@EVERY
def test_crops_are_seen_one_by_one(make):
    eye, seen = make(), crops(3)
    together = look(eye, seen)
    torch.testing.assert_close(together[1:2], look(eye, seen[1:2]), atol=1e-4, rtol=1e-4)
    assert together.dim() == 2


def test_gram_matrices():
    eye, seen = gram_eye(), crops(2)
    first, second = look(eye, seen)
    total = []
    with torch.no_grad():
        features = eye.network.features(seen, alexnet.STYLE_LAYERS)
    for name in alexnet.STYLE_LAYERS:
        grams = []
        for values in features[name].double().numpy():
            columns = values.reshape(values.shape[0], -1)
            grams.append(sum(np.outer(column, column) for column in columns.T) / columns.shape[1])
        norms = [np.sqrt((gram**2).sum()) for gram in (*grams, grams[0] - grams[1])]
        total.append(norms[2] / np.sqrt(norms[0] * norms[1]))
    assert eye.distance(first, second) == pytest.approx(np.mean(total), rel=1e-4)


def test_means_and_deviations():
    eye, seen = feature_eye(), crops(2)
    first, second = look(eye, seen)
    total = []
    with torch.no_grad():
        features = eye.network.features(seen, efficientnet.STYLE_LAYERS)
    for name in efficientnet.STYLE_LAYERS:
        a, b = features[name].double().numpy().reshape(2, features[name].shape[1], -1)
        apart = ((a.mean(1) - b.mean(1)) ** 2).sum() + ((a.std(1) - b.std(1)) ** 2).sum()
        total.append(np.sqrt(apart / (((a**2).mean(1).sum() + (b**2).mean(1).sum()) / 2)))
    assert eye.distance(first, second) == pytest.approx(np.mean(total), rel=1e-3)


def test_every_eye_is_named_once_and_has_published_weights():
    assert len({eye.name for eye in EYES}) == len({eye.weights for eye in EYES}) == len(EYES)
    assert {eye.weights for eye in EYES} <= set(TABLE)
