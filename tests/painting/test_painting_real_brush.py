"""A painting in bristles by a brush of MyPaint: as wide, covering, in colours that bring it near to the painting."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from bristled import some_strokes, strokes_of

from orbifolio.runner.errors import InputError
from orbifolio.runner.painting.document import BristlePainting, PaintedSymmetry
from orbifolio.runner.painting.folded_canvas import painting_window
from orbifolio.runner.painting.looks import Oil
from orbifolio.runner.painting.real_brush import RealBrushPainting, track
from orbifolio.runner.strokes.mypaint.brush_file import find_brush, list_brushes
from orbifolio.runner.strokes.mypaint.mypaint import is_available
from orbifolio.runner.symmetry.kinds.plane import Plane

needs_brushes = pytest.mark.skipif(
    not (is_available() and "tanda/oil-06-paint" in list_brushes()),
    reason="libmypaint or MyPaint's brushes are not here: apt-get install libmypaint-1.5-1 mypaint-brushes",
)
WIDTH, HEIGHT = 120, 80


def painting_of(strokes: object, ground: tuple = (0.5, 0.4, 0.3)) -> BristlePainting:
    count = strokes.size  # type: ignore[attr-defined]
    return BristlePainting((WIDTH, HEIGHT), (WIDTH, HEIGHT), Oil(), ground, 1, strokes, (count,))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def painting() -> BristlePainting:
    return painting_of(some_strokes(60, WIDTH, HEIGHT))


@needs_brushes
@pytest.mark.parametrize("name", ["deevad/airbrush", "tanda/oil-06-paint", "classic/knife"])
def test_a_stroke_is_as_wide_and_covers_whatever_the_brush(name: str) -> None:
    line = [(15.0, 40.0), (60.0, 40.0), (105.0, 40.0)]
    one = RealBrushPainting.fitted(painting_of(strokes_of(line, radius=12.0)), find_brush(name))
    (((left, top, right, bottom), opacity),) = one.opacities()
    whole = np.zeros((HEIGHT, WIDTH))
    whole[top:bottom, left:right] = opacity
    profile = whole[:, 40:80].mean(1)
    assert profile.max() == pytest.approx(Oil().opacity, abs=0.08)
    wide = (profile > 0.5 * profile.max()).sum()
    assert 13 < wide < 33  # of 24: an airbrush fades where others end


@needs_brushes
def test_fitted_colours_come_nearer_than_the_strokes_own(painting: BristlePainting) -> None:
    fitted = RealBrushPainting.fitted(painting, find_brush("classic/dry_brush"))
    wanted = painting.drawn().colours()
    near = float(np.square(fitted.grown().picture - wanted).mean())
    plain = replace(fitted, colours=painting.strokes.colours)
    assert near < float(np.square(plain.grown().picture - wanted).mean())
    assert 0 <= fitted.colours.min() <= fitted.colours.max() <= 1
    again = RealBrushPainting.fitted(painting, find_brush("classic/dry_brush"))
    assert again.colours.tobytes() == fitted.colours.tobytes()


@needs_brushes
def test_it_is_drawn_at_any_size_and_in_layers(painting: BristlePainting) -> None:
    fitted = RealBrushPainting.fitted(painting, find_brush("classic/knife"))
    small, large = fitted.grown().picture, fitted.scaled(2 * WIDTH).grown(layered=True)
    assert large.picture.shape == (2 * HEIGHT, 2 * WIDTH, 3)
    reduced = large.picture.reshape(HEIGHT, 2, WIDTH, 2, 3).mean((1, 3))
    assert np.abs(reduced - small).mean() < 0.03
    assert [(layer.begin, layer.end) for layer in large.layers] == [(0, 60)]


@needs_brushes
def test_an_idle_brush_is_refused(painting: BristlePainting) -> None:
    with pytest.raises(InputError, match="classic/blur: leaves no paint on paper"):
        RealBrushPainting.fitted(painting, find_brush("classic/blur"))


def test_a_pen_follows_the_line_and_its_width() -> None:
    points = np.array([[0, 0, 0.5], [3, 4, 1.0], [3, 14, 0.5]], np.float32)
    course = track(points)
    gaps = np.hypot(*np.diff(course[:, :2], axis=0).T)
    assert course[0].tolist() == [0, 0, 0.4]
    assert course[-1].tolist() == [3, 14, 0.4]
    assert course[:, 2].max() <= 0.8
    assert np.ptp(gaps) < 0.1 * gaps.mean() + 0.1


@needs_brushes
def test_a_brush_draws_all_images_of_a_symmetry_at_any_size() -> None:
    settings = Plane(group="p4")
    size = settings.build(None).fit(WIDTH, multiple=1, ratio=1.0)
    window = painting_window(PaintedSymmetry(settings, None, size).surface(size).domain)
    plan = (window[2] - window[0], window[3] - window[1])
    painting = BristlePainting(
        size, plan, Oil(), (0.5, 0.4, 0.3), 1, some_strokes(25, *plan), (25,), (), PaintedSymmetry(settings, None, size)
    )
    fitted = RealBrushPainting.fitted(painting, find_brush("classic/knife"), side=60)
    assert len(fitted) == painting.strokes_of_picture().size > 100
    wanted, drawn = painting.drawn().colours(), fitted.grown().picture
    assert np.corrcoef(drawn.ravel(), wanted.ravel())[0, 1] > 0.8
    assert fitted.scaled(2 * size[0]).grown().picture.shape == (2 * size[1], 2 * size[0], 3)
