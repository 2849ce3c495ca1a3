"""Strokes on places: all that reach each other are found, laid as the rasteriser lays them, with true gradients."""

import numpy as np
import pytest
import torch
from brush_here import painter, response, strokes, work

from orbifolio.runner.strokes.rasteriser.brush_table import tabulate
from orbifolio.runner.strokes.rasteriser.geometry import nearest
from orbifolio.runner.strokes.rasteriser.network_opacity import listed, strokes_of
from orbifolio.runner.strokes.rasteriser.pixel_blocks import grid, in_blocks
from orbifolio.runner.strokes.rasteriser.rasterise import Layers, rasterise
from orbifolio.runner.strokes.rasteriser.trace import trace

WIDTH, HEIGHT = 40, 28
FLAT = {"ratio": 3.0, "degrees": 40.0}
SWELLING = {"swelling": ((0.0, -0.5), (0.5, 0.0), (1.0, 0.6))}


def test_blocks_hold_each_pixel_once_and_reach_as_far_as_they_say():
    places = grid(WIDTH, HEIGHT)
    assert sorted(places.cells) == list(range(WIDTH * HEIGHT))
    assert np.allclose(places.points[:, 0] - 0.5, places.cells % WIDTH)
    for block, (first, last) in enumerate(zip(places.firsts, places.firsts[1:], strict=False)):
        away = np.hypot(*(places.points[first:last] - places.middles[block]).T)
        assert away.max() <= places.halves[block]


@pytest.mark.parametrize("known", [{}, FLAT, SWELLING], ids=["round", "flat", "swelling"])
def test_every_place_in_reach_is_found_with_its_distance(known):
    rows, units, _ = strokes(12, WIDTH, HEIGHT)
    brush, table = painter(**known), response(**known)
    places = grid(WIDTH, HEIGHT)
    pairs = trace(rows, units, table.tip, places)
    index = listed(pairs)
    found = np.full((len(rows), WIDTH * HEIGHT), np.inf)
    stroke = np.repeat(np.arange(len(rows)), pairs.ends - pairs.starts)
    found[stroke, places.cells[pairs.places[index]]] = pairs.distances[index]
    course = brush.track(strokes_of(rows, units))
    for number in range(len(rows)):
        points = torch.from_numpy(places.points[np.argsort(places.cells)] / units[number])
        _, distance, radius = nearest(course.take(torch.tensor([number])), brush.place(points)[None])
        relative = (distance / radius)[0].numpy()
        reach = table.tip.reach + 1.5 / radius[0].numpy()
        sure = relative < reach - 0.15
        assert np.abs(found[number][sure] - relative[sure]).max() < 0.12  # the polyline has fewer chords
        assert not np.isfinite(found[number][relative > reach + 0.15]).any()


def test_pictures_are_layers_of_the_opacities():
    rows, units, colours = strokes(9, WIDTH, HEIGHT)
    brush = work(WIDTH, HEIGHT)
    paper = np.full((WIDTH * HEIGHT, 3), 0.9, np.float32)
    laid = brush.lay(rows, units, colours, paper)
    index = listed(laid.pairs)
    ends = torch.from_numpy(np.cumsum(laid.pairs.ends - laid.pairs.starts))
    plain = Layers.apply(
        torch.from_numpy(laid.alphas[index]),
        torch.from_numpy(colours),
        torch.from_numpy(paper),
        torch.from_numpy(laid.cells[index].astype(np.int64)),
        ends,
    )
    assert np.abs(laid.canvas - plain.numpy()).max() < 1e-5
    shares = laid.shares()
    total = np.zeros((WIDTH * HEIGHT, 3))
    stroke = np.repeat(np.arange(len(rows)), laid.pairs.ends - laid.pairs.starts)
    np.add.at(total, laid.cells[index], shares[index, None] * colours[stroke])
    open_ = 1 - np.bincount(laid.cells[index], shares[index], minlength=WIDTH * HEIGHT)
    assert np.abs(total + open_[:, None] * paper - laid.canvas).max() < 1e-5


def test_the_network_paints_as_the_rasteriser_does():
    rows, units, colours = strokes(9, WIDTH, HEIGHT)
    brush = work(WIDTH, HEIGHT)
    laid = brush.lay(rows, units, colours, np.ones((WIDTH * HEIGHT, 3), np.float32), truly=True)
    with torch.no_grad():
        plain = rasterise(
            brush.painter,
            strokes_of(rows, units),
            torch.from_numpy(colours),
            width=WIDTH,
            height=HEIGHT,
            unit=torch.from_numpy(units),
        )
    assert np.square(laid.canvas - plain.reshape(-1, 3).numpy()).mean() ** 0.5 < 0.01


@pytest.mark.parametrize("known", [{}, FLAT, SWELLING], ids=["round", "flat", "swelling"])
def test_gradients_point_where_differences_do(known):
    rows, units, colours = strokes(10, WIDTH, HEIGHT, seed=3)
    rows[:, 6] *= 0.5  # slender, as strokes mostly are
    brush, paper = work(WIDTH, HEIGHT, **known), np.ones((WIDTH * HEIGHT, 3), np.float32)
    weight = np.random.default_rng(1).normal(size=(WIDTH * HEIGHT, 3)).astype(np.float32)
    held, paint = torch.from_numpy(rows).requires_grad_(), torch.from_numpy(colours).requires_grad_()
    loss = (brush(held, units, paint, paper) * torch.from_numpy(weight)).sum()
    to_rows, to_colours = torch.autograd.grad(loss, (held, paint))

    def value(changed_rows, changed_colours):
        return float((brush.lay(changed_rows, units, changed_colours, paper).canvas.astype(float) * weight).sum())

    cosines = []
    for column, step in [*((number, 0.1) for number in range(6)), (6, 0.02), (7, 0.02), (8, 0.02)]:
        expected = []
        for number in range(len(rows)):
            more, less = rows.copy(), rows.copy()
            more[number, column] += step
            less[number, column] -= step
            expected.append((value(more, colours) - value(less, colours)) / (2 * step))
        found = to_rows[:, column].numpy()
        cosine = found @ expected / (np.linalg.norm(found) * np.linalg.norm(expected))
        cosines.append(round(float(cosine), 3))
    # The nearest point is taken to stay where it is along the curve: see answering.py.
    assert min(cosines) > 0.6, cosines
    assert np.mean(cosines) > 0.85, cosines
    more, less = colours.copy(), colours.copy()
    more[4, 1] += 0.1
    less[4, 1] -= 0.1
    assert float(to_colours[4, 1]) == pytest.approx((value(rows, more) - value(rows, less)) / 0.2, rel=1e-3, abs=1e-3)


def test_places_may_be_any_and_several_of_one_cell():
    rows, units, colours = strokes(6, WIDTH, HEIGHT)
    whole, brush = grid(WIDTH, HEIGHT), work(WIDTH, HEIGHT)
    turned = in_blocks(whole.points, whole.cells, np.arange(len(whole.cells)) // 50, whole.count)
    paper = np.ones((WIDTH * HEIGHT, 3), np.float32)
    one = brush.lay(rows, units, colours, paper).canvas
    other = type(brush)(brush.response, turned, brush.painter).lay(rows, units, colours, paper).canvas
    assert np.array_equal(one, other)
    twice = in_blocks(
        np.tile(whole.points, (2, 1)), np.tile(whole.cells, 2), np.arange(2 * len(whole.cells)) // 64, 1120
    )
    laid = type(brush)(brush.response, twice, brush.painter).lay(rows[:1], units[:1], colours[:1], paper)
    alpha = (paper - brush.lay(rows[:1], units[:1], colours[:1], paper).canvas) / (1 - colours[0])
    assert np.abs(laid.canvas - (1 - (1 - (1 - alpha) ** 2) * (1 - colours[0]))).max() < 1e-4


@pytest.mark.slow
def test_the_table_of_a_shipped_brush_is_near_its_network():
    from orbifolio.runner.strokes.brush_models.weights import load_painter

    assert tabulate(load_painter("classic/charcoal")).error < 0.03
