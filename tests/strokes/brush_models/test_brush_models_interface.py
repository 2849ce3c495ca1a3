"""What every learnt brush promises, whichever kind it is: painting, interpolation, sizes; how trainings decay."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from orbifolio.runner.errors import InputError
from orbifolio.runner.strokes.blending import over
from orbifolio.runner.strokes.brush_models.base import MAX_DECAY, falling_rate, follow
from orbifolio.runner.strokes.brush_models.gan import Gan
from orbifolio.runner.strokes.brush_models.implicit import BrushTraits, ImplicitPainter
from orbifolio.runner.strokes.brush_models.raster_base import fresh
from orbifolio.runner.strokes.brush_models.vae import Vae
from orbifolio.runner.strokes.brush_models.weights import (
    find_painter,
    load_scalable,
    pack,
    real_brush,
    unpack,
    unpack_scalable,
)
from orbifolio.runner.strokes.mypaint.actions import COLOUR, draw_actions


def implicit() -> ImplicitPainter:
    return ImplicitPainter(BrushTraits(width=8, depth=1), generator=torch.Generator().manual_seed(0)).eval()


def raster(kind):
    painter = kind.painter()
    fresh(painter, torch.Generator().manual_seed(0))
    return painter.eval()


PAINTERS = {
    "implicit": implicit,
    "vae": lambda: raster(Vae(width=4)),
    "vae in colours": lambda: raster(Vae(width=4, colour="rgb")),
    "gan": lambda: raster(Gan(width=2)),
    "gan in colours": lambda: raster(Gan(width=2, colour="rgb", guide=False, waves=0)),
}
every = pytest.mark.parametrize("make", PAINTERS.values(), ids=PAINTERS.keys())


def some(count: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(draw_actions(count, np.random.default_rng(seed)))


@every
@torch.no_grad()
def test_a_painting_is_its_strokes_one_over_the_other(make):
    painter, actions = make(), some(5)
    canvas = np.ones((64, 64, 3))
    for alpha, action in zip(painter.alphas(actions).double().numpy(), actions.double().numpy(), strict=True):
        canvas = (1 - alpha[..., None]) * canvas + alpha[..., None] * action[COLOUR]
    assert np.abs(painter.paint(actions).numpy() - canvas).max() < 1e-5
    assert np.abs(painter.paint(actions.flip(0)).numpy() - canvas).max() > 1e-3  # the last stroke lies uppermost


@every
@torch.no_grad()
def test_a_loop_of_interpolations_has_no_jump(make):
    painter, keys = make(), [some(2, seed) for seed in range(3)]
    arrived = painter.between(keys[0], keys[1], 1.0, seeds=(5, 6), grain=7)
    left = painter.between(keys[1], keys[2], 0.0, seeds=(6, 8), grain=7)
    assert torch.allclose(arrived, left, atol=1e-6)
    assert arrived.shape == (2, 64, 64)
    halfway = painter.between(keys[0], keys[1], 0.5, seeds=(5, 6), grain=7)
    assert (halfway - arrived).abs().max() > 1e-4


@every
@torch.no_grad()
def test_a_fixed_resolution_and_noise_are_what_a_painter_says(make):
    painter, actions = make(), some(3)
    noisy = painter.alphas(actions, random=torch.Generator().manual_seed(1))
    assert torch.equal(noisy, painter.alphas(actions)) != painter.stochastic
    if painter.resolution is None:
        assert painter.alphas(actions, scale=0.5).shape == (3, 32, 32)
        return
    assert painter.alphas(actions).shape[1:] == (painter.resolution, painter.resolution)
    wanted = (
        f"scale 0.5: a painter of kind {painter.kind} draws 64 pixels only; use an implicit painter, which draws at "
        "any size, or canvas: stroke-grid"
    )
    with pytest.raises(InputError) as refused:
        painter.alphas(actions, scale=0.5)
    assert str(refused.value) == wanted


@every
@torch.no_grad()
def test_a_file_of_weights_is_scalable_only_without_a_fixed_resolution(make, tmp_path):
    painter, path = make(), tmp_path / "brush.safetensors"
    path.write_bytes(pack(painter, {"brush": "classic/pen"}))
    assert unpack(path)[0].kind == painter.kind
    if painter.resolution is None:
        assert torch.equal(unpack_scalable(path).alphas(some(2)), painter.alphas(some(2)))
        return
    with pytest.raises(InputError) as refused:
        load_scalable(str(path))
    assert str(refused.value) == (
        f"{path}: a painter of kind {painter.kind} draws 64 x 64 pixels only, and strokes of any size are needed; use "
        "one of kind implicit (canvas: stroke-grid takes every kind)"
    )


def test_a_learnt_brush_names_the_brush_that_it_has_learnt(monkeypatch):
    monkeypatch.setattr("orbifolio.runner.strokes.brush_models.weights.find_brush", named)
    assert real_brush("classic/pen") == "classic/pen"
    assert real_brush("pen") == "classic/pen"  # a shipped painter's short name
    assert real_brush(str(find_painter("classic/dry_brush.gan"))) == "classic/dry_brush"
    with pytest.raises(InputError, match="^nobrush: no such brush$"):
        real_brush("nobrush")


def named(name: str) -> str:
    """Stands for the look-up of MyPaint's brushes, which may not be installed; full names only."""
    if not name.startswith("classic/"):
        raise InputError(f"{name}: no such brush")
    return name


@given(st.integers(1, 3), st.integers(1, 3), st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_a_stroke_over_a_canvas_is_a_weighted_mean(count, channels, seed):
    random = torch.Generator().manual_seed(seed)
    canvas, alphas = torch.rand(count, channels, 4, 5, generator=random), torch.rand(count, 4, 5, generator=random)
    colours = torch.rand(count, channels, generator=random)
    painted = over(canvas, colours[:, :, None, None], alphas[:, None])
    for n, c, i, j in np.ndindex(count, channels, 4, 5):
        mean = (1 - alphas[n, i, j]) * canvas[n, c, i, j] + alphas[n, i, j] * colours[n, c]
        assert float(painted[n, c, i, j]) == pytest.approx(float(mean), abs=1e-6)


def test_a_stroke_over_a_canvas_has_the_gradients_of_its_formula():
    random = torch.Generator().manual_seed(0)
    shapes = ((2, 3, 2, 2), (2, 3, 1, 1), (2, 1, 2, 2))
    inputs = tuple(torch.rand(shape, generator=random, dtype=torch.float64).requires_grad_() for shape in shapes)
    assert torch.autograd.gradcheck(over, inputs)


@given(st.floats(1e-6, 1), st.integers(1, 500), st.floats(0, 0.9))
def test_a_rate_falls_from_its_value_to_its_final_share(rate, steps, final):
    rates = [falling_rate(rate, number, steps, final=final) for number in range(steps + 1)]
    assert rates[0] == pytest.approx(rate)
    assert rates[-1] == pytest.approx(final * rate, abs=1e-12)
    assert all(later <= earlier * (1 + 1e-12) for earlier, later in zip(rates, rates[1:], strict=False))
    if steps % 2 == 0:  # a half cosine is halfway in the middle
        assert rates[steps // 2] == pytest.approx(rate * (1 + final) / 2)


def test_a_running_mean_forgets_where_it_began_and_copies_counts():
    kept, learner = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    with torch.no_grad():
        kept.weight.fill_(5.0)
        learner.weight.fill_(1.0)
        learner.num_batches_tracked.fill_(42)
    left = 4.0
    for number in range(30):
        follow(kept, learner, number)
        left *= min(MAX_DECAY, (1 + number) / (10 + number))
        assert float(kept.weight.detach()[0]) == pytest.approx(1 + left, rel=1e-5)
    assert left < 0.01  # short at first: with the final decay alone it would still be 3.8
    assert 4 * MAX_DECAY**30 == pytest.approx(3.8, abs=0.1)
    assert int(kept.num_batches_tracked) == 42
    assert math.isclose(float(learner.weight.detach()[0]), 1.0)
