"""The implicit painter: right geometry, gradients, any size, nothing beyond its reach, files, shipped brushes."""

import json

import numpy as np
import pytest
import torch
from program_here import needs_program

from orbifolio.runner.errors import InputError
from orbifolio.runner.strokes.brush_models import implicit, metrics, weights
from orbifolio.runner.strokes.brush_models.base import TrainingData
from orbifolio.runner.strokes.brush_models.implicit import BrushTraits, ImplicitPainter
from orbifolio.runner.strokes.brush_models.implicit_training import Implicit
from orbifolio.runner.strokes.geometry import FEATURES, FLOOR, describe, interpolate, nearest, track
from orbifolio.runner.strokes.mypaint.actions import Space, draw_actions
from orbifolio.runner.strokes.mypaint.samples import Samples, draw_repeats
from orbifolio.runner.strokes.stroke_array import LOG_RADIUS, rows_of_actions


def painter(**traits) -> ImplicitPainter:
    return ImplicitPainter(BrushTraits(width=16, **traits), generator=torch.Generator().manual_seed(0)).double()


def actions(count: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(draw_actions(count, np.random.default_rng(seed))).double()


def test_the_distance_is_that_of_the_curve():
    rows = rows_of_actions(actions(20))
    places = torch.rand((20, 30, 2), dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 64
    course = track(rows)
    _, distance, radius = nearest(course, places)
    curve = torch.from_numpy(Space(points=2000).curve(actions(20).float().numpy()))
    exact = torch.cdist(places, curve).min(-1).values
    assert (distance - exact).abs().max() < 0.7  # a polyline of 24 chords against the curve
    assert torch.allclose(radius, rows[:, LOG_RADIUS].exp()[:, None] + FLOOR)


def test_where_the_radius_grows_a_place_is_nearest_to_the_widest_part():
    swelling = ((0.0, -1.0), (1.0, 1.0))
    rows = rows_of_actions(actions(20))
    course = track(rows, None, swelling)
    places = torch.rand((20, 30, 2), dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 64
    _, distance, radius = nearest(course, places)
    fine = torch.linspace(0, 1, 41, dtype=torch.float64)[:, None]
    knots = torch.cat([course.knots[:, :-1] * (1 - w) + course.knots[:, 1:] * w for w in fine], dim=1)
    radii = torch.cat([course.radii[:, :-1] * (1 - w) + course.radii[:, 1:] * w for w in fine], dim=1)
    least = (torch.cdist(places, knots) / radii[:, None]).min(-1).values
    found, close = distance / radius, least < 5  # no brush paints farther than that
    assert close.sum() > 100
    assert (found <= least + 1e-6)[close].all()
    assert (found >= least - 0.1).all()


def test_a_long_straight_stroke_lets_one_measure_of_paint_pass():
    straight = rows_of_actions(torch.tensor([[0.5, 0.5, 0.5, 0.5, 1, 0.5, 0, 0, 0, 0, 0.5, 0.5]], dtype=torch.float64))
    course, places = track(straight), torch.tensor([[[32.0, 32.0], [32.0, 60.0]]], dtype=torch.float64)
    features, _, _ = describe(course, places, nearest(course, places)[0])
    for name in ("passing paint, narrow", "passing paint, wide"):
        on, off = features[0, :, FEATURES.index(name)]
        assert on.item() == pytest.approx(1, abs=1e-6)
        assert off.item() == pytest.approx(0, abs=1e-6)


def test_a_piecewise_line_is_numpys():
    points = ((0.0, -1.0), (0.3, 0.5), (1.25, 2.0))
    x = torch.linspace(-0.5, 1.5, 41, dtype=torch.float64)
    assert np.allclose(interpolate(x, points).numpy(), np.interp(x.numpy(), *zip(*points, strict=True)))


@pytest.mark.parametrize(
    "traits",
    [
        {},
        {"direction": True, "speed": True},
        {"ratio": 5.5, "degrees": 46.0},
        {"swelling": ((0.0, -1.0), (0.5, 0.0), (1.25, 1.0))},
    ],
    ids=["plain", "directed", "flat", "swelling"],
)
def test_gradients_are_those_of_the_picture(traits):
    some = (actions(2, seed=4) * 0.8 + 0.1).requires_grad_()
    brush = painter(**traits)
    weight = torch.rand(2, 13, 13, dtype=torch.float64, generator=torch.Generator().manual_seed(2))

    def seen(x: torch.Tensor) -> torch.Tensor:
        alphas = brush.alphas(x, scale=0.2)
        return torch.stack([(alphas * weight).sum(), (alphas * weight.flip(1)).sum()])

    assert torch.autograd.gradcheck(seen, (some,), eps=1e-6, atol=1e-5, rtol=1e-3)


def test_weights_have_gradients_whatever_the_pieces(monkeypatch):
    brush, some = painter(), actions(3)
    (whole,) = torch.autograd.grad(brush.alphas(some).square().sum(), [brush.layers[2].weight])
    monkeypatch.setattr(implicit, "PLACES", 37)
    (pieces,) = torch.autograd.grad(brush.alphas(some).square().sum(), [brush.layers[2].weight])
    assert torch.allclose(whole, pieces, rtol=1e-10)
    with torch.no_grad():
        sums = []
        for nudge in (1e-5, -2e-5):
            brush.layers[2].weight[3, 4] += nudge
            sums.append(brush.alphas(some).square().sum())
    assert ((sums[0] - sums[1]) / 2e-5).item() == pytest.approx(whole[3, 4].item(), rel=1e-5)


def test_beyond_its_reach_a_stroke_leaves_exactly_no_paint():
    brush, some = painter(reach=1.5), actions(10)
    alphas = brush.alphas(some).detach()
    ticks = torch.arange(64, dtype=torch.float64) + 0.5
    places = torch.stack(torch.meshgrid(ticks, ticks, indexing="xy"), -1).reshape(1, -1, 2).expand(10, -1, -1)
    _, distance, radius = nearest(brush.track(rows_of_actions(some)), places)
    beyond = (distance >= brush.reach(radius)).reshape(10, 64, 64)
    assert (alphas[beyond] == 0).all()
    assert (alphas[~beyond] > 0).float().mean() > 0.99


def test_a_stroke_has_no_fixed_resolution():
    brush, some = painter(), actions(4)
    fine = brush.alphas(some, scale=5).detach()
    assert fine.shape == (4, 320, 320)
    # The centre of a coarse pixel is the centre of the middle one of its 25 fine ones.
    assert torch.allclose(fine[:, 2::5, 2::5], brush.alphas(some).detach(), atol=1e-12)


def test_a_file_holds_all_that_is_needed(tmp_path):
    brush = painter(direction=True, ratio=3.0, degrees=20.0, swelling=((0.0, -1.0), (1.0, 1.0))).float()
    data = weights.pack(brush, {"brush": "mine", "seed": 3})
    assert data == weights.pack(brush, {"seed": 3, "brush": "mine"})
    path = tmp_path / "mine.safetensors"
    path.write_bytes(data)
    again, facts = weights.unpack(path)
    assert facts["brush"] == "mine"
    some = actions(3).float()
    assert torch.equal(again.alphas(some), brush.alphas(some).detach())
    assert not any(parameter.requires_grad for parameter in again.parameters())


def test_what_is_no_learnt_brush_is_told(tmp_path):
    path = tmp_path / "mine.safetensors"
    path.write_bytes(b"nothing")
    with pytest.raises(InputError, match="not a learnt brush"):
        weights.load_painter(str(path))
    with pytest.raises(InputError, match="no such learnt brush; did you mean classic/dry_brush"):
        weights.load_painter("classic/dry_brsh")


def test_ten_brushes_are_shipped_with_their_log():
    log = json.loads(weights.LOG.read_text())
    assert len(weights.shipped()) >= 10
    assert set(log) == set(weights.every_shipped())
    for name in weights.shipped():
        brush = weights.load_painter(name)
        assert 9_000 < brush.count() < 10_500
        assert log[name]["figures"]["psnr mean"] > log[name]["figures"]["psnr white paper"] + 10
    assert log["classic/dry_brush"]["figures"]["psnr mean"] > 28.8


@needs_program
@pytest.mark.parametrize("name", ["classic/dry_brush", "classic/calligraphy", "classic/charcoal"])
def test_a_shipped_brush_paints_like_the_real_one(name):
    from orbifolio.runner.strokes.mypaint.brush_file import find_brush
    from orbifolio.runner.strokes.mypaint.mypaint_renderer import PaintProgram

    unseen = draw_actions(30, np.random.default_rng(12345))
    repeats = draw_repeats(PaintProgram(find_brush(name)), unseen, 16, seed=9)
    figures = metrics.fidelity(metrics.learnt_alphas(weights.load_painter(name), unseen), repeats)
    assert figures["psnr mean"] > 30
    assert figures["psnr single"] > min(figures["psnr possible"] - 1, 33)


def test_learning_finds_a_brush_that_is_a_formula():
    """Discs along the curve, a soft edge of one radius: known without any paint program."""
    random = np.random.default_rng(0)
    some = draw_actions(160, random)
    ticks = torch.arange(64) + 0.5
    places = torch.stack(torch.meshgrid(ticks, ticks, indexing="xy"), -1).reshape(1, -1, 2).expand(160, -1, -1)
    _, distance, radius = nearest(track(rows_of_actions(torch.from_numpy(some))), places)
    exact = (1.5 - distance / radius).clamp(0, 1).reshape(160, 64, 64)
    samples = Samples(some[:130], np.round(exact[:130].numpy() * 255).astype(np.uint8))
    trainer = Implicit(width=24, depth=2, places=2048, speed=False).build(TrainingData(samples, None, 1))
    trainer.restart(0.01, 250)
    losses = [trainer.step(number)["response"] for number in range(250)]
    assert losses[-1] < 0.05 * losses[0]
    found = metrics.learnt_alphas(trainer.painter, some[130:])
    assert metrics.decibels(float(np.square(found - exact[130:].numpy()).mean())) > 30
    assert 1.2 < trainer.painter.traits.reach < 2.0
