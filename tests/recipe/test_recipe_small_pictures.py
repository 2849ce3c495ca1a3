"""Style pictures below a network's smallest size are told by `check`, with their place, and not by the run."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from orbifolio.runner.errors import RecipeError
from orbifolio.runner.recipe.model import load

RECIPE = """title: small
renderer:
  kind: image-optimisation
  vision: {vision}
  objectives:
    - {{kind: style, images: [style.png]{layers}}}
  phases: [{{size: 64, steps: 2}}]
"""


@pytest.mark.parametrize(
    ("size", "vision", "layers", "told"),
    [
        ((2000, 8), "efficientnet-lite0", "", "is 8 pixels high; efficientnet-lite0 needs 16; use a larger picture"),
        ((15, 40), "vgg16", "", "is 15 pixels wide; vgg16 needs 16; use a larger picture"),
        ((16, 16), "vgg16", "", None),
        ((24, 24), "efficientnet-lite0", "", None),
        ((24, 24), "efficientnet-lite0", ", layers: [7.1d]", "is 24 pixels high; efficientnet-lite0 needs 32; "),
    ],
)
def test_a_style_picture_below_the_network_s_smallest_size_is_told(tmp_path: Path, size, vision, layers, told):
    Image.effect_noise(size, 60).convert("RGB").save(tmp_path / "style.png")
    (tmp_path / "r.yaml").write_text(RECIPE.format(vision=vision, layers=layers))
    if told is None:
        load(tmp_path / "r.yaml")
        return
    with pytest.raises(RecipeError) as caught:
        load(tmp_path / "r.yaml")
    (problem,) = caught.value.problems
    assert problem.message.startswith(told)
    assert problem.path == "renderer.objectives.0.images.0"
    assert (problem.line, problem.column) == (6, 30)
