"""Many strokes on one canvas: the same as painting them one by one on all of it, gradients, boxes, paper."""

import numpy as np
import torch

from orbifolio.runner.strokes.bounding_boxes import boxes, centres, pairs
from orbifolio.runner.strokes.brush_models.implicit import BrushTraits, ImplicitPainter
from orbifolio.runner.strokes.mypaint.actions import draw_actions
from orbifolio.runner.strokes.rasteriser.rasterise import Layers, rasterise, rasterise_actions
from orbifolio.runner.strokes.stroke_array import rows_of_actions


def painter(**traits) -> ImplicitPainter:
    return ImplicitPainter(BrushTraits(width=16, **traits), generator=torch.Generator().manual_seed(0)).double()


def actions(count: int, seed: int = 0) -> torch.Tensor:
    return torch.from_numpy(draw_actions(count, np.random.default_rng(seed))).double()


def one_by_one(brush, some, scale):
    canvas = torch.ones(round(64 * scale), round(64 * scale), 3, dtype=torch.float64)
    for alpha, action in zip(brush.alphas(some, scale=scale), some, strict=True):
        canvas = canvas + alpha[..., None] * (action[6:9] - canvas)
    return canvas


def test_the_picture_and_its_gradient_are_those_of_painting_one_by_one():
    brush, some = painter(direction=True), actions(9).requires_grad_()
    weight = torch.rand(96, 96, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    picture, plain = rasterise_actions(brush, some, scale=1.5), one_by_one(brush, some, 1.5)
    assert torch.allclose(picture, plain, atol=1e-12)
    (found,) = torch.autograd.grad((picture * weight).sum(), some)
    (expected,) = torch.autograd.grad((plain * weight).sum(), some)
    assert torch.allclose(found, expected, atol=1e-9)
    assert (found.abs().sum(0) > 0).all()


def test_layers_have_the_gradients_of_their_formula():
    random = torch.Generator().manual_seed(0)

    def drawn(*shape):
        return torch.rand(*shape, dtype=torch.float64, generator=random).requires_grad_()

    pixels = torch.cat([torch.randperm(12, generator=random)[:count] for count in (8, 7, 0, 12)])
    ends = torch.tensor([8, 15, 15, 27])
    assert torch.autograd.gradcheck(
        lambda alphas, colours, paper: Layers.apply(alphas, colours, paper, pixels, ends),
        (drawn(27), drawn(4, 3), drawn(12, 3)),
    )


def test_strokes_of_other_units_are_enlarged_strokes():
    brush, some = painter(), actions(3)
    strokes = rows_of_actions(some)
    units = torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64)
    whole = rasterise(brush, strokes, some[:, 6:9], width=128, height=64, unit=units)
    assert whole.shape == (64, 128, 3)
    large = rasterise(
        brush, rows_of_actions(some[1:2]), some[1:2, 6:9], width=128, height=64, unit=2.0, paper=torch.zeros(64, 128, 3)
    )
    alpha = brush.alphas(some[1:2], scale=2)[0, :64]
    assert torch.allclose(large, alpha[..., None] * some[1, 6:9], atol=1e-12)


def test_no_strokes_leave_the_paper_as_it_is():
    brush, none = painter(), actions(0)
    assert (rasterise_actions(brush, none) == 1).all()
    outside = actions(2)
    outside[:, [2, 3, 4, 5, 9, 10]] += 5
    assert (rasterise_actions(brush, outside) == 1).all()


def test_boxes_hold_every_pixel_in_reach_and_pairs_list_them_all():
    random = torch.Generator().manual_seed(3)
    knots, reach = torch.rand(30, 5, 2, generator=random) * 60 - 15, torch.rand(30, generator=random) * 9
    units = torch.rand(30, generator=random) * 2 + 0.3
    found = boxes(knots, reach, 40, 30, units)
    listed = [torch.cat(parts) for parts in zip(*pairs(found, 40), strict=True)]
    expected = [
        (number, row * 40 + column)
        for number, (left, top, right, bottom) in enumerate(found.tolist())
        for row in range(top, bottom)
        for column in range(left, right)
    ]
    assert list(zip(*(item.tolist() for item in listed), strict=True)) == expected
    every = torch.arange(40 * 30)
    for number in range(30):
        near = torch.cdist(centres(every, 40, units[number]), knots[number]).min(-1).values < reach[number]
        inside = set(listed[1][listed[0] == number].tolist())
        assert set(every[near].tolist()) <= inside
