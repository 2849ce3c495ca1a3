"""The ground around a disk: laid with a smooth rim, taken away again, and left out of every statistic."""

import math

import numpy as np
import pytest
from PIL import Image
from pydantic import TypeAdapter, ValidationError

from orbifolio.runner.images import encoding
from orbifolio.runner.images.finish import Finish, Traits
from orbifolio.runner.images.ground import lay, lift_off, opaque
from orbifolio.runner.images.writing import write_png8, write_png16, write_webp
from orbifolio.runner.symmetry.charts import Disk, opacity

SIZE = 48


def disk(width: int = SIZE, height: int = SIZE) -> np.ndarray:
    shown = opacity(Disk(), width, height)
    assert shown is not None
    return shown


def picture(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).random((SIZE, SIZE, 3)).astype(np.float32)


def test_a_disk_covers_as_many_pixels_as_its_area():
    for size in (16, 48, 301):
        assert disk(size, size).sum() == pytest.approx(math.pi * size**2 / 4, rel=2e-3)


@pytest.mark.parametrize(
    ("ground", "colour"), [("paper", (246, 241, 229)), ("ink", (20, 21, 26)), ("#ff0080", (255, 0, 128))]
)
def test_a_ground_shows_where_nothing_else_does(ground, colour):
    shown, here = disk(), picture()
    laid = lay(here, shown, ground)
    below = np.array(colour) / 255
    np.testing.assert_allclose(laid[shown == 0], np.broadcast_to(below, laid[shown == 0].shape), atol=1e-6)
    np.testing.assert_array_equal(laid[shown == 1], here[shown == 1])
    rim = (shown > 0) & (shown < 1)
    assert rim.sum() > 2 * SIZE  # a smooth edge, not stairs
    np.testing.assert_allclose(laid[rim], here[rim] * shown[rim, None] + below * (1 - shown[rim, None]), atol=1e-6)


def test_a_transparent_ground_is_white_on_white():
    shown, here = disk(), picture()
    clear = lay(here, shown, "transparent")
    assert clear.shape == (SIZE, SIZE, 4)
    np.testing.assert_array_equal(clear[..., 3], shown)
    np.testing.assert_allclose(opaque(clear), lay(here, shown, "#ffffff"), atol=1e-6)
    flat = np.asarray(encoding.on_white(encoding.image(clear)), dtype=np.float32) / 255
    np.testing.assert_allclose(flat, opaque(clear), atol=1.5 / 255)
    assert encoding.on_white(encoding.image(here)).mode == "RGB"


@pytest.mark.parametrize("ground", ["paper", "ink", "#00ff00"])
def test_a_ground_can_be_taken_away_and_laid_again(ground):
    shown = disk()
    smooth = np.broadcast_to(np.float32([0.2, 0.4, 0.7]), (SIZE, SIZE, 3))  # the rim as the inside beside it
    bare = lift_off(lay(smooth, shown, ground), shown)
    np.testing.assert_allclose(bare, smooth, atol=1e-6)
    rough = lay(picture(), shown, ground)
    np.testing.assert_array_equal(lift_off(rough, shown)[shown == 1], rough[shown == 1])


def test_a_picture_without_outside_stays_as_it_is():
    here = picture()
    assert lay(here, None, "ink") is here
    assert lift_off(here, None) is here
    assert opaque(here) is here
    assert Finish(ground="transparent").on_ground(here) is here


def test_levels_do_not_see_what_is_outside():
    shown = disk()
    here = picture() * 0.4 + 0.3
    elsewhere = np.where(shown[..., None] < 1, np.float32(0), here)
    traits, finish = Traits(opacity=lambda width, height: disk(width, height)), Finish(levels="auto", ground="ink")
    done, other = finish.apply(here, traits), finish.apply(elsewhere, traits)
    np.testing.assert_array_equal(done[shown == 1], other[shown == 1])
    assert done[shown == 1].min() == 0
    assert done[shown == 1].max() == 1
    whole = finish.tone(here, traits)
    np.testing.assert_array_equal(whole(here), done)


@pytest.mark.parametrize("write", [write_png16, write_png8, write_webp])
def test_files_keep_opacity(tmp_path, write):
    clear = lay(picture(), disk(), "transparent")
    write(tmp_path / "clear", clear)
    with Image.open(tmp_path / "clear") as opened:
        alpha = np.asarray(opened.convert("RGBA"), dtype=np.float32)[..., 3] / 255
    np.testing.assert_allclose(alpha, disk(), atol=1 / 255)


def test_other_grounds_are_refused():
    for wrong in ("mud", "#fff", "", None):
        with pytest.raises(ValidationError):
            TypeAdapter(Finish).validate_python({"ground": wrong})
