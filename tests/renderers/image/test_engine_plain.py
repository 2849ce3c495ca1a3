"""The plain engine: true gradients, bf16 that agrees with fp32, views and wraps respected."""

import pytest
import torch

from orbifolio.runner.objectives.autograd_engine import AutogradEngine
from orbifolio.runner.objectives.base import Preparation
from orbifolio.runner.objectives.smoothness import Range, Smoothness
from orbifolio.runner.objectives.style import Style
from orbifolio.runner.views.affine import Jitter, Rotate
from orbifolio.runner.views.drawn_view import draw_view
from orbifolio.runner.vision.untrained import Untrained

LAYERS = ("conv1_1", "conv2_1", "conv3_1")


def picture(seed: int, size: int = 32) -> torch.Tensor:
    coarse = torch.rand((1, 3, size // 4, size // 4), generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, size=(size, size), mode="bicubic").clamp(0, 1)


def engine(dtype: torch.dtype = torch.float32, size: int = 32) -> AutogradEngine:
    encoder = Untrained().build().to("cpu", dtype)
    preparation = Preparation(encoder, size, size, lambda s: picture(1, size), lambda s: picture(1, size))
    objectives = [
        Style(images=("a",), layers=LAYERS).build(preparation),
        Smoothness().build(preparation),
        Range().build(preparation),
    ]
    return AutogradEngine(encoder, objectives, wrap=(True, True))


def test_the_gradient_agrees_with_differences():
    run, here = engine(), picture(2)
    direction = torch.randn(here.shape, generator=torch.Generator().manual_seed(3))
    step = 1e-3
    slope = (run.evaluate(here + step * direction, None).loss - run.evaluate(here - step * direction, None).loss) / (
        2 * step
    )
    expected = float((run.evaluate(here, None).gradient * direction).sum())
    assert slope == pytest.approx(expected, rel=0.02)


def test_bf16_gradients_agree_with_fp32():
    here = picture(2, 64)
    fine, fast = engine(size=64).evaluate(here, None), engine(torch.bfloat16, 64).evaluate(here, None)
    cosine = torch.nn.functional.cosine_similarity(fine.gradient.flatten(), fast.gradient.flatten(), dim=0)
    assert float(cosine) >= 0.999
    assert fast.loss == pytest.approx(fine.loss, rel=0.02)
    assert fast.gradient.dtype == torch.float32


def test_a_shifted_tile_scores_the_same():
    """The loss is that of the wallpaper, not of the cut: where the picture begins does not matter."""
    run, here = engine(), picture(2)
    moved = here.roll((8, 12), (-2, -1))  # by multiples of the network's stride
    assert run.evaluate(moved, None).loss == pytest.approx(run.evaluate(here, None).loss, rel=1e-4)


def test_a_view_moves_the_gradient_back():
    run, here = engine(), picture(2)
    view = draw_view((Jitter(amount=4),), 32, 32, torch.Generator().manual_seed(1))
    assert run.evaluate(here, view).gradient.shape == here.shape
    turned = draw_view((Rotate(degrees=20),), 32, 32, torch.Generator().manual_seed(1))
    assert torch.isfinite(run.evaluate(here, turned).gradient).all()


def test_equal_artworks_give_equal_bytes():
    run, here = engine(), picture(2)
    one, two = run.evaluate(here, None), run.evaluate(here.clone(), None)
    assert one.terms == two.terms
    assert torch.equal(one.gradient, two.gradient)
