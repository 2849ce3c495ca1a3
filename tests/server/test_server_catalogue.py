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


def test_a_folder_of_one_s_own_comes_first_and_takes_what_is_saved(tmp_path: Path):
    """Over a recipe that lies there, or beside it; never what names files of this machine."""
    own = tmp_path / "mine"
    write_recipe(own / "horse.yaml")
    (own / "broken.yaml").write_text("renderer: [", encoding="utf-8")
    recipes = make_recipes(tmp_path)
    with (
        Serving(make_state(tmp_path, recipes, recipe=own), AccessRules()) as serving,
        httpx.Client(base_url=serving.address, timeout=60) as client,
    ):
        keys = [each["key"] for each in client.get("/api/recipes").json()["recipes"]]
        assert keys[0] == "mine/horse"
        assert not [key for key in keys if "broken" in key]
        page = client.get("/").text
        assert page.index("Your own") < page.index("Start with one of these") < page.index("All recipes")
        page = client.get("/new", params={"recipe": "nets/plain"}).text
        assert "Save among yours" in page
        first = client.post("/api/recipes", json={"recipe": "nets/plain", "values": {"title": "A (new) net"}})
        assert (first.status_code, first.json()) == (201, {"key": "mine/a-new-net", "name": "a-new-net"})
        again = client.post("/api/recipes", json={"recipe": "nets/plain", "values": {"title": "A (new) net"}})
        assert again.json()["name"] == "a-new-net-2"
        over = client.post("/api/recipes", json={"recipe": "mine/a-new-net", "values": {"seed": 77}})
        assert over.json()["name"] == "a-new-net"
        assert "seed: 77" in (own / "a-new-net.yaml").read_text(encoding="utf-8")
        needs = client.post("/api/recipes", json={"recipe": "nets/tiny"})
        assert needs.status_code == 201  # it only asks for a picture
        before = sorted(own.iterdir())
        for values in ({"renderer.image": "/etc/hostname"}, {"renderer.size": 3}, {"renderer.image": "s3://a/b"}):
            refused = client.post("/api/recipes", json={"recipe": "nets/plain", "values": values})
            assert refused.status_code == 422, values
        assert sorted(own.iterdir()) == before


def test_without_a_folder_nothing_is_saved(visitor: Visitor):
    refused = visitor.client.post("/api/recipes", json={"recipe": "nets/plain"})
    assert refused.status_code == 422
    assert "serve FOLDER" in refused.json()["error"]
    assert "Save among yours" not in visitor.client.get("/new", params={"recipe": "nets/plain"}).text


def test_the_first_page_opens_with_eight_that_need_no_picture():
    from orbifolio.runner.recipe.model import load

    best = RecipeCatalogue().best()
    assert len(best) == 8
    for entry in best:
        assert entry.picture is not None
        load(entry.path)


def test_what_is_text_comes_compressed_and_what_is_packed_does_not(visitor: Visitor):
    import gzip

    with visitor.client.stream("GET", "/api/schema", headers={"Accept-Encoding": "gzip"}) as answer:
        packed = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    plain = visitor.client.get("/api/schema", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(packed) == plain.content
    assert len(packed) < len(plain.content) / 4
    assert "content-encoding" not in visitor.client.get("/sample.png").headers
