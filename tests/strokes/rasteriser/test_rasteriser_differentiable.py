"""Strokes on places: all that reach each other are found, laid as the rasteriser lays them, with true gradients."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from brush_here import brush_table, painter, rasteriser, strokes

from orbifolio.runner.strokes.geometry import nearest
from orbifolio.runner.strokes.rasteriser.brush_table import fit_table
from orbifolio.runner.strokes.rasteriser.pixel_blocks import in_blocks, pixel_grid
from orbifolio.runner.strokes.rasteriser.rasterise import Layers, rasterise
from orbifolio.runner.strokes.rasteriser.trace import trace
from orbifolio.runner.strokes.stroke_array import LOG_RADIUS, StrokeArray

WIDTH, HEIGHT = 40, 28
FLAT = {"ratio": 3.0, "degrees": 40.0}
SWELLING = {"swelling": ((0.0, -0.5), (0.5, 0.0), (1.0, 0.6))}


def test_blocks_hold_each_pixel_once_and_reach_as_far_as_they_say():
    blocks = pixel_grid(WIDTH, HEIGHT)
    assert sorted(blocks.cells) == list(range(WIDTH * HEIGHT))
    assert np.allclose(blocks.points[:, 0] - 0.5, blocks.cells % WIDTH)
    for block, (first, last) in enumerate(zip(blocks.firsts, blocks.firsts[1:], strict=False)):
        away = np.hypot(*(blocks.points[first:last] - blocks.middles[block]).T)
        assert away.max() <= blocks.halves[block]


@pytest.mark.parametrize("traits", [{}, FLAT, SWELLING], ids=["round", "flat", "swelling"])
def test_every_place_in_reach_is_found_with_its_distance(traits):
    some, _ = strokes(12, WIDTH, HEIGHT)
    brush, footprint = painter(**traits), brush_table(**traits).footprint
    blocks = pixel_grid(WIDTH, HEIGHT)
    pairs = trace(some, footprint, blocks)
    numbers = pairs.numbers()
    found = np.full((some.size, WIDTH * HEIGHT), np.inf)
    found[pairs.owners(), blocks.cells[pairs.places[numbers]]] = pairs.distances[numbers]
    course = brush.track(some.in_units())
    for number in range(some.size):
        points = torch.from_numpy(blocks.points[np.argsort(blocks.cells)] / some.units[number])
        _, distance, radius = nearest(course.take(torch.tensor([number])), brush.place(points)[None])
        relative = (distance / radius)[0].numpy()
        reach = footprint.reach + 1.5 / radius[0].numpy()
        sure = relative < reach - 0.15
        assert np.abs(found[number][sure] - relative[sure]).max() < 0.12  # the polyline has fewer chords
        assert not np.isfinite(found[number][relative > reach + 0.15]).any()


def test_pictures_are_layers_of_the_opacities():
    some, colours = strokes(9, WIDTH, HEIGHT)
    paper = np.full((WIDTH * HEIGHT, 3), 0.9, np.float32)
    composite = rasteriser(WIDTH, HEIGHT).composite(some, colours, paper)
    numbers, owners = composite.pairs.numbers(), composite.pairs.owners()
    ends = torch.from_numpy(np.cumsum(composite.pairs.ends - composite.pairs.starts))
    plain = Layers.apply(
        torch.from_numpy(composite.alphas[numbers]),
        torch.from_numpy(colours),
        torch.from_numpy(paper),
        torch.from_numpy(composite.cells[numbers].astype(np.int64)),
        ends,
    )
    assert np.abs(composite.canvas - plain.numpy()).max() < 1e-5
    shares, cells = composite.shares()[numbers], composite.cells[numbers]
    total = np.zeros((WIDTH * HEIGHT, 3))
    np.add.at(total, cells, shares[:, None] * colours[owners])
    bare = 1 - np.bincount(cells, shares, minlength=WIDTH * HEIGHT)
    assert np.abs(total + bare[:, None] * paper - composite.canvas).max() < 1e-5


def test_the_network_paints_as_the_rasteriser_does():
    some, colours = strokes(9, WIDTH, HEIGHT)
    brush = rasteriser(WIDTH, HEIGHT)
    composite = brush.composite(some, colours, np.ones((WIDTH * HEIGHT, 3), np.float32), by_network=True)
    with torch.no_grad():
        plain = rasterise(
            brush.painter,
            some.in_units(),
            torch.from_numpy(colours),
            width=WIDTH,
            height=HEIGHT,
            unit=torch.from_numpy(some.units),
        )
    assert np.square(composite.canvas - plain.reshape(-1, 3).numpy()).mean() ** 0.5 < 0.01


@pytest.mark.parametrize(
    ("traits", "agreement"), [({}, 0.97), (FLAT, 0.99), (SWELLING, 0.88)], ids=["round", "flat", "swelling"]
)
def test_gradients_point_where_differences_do(traits, agreement):
    (rows, units), colours = strokes(10, WIDTH, HEIGHT, seed=3)
    rows[:, LOG_RADIUS] *= 0.5  # slender, as strokes mostly are
    brush, paper = rasteriser(WIDTH, HEIGHT, **traits), np.ones((WIDTH * HEIGHT, 3), np.float32)
    weight = np.random.default_rng(1).normal(size=(WIDTH * HEIGHT, 3)).astype(np.float32)
    held, paint = torch.from_numpy(rows).requires_grad_(), torch.from_numpy(colours).requires_grad_()
    loss = (brush(held, units, paint, paper) * torch.from_numpy(weight)).sum()
    to_rows, to_colours = torch.autograd.grad(loss, (held, paint))

    def value(changed_rows, changed_colours):
        picture = brush.composite(StrokeArray(changed_rows, units), changed_colours, paper).canvas
        return float((picture.astype(float) * weight).sum())

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
    # The nearest point is taken to stay where it is along the curve, and jumps in bends: see `opacities_vjp`.
    assert min(cosines) > 0.6, cosines
    assert np.mean(cosines) > agreement, cosines
    more, less = colours.copy(), colours.copy()
    more[4, 1] += 0.1
    less[4, 1] -= 0.1
    assert float(to_colours[4, 1]) == pytest.approx((value(rows, more) - value(rows, less)) / 0.2, rel=1e-3, abs=1e-3)


def test_places_may_be_any_and_several_of_one_cell():
    some, colours = strokes(6, WIDTH, HEIGHT)
    whole, brush = pixel_grid(WIDTH, HEIGHT), rasteriser(WIDTH, HEIGHT)
    turned = in_blocks(whole.points, whole.cells, np.arange(len(whole.cells)) // 50, whole.cell_count)
    paper = np.ones((WIDTH * HEIGHT, 3), np.float32)
    one = brush.composite(some, colours, paper).canvas
    other = replace(brush, blocks=turned).composite(some, colours, paper).canvas
    assert np.array_equal(one, other)
    twice = in_blocks(
        np.tile(whole.points, (2, 1)), np.tile(whole.cells, 2), np.arange(2 * len(whole.cells)) // 64, 1120
    )
    single = some.take(np.array([0]))
    composite = replace(brush, blocks=twice).composite(single, colours[:1], paper)
    alpha = (paper - brush.composite(single, colours[:1], paper).canvas) / (1 - colours[0])
    assert np.abs(composite.canvas - (1 - (1 - (1 - alpha) ** 2) * (1 - colours[0]))).max() < 1e-4


@pytest.mark.slow
def test_the_table_of_a_shipped_brush_is_near_its_network():
    from orbifolio.runner.strokes.brush_models.weights import load_painter

    assert fit_table(load_painter("classic/charcoal")).error < 0.03
