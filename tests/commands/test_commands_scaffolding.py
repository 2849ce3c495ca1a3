"""`orbifolio new`: a copy that is valid where it is, and never in place of a file."""

import re
from pathlib import Path

import pytest

from orbifolio.runner.recipe.model import load
from orbifolio.runner.recipe.shipped import recipe_folder, shipped_recipes


@pytest.mark.parametrize(
    ("name", "written"), [("mine", "mine.yaml"), ("a/b/mine.yml", "a/b/mine.yml"), ("v1.2", "v1.2.yaml")]
)
def test_a_recipe_is_written_where_it_was_asked_for(tmp_path, command, name, written):
    made = command("new", name)
    assert (made.returncode, made.stdout, made.stderr) == (0, f"{written}\n", "")
    assert load(tmp_path / written).recipe.title == "Rainbow hexagon"


def test_an_editor_finds_the_schema_from_the_copy(tmp_path, command):
    command("new", "below/mine", "--from", "simple-square")
    text = (tmp_path / "below" / "mine.yaml").read_text(encoding="utf-8")
    (schema,) = re.findall(r"\$schema=(\S+)", text)
    assert not Path(schema).is_absolute()  # nothing of this machine is in a recipe that is passed on
    assert (tmp_path / "below" / schema).samefile(recipe_folder() / "recipe.schema.json")
    original = shipped_recipes()["simple-square"].read_text(encoding="utf-8")
    assert text.partition("\n")[2] == original.partition("\n")[2]


def test_nothing_is_overwritten(tmp_path, command):
    (tmp_path / "mine.yaml").write_text("title: Kept\n", encoding="utf-8")
    refused = command("new", "mine")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "error: mine.yaml: exists; nothing is overwritten; choose another name\n"
    assert (tmp_path / "mine.yaml").read_text(encoding="utf-8") == "title: Kept\n"


def test_an_unknown_recipe_is_refused_with_the_nearest(tmp_path, command):
    refused = command("new", "mine", "--like", "simple-sqare")
    assert refused.returncode == 2
    assert refused.stderr.startswith("error: simple-sqare: no such shipped recipe; did you mean simple-square")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path, command):
    (tmp_path / "file").write_text("")
    refused = command("new", "file/mine")
    assert refused.returncode == 2
    assert refused.stderr == "error: file: in the way of a file that is written here; move it away\n"
