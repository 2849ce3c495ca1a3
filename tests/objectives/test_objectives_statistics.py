"""Statistics against numpy; pooling; gradients."""

import numpy as np
import pytest
import torch

from orbifolio.runner.objectives.statistics import STATISTICS, Enhancer, Moments, moments, pool, with_constant


def features(seed: int = 0, channels: int = 5, dtype=torch.float64) -> torch.Tensor:
    return torch.randn((1, channels, 6, 7), generator=torch.Generator().manual_seed(seed), dtype=dtype)


def test_moments_are_numpys():
    value = features(dtype=torch.float32)
    flat = value[0].flatten(1).numpy()
    found = moments(value)
    np.testing.assert_allclose(found.mean.numpy(), flat.mean(axis=1), atol=1e-6)
    np.testing.assert_allclose(found.second.numpy(), flat @ flat.T / flat.shape[1], atol=1e-5)
    np.testing.assert_allclose(found.deviation.numpy(), flat.std(axis=1), atol=1e-5)


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

    def score(value: torch.Tensor) -> torch.Tensor:
        flat = value.flatten(2)[0]
        double = Moments(flat.mean(dim=1), flat @ flat.mT / flat.shape[1])
        return statistic.score(double, target)

    assert torch.autograd.gradcheck(score, leaf)


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
