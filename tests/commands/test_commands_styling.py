"""`orbifolio style`: which picture is the content and which the style, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image
from skimage import data

from orbifolio.runner.cli import cli


def style(*arguments: object):
    return CliRunner().invoke(cli, ["style", *map(str, arguments)], catch_exceptions=True)


def test_two_pictures_are_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(data.coffee()[::4, ::4]).save("my: cup.png")
    Image.fromarray(data.chelsea()[::2, ::2]).save("cat.png")
    begun = []
    monkeypatch.setattr(
        "orbifolio.runner.commands.running.run_here", lambda loaded, *args, **more: begun.append((loaded, more))
    )
    result = style("my: cup.png", "cat.png", "--size", 320, "--content", 1.5, "--out", "kept")
    assert result.exit_code == 0, result.output
    ((loaded, more),) = begun
    renderer = loaded.recipe.renderer
    assert loaded.recipe.title == "my: cup in the style of cat"
    assert loaded.images.given == {"photo": Path("my: cup.png"), "painting": Path("cat.png")}
    assert renderer.canvas.init.image == "upload:photo"
    assert {item.kind: item for item in renderer.objectives}["style"].images[0].image == "upload:painting"
    content = {item.kind: item for item in renderer.objectives}["content"]
    assert (content.image, content.weight) == ("upload:photo", 1.5)
    assert [phase.size for phase in renderer.phases] == [80, 160, 320]
    assert more["command"] == "orbifolio style 'my: cup.png' cat.png --size 320 --content 1.5 --out kept"


def test_with_its_defaults_it_is_the_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pictures of the recipe, named on the command line, make the run that the recipe makes."""
    from orbifolio.runner.recipe.model import load
    from orbifolio.runner.recipe.shipped import find_recipe

    begun = []
    monkeypatch.setattr(
        "orbifolio.runner.commands.running.run_here", lambda loaded, *args, **more: begun.append(loaded)
    )
    assert style("skimage:rocket", "orbifolio:starry").exit_code == 0
    recipe = load(find_recipe("style-transfer")).recipe
    assert begun[0].recipe.model_copy(update={"title": recipe.title}) == recipe


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.jpg", "skimage:coffee"], "nothing.jpg: this file does not exist"),
        (["skimage:coffee", "nobody.jpg"], "nobody.jpg: this file does not exist"),
        (["skimage:coffee"], "Missing argument 'PAINTING'"),
        (["skimage:coffee", "orbifolio:stary"], "did you mean starry?"),
    ],
)
def test_faults_end_with_a_sentence(arguments: list[str], message: str) -> None:
    result = style(*arguments)
    assert result.exit_code in (1, 2)
    assert message in result.output + str(result.exception)
