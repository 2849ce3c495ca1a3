"""What every objective of the picture itself must satisfy, against plain numpy and differences in float64."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from orbifolio.runner.objectives.base import Objective, ObjectiveInput, Preparation, weighted_mean
from orbifolio.runner.objectives.content import Content, ContentObjective
from orbifolio.runner.objectives.dream import Dream
from orbifolio.runner.objectives.pixels import PixelDifference, PixelObjective
from orbifolio.runner.objectives.smoothness import Range, Smoothness
from orbifolio.runner.vision.null_encoder import NullEncoder


def random(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def nothing(source: str) -> torch.Tensor:
    raise AssertionError(f"asked for {source}")


PREPARATION = Preparation(NullEncoder(), 6, 5, nothing, nothing)
ARTWORK = random(1, 3, 5, 6) * 2 - 0.5
MASK = random(1, 1, 5, 6, seed=2)
OBJECTIVES: dict[str, Objective] = {
    "pixels": PixelObjective(PixelDifference(image="x", weight=2), random(1, 3, 5, 6, seed=3), MASK),
    "smoothness": Smoothness().build(PREPARATION),
    "smoothness-1": Smoothness(power=1).build(PREPARATION),
    "range": Range().build(PREPARATION),
}


def total(objective: Objective, artwork: torch.Tensor, wrap=(False, False)) -> torch.Tensor:
    return sum(objective(ObjectiveInput(artwork, artwork, {}, wrap)).values(), torch.zeros(()))


@pytest.mark.parametrize("wrap", [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize("name", OBJECTIVES)
def test_gradients_agree_with_differences(name, wrap):
    leaf = ARTWORK.clone().requires_grad_(True)
    assert torch.autograd.gradcheck(lambda value: total(OBJECTIVES[name], value, wrap), leaf)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_weights_are_factors_and_nothing_is_negative(name):
    objective = OBJECTIVES[name]
    before = float(total(objective, ARTWORK))
    doubled = type(objective).__new__(type(objective))
    doubled.__dict__.update(objective.__dict__)
    doubled.settings = objective.settings.model_copy(update={"weight": 2 * objective.settings.weight})  # type: ignore[attr-defined]
    assert before > 0
    assert float(total(doubled, ARTWORK)) == pytest.approx(2 * before)


def test_pixels_are_least_at_the_picture_only():
    objective = OBJECTIVES["pixels"]
    picture = random(1, 3, 5, 6, seed=3)
    assert float(total(objective, picture)) == 0
    expected = 2 * np.average((ARTWORK - picture).square().mean(1).numpy(), weights=MASK[:, 0].numpy())
    assert float(total(objective, ARTWORK)) == pytest.approx(float(expected))


@settings(max_examples=40)
@given(down=st.integers(0, 4), right=st.integers(0, 5), shift=st.floats(-1, 1))
def test_smoothness_of_a_tile_is_that_of_the_tiling(down, right, shift):
    smooth = OBJECTIVES["smoothness"]
    moved = ARTWORK.roll((down, right), (-2, -1)) + shift
    assert float(total(smooth, moved, (True, True))) == pytest.approx(float(total(smooth, ARTWORK, (True, True))))
    four = ARTWORK.repeat(1, 1, 2, 2)
    assert float(total(smooth, four, (True, True))) == pytest.approx(float(total(smooth, ARTWORK, (True, True))))


@pytest.mark.parametrize(("wrap", "mode"), [(False, "reflect"), (True, "wrap")])
def test_smoothness_is_the_mean_square_of_neighbours_differences(wrap, mode):
    picture = ARTWORK[0].numpy()
    expected = 0.0
    for axis in (1, 2):
        margin = [(0, 0)] * 3
        margin[axis] = (1, 0)
        rows = np.diff(np.pad(picture, margin, mode="wrap") if mode == "wrap" else picture, axis=axis)
        expected += 5 * np.mean(rows**2)
    assert float(total(OBJECTIVES["smoothness"], ARTWORK, (wrap, wrap))) == pytest.approx(expected)


@settings(max_examples=40)
@given(value=st.floats(-3, 3))
def test_range_is_the_square_of_what_lies_outside(value):
    flat = torch.full((1, 3, 5, 6), value, dtype=torch.float64)
    outside = max(0.0, -value, value - 1)
    assert float(total(OBJECTIVES["range"], flat)) == pytest.approx(10 * outside**2)


def test_content_is_least_at_the_target_and_does_not_know_a_layers_scale():
    features = random(1, 4, 5, 6, seed=5)
    seen = ObjectiveInput(ARTWORK, ARTWORK, {"deep": features})

    def score(target: torch.Tensor, inputs: ObjectiveInput) -> float:
        objective = ContentObjective(Content(image="x"), ("deep",), {"deep": target}, None)
        return float(objective(inputs)["content.deep"])

    other = random(1, 4, 5, 6, seed=6)
    assert score(features.float(), replace(seen, features={"deep": features.float()})) == 0
    expected = float((features - other).square().sum() / other.square().sum())
    assert score(other, seen) == pytest.approx(expected, rel=1e-5)
    scaled = replace(seen, features={"deep": 50 * features})
    assert score(50 * other, scaled) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("chosen", [{}, {"channel": 2}, {"channels": [0, 3]}])
def test_a_dream_counts_orders_of_magnitude(chosen):
    """Twice the features is log 4 less, whatever they are: powers enter by their logarithm."""
    features = random(1, 4, 5, 6, seed=7)
    dream = Dream(layer="deep", weight=3, **chosen).build(PREPARATION)
    here, there = (
        sum(float(term) for term in dream(ObjectiveInput(ARTWORK, ARTWORK, {"deep": scale * features})).values())
        for scale in (1, 2)
    )
    assert here - there == pytest.approx(3 * math.log(4), rel=1e-5)


def test_a_dream_of_a_class_is_its_score_alone():
    dream = Dream(**{"class": 1, "weight": 3}).build(replace(PREPARATION, encoder=Classes()))
    logits = torch.tensor([[0.5, 0.25, -1.0]])
    terms = dream(ObjectiveInput(ARTWORK, ARTWORK, {"logits": logits}))
    assert {name: float(value) for name, value in terms.items()} == {"dream.class.1": -0.75}


class Classes(NullEncoder):
    """Names classes, as a network with labels does."""

    classes = ("cat", "dog", "cow")


@settings(max_examples=30)
@given(factor=st.floats(0.1, 100))
def test_a_mean_does_not_know_how_bright_its_mask_is(factor):
    assert float(weighted_mean(ARTWORK, MASK * factor)) == pytest.approx(float(weighted_mean(ARTWORK, MASK)))
    assert float(weighted_mean(ARTWORK, torch.full_like(MASK, factor))) == pytest.approx(float(ARTWORK.mean()))
