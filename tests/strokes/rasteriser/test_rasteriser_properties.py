"""What laying paint must keep: associativity, transparency, shares, symmetry, the same bits on any thread count."""

import numpy as np
import pytest
import torch
from brush_here import brush_table, painter, rasteriser, strokes

from orbifolio.runner.strokes.blending import lay_over, over, over_pixel, soft_threshold, soft_threshold_at
from orbifolio.runner.strokes.document.document import Painting
from orbifolio.runner.strokes.mypaint.actions import Space, draw_actions
from orbifolio.runner.strokes.rasteriser.brush_table import LENGTHS, RADII
from orbifolio.runner.strokes.rasteriser.colour_actions import ColourActions
from orbifolio.runner.strokes.rasteriser.compositing import PairPaint, lay, lay_vjp, visible_shares
from orbifolio.runner.strokes.rasteriser.pixel_blocks import BLOCK_SIDE, pixel_grid
from orbifolio.runner.strokes.rasteriser.separate_strokes import network_stamp, table_stamp
from orbifolio.runner.strokes.stroke_array import StrokeArray, rows_of_actions

SIDE = 36


def random_paint(count: int, cells: int, seed: int = 0) -> tuple[PairPaint, np.ndarray, np.ndarray]:
    """Strokes on some cells each, their colours (n, 2, 3) and a paper (p, 3)."""
    random = np.random.default_rng(seed)
    sizes = random.integers(0, cells, count)
    ends = np.cumsum(sizes)
    pairs = np.concatenate([random.choice(cells, size, replace=False) for size in sizes]).astype(np.int32)
    kinds = random.integers(0, 2, len(pairs)).astype(np.int32)
    paint = PairPaint(ends - sizes, ends, pairs, kinds, random.random(len(pairs)).astype(np.float32))
    return paint, random.random((count, 2, 3)).astype(np.float32), random.random((cells, 3)).astype(np.float32)


@pytest.mark.parametrize("seed", range(5))
def test_paint_may_be_laid_one_by_one_or_mixed_before(seed):
    below, first, second = np.random.default_rng(seed).random((3, 8, 3))
    a, b = np.random.default_rng(seed + 9).random((2, 8, 1))
    one_by_one = over(over(below, first, a), second, b)
    opacity = 1 - (1 - a) * (1 - b)
    mixed = (first * a * (1 - b) + second * b) / opacity
    np.testing.assert_allclose(over(below, mixed, opacity), one_by_one, atol=1e-12)


def test_arrays_tensors_and_compiled_loops_lay_the_same_paint():
    below, colour, opacity = np.random.default_rng(0).random((3, 50)).astype(np.float32)
    expected = over(below, colour, opacity)
    assert np.array_equal(over(*map(torch.from_numpy, (below, colour, opacity))).numpy(), expected)
    assert np.array_equal([over_pixel(*item) for item in zip(below, colour, opacity, strict=True)], expected)
    lay_over(below, colour, opacity)
    assert np.array_equal(below, expected)


def test_a_soft_threshold_covers_or_does_not_and_favours_neither():
    x = np.linspace(0, 1, 401, dtype=np.float32)
    y = soft_threshold(x)
    assert (np.diff(y) >= 0).all()
    assert set(y[(x < 0.43) | (x > 0.57)]) == {0, 1}
    np.testing.assert_allclose(soft_threshold(1 - x), 1 - y, atol=1e-6)
    for at in (0.1, 0.45, 0.5, 0.53, 0.9):
        value, slope = soft_threshold_at(at)
        assert value == pytest.approx(float(soft_threshold(np.float32([at]))[0]), abs=1e-6)
        assert slope == pytest.approx(
            (soft_threshold_at(at + 1e-6)[0] - soft_threshold_at(at - 1e-6)[0]) / 2e-6, abs=1e-6
        )


def test_no_opacity_changes_nothing_and_full_opacity_hides_all():
    paint, colours, paper = random_paint(6, 20)
    canvas, below = paper.copy(), np.empty((len(paint.cells), 3), np.float32)
    lay(paint._replace(alphas=np.zeros_like(paint.alphas)), colours, canvas, below)
    assert np.array_equal(canvas, paper)
    lay(paint._replace(alphas=np.ones_like(paint.alphas)), colours, canvas, below)
    for cell in range(len(paper)):
        on_top = np.flatnonzero(paint.cells == cell)
        if len(on_top):
            stroke = np.searchsorted(paint.ends, on_top[-1], side="right")
            np.testing.assert_allclose(canvas[cell], colours[stroke, paint.kinds[on_top[-1]]], atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_gradients_of_laying_are_those_of_automatic_differentiation(seed):
    paint, colours, paper = random_paint(7, 12, seed)
    weight = np.random.default_rng(seed).normal(size=paper.shape).astype(np.float32)
    alphas, tints, ground = (
        torch.from_numpy(item.copy()).double().requires_grad_() for item in (paint.alphas, colours, paper)
    )
    canvas = list(ground.unbind(0))
    for stroke, (first, last) in enumerate(zip(paint.starts, paint.ends, strict=True)):
        for at in range(first, last):
            cell = paint.cells[at]
            canvas[cell] = over(canvas[cell], tints[stroke, paint.kinds[at]], alphas[at])
    loss = (torch.stack(canvas) * torch.from_numpy(weight)).sum()
    expected = torch.autograd.grad(loss, (alphas, tints, ground))
    below, above = np.empty((len(paint.cells), 3), np.float32), weight.copy()
    lay(paint, colours, paper.copy(), below)
    to_alphas, to_colours = np.zeros_like(paint.alphas), np.zeros(colours.shape)
    lay_vjp(paint, colours, below, above, to_alphas, to_colours)
    for ours, true in zip((to_alphas, to_colours, above), expected, strict=True):
        np.testing.assert_allclose(ours, true.numpy(), atol=1e-5)


def test_visible_shares_and_the_papers_are_a_whole():
    paint, _, paper = random_paint(9, 15)
    through, shares = np.ones(len(paper), np.float32), np.zeros_like(paint.alphas)
    visible_shares(paint, through, shares)
    assert (shares >= 0).all()
    np.testing.assert_allclose(np.bincount(paint.cells, shares, len(paper)) + through, 1, atol=1e-6)


def test_a_picture_without_some_strokes_is_that_of_the_others():
    some, colours = strokes(9, SIDE, SIDE)
    paper = np.ones((SIDE * SIDE, 3), np.float32)
    removed = np.arange(9) % 3 == 0
    brush = rasteriser(SIDE, SIDE)
    left = brush.composite(some, colours, paper).without(removed).recoloured(colours[~removed], paper)
    assert np.array_equal(left.canvas, brush.composite(some.take(~removed), colours[~removed], paper).canvas)


def moved(some: StrokeArray, matrix: np.ndarray, shift: np.ndarray) -> StrokeArray:
    """Strokes under an affine map of the plane."""
    points = some.rows[:, :6].reshape(-1, 2) @ matrix.T + shift
    return some._replace(rows=np.concatenate((points.reshape(-1, 6), some.rows[:, 6:]), axis=1).astype(np.float32))


@pytest.mark.parametrize("opaque", [False, True], ids=["glazing", "opaque"])
@pytest.mark.parametrize(
    ("matrix", "shift", "turn"),
    [
        ([[0, -1], [1, 0]], [SIDE, 0], lambda picture: np.rot90(picture, -1)),
        ([[-1, 0], [0, 1]], [SIDE, 0], lambda picture: picture[:, ::-1]),
        ([[1, 0], [0, 1]], [5, -3], lambda picture: np.roll(picture, (-3, 5), axis=(0, 1))),
    ],
    ids=["turned", "mirrored", "shifted"],
)
def test_a_round_brush_paints_moved_strokes_as_a_moved_picture(matrix, shift, turn, opaque):
    some, colours = strokes(8, SIDE, SIDE, seed=4)
    brush, paper = rasteriser(SIDE, SIDE, opaque=opaque), np.ones((SIDE * SIDE, 3), np.float32)
    plain = brush.composite(some, colours, paper).canvas.reshape(SIDE, SIDE, 3)
    there = brush.composite(moved(some, np.array(matrix), np.array(shift)), colours, paper)
    away = np.abs(there.canvas.reshape(SIDE, SIDE, 3) - turn(plain))[6:-6, 6:-6]  # edges of a shifted picture are new
    assert plain.std() > 0.1
    assert np.quantile(away, 0.99) < 1e-3  # where two parts of a curve are equally near, rounding decides
    assert away.mean() < 1e-3


def test_a_larger_unit_is_a_larger_picture_of_the_same_stroke():
    some, colours = strokes(5, SIDE, SIDE, seed=2)
    paper = np.ones((SIDE * SIDE, 3), np.float32)
    small = rasteriser(SIDE, SIDE).composite(some, colours, paper).canvas.reshape(SIDE, SIDE, 3)
    large = rasteriser(3 * SIDE, 3 * SIDE).composite(some.scaled(3, 3), colours, np.ones((9 * SIDE**2, 3), np.float32))
    middles = large.canvas.reshape(3 * SIDE, 3 * SIDE, 3)[1::3, 1::3]  # of nine fine pixels, a coarse one's
    assert np.quantile(np.abs(middles - small), 0.99) < 1e-4


def test_any_number_of_threads_paints_the_same_bits():
    some, colours = strokes(40, SIDE, SIDE)
    paper, pictures = np.ones((SIDE * SIDE, 3), np.float32), []
    threads = torch.get_num_threads()
    for number in (1, 3):
        torch.set_num_threads(number)
        rows = torch.from_numpy(some.rows.copy()).requires_grad_()
        picture = rasteriser(SIDE, SIDE)(rows, some.units, torch.from_numpy(colours), paper)
        picture.square().sum().backward()
        pictures.append((picture.detach().numpy(), rows.grad.numpy()))
    torch.set_num_threads(threads)
    assert np.array_equal(pictures[0][0], pictures[1][0])
    assert np.array_equal(pictures[0][1], pictures[1][1])


def test_separate_strokes_are_the_canvas_strokes(monkeypatch):
    brush = painter()
    monkeypatch.setattr(
        "orbifolio.runner.strokes.rasteriser.separate_strokes.fit_table", lambda painter, sampler: brush_table()
    )
    actions = torch.from_numpy(draw_actions(6, np.random.default_rng(1)))
    separate = table_stamp(brush, SIDE)(actions)
    rows = rows_of_actions(actions, brush.space).numpy()
    some = StrokeArray(rows, np.ones(6, np.float32)).scaled(SIDE / 64, SIDE / 64)
    paper, black = np.ones((SIDE * SIDE, 3), np.float32), np.zeros((1, 3), np.float32)
    for number in range(6):
        picture = rasteriser(SIDE, SIDE).composite(some.take(np.array([number])), black, paper).canvas
        np.testing.assert_allclose(1 - picture[:, 0].reshape(SIDE, SIDE), separate[number].numpy(), atol=1e-6)


def test_a_network_stamp_is_the_painter():
    actions = torch.from_numpy(draw_actions(2, np.random.default_rng(1)))
    assert torch.equal(network_stamp(painter(), 32)(actions), painter().alphas(actions, scale=0.5))


def test_tables_are_exact_at_their_knots_and_linear_in_between():
    table = brush_table()
    lengths, radii = np.linspace(-1.6, 1.6, LENGTHS), np.linspace(0, table.max_log_radius, RADII)

    def stroke(log_length: float, log_radius: float) -> StrokeArray:
        length = np.exp(log_length + 3) - 4
        row = [0, 0, length / 2, 0, length, 0, log_radius, 0.5, 0.5]
        return StrokeArray(np.array([row], np.float32), np.ones(1, np.float32))

    at_knot = table.slice_for(stroke(lengths[2], radii[3]))
    np.testing.assert_allclose(at_knot.opacities[0], table.table[2, 3], atol=1e-5)
    between = table.slice_for(stroke(lengths[2], (radii[3] + radii[4]) / 2))
    np.testing.assert_allclose(between.opacities[0], (table.table[2, 3] + table.table[2, 4]) / 2, atol=1e-5)
    step = radii[4] - radii[3]
    np.testing.assert_allclose(between.slopes[0], (table.table[2, 4] - table.table[2, 3]) / step, atol=1e-5)


def test_actions_are_strokes_with_the_curve_that_the_program_draws():
    space, actions = Space(points=3), draw_actions(20, np.random.default_rng(0))
    rows = rows_of_actions(torch.from_numpy(actions), space).numpy()
    np.testing.assert_allclose(rows[:, :6].reshape(-1, 3, 2), space.curve(actions), atol=1e-4)
    np.testing.assert_allclose(rows[:, 6], space.log_radii(actions), atol=1e-6)
    np.testing.assert_allclose(rows[:, 7:] * space.pressure, space.pressures(actions)[:, [0, 2]], atol=1e-6)


def test_a_document_tells_a_painter_the_same_strokes():
    some, colours = strokes(12, 200, 100)
    some = some.scaled(2.0, 2.0)
    levels = np.zeros(12, np.int32)
    document = Painting(400, 200, "classic/pen", (1, 1, 1), 0, some.document_columns(), colours, levels)
    rows, units = document.geometry()
    np.testing.assert_allclose(rows.numpy(), some.in_units().numpy(), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(units.numpy(), some.units)
    np.testing.assert_allclose(document.strokes[:, 6], some.radii)


def test_sets_of_strokes_follow_each_other_and_come_apart_again():
    (first, _), (second, _) = strokes(4, 50, 50, seed=1), strokes(3, 50, 50, seed=2)
    both = first.followed_by(second)
    assert both.size == 7
    for part, index in ((first, np.arange(4)), (second, np.arange(7) >= 4)):
        for ours, theirs in zip(both.take(index), part, strict=True):
            assert np.array_equal(ours, theirs)
    assert StrokeArray.empty().followed_by(first).size == 4


def test_colour_actions_keep_grey_and_their_transpose_is_the_gradient():
    actions = ColourActions.of(range(48))
    grey = np.full((1, 3), 0.5, np.float32)
    assert np.array_equal(actions.apply(grey), np.broadcast_to(grey, (1, 48, 3)))
    random = np.random.default_rng(0)
    colours, gradient = random.random((5, 3)).astype(np.float32), random.normal(size=(5, 48, 3))
    shown = (actions.apply(colours) - 0.5).astype(np.float64)
    np.testing.assert_allclose(
        (shown * gradient).sum(), ((colours - 0.5) * actions.transpose(gradient)).sum(), rtol=1e-5
    )


def test_a_brush_of_no_strokes_leaves_the_paper():
    paper = np.random.default_rng(0).random((SIDE * SIDE, 3)).astype(np.float32)
    composite = rasteriser(SIDE, SIDE).composite(StrokeArray.empty(), np.zeros((0, 3), np.float32), paper)
    assert np.array_equal(composite.canvas, paper)
    assert len(composite.pairs.numbers()) == 0
    assert pixel_grid(SIDE, SIDE).cell_count == SIDE * SIDE


@pytest.mark.parametrize(("width", "height"), [(33, 20), (8, 8), (7, 25), (16, 1)])
def test_a_grid_holds_each_pixel_once_in_blocks_that_are_squares(width, height):
    grid = pixel_grid(width, height)
    assert np.array_equal(np.sort(grid.cells), np.arange(width * height))
    assert np.array_equal(grid.points, np.stack((grid.cells % width, grid.cells // width), axis=1) + np.float32(0.5))
    corners = set()
    for first, last, middle, half in zip(grid.firsts, grid.firsts[1:], grid.middles, grid.halves, strict=False):
        places = grid.points[first:last]
        (corner,) = {(int(x // BLOCK_SIDE), int(y // BLOCK_SIDE)) for x, y in places}  # all in one square
        corners.add(corner)
        assert np.hypot(*(places - middle).T).max() <= half <= BLOCK_SIDE / 2**0.5
    assert len(corners) == len(grid.middles) == -(-width // BLOCK_SIDE) * -(-height // BLOCK_SIDE)
