"""Qualities are sets of overrides in the file: put in first, told of at their own places, gone once resolved."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from orbifolio.runner.errors import RecipeError
from orbifolio.runner.recipe.model import LoadedRecipe, load
from orbifolio.runner.recipe.shipped import recipe_folder

TEXT = """\
schema: 1
title: Two qualities
renderer:
  kind: image-optimisation
  objectives: [{kind: smoothness}]
  phases: [{size: 16, steps: 1}]
qualities:
  print: {renderer.phases.0.size: 96, renderer.phases.+: {size: 128, steps: 3}, renderer.optimiser: adam}
  proof: {renderer.phases.0.steps: 2}
"""


def written(folder: Path, text: str = TEXT) -> Path:
    path = folder / "two.yaml"
    path.write_text(text)
    return path


def sizes(loaded: LoadedRecipe) -> list[tuple[int, int]]:
    return [(phase.size, phase.steps) for phase in loaded.recipe.renderer.phases]


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([], [(16, 1)]),
        (["quality=print"], [(96, 1), (128, 3)]),
        (["quality=proof"], [(16, 2)]),
        (["quality=print", "quality=proof"], [(16, 2)]),
        (["renderer.phases.0.size=32", "quality=print"], [(32, 1), (128, 3)]),
        (["quality=''"], [(16, 1)]),
    ],
)
def test_the_chosen_set_is_put_in_and_the_command_line_wins(tmp_path: Path, overrides, expected):
    loaded = load(written(tmp_path), overrides)
    assert sizes(loaded) == expected


def test_a_file_may_choose_for_itself(tmp_path: Path):
    path = written(tmp_path, TEXT + "quality: proof\n")
    assert sizes(load(path)) == [(16, 2)]
    assert sizes(load(path, ["quality=print"])) == [(96, 1), (128, 3)]


def test_what_was_run_is_resolved_and_runs_the_same_again(tmp_path: Path):
    loaded = load(written(tmp_path), ["quality=print", "renderer.phases.1.size=64"])
    assert not {"quality", "qualities"} & loaded.parameters.keys()
    assert "# " in loaded.resolved_text
    assert "qualities" not in yaml.safe_load(loaded.resolved_text)
    again = load(written(tmp_path, loaded.resolved_text))
    assert again.parameters == loaded.parameters
    assert sizes(again) == [(96, 1), (64, 3)]


def told(path: Path, *overrides: str) -> str:
    with pytest.raises(RecipeError) as caught:
        load(path, overrides)
    return str(caught.value)


def test_an_unknown_quality_is_told_where_it_was_chosen(tmp_path: Path):
    path = written(tmp_path)
    assert "unknown quality 'prnt'" in told(path, "quality=prnt")
    assert "did you mean 'print'?" in told(path, "quality=prnt")
    assert "it has print, proof" in told(path, "quality=xyz")
    path.write_text(TEXT.partition("qualities:")[0])
    assert "this recipe has no `qualities`; leave it out" in told(path, "quality=print")


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("size: 96", "size: x", 8, "a whole number from 8"),
        ("phases.0.size", "phases.7.size", 8, "has 1 item, none at 7"),
        ("renderer.optimiser", "quality", 8, "a quality changes the picture, not the qualities"),
        ("adam}", "nadam}", 8, "did you mean 'adam'?"),
    ],
)
def test_faults_of_a_set_stand_at_its_line_and_only_if_it_is_chosen(tmp_path: Path, old, new, line, message):
    path = written(tmp_path, TEXT.replace(old, new, 1))
    load(path)
    found = told(path, "quality=print")
    assert f"two.yaml:{line}:" in found
    assert message in found


@pytest.mark.parametrize("path", sorted(recipe_folder().glob("*/*.yaml")), ids=lambda path: path.stem)
def test_every_set_of_the_shipped_recipes_loads(path: Path):
    for name in load(path).recipe.qualities:
        changed = load(path, [f"quality={name}"])
        assert changed.parameters != load(path).parameters
