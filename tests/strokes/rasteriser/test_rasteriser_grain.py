"""Grain: none at amount 0, one for a seed, true gradients, the same at any size, opaque strokes with ragged edges."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from brush_here import brush_table, rasteriser, strokes

from orbifolio.runner.strokes.rasteriser.grain import BrushGrain, StrokePlaces, grained
from orbifolio.runner.strokes.rasteriser.pixel_blocks import pixel_grid
from orbifolio.runner.strokes.rasteriser.trace import trace

WIDTH, HEIGHT = 30, 20
PAPER = np.ones((WIDTH * HEIGHT, 3), np.float32)


def laid(amount: float, seed: int = 1, **options):
    brush = replace(rasteriser(WIDTH, HEIGHT, **options), grain=BrushGrain(amount, seed))
    return brush.composite(*strokes(6, WIDTH, HEIGHT), PAPER)


@pytest.mark.parametrize("opaque", [False, True])
def test_without_an_amount_it_is_the_mean(opaque):
    mean = rasteriser(WIDTH, HEIGHT, opaque=opaque).composite(*strokes(6, WIDTH, HEIGHT), PAPER)
    assert np.allclose(laid(0.0, opaque=opaque).canvas, mean.canvas, atol=1e-6)


def test_a_seed_is_a_sample_whose_mean_is_the_brush():
    assert np.array_equal(laid(0.6).alphas, laid(0.6).alphas)
    assert np.abs(laid(0.6).alphas - laid(0.6, 2).alphas).max() > 0.1
    mean = np.mean([laid(0.3, seed).alphas for seed in range(40)], axis=0)
    assert np.abs(mean - laid(0.0).alphas).mean() < 0.02


def test_a_stroke_has_the_same_grain_at_twice_the_size():
    some, colours = strokes(3, WIDTH, HEIGHT)
    brush = replace(rasteriser(2 * WIDTH, 2 * HEIGHT), grain=BrushGrain(0.6, 1))
    large = brush.composite(some.scaled(2, 2), colours, np.ones((4 * WIDTH * HEIGHT, 3), np.float32)).canvas
    small = replace(rasteriser(WIDTH, HEIGHT), grain=BrushGrain(0.6, 1)).composite(some, colours, PAPER).canvas
    other = replace(rasteriser(WIDTH, HEIGHT), grain=BrushGrain(0.6, 2)).composite(some, colours, PAPER).canvas
    shrunk = large.reshape(HEIGHT, 2, WIDTH, 2, 3).mean((1, 3)).reshape(-1, 3)
    assert np.square(shrunk - small).mean() < 0.2 * np.square(other - small).mean()


def test_colours_have_the_gradient_of_finite_differences():
    brush = replace(rasteriser(WIDTH, HEIGHT), grain=BrushGrain(0.5, 3))
    some, colours = strokes(4, WIDTH, HEIGHT)
    weight = torch.from_numpy(np.random.default_rng(0).normal(size=(WIDTH * HEIGHT, 3)).astype(np.float32))
    paint, rows = torch.from_numpy(colours).requires_grad_(), torch.from_numpy(some.rows).requires_grad_()
    (brush(rows, some.units, paint, PAPER) * weight).sum().backward()

    def total(changed: np.ndarray) -> float:
        return float((torch.from_numpy(brush.composite(some, changed, PAPER).canvas) * weight).sum())

    step = np.zeros_like(colours)
    step[2, 1] = 0.05
    assert float(paint.grad[2, 1]) == pytest.approx((total(colours + step) - total(colours - step)) / 0.1, rel=1e-2)
    assert bool(torch.isfinite(rows.grad).all())
    assert float(rows.grad.abs().max()) > 0


def test_opaque_strokes_get_ragged_edges():
    plain, ragged = laid(0.0, opaque=True), laid(0.6, opaque=True)
    assert 0.005 < np.abs(plain.alphas - ragged.alphas).mean() < 0.3
    assert ((ragged.alphas < 0.01) | (ragged.alphas > 0.99)).mean() > 0.6


def test_grain_changes_opacity_by_its_amount_at_most():
    """Coarse and fine noise lie in [-1, 1], and so does their mean."""
    plain, grained = laid(0.0).alphas, laid(0.2).alphas
    inner = (plain > 0.1) & (plain < 0.7)
    factor = grained[inner] / plain[inner]
    assert np.abs(factor - 1).max() < 0.2 + 1e-4
    assert factor.std() > 0.02


def test_grain_lies_along_the_stroke_wherever_that_is():
    """Moved with its places, a stroke has the same grain."""
    some, _ = strokes(5, WIDTH, HEIGHT)
    blocks, footprint = pixel_grid(WIDTH, HEIGHT), brush_table().footprint
    shift = np.float32([40.0, -24.0])
    moved = some._replace(rows=some.rows + np.float32([*shift, *shift, *shift, 0, 0, 0]))
    grain, found = BrushGrain(0.5, 4), []
    for these, grid in ((some, blocks), (moved, blocks._replace(points=blocks.points + shift))):
        pairs = trace(some, footprint, blocks)
        opacities = np.full(len(pairs.places), 0.5, np.float32)
        found.append(grained(StrokePlaces(pairs, these, grid), opacities, grain, opaque=False)[0][pairs.numbers()])
    assert np.abs(found[0] - 0.5).max() > 0.1
    np.testing.assert_allclose(found[0], found[1], atol=2e-3)
