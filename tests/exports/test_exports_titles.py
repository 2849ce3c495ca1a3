"""What `run.json` says of products: every file has a title, and a map's portrait is its cover."""

import numpy as np
import pytest
from painting import plane, sphere

from orbifolio.runner.exports.hyperbolic import hyperbolic_products
from orbifolio.runner.exports.products import COVERS, TITLES, cover_of, write_products
from orbifolio.runner.exports.sphere import sphere_products
from orbifolio.runner.images.finish import Traits


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    for name, value in {"sphere._SPIN": 32, "sphere._PORTRAIT": 32, "drift._FRAMES": 2}.items():
        monkeypatch.setattr(f"orbifolio.runner.exports.{name}", value)


def test_every_product_has_a_title_but_scenes():
    ball = sphere("T", 8)
    painted, triangle = plane(5, 4, divisions=6)
    names = {*sphere_products(ball.surface, ball.values, pixels=64)}
    names |= {*hyperbolic_products(painted.surface, triangle, painted.values, pixels=32)}
    assert {name for name in names if name not in TITLES} == {"globe.js"}
    assert len(set(TITLES.values())) == len(TITLES)


def test_the_block_tells_kinds_and_the_cover(tmp_path):
    ball = sphere("T", 8)
    files = sphere_products(ball.surface, ball.values, pixels=64)
    image = np.zeros((32, 64, 3), dtype=np.float32)
    block = write_products(tmp_path, image, Traits(wrap=(False, True)), files)
    kinds = {entry["path"].removeprefix("extras/"): entry["kind"] for entry in block}
    assert kinds["globe.js"] == "scene"
    assert kinds["globe.glb"] == kinds["orb.stl"] == "data"
    assert kinds["globe.webp"] == kinds["spin.webp"] == kinds["cubemap.png"] == "picture"
    assert all((tmp_path / entry["path"]).is_file() for entry in block)
    assert cover_of(block) == "extras/globe.webp"
    assert cover_of([entry for entry in block if not entry["path"].endswith(COVERS)]) == ""
