"""The quick copy of a brush: near the painter, with the gradients of its picture, and none where there is no paint."""

import numpy as np
import pytest
import torch

from orbifolio.runner.strokes.brush_models.weights import load_painter
from orbifolio.runner.strokes.mypaint.actions import COLOUR, SHAPE, draw_actions
from orbifolio.runner.strokes.rasteriser.brush_table import action_strokes, fit_table, gentle_strokes
from orbifolio.runner.strokes.rasteriser.differentiable import Rasteriser
from orbifolio.runner.strokes.rasteriser.pixel_blocks import pixel_grid
from orbifolio.runner.strokes.rasteriser.separate_strokes import network_stamp, table_stamp
from orbifolio.runner.strokes.stroke_array import StrokeArray, rows_of_actions


@pytest.fixture(scope="module")
def painter():
    return load_painter("classic/dry_brush")


@pytest.fixture(scope="module")
def stamp(painter):
    return table_stamp(painter, 32)


def actions(count: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(draw_actions(count, np.random.default_rng(seed)))


def smooth(side: int) -> torch.Tensor:
    coarse = torch.randn(1, 1, 6, 6, generator=torch.Generator().manual_seed(3))
    return torch.nn.functional.interpolate(coarse, (side, side), mode="bicubic")[0]


def test_it_paints_nearly_what_the_painter_paints(painter, stamp):
    some = actions(60, 5)
    error = (stamp(some) - network_stamp(painter, 32)(some)).square().mean().item()
    ink = network_stamp(painter, 32)(some).square().mean().item()
    assert -10 * np.log10(error) > 28
    assert error < 0.03 * ink


def test_its_gradient_is_the_slope_of_its_picture(stamp):
    some, weight = actions(60, 1), smooth(32)
    wanted = some.clone().requires_grad_()
    (stamp(wanted) * weight).sum().backward()
    for column in SHAPE:
        more, less = some.clone(), some.clone()
        more[:, column] += 2e-3
        less[:, column] -= 2e-3
        slope = ((stamp(more) - stamp(less)) * weight).sum((1, 2)) / 4e-3
        assert torch.cosine_similarity(wanted.grad[:, column], slope, dim=0) > 0.93, column
    assert (wanted.grad[:, COLOUR] == 0).all()


def test_its_gradient_points_where_the_painters_does(painter, stamp):
    some, weight = actions(120, 5), smooth(32)
    quick, true = some.clone().requires_grad_(), some.clone().requires_grad_()
    (stamp(quick) * weight).sum().backward()
    (network_stamp(painter, 32)(true) * weight).sum().backward()
    for column in SHAPE:
        assert torch.cosine_similarity(quick.grad[:, column], true.grad[:, column], dim=0) > 0.9, column


def test_a_table_repeats_and_stays_an_opacity(painter):
    table = fit_table(painter, action_strokes).table
    assert np.array_equal(table, fit_table.__wrapped__(painter, action_strokes).table)
    assert 0 <= table.min() < table.max() <= 1
    assert table[2, 2, 1, 4, -1] > 0.3 > table[2, 2, -1, 4, -1]  # on the curve, and beyond its reach


def test_a_sized_picture_is_the_same_picture(painter):
    some = actions(5, 4)
    fine, coarse = table_stamp(painter, 96)(some), table_stamp(painter, 32)(some)
    assert torch.allclose(fine[:, 1::3, 1::3], coarse, atol=1e-5)  # the middle of 9 fine pixels is a coarse one's


def test_a_flat_tip_has_gradients_too():
    stamp = table_stamp(load_painter("classic/calligraphy"), 32)
    some, weight = actions(60, 6), smooth(32)
    wanted = some.clone().requires_grad_()
    (stamp(wanted) * weight).sum().backward()
    more, less = some.clone(), some.clone()
    more[:, 1] += 2e-3
    less[:, 1] -= 2e-3
    slope = ((stamp(more) - stamp(less)) * weight).sum((1, 2)) / 4e-3
    assert torch.cosine_similarity(wanted.grad[:, 1], slope, dim=0) > 0.95


def test_a_table_of_an_agents_strokes_is_nearer_to_the_painter_on_them():
    brush = load_painter("classic/pen")
    rows = rows_of_actions(actions(60, 5), brush.space).numpy()
    strokes = StrokeArray(rows, np.ones(len(rows), np.float32)).scaled(0.5, 0.5)
    true = network_stamp(brush, 32)(actions(60, 5)).flatten(1).numpy()
    paper = np.ones((32 * 32, 3), np.float32)

    def error(sampler) -> float:
        rasteriser = Rasteriser(fit_table(brush, sampler), pixel_grid(32, 32), brush)
        one_by_one = [strokes.take(np.array([number])) for number in range(len(rows))]
        drawn = [rasteriser.composite(one, np.zeros((1, 3), np.float32), paper).canvas[:, 0] for one in one_by_one]
        return float(np.square(1 - np.stack(drawn) - true).mean())

    assert error(action_strokes) < 0.75 * error(gentle_strokes)
