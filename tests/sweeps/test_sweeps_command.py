"""`orbifolio sweep` and `orbifolio run FOLDER` up to where the first run would begin."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from orbifolio.runner.cli import cli
from orbifolio.runner.errors import InputError, OrbifolioError
from orbifolio.runner.sweeps.validate import needed_uploads, total_seconds, validate_members
from orbifolio.runner.sweeps.variations import product, recipes_below


def invoke(*arguments: object) -> Result:
    return CliRunner().invoke(cli, list(map(str, arguments)))


def error(*arguments: object) -> str:
    found = invoke(*arguments).exception
    assert isinstance(found, OrbifolioError), found
    assert found.exit_code == 2
    return str(found)


def test_a_dry_run_lists_all_with_an_estimate_and_leaves_nothing(recipe):
    done = invoke("sweep", recipe, "seed=1,2", "renderer.phases.0.size=16,32", "--dry-run", "--jobs", "2")
    assert done.exit_code == 0, (done.output, done.exception)
    lines = done.stdout.splitlines()
    assert lines[:4] == [
        "#0 : seed=1 renderer.phases.0.size=16",
        "#1 : seed=1 renderer.phases.0.size=32",
        "#2 : seed=2 renderer.phases.0.size=16",
        "#3 : seed=2 renderer.phases.0.size=32",
    ]
    assert lines[4].startswith("4 runs, about 0:")
    assert "2 at once: about 0:" in lines[4]
    assert sorted(path.name for path in Path().iterdir()) == ["plane"]


def test_all_errors_are_told_at_once_with_the_variation_that_has_them(recipe):
    told = error("sweep", recipe, "seed=1,x", "renderer.phases.0.size=16,0", "frames=none")
    assert told.startswith("4 of 4 runs cannot be made; nothing was started\n")
    assert told.count("override:1") == 0 or "frames" in told
    lines = told.splitlines()
    place = next(number for number, line in enumerate(lines) if "frames: 'none' does not fit" in line)
    assert not lines[place - 1].startswith("#")  # all have it: it is told of none in particular
    place = next(number for number, line in enumerate(lines) if "seed: 'x' does not fit" in line)
    assert lines[place - 1] == "#2 : seed=x renderer.phases.0.size=16, also #3"
    place = next(number for number, line in enumerate(lines) if "renderer.phases.0.size: 0 is too small" in line)
    assert lines[place - 1] == "#1 : seed=1 renderer.phases.0.size=0, also #3"
    assert not Path("gallery").exists()


def test_arguments_that_make_no_sense_are_told(recipe):
    assert "nothing varies" in error("sweep", recipe, "seed=1")
    assert "is a folder; a sweep varies one recipe" in error("sweep", "plane", "seed=1,2")
    assert "--devices nonsense: is not a device" in error("sweep", recipe, "seed=1,2", "--devices", "nonsense")
    assert "cpu is listed twice; use --jobs for several runs on one device" in error(
        "sweep", recipe, "seed=1,2", "--devices", "cpu,cpu"
    )
    assert "no unfinished sweep in" in error("sweep", "--resume")
    assert "is not a sweep; sweeps are in GALLERY/sweeps/" in error("sweep", "plane", "--resume")
    assert invoke("sweep").exit_code == 2
    assert invoke("sweep", recipe, "seed=1,2", "--address", "somewhere").exit_code == 2
    assert invoke("sweep", recipe, "seed=1,2", "--engine", "ray", "--jobs", "2").exit_code == 2


def test_a_recipe_cannot_take_the_folder_of_sweeps(recipe):
    named = recipe.with_name("sweeps.yaml")
    named.write_text(recipe.read_text())
    with pytest.raises(InputError, match="a recipe cannot be called sweeps; .*; rename the file"):
        validate_members(product(named, ["seed=1,2"]), {}, device="cpu")


def test_the_estimate_is_the_sum_of_the_plans(recipe):
    one, two = validate_members(product(recipe, ["renderer.phases.0.steps=10,2000"]), {}, device="cpu")
    assert one.seconds is not None
    assert two.seconds is not None
    assert total_seconds([one, two]) == one.seconds + two.seconds
    assert two.seconds > one.seconds


@pytest.fixture
def folder(recipe) -> Path:
    """Three recipes, one of which asks for a picture."""
    text = recipe.read_text()
    Path("plane/deeper").mkdir()
    Path("plane/deeper/second.yaml").write_text(text.replace("Tiny", "Second"))
    Path("plane/photo.yaml").write_text(text.replace('"skimage:coffee"', "upload:face"))
    Path("plane/.hidden.yaml").write_text("nothing")
    Path("plane/readme.txt").write_text("nothing")
    return Path("plane")


def test_a_folder_holds_its_recipes_and_some_ask_for_pictures(folder):
    found = recipes_below(folder, ["seed=3"])
    assert [str(variation.recipe) for variation in found] == [
        "plane/deeper/second.yaml",
        "plane/photo.yaml",
        "plane/tiny.yaml",
    ]
    assert [needed_uploads(variation) for variation in found] == [(), ("face",), ()]


def test_an_empty_folder_and_one_of_uploads_only_are_told(folder):
    for name in ("deeper/second.yaml", "tiny.yaml"):
        (folder / name).unlink()
    assert "every recipe in it needs a picture; give one with --image" in error("run", folder)
    assert "no recipe in plane has such an upload" in error(
        "run", folder, "--image", "face=a.png", "--image", "foot=b.png"
    )
    assert "holds no recipe" in error("run", folder / "deeper")


def test_every_wrong_recipe_of_a_folder_is_told(folder):
    Path("plane/wrong.yaml").write_text("schema: 1\ntitel: x\n")
    told = error("run", folder, "renderer.phases.0.size=0")
    assert told.startswith("4 of 4 runs cannot be made")
    assert "#3 : plane/wrong.yaml" in told
    assert "unknown key 'titel'" in told
    assert told.count("renderer.phases.0.size: 0 is too small") == 1
