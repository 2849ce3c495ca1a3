"""The real paint program: reproducible, noisy on request, colours that factor out, three modes, any brush and size."""

import numpy as np
import pytest
from program_here import needs_program

from orbifolio.runner.errors import InputError
from orbifolio.runner.strokes.mypaint.actions import Space, draw_actions
from orbifolio.runner.strokes.mypaint.brush_file import BrushFile, find_brush
from orbifolio.runner.strokes.mypaint.mypaint_renderer import PaintProgram

pytestmark = needs_program


def actions(count: int, seed: int = 0) -> np.ndarray:
    return draw_actions(count, np.random.default_rng(seed))


def program(name: str = "classic/dry_brush", **space: float) -> PaintProgram:
    return PaintProgram(find_brush(name), Space(**space))


def test_without_a_seed_the_same_action_is_the_same_stroke():
    some, brush = actions(6), program()
    first = brush.alphas(some)
    assert np.array_equal(first, brush.alphas(some))
    assert np.array_equal(first, program().alphas(some[::-1])[::-1])
    assert first.max(axis=(1, 2)).min() > 8


def test_seeds_give_noise_that_can_be_had_again():
    some, brush = actions(6), program()
    one, other = brush.alphas(some, seed=1), brush.alphas(some, seed=2)
    assert np.array_equal(one, program().alphas(some, seed=1))
    assert all((a != b).any() for a, b in zip(one, other, strict=True))
    assert abs(one.mean() - other.mean()) < 0.1 * one.mean()


def test_a_pen_is_the_same_whatever_the_noise():
    some, brush = actions(6), program("classic/pen")
    assert np.array_equal(brush.alphas(some, seed=1), brush.alphas(some, seed=2))


@pytest.mark.parametrize("name", ["classic/dry_brush", "classic/calligraphy", "classic/charcoal"])
def test_the_colour_factors_out_of_a_stroke(name):
    some, brush = actions(40), program(name)
    alphas = brush.alphas(some).astype(float)[..., None] / 255
    predicted = 1 + alphas * (some[:, None, None, 6:9] - 1)
    assert np.abs(brush.strokes(some) / 255 - predicted).max() <= 1.51 / 255


def test_strokes_lie_where_the_action_says():
    one = np.array([[0.5, 0.5, 0.5, 0.25, 0.75, 0.25, 0, 0, 0, 0.25, 0.25, 0.5]], np.float32)
    rows, columns = np.nonzero(program("classic/pen").alphas(one)[0] > 128)
    assert abs((rows + 0.5).mean() - 16) < 0.5
    assert abs((columns + 0.5).mean() - 32) < 1.0
    assert 34 < np.ptp(columns) < 46


def test_a_larger_size_is_a_broader_stroke_and_a_scale_enlarges_all():
    some = actions(3)
    some[:, 1] = [0.1, 0.5, 0.9]
    some[:, [0, 11]] = 0.9
    some[:, [2, 3, 4, 5, 9, 10]] = [0.5, 0.5, 0.8, 0.5, 0.2, 0.5]
    ink = program("classic/pen").alphas(some).mean(axis=(1, 2))
    assert ink[0] < ink[1] < ink[2]
    large = program("classic/pen", scale=2).alphas(some)
    assert large.shape == (3, 128, 128)
    assert np.allclose(large.mean(axis=(1, 2)), ink, rtol=0.15)


def test_a_painting_is_its_strokes_laid_over_each_other():
    some, brush = actions(5), program("classic/pen")
    canvas = np.ones((64, 64, 3))
    for alpha, action in zip(brush.alphas(some) / 255, some, strict=True):
        canvas += alpha[..., None] * (action[6:9] - canvas)
    assert np.abs(brush.paint(some) - canvas).max() < 0.03


def test_connected_strokes_are_one_line():
    some = actions(4, seed=3)
    some[:, [0, 11]] = 0.8
    some[:, 6:9] = 0
    brush = program("classic/pen")
    joined, jumped = brush.paint(some, joined=True), brush.paint(some)
    assert (joined != jumped).any()
    from scipy.ndimage import label

    assert label(joined[..., 0] < 0.5)[1] == 1


def test_a_smudging_brush_sees_white_paper_beyond_the_edge():
    some = actions(12)
    some[:, 6:9] = 1  # white paint on white paper: anything dark comes from beyond
    brush = program("classic/long_grass")
    assert brush.margin > 0
    assert brush.strokes(some).min() > 200


def test_a_brush_that_cannot_be_read_is_told():
    with pytest.raises(
        InputError, match=r"mine: not a brush of version 3 \(version 1\); open and save it in MyPaint 1.2 or later"
    ):
        PaintProgram(BrushFile("mine", b'{"version": 1}'))
