"""The renderer of stereograms: its pattern's phases, a picture of its own size, resumed to the same bytes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from orbifolio.runner.errors import RecipeError
from orbifolio.runner.images.autostereogram import separations
from orbifolio.runner.images.reading import read_picture
from orbifolio.runner.recipe.model import load
from orbifolio.runner.recipe.shipped import shipped_recipes
from orbifolio.runner.run.loop import Run

SMALL = ["renderer.size=320", "renderer.pattern.size=48", "frames=1"]


def run(tmp_path: Path, *overrides: str) -> Path:
    loaded = load(shipped_recipes()["stereogram"], [*SMALL, *overrides])
    result = Run(loaded, gallery=tmp_path, device="cpu", command="").execute(lambda folder: [])
    assert result.outcome == "done"
    return result.folder


def test_what_is_near_repeats_more_often(tmp_path: Path) -> None:
    folder = run(tmp_path)
    picture = read_picture((folder / "final.png").read_bytes(), "final.png").pixels
    assert picture.shape[1] == 320
    assert picture.shape[0] == pytest.approx(320 * 328 / 400, abs=1)  # as the depth's picture
    stage = next((folder / "stages").glob("*depth*"))
    depth = read_picture(stage.read_bytes(), stage.name).pixels[..., 0]
    assert depth.max() > 0.9
    far = depth < 0.02
    period = 32
    alike = np.abs(picture[:, period:] - picture[:, :-period]).mean(2)
    flat = far[:, period // 2 : -period // 2]
    assert np.median(alike[flat]) < 0.02
    assert np.median(alike[depth[:, period // 2 : -period // 2] > 0.8]) > 0.05
    near = round(float(separations(np.array(1.0), 32, 0.33)))
    shifted = np.abs(picture[:, near:] - picture[:, :-near]).mean(2)
    here = depth[:, near // 2 : near // 2 + shifted.shape[1]] > 0.97
    assert np.median(shifted[here]) < 0.5 * np.median(shifted)
    assert not (folder / "extras" / "tile.png").exists()  # it does not repeat


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    first, second, other = (run(tmp_path / name, f"seed={seed}") for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    assert (first / "final.png").read_bytes() == (second / "final.png").read_bytes()
    assert (first / "final.png").read_bytes() != (other / "final.png").read_bytes()


def test_a_pattern_that_does_not_repeat_is_refused() -> None:
    recipe = shipped_recipes()["stereogram"]
    with pytest.raises(RecipeError, match=r"renderer.pattern.symmetry: does not repeat both ways"):
        load(recipe, ["renderer.pattern.symmetry=none"])
    with pytest.raises(RecipeError, match=r"renderer.pattern.symmetry: does not repeat both ways"):
        load(recipe, ["renderer.pattern.symmetry={kind: frieze, group: p1}"])
    assert load(recipe, ["renderer.pattern.symmetry={kind: plane, group: p4}", "renderer.near=bright"])
