"""Light of one picture, hue and chroma of another at the same place; refused under a symmetry."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from orbifolio.runner.errors import RecipeError
from orbifolio.runner.images import oklab
from orbifolio.runner.images.chroma import with_chroma
from orbifolio.runner.images.finish import Finish
from orbifolio.runner.recipe.model import load

PASTEL = (0.35 + 0.3 * np.random.default_rng(1).random((12, 16, 3))).astype(np.float32)  # no screen lacks any of these


def lab(pixels: np.ndarray) -> np.ndarray:
    return oklab.from_srgb(pixels.reshape(-1, 3).astype(np.float64)).reshape(pixels.shape)


def test_light_stays_and_colour_comes_from_the_same_place() -> None:
    other = PASTEL[::-1, ::-1].copy()
    found = lab(with_chroma(PASTEL, other))
    assert np.abs(found[..., 0] - lab(PASTEL)[..., 0]).max() < 1e-3
    assert np.abs(found[..., 1:] - lab(other)[..., 1:]).max() < 1e-3


def test_a_picture_in_its_own_colours_is_itself() -> None:
    assert np.abs(with_chroma(PASTEL, PASTEL) - PASTEL).max() < 1e-4


def test_what_no_screen_shows_keeps_its_light() -> None:
    light = np.linspace(0.05, 0.95, 16, dtype=np.float32)[None, :, None] * np.ones((4, 1, 3), np.float32)
    red = np.broadcast_to(np.float32([0.9, 0.05, 0.05]), (4, 16, 3)).copy()
    found = with_chroma(light, red)
    assert 0 <= found.min() <= found.max() <= 1
    assert np.abs(lab(found)[..., 0] - lab(light)[..., 0]).max() < 2e-3
    assert (found[:, 4:12, 0] > found[:, 4:12, 1] + 0.1).all()


@pytest.mark.parametrize("size", [(24, 32), (6, 8), (24, 16), (12, 40)], ids=["large", "small", "tall", "wide"])
def test_the_other_pictures_middle_covers_the_picture(size: tuple[int, int]) -> None:
    ramp = np.linspace(-1, 1, size[1], dtype=np.float32)[None, :, None] * np.ones((size[0], 1, 1), np.float32)
    other = (0.5 + 0.1 * ramp * np.float32([1, 0, -1])).astype(np.float32)
    found = with_chroma(np.full((12, 16, 3), 0.5, np.float32), other)
    warm = found[..., 0] - found[..., 2]
    assert np.abs(warm + warm[:, ::-1]).max() < 0.02  # the middle is in the middle
    assert (np.diff(warm[6]) > 0).all()
    visible = min(1.0, size[0] * 16 / 12 / size[1])  # of its width
    assert warm[6, -1] == pytest.approx(0.2 * visible, abs=0.03)


def test_a_finish_takes_it_before_contrast() -> None:
    plain = Finish(chroma="other").finished(PASTEL, chroma=PASTEL[::-1].copy()).picture
    assert np.abs(plain - with_chroma(PASTEL, PASTEL[::-1].copy())).max() < 1e-6
    grey = Finish(chroma="other", saturation=0).finished(PASTEL, chroma=PASTEL[::-1].copy()).picture
    assert np.ptp(grey, axis=2).max() < 1e-6
    assert "gatys2017" in Finish(chroma="other").cited()
    assert "gatys2017" not in Finish().cited()


def test_a_symmetric_picture_is_refused_colours_by_place(tmp_path: Path) -> None:
    recipe = tmp_path / "tile.yaml"
    text = (
        "schema: 1\ntitle: Tile\nrenderer:\n  kind: image-optimisation\n  vision: untrained\n  symmetry: {symmetry}\n"
        '  objectives: [{{kind: style, images: ["orbifolio:oil"]}}]\n  phases: [{{size: 64, steps: 1}}]\n'
        'finish: {{chroma: "skimage:coffee"}}\n'
    )
    recipe.write_text(text.format(symmetry="none"), encoding="utf-8")
    assert load(recipe).recipe.finish.chroma == "skimage:coffee"
    for symmetry in ("{kind: plane, group: p4}", "{kind: rotor, order: 3}", "{kind: sphere, group: T}"):
        recipe.write_text(text.format(symmetry=symmetry), encoding="utf-8")
        with pytest.raises(RecipeError, match=r"finish.chroma: 'skimage:coffee' has other colours in each copy"):
            load(recipe)
