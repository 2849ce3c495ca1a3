"""Statistics against numpy; pooling; gradients."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from orbifolio.runner.objectives.statistics import (
    STATISTICS,
    CentredGram,
    Enhancer,
    Moments,
    moments,
    pool,
    products,
    with_constant,
)


def features(seed: int = 0, channels: int = 5, dtype=torch.float64) -> torch.Tensor:
    return torch.randn((1, channels, 6, 7), generator=torch.Generator().manual_seed(seed), dtype=dtype)


def test_moments_are_numpys():
    value = features(dtype=torch.float32)
    flat = value[0].flatten(1).numpy()
    found = moments(value)
    np.testing.assert_allclose(found.mean.numpy(), flat.mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(found.second.numpy(), flat @ flat.T / flat.shape[1], atol=1e-5)
    np.testing.assert_allclose(found.deviation.numpy(), flat.std(axis=1), atol=1e-5)


@pytest.mark.parametrize("shape", [(8, 12), (8, 1024), (16, 8191)], ids=["few", "many", "odd"])
def test_products_of_bf16_are_summed_more_exactly_than_they_are_kept(shape):
    flat = torch.rand(shape, generator=torch.Generator().manual_seed(1)).bfloat16()
    exact = flat.double() @ flat.double().mT
    found = products(flat)
    assert found.dtype == torch.float32
    assert float((found - exact).norm() / exact.norm()) < 2**-11


def test_a_mask_selects():
    value = features(dtype=torch.float32)
    mask = torch.zeros((1, 1, 6, 7))
    mask[..., :3] = 2.0
    inside = moments(value[..., :3].contiguous())
    found = moments(value, mask)
    torch.testing.assert_close(found.mean, inside.mean)
    torch.testing.assert_close(found.second, inside.second)


def test_pooling_equals_looking_at_both_at_once():
    one, two = features(1, dtype=torch.float32), features(2, dtype=torch.float32)
    both = moments(torch.cat([one, two], dim=-1))
    pooled = pool([(3.0, moments(one)), (3.0, moments(two))])
    torch.testing.assert_close(pooled.mean, both.mean)
    torch.testing.assert_close(pooled.second, both.second)


@pytest.mark.parametrize("kind", STATISTICS, ids=lambda kind: kind.__name__)
def test_the_target_itself_scores_best_and_gradients_check(kind):
    statistic = kind()
    target = moments(features(1))
    if kind is not Enhancer:
        assert float(statistic.score(target, target)) == pytest.approx(0, abs=1e-12)
        assert float(statistic.score(moments(features(2)), target)) > 0
    leaf = features(3).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda value: statistic.score(double_moments(value), target), leaf)


def double_moments(value: torch.Tensor) -> Moments:
    """As `moments`, in float64, for differences too small for float32."""
    flat = value.flatten(2)[0]
    return Moments(flat.mean(dim=1), flat @ flat.mT / flat.shape[1])


@pytest.mark.parametrize("kind", STATISTICS, ids=lambda kind: kind.__name__)
def test_a_statistic_does_not_know_where_things_are(kind):
    order = torch.randperm(42, generator=torch.Generator().manual_seed(4))
    moved = features(1).flatten(2)[..., order].view(1, 5, 6, 7)
    target = double_moments(features(2))
    here, there = (float(kind().score(double_moments(value), target)) for value in (features(1), moved))
    assert here == pytest.approx(there, rel=1e-12)


@pytest.mark.parametrize("kind", STATISTICS, ids=lambda kind: kind.__name__)
def test_a_statistic_does_not_know_the_order_of_channels(kind):
    order = torch.tensor([3, 0, 4, 1, 2])
    here, there = (
        float(kind().score(double_moments(features(1)[:, o]), double_moments(features(2)[:, o])))
        for o in (torch.arange(5), order)
    )
    assert here == pytest.approx(there, rel=1e-12)


@pytest.mark.parametrize("factor", [0.1, 30.0])
@pytest.mark.parametrize("kind", STATISTICS, ids=lambda kind: kind.__name__)
def test_a_layers_scale_drops_out(kind, factor):
    here, there = (
        float(kind().score(double_moments(scale * features(1)), double_moments(scale * features(2))))
        for scale in (1.0, factor)
    )
    assert here == pytest.approx(there, rel=1e-3)  # but for the small constant under the fraction line


def test_only_the_centred_gram_matrix_is_blind_to_means():
    shifted = features(1) + torch.arange(5, dtype=torch.float64)[None, :, None, None]
    target = double_moments(features(2))
    for kind in STATISTICS:
        here, there = (float(kind().score(double_moments(value), target)) for value in (features(1), shifted))
        assert (here == pytest.approx(there, rel=1e-9)) == (kind is CentredGram), kind


@settings(max_examples=40)
@given(weights=st.lists(st.floats(0.1, 10), min_size=2, max_size=5))
def test_pooled_moments_are_those_of_all_positions_weighted(weights):
    parts = [features(seed) for seed in range(len(weights))]
    flat = np.concatenate([part[0].flatten(1).numpy() for part in parts], axis=1)
    share = np.repeat(weights, 42) / np.sum(weights) / 42
    pooled = pool([(weight, double_moments(part)) for weight, part in zip(weights, parts, strict=True)])
    np.testing.assert_allclose(pooled.mean.numpy(), np.average(flat, axis=1, weights=share), atol=1e-12)
    np.testing.assert_allclose(pooled.second.numpy(), (flat * share) @ flat.T, atol=1e-12)


def test_the_enhancer_saturates():
    target = moments(features(1, dtype=torch.float32))
    strong = Moments(target.mean, target.second * 1e6)
    assert float(Enhancer(low=-1, high=1).score(strong, target)) >= -1
    assert float(Enhancer(low=-1, high=1).score(target, target)) < 0
    assert float(Enhancer(low=-9, high=9).score(strong, target)) < float(Enhancer().score(strong, target))


def test_the_constant_carries_the_mean():
    picture = torch.rand((1, 3, 8, 8), generator=torch.Generator().manual_seed(1))
    second = moments(with_constant(picture)).second
    torch.testing.assert_close(second[3, :3], picture.mean(dim=(0, 2, 3)))
    assert float(second[3, 3]) == pytest.approx(1)
