"""Each kind of symmetry gets the files of its own geometry, and a mean of copies those of what it copies."""

from __future__ import annotations

import pytest
import torch
from pydantic import TypeAdapter

from orbifolio.runner.exports.geometry import PRODUCTS, geometry_products
from orbifolio.runner.settings import kind_of
from orbifolio.runner.symmetry import SYMMETRIES, AnySymmetry

FILES = {
    "sphere": {"globe.webp", "spin.webp", "cubemap.png", "globe.glb", "orb.stl", "globe.js"},
    "hyperbolic": {"disk.webp", "half-plane.webp", "band.webp", "square.webp", "tiling.svg", "drift.webp"},
    "droste": {"zoom.webp", "zoom.html"},
    "mesh": {"model.webp", "spin.webp", "model.glb", "model.js"},
}
FILES |= {"figure-sphere": FILES["sphere"], "circle-limit": FILES["hyperbolic"]}
SETTINGS: dict[str, dict[str, object]] = {
    "plane": {"group": "p4"},
    "isohedral": {"figure": "orbifolio:bird"},
    "circle-limit": {
        "figure": "orbifolio:fish",
        "p": 4,
        "q": 4,
        "r": 3,
        "chart": "klein",
        "cuts": {"lengths": [9, 9, 15, 15, 16, 16], "start": 4},
    },
    "figure-sphere": {"figure": "orbifolio:fish", "cuts": {"lengths": [10, 15, 15, 20, 20], "start": 8}},
    "metamorphosis": {"figure": "orbifolio:bird"},
    "sphere": {"group": "O"},
    "hyperbolic": {"p": 5, "q": 4, "chart": "klein"},
    "mesh": {"model": "orbifolio:pot"},
    "frieze": {"group": "p2"},
    "partial": {"base": {"kind": "droste", "zoom": 2}, "folds": [{"elements": [{}, {"turn": 90}]}]},
}


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"sphere._SPIN": 32, "sphere._PORTRAIT": 32, "drift._FRAMES": 2, "model._FRAMES": 2, "model._PORTRAIT": 32}
    sizes |= {"model._LOOP": 32, "zoom._LOOP": 32, "zoom._PLAYER": 32, "zoom._MAX_FRAMES": 8}
    for name, value in sizes.items():
        monkeypatch.setattr(f"orbifolio.runner.exports.{name}", value)


@pytest.mark.parametrize("kind", [kind_of(item) for item in SYMMETRIES])
def test_files_follow_the_geometry(kind: str) -> None:
    symmetry = TypeAdapter(AnySymmetry).validate_python({"kind": kind, **SETTINGS.get(kind, {})}).build()
    layout = symmetry.layout(*symmetry.fit(32, multiple=4, ratio=1.0))
    values = layout.constrain(torch.zeros((layout.parameters, 3)) + torch.tensor([0.3, 0.0, -0.3]))
    expected = FILES.get("droste" if kind == "partial" else kind, set())
    assert set(geometry_products(symmetry, layout, values)) == expected
    assert (type(symmetry) in PRODUCTS) == bool(expected)
