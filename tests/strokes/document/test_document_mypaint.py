"""The real paint program draws documents: on many tiles, at any size, as it draws actions; they can be fitted to it."""

from dataclasses import replace

import numpy as np
import pytest
from some_strokes import make

from orbifolio.runner.errors import InputError, MissingProgram
from orbifolio.runner.strokes.brush_models.weights import real_brush
from orbifolio.runner.strokes.document.document import Painting
from orbifolio.runner.strokes.document.mypaint_redraw import reach, redraw
from orbifolio.runner.strokes.document.opacities import real_opacities
from orbifolio.runner.strokes.document.opacity_layers import OpacityLayers
from orbifolio.runner.strokes.document.refit_to_mypaint import refit, refit_to_brush
from orbifolio.runner.strokes.mypaint.actions import COLOUR, END, START, VIA, Space, draw_actions
from orbifolio.runner.strokes.mypaint.brush_file import find_brush, list_brushes
from orbifolio.runner.strokes.mypaint.mypaint import is_available
from orbifolio.runner.strokes.mypaint.mypaint_renderer import PaintProgram

needs_program = pytest.mark.skipif(
    not (is_available() and "classic/dry_brush" in list_brushes()),
    reason="libmypaint or MyPaint's brushes are not here: apt-get install libmypaint-1.5-1 mypaint-brushes",
)


def of_actions(actions: np.ndarray, brush: str = "classic/dry_brush") -> Painting:
    strokes = np.zeros((len(actions), 10), np.float32)
    strokes[:, 0:2], strokes[:, 2:4], strokes[:, 4:6] = (actions[:, part] * 64 for part in (START, VIA, END))
    strokes[:, 6], strokes[:, 7], strokes[:, 8] = np.exp(2 * actions[:, 1]), actions[:, 11], actions[:, 0]
    strokes[:, 9] = 1
    return Painting(64, 64, brush, (1, 1, 1), 0, strokes, actions[:, COLOUR], np.zeros(len(actions), np.int32))


@needs_program
@pytest.mark.parametrize("brush", ["classic/dry_brush", "classic/charcoal", "classic/pen"])
def test_a_document_is_drawn_as_its_actions_are(brush):
    actions = draw_actions(8, np.random.default_rng(3))
    wanted = PaintProgram(find_brush(brush), Space()).paint(actions)
    assert np.abs(redraw(of_actions(actions, brush)) - wanted).max() < 2 / 255


@needs_program
def test_a_tile_further_is_the_same_stroke(painting):
    one = painting.take([5])
    moved = one.strokes.copy()
    moved[:, [0, 2, 4]] += 128
    moved[:, [1, 3, 5]] += 64
    large = redraw(replace(one, width=256, height=192, strokes=moved))
    assert np.abs(large[64:128, 128:224] - redraw(one)).max() < 2 / 255
    assert np.ptp(large[:50, :100].reshape(-1, 3), axis=0).max() == 0
    assert np.abs(large[0, 0] - np.array(one.paper)).max() < 1e-4


@needs_program
@pytest.mark.parametrize("brush", ["classic/dry_brush", "classic/calligraphy"])
def test_the_canvas_follows_from_the_opacities(painting, brush):
    painting = replace(painting, brush=brush)
    drawn = list(real_opacities(painting))
    layers = OpacityLayers(painting.width, painting.height, [box for box, _ in drawn], [alpha for _, alpha in drawn])
    assert np.abs(layers.compose(painting.colours, painting.paper) - redraw(painting)).max() < 1.5 / 255


@needs_program
def test_opaque_strokes_cover_or_do_not(painting):
    hard = replace(painting, opaque=True)
    one = hard.take([5])
    (((left, top, right, bottom), opacity),) = real_opacities(one)
    between = (opacity > 0.02) & (opacity < 0.98)
    assert (opacity >= 0.98).sum() > 3 * between.sum() > 0
    shown = redraw(one)[top:bottom, left:right]
    wanted = np.array(one.paper) + opacity[..., None] * (one.colours[0] - np.array(one.paper))
    assert np.abs(shown - wanted).max() < 1e-3
    drawn = list(real_opacities(hard))
    layers = OpacityLayers(hard.width, hard.height, [box for box, _ in drawn], [alpha for _, alpha in drawn])
    assert np.abs(layers.compose(hard.colours, hard.paper) - redraw(hard)).max() < 1e-3


@needs_program
def test_another_brush_comes_near_to_what_the_own_one_paints(painting):
    wanted = redraw(painting)
    other = replace(painting, brush="classic/knife")
    fitted = refit_to_brush(painting, "classic/knife")
    assert fitted.brush == "classic/knife"
    plain, near = (float(np.square(redraw(item) - wanted).mean()) for item in (other, fitted))
    assert near < 0.6 * plain
    with pytest.raises(InputError, match="classic/smudge: leaves no paint on paper"):
        refit_to_brush(painting, "classic/smudge")


@needs_program
def test_no_paint_is_beyond_a_strokes_box(painting):
    wide = painting.scaled(3)
    for stroke, colour in zip(wide.strokes, wide.colours, strict=True):
        one = redraw(replace(wide, strokes=stroke[None], colours=colour[None], levels=np.zeros(1, np.int32)))
        left, top, right, bottom = reach(stroke, wide.width, wide.height)
        one[top:bottom, left:right] = wide.paper
        assert np.abs(one - np.array(wide.paper, np.float32)).max() < 2 / 255


@needs_program
def test_larger_is_the_same_painting_and_twice_is_the_same(painting):
    small, large = redraw(painting), redraw(painting, scale=4)
    assert large.shape == (256, 384, 3)
    reduced = large.reshape(64, 4, 96, 4, 3).mean((1, 3))
    assert np.square(reduced - small).mean() < 0.15 * np.square(np.array(painting.paper) - small).mean()
    assert np.array_equal(large, redraw(painting, scale=4))


@needs_program
def test_a_brush_that_takes_up_colour_sees_paper_beyond_the_edge():
    strokes = np.array([[2, 2, 30, 2, 60, 3, 5, 0.9, 0.9, 1]], np.float32)
    one = Painting(
        64, 32, "tanda/oil-03-paint", (1, 1, 1), 0, strokes, np.ones((1, 3), np.float32), np.zeros(1, np.int32)
    )
    if "tanda/oil-03-paint" not in list_brushes():
        pytest.skip("this set has no such brush")
    assert redraw(one).min() > 0.97


@needs_program
def test_a_short_name_and_a_learnt_brush_say_which_brush():
    from orbifolio.runner.strokes.brush_models.weights import find_painter

    assert real_brush("dry_brush").name == "classic/dry_brush"
    assert real_brush(str(find_painter("classic/pen"))).name == "classic/pen"
    with pytest.raises(InputError, match="no such brush; did you mean"):
        real_brush("classic/dry_brusch")


def test_without_the_program_the_cure_is_told(painting, monkeypatch):
    def gone(*_):
        raise MissingProgram("libmypaint: not installed; install it")

    monkeypatch.setattr("orbifolio.runner.strokes.mypaint.mypaint.load_library", gone)
    monkeypatch.setattr("orbifolio.runner.strokes.document.mypaint_redraw.real_brush", lambda name: find_brush_text())
    with pytest.raises(MissingProgram, match="install it"):
        redraw(painting)


def find_brush_text():
    from orbifolio.runner.strokes.mypaint.brush_file import BrushFile

    return BrushFile("x", b'{"version": 3, "settings": {}}')


def test_too_large_is_refused(painting):
    with pytest.raises(InputError, match="more than 16384 to a side"):
        redraw(replace(painting, width=20_000), brush=find_brush_text())


@pytest.fixture(scope="module")
def target() -> np.ndarray:
    """What another painting looks like in real paint: it can be come near to, but not met."""
    return redraw(make(24, seed=5))


@needs_program
def test_a_fit_comes_nearer_and_is_drawn_as_promised(painting, target):
    found = refit(painting, target, sweeps=3)
    assert found.before > found.recoloured > found.after
    assert found.after < 0.9 * found.recoloured
    assert 0 < found.accepted < found.tried == 3 * 3 * len(painting)
    drawn = float(np.square(redraw(found.painting) - target).mean())
    assert drawn == pytest.approx(found.after, rel=0.02)
    again = refit(painting, target, sweeps=3)
    assert again.painting.to_json() == found.painting.to_json()
    assert found.painting.strokes[:, 6].max() <= painting.strokes[:, 6].max() + 1e-3
    assert np.array_equal(found.painting.levels, painting.levels)


@needs_program
def test_colours_alone_can_be_fitted(painting, target):
    found = refit(painting, target, sweeps=0)
    assert np.array_equal(found.painting.strokes, painting.strokes)
    assert found.after == found.recoloured < found.before


@needs_program
def test_what_was_painted_with_few_or_no_colours_keeps_to_them(painting, target):
    pens = np.array([[0.1, 0.1, 0.4], [0.9, 0.8, 0.2]], np.float32)
    few = replace(painting, colours=pens[np.arange(len(painting)) % 2])
    found = refit(few, target, sweeps=1).painting
    assert {tuple(colour) for colour in found.colours} <= {tuple(pen) for pen in few.rounded().colours}
    grey = replace(painting, colours=painting.colours.mean(1, keepdims=True).repeat(3, axis=1))
    assert np.ptp(refit(grey, target, sweeps=1).painting.colours, axis=1).max() < 2e-4


@needs_program
def test_connected_strokes_stay_connected_and_equal_pressures_equal(painting, target):
    strokes = painting.strokes.copy()
    strokes[1:, 0:2] = strokes[:-1, 4:6]
    joined = refit(replace(painting, strokes=strokes), target, sweeps=1)
    assert np.array_equal(joined.painting.strokes, strokes)
    strokes = painting.strokes.copy()
    strokes[:, 7:9] = 1
    assert (refit(replace(painting, strokes=strokes), target, sweeps=1).painting.strokes[:, 7:9] == 1).all()


@needs_program
def test_nothing_can_be_fitted_where_there_are_no_strokes(painting, target):
    found = refit(painting.take([]), target)
    assert len(found.painting) == 0
    assert found.before == found.after > 0


@needs_program
def test_a_large_painting_is_fitted_small(painting, target):
    large = painting.scaled(8)
    wanted = target.repeat(8, axis=0).repeat(8, axis=1)
    found = refit(large, wanted, sweeps=1)
    assert (found.painting.width, found.painting.height) == (768, 512)
    before, after = (float(np.square(redraw(one) - wanted).mean()) for one in (large, found.painting))
    assert after < 0.9 * before
