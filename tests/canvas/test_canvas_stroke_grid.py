"""The paper's tiles: they cover the picture, lie over each other as actions say, and have true gradients."""

import numpy as np
import pytest
import torch

from orbifolio.runner.canvas.base import CanvasPhase
from orbifolio.runner.canvas.stroke_grid import TILE, StrokeGrid, corners
from orbifolio.runner.strokes.brush_models.weights import load_painter
from orbifolio.runner.strokes.document.timelapse_states import render
from orbifolio.runner.symmetry.kinds.none import PlainPicture
from orbifolio.runner.symmetry.kinds.plane import Plane


def phase(width: int, height: int, seed: int = 3) -> CanvasPhase:
    return CanvasPhase(PlainPicture().layout(width, height), None, seed, 0, ((width, height),), 5)


def test_tiles_cover_the_picture_and_overlap_as_asked():
    assert corners(288, 288, 32)[:3] == [(0, 0), (32, 0), (64, 0)]
    assert len(corners(288, 288, 32)) == 64  # the paper's 8 by 8
    for width, height, overlap in ((100, 70, 10), (64, 64, 32), (40, 90, 0)):
        seen = torch.zeros(max(height, TILE), max(width, TILE))
        for left, top in corners(width, height, overlap):
            seen[top : top + TILE, left : left + TILE] += 1
        assert (seen[:height, :width] > 0).all()


def test_one_tile_is_the_painters_own_picture():
    place = phase(64, 64)
    canvas = StrokeGrid(strokes=3).begin(place, torch.zeros(64 * 64, 3), None)
    actions = canvas.actions()[0].detach()
    expected = torch.ones(3, 64, 64)
    for alpha, action in zip(load_painter("classic/dry_brush").alphas(actions), actions, strict=True):
        expected = torch.lerp(expected, action[6:9, None, None].expand_as(expected), alpha)
    assert torch.allclose(canvas.artwork()[0], expected, atol=1e-5)


@pytest.mark.parametrize("order", ["tiles", "turns"])
def test_its_strokes_as_a_document_are_the_same_picture(order):
    place = phase(96, 80)
    canvas = StrokeGrid(strokes=3, overlap=20, order=order).begin(place, torch.zeros(96 * 80, 3), None)
    with torch.no_grad():  # well inside of its tile, whose edge would cut it off
        canvas.tensor[..., [2, 3, 4, 5, 9, 10]] *= 0.15
        canvas.tensor[..., 1] -= 2
    painting, picture = canvas.painting()
    painted = render(painting, load_painter(painting.brush))
    assert np.abs(painted - picture).max() > 0  # drawn in boxes, not as whole tiles
    assert -10 * np.log10(np.square(painted - picture).mean()) > 40


def test_only_what_can_be_told_is_told():
    square = Plane(group="p4").build()
    repeated = CanvasPhase(square.layout(64, 64), square, 1, 0, ((64, 64),), 5)
    canvas = StrokeGrid().begin(repeated, torch.zeros(repeated.layout.parameters, 3), None)
    assert canvas.painting() is None
    assert canvas.products(title="", device="cpu") == {}
    vae = StrokeGrid(brush="classic/dry_brush.vae", strokes=1).begin(phase(64, 64), torch.zeros(64 * 64, 3), None)
    assert vae.painting()[0].brush == "classic/dry_brush"


def test_descends_keeps_its_rules_and_comes_back_from_its_state():
    settings = StrokeGrid(strokes=2, overlap=16, connected=True, greyscale=True, order="tiles")
    place = phase(96, 64)
    canvas = settings.begin(place, torch.zeros(96 * 64, 3), None)
    adam = torch.optim.Adam(canvas.parameters(), lr=0.1)
    losses = []
    for _ in range(5):
        adam.zero_grad()
        loss = (canvas.artwork() - 0.3).square().mean()
        loss.backward()
        adam.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < losses[0]
    actions = canvas.actions()
    assert torch.equal(actions[:, 1, 9:11], actions[:, 0, 4:6])
    assert torch.equal(actions[:, 1, 11], actions[:, 0, 0])
    assert float(actions[..., 6:9].std(-1).max().detach()) < 1e-6
    again = settings.restore(place, torch.zeros(96 * 64, 3), canvas.state_dict())
    assert torch.equal(canvas.artwork(), again.artwork())
    assert canvas.describe() == "2 tiles of 2 strokes of classic/dry_brush"


def test_a_noisy_painter_is_another_in_each_step_and_begins_in_the_pictures_colours():
    place = phase(64, 64)
    values = place.layout.sample(torch.tensor([0.9, 0.2, 0.1])[None, :, None, None].expand(1, 3, 64, 64))
    canvas = StrokeGrid(brush="classic/dry_brush.gan", strokes=3).begin(place, values, None)
    assert torch.allclose(canvas.actions()[..., 6:9].detach(), torch.tensor([0.9, 0.2, 0.1]).expand(1, 3, 3), atol=0.02)
    first = canvas.artwork().detach()
    assert torch.equal(first, canvas.artwork().detach())
    canvas.after_step(1)
    assert not torch.equal(first, canvas.artwork().detach())
    assert not torch.equal(first, canvas.steady().detach())


def test_an_unknown_brush_is_named():
    assert "no such learnt brush" in StrokeGrid(brush="nothing").complaints(lambda source: None)[0][1]
