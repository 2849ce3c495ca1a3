"""Recipes of any name, in any folder: each has a key of its own, and its run keeps the recipe's own names."""

from pathlib import Path

import httpx
import pytest
from served import PLAIN, Serving, Visitor, make_recipes, make_state

from orbifolio.runner.server.catalogue import RecipeCatalogue
from orbifolio.runner.server.security import AccessRules


def write_recipe(path: Path, text: str = PLAIN) -> Path:
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("my_recipes of 2026/wild_horse.yaml", "my-recipes-of-2026/wild-horse"),
        ("тест/目.yaml", "recipe/recipe"),
        ("plane/rainbow-hexagon.yaml", "plane/rainbow-hexagon-2"),
    ],
)
def test_a_recipe_anywhere_has_a_key_and_the_shipped_ones_keep_theirs(tmp_path: Path, name: str, key: str):
    recipe = write_recipe(tmp_path / name)
    catalogue = RecipeCatalogue(recipe)
    assert catalogue.start is not None
    assert catalogue.start.key == key
    shipped = RecipeCatalogue().entries()
    assert {key: entry.path for key, entry in catalogue.entries().items()} == {
        **{key: entry.path for key, entry in shipped.items()},
        key: recipe,
    }


def test_what_is_not_a_recipe_has_no_key(tmp_path: Path):
    assert RecipeCatalogue(write_recipe(tmp_path / "a/list.yaml", "- 1\n")).start is None


@pytest.mark.usefixtures("forked_jobs")
def test_a_recipe_in_a_folder_with_spaces_is_opened_and_run(tmp_path: Path):
    recipe = write_recipe(tmp_path / "my_recipes of 2026" / "wild_horse.yaml")
    (tmp_path / "gallery").mkdir()
    state = make_state(tmp_path, make_recipes(tmp_path), recipe=recipe)
    with Serving(state, AccessRules()) as serving, httpx.Client(base_url=serving.address, timeout=60) as client:
        visitor = Visitor(client, serving)
        assert 'href="/new?recipe=my-recipes-of-2026/wild-horse"' in client.get("/").text
        assert "Plain net" in client.get("/new?recipe=my-recipes-of-2026/wild-horse").text
        run = visitor.wait(visitor.start(recipe="my-recipes-of-2026/wild-horse"), "done", "failed")
        assert run["state"] == "done", run
        assert client.get(str(run["report"])).status_code == 200
        picture = client.get(str(run["result"]))
        assert 'filename="wild_horse.png"' in picture.headers["content-disposition"]
    [record] = tmp_path.glob("gallery/wild_horse/*/run.json")
    assert "orbifolio run 'recipes/my_recipes of 2026/wild_horse.yaml'" in record.read_text()
