"""Bristle strokes: where they lie, what they leave, and that tiles and threads change nothing."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from bristled import some_strokes, strokes_of

from orbifolio.runner.painting.bristle_canvas import TILE_SIDE, BristleCanvas
from orbifolio.runner.painting.bristle_coverage import CanvasTile, band, cover_tile
from orbifolio.runner.painting.bristle_kernels import bristles
from orbifolio.runner.painting.bristle_strokes import BristleStrokes
from orbifolio.runner.painting.looks import Gouache, Oil, PaintingLook, Watercolour

PLAIN = {"pickup": 0.0, "dryness": 0.0, "streaks": 0.0, "opacity": 1.0, "grain": 0.0}


def painted(
    look: PaintingLook, strokes: BristleStrokes, size: tuple[int, int], ground: tuple = (1.0, 1.0, 1.0)
) -> BristleCanvas:
    canvas = BristleCanvas(look, size, ground=ground, seed=3)
    canvas.lay(strokes, canvas.seen_at(*size))
    return canvas


def test_a_straight_stroke_has_the_coordinates_of_a_ruler() -> None:
    strokes = strokes_of([(30.0, 30.0), (90.0, 30.0)])
    line, length, end = band(strokes.points, 10.0)
    covered = cover_tile(strokes, CanvasTile(0, 0, 120, 60))
    found = covered.firsts[1]
    pixels, across, along = covered.cells[:found], covered.across[:found], covered.along[:found]
    x, y = pixels % 120 + 0.5, pixels // 120 + 0.5
    assert length == pytest.approx(60, abs=1e-3)
    np.testing.assert_allclose(np.abs(across), np.abs(y - 30) / 10, atol=1e-5)
    k = np.minimum(along.astype(int), len(line) - 2)
    u = line[k, 5] + (along - k) * (line[k + 1, 5] - line[k, 5])
    np.testing.assert_allclose(u, x - 30, atol=1e-3)
    inside = (np.abs(y - 30) <= 10) & (x >= 30 - end) & (x <= 90 + end)
    grid_x, grid_y = np.meshgrid(np.arange(120) + 0.5, np.arange(60) + 0.5)
    assert inside.all()
    assert found == int(((np.abs(grid_y - 30) <= 10) & (grid_x >= 30 - end) & (grid_x <= 90 + end)).sum())


def test_a_stroke_leaves_its_colour_in_its_middle_and_nothing_far_away() -> None:
    canvas = painted(Oil(**PLAIN), strokes_of([(30.0, 50.0), (60.0, 50.0), (110.0, 50.0)]), (140, 100))
    colours, heights = canvas.colours(), canvas.heights()
    np.testing.assert_allclose(colours[48:52, 45:85], np.broadcast_to([0.2, 0.4, 0.6], (4, 40, 3)), atol=1e-5)
    away = np.ones((100, 140), bool)
    away[38:62, 19:122] = False
    assert (colours[away] == 1).all()
    assert (heights[away] == 0).all()
    assert heights[50, 60] > 0.2


def test_later_strokes_lie_on_top() -> None:
    strokes = strokes_of([(10.0, 50.0), (90.0, 50.0)], [(50.0, 10.0), (50.0, 90.0)])
    strokes.colours[1] = (0.9, 0.1, 0.1)
    colours = painted(Oil(**PLAIN), strokes, (100, 100)).colours()
    np.testing.assert_allclose(colours[50, 50], [0.9, 0.1, 0.1], atol=1e-5)
    np.testing.assert_allclose(colours[50, 25], [0.2, 0.4, 0.6], atol=1e-5)


@pytest.mark.parametrize("look", [Oil(), Watercolour()])
def test_threads_do_not_change_a_byte(look: PaintingLook) -> None:
    size = (TILE_SIDE + 90, TILE_SIDE + 40)
    strokes = some_strokes(300, *size)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = painted(look, strokes, size)
        torch.set_num_threads(2)
        together = painted(look, strokes, size)
    finally:
        torch.set_num_threads(before)
    assert alone.colours().tobytes() == together.colours().tobytes()
    assert alone.heights().tobytes() == together.heights().tobytes()


def test_a_stroke_is_the_same_on_both_sides_of_a_tile_border() -> None:
    # the same stroke, once across the border and once within a tile
    look = Oil(pickup=0.0)  # the snapshots differ in what lies beside the stroke
    line = [(TILE_SIDE - 40.0, 50.0), (TILE_SIDE + 40.0, 52.0)]
    across = painted(look, strokes_of(line), (540, 100)).colours()[:, TILE_SIDE - 60 : TILE_SIDE + 60]
    within = painted(look, strokes_of([(x - TILE_SIDE + 60, y) for x, y in line]), (120, 100)).colours()
    assert look.brush(540) == look.brush(120)  # spacing changes above 540 pixels
    np.testing.assert_allclose(across, within, atol=2e-5)


def test_a_larger_canvas_has_the_same_strokes_in_more_bristles() -> None:
    strokes = some_strokes(120, 300, 200)
    small = painted(Oil(), strokes, (300, 200))
    large = BristleCanvas(Oil(), (1200, 800), ground=(1.0, 1.0, 1.0), seed=3)
    large.lay(strokes, small.seen_at(300, 200) * 0 + 1)
    difference = np.abs(large.seen_at(300, 200) - small.colours())
    assert difference.mean() < 0.05
    assert large.brush.spacing / 4 < small.brush.spacing / 2


def test_washes_darken_each_other() -> None:
    look = Watercolour(grain=0.0)
    once = painted(look, strokes_of([(20.0, 50.0), (80.0, 50.0)], colour=(0.8, 0.6, 0.5)), (100, 100)).colours()
    twice = painted(
        look, strokes_of([(20.0, 50.0), (80.0, 50.0)], [(50.0, 10.0), (50.0, 90.0)], colour=(0.8, 0.6, 0.5)), (100, 100)
    ).colours()
    assert (twice[46:54, 46:54].mean((0, 1)) < once[46:54, 46:54].mean((0, 1)) - 0.02).all()
    assert (twice <= 1).all()


def test_grain_keeps_paint_off_the_hollows() -> None:
    strokes = strokes_of([(20.0, 50.0), (80.0, 50.0)], colour=(0.1, 0.1, 0.1))
    canvas = painted(Gouache(grain=1.0), strokes._replace(tooth=np.ones(1, np.float32)), (100, 100))
    painted_area = canvas.colours()[45:55, 30:70, 0].ravel()
    grain = canvas.grain[45:55, 30:70].ravel()
    assert painted_area[grain > 0.8].mean() < painted_area[grain < 0.2].mean() - 0.3


def test_bristles_follow_from_their_seed() -> None:
    traits, dry = bristles(5, 20, 100.0, 10.0, 0.5, 16)
    again, _ = bristles(5, 20, 100.0, 10.0, 0.5, 16)
    other, _ = bristles(6, 20, 100.0, 10.0, 0.5, 16)
    assert (traits == again).all()
    assert (traits != other).any()
    assert 0 <= dry.min() <= dry.max() < 1
    assert (traits[:, 2] >= -10).all()
    assert (traits[:, 3] <= 110).all()
    assert 0.85 < traits[:, 0].mean() < 1.15


def test_strokes_can_be_cut_and_joined() -> None:
    strokes = some_strokes(20, 100, 100)
    joined = strokes.between(0, 7).followed_by(strokes.between(7, 20))
    assert all((getattr(joined, name) == getattr(strokes, name)).all() for name in strokes._fields)
    assert BristleStrokes.empty().followed_by(strokes).size == 20


def test_two_canvases_painted_at_once_are_as_if_painted_one_by_one() -> None:
    strokes, size = some_strokes(40, 90, 60), (90, 60)
    canvases = [BristleCanvas(Oil(), size, ground=(light,) * 3, seed=3) for light in (0.0, 1.0)]
    before = np.full((60, 90, 3), 0.5, np.float32)
    canvases[0].lay(strokes, before, canvases[1].paints)
    for canvas, light in zip(canvases, (0.0, 1.0), strict=True):
        alone = BristleCanvas(Oil(), size, ground=(light,) * 3, seed=3)
        alone.lay(strokes, before)
        assert (canvas.colours() == alone.colours()).all()
        assert (canvas.heights() == alone.heights()).all()
