"""The sanity check: compositing against the rasteriser, descent, ink; the sheet that compares."""

import numpy as np
import torch

from orbifolio.runner.strokes.brush_models.comparison_sheet import Row, SheetSection, grid_sheet, size
from orbifolio.runner.strokes.brush_models.implicit import BrushTraits, ImplicitPainter
from orbifolio.runner.strokes.brush_models.sanity_check import Trial, first_strokes, painted
from orbifolio.runner.strokes.mypaint.actions import COLOUR, draw_actions
from orbifolio.runner.strokes.rasteriser.rasterise import rasterise_actions


def painter() -> ImplicitPainter:
    made = ImplicitPainter(BrushTraits(width=16), generator=torch.Generator().manual_seed(0))
    return made.requires_grad_(False)


def ring() -> torch.Tensor:
    y, x = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    away = (torch.hypot(x - 31.5, y - 31.5) - 18).abs()
    return (away / 6).clamp(0, 1)[None, None].expand(1, 3, -1, -1)


def test_strokes_lie_over_each_other_as_the_rasteriser_lays_them():
    actions = torch.from_numpy(draw_actions(12, np.random.default_rng(0))).reshape(2, 6, 12)
    found = painted(painter(), actions)
    for one, picture in zip(actions, found, strict=True):
        assert torch.allclose(rasterise_actions(painter(), one).permute(2, 0, 1), picture, atol=1e-5)


def test_first_strokes_lie_where_the_ink_is():
    first = first_strokes(ring(), 40, torch.Generator().manual_seed(1), ink=True)
    middle = first[0, :, 2:4] * 64
    away = (torch.hypot(middle[:, 0] - 32, middle[:, 1] - 32) - 18).abs()
    assert (away < 7).float().mean() > 0.7
    assert (first[..., COLOUR] == 0).all()


def test_first_strokes_have_the_local_colour_and_grow_smaller():
    target = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(2))
    first = first_strokes(target, 10, torch.Generator().manual_seed(1), ink=False)
    column, row = (first[..., 2:4] * 64).long().unbind(-1)
    for picture in range(2):
        assert torch.equal(first[picture][:, COLOUR], target[picture, :, row[picture], column[picture]].T)
    assert (first[0, 1:, 1] < first[0, :-1, 1]).all()


def test_descent_comes_nearer_and_ink_stays_black():
    target = ring()
    first = first_strokes(target, 6, torch.Generator().manual_seed(0), ink=True)
    trial = Trial(painter(), target, first, ink=True, rate=0.05)
    losses = [trial.step(torch.nn.functional.mse_loss) for _ in range(12)]
    assert losses[-1] < losses[0]
    assert (trial.actions()[..., COLOUR] == 0).all()


def test_a_sheet_has_the_size_that_was_foretold():
    red = np.zeros((8, 8, 3), np.float32)
    red[..., 0] = 1
    sections = [SheetSection("a", [Row(("x", "y"), [red] * 3)]), SheetSection("b", [Row(("z",), [red])] * 2)]
    sheet = grid_sheet("title", 4, sections)
    width, height = size(4, [1, 2])
    assert sheet.shape == (height, width, 3)
    assert (np.abs(sheet - red[0, 0]).max(-1) < 0.01).sum() == 5 * 98 * 98
