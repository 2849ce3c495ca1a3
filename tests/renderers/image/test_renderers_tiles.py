"""Tiles are taken where the memory wants them, or the recipe does, and change nothing that is seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from orbifolio.runner.errors import RecipeError
from orbifolio.runner.objectives.chain_engine import ChainEngine
from orbifolio.runner.objectives.tile_engine import TileEngine
from orbifolio.runner.recipe.model import load
from orbifolio.runner.renderers.base import BASE_MEMORY, RenderContext
from orbifolio.runner.renderers.image import renderer as module
from orbifolio.runner.renderers.image.renderer import ImageRenderer
from orbifolio.runner.renderers.image.settings import ImageOptimisation

STYLE = {"kind": "style", "images": ["x"], "layers": ["conv1_1", "conv3_1"]}
CONTENT = {"kind": "content", "image": "y", "layers": ["conv2_1"]}
P6 = {"kind": "plane", "group": "p6"}


def picture(source: str) -> torch.Tensor:
    return torch.rand((1, 3, 96, 96), generator=torch.Generator().manual_seed(len(source)))


def build(**changes: Any) -> ImageRenderer:
    record = {
        "vision": "untrained",
        "precision": "fp32",
        "objectives": [STYLE, CONTENT],
        "phases": [{"size": 192, "steps": 3}],
        **changes,
    }
    settings = ImageOptimisation.model_validate(record)
    return settings.build(RenderContext(seed=3, device="cpu", picture=picture, plain_picture=picture))


@pytest.mark.parametrize("symmetry", ["none", P6], ids=["none", "p6"])
def test_the_picture_is_that_of_one_piece(symmetry: Any) -> None:
    pictures = []
    for tile_size, engine in (("none", ChainEngine), (64, TileEngine)):
        renderer = build(symmetry=symmetry, tile_size=tile_size)
        state = renderer.begin(0, None)
        assert isinstance(state.engine, engine)
        for _ in range(3):
            renderer.step(state)
        pictures.append(renderer.image(state))
    assert np.abs(pictures[0] - pictures[1]).mean() < 1e-5  # a ReLU may let pass what is zero but for rounding
    assert np.abs(pictures[0] - 0.5).mean() > 0.05


def test_as_large_tiles_as_fit_are_taken_where_the_whole_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CORES", (128, 96, 64))
    whole = build(symmetry="none").phases()[0]
    assert not whole.core
    needed = BASE_MEMORY + whole.peak("fp32")
    cores = []
    for share in (1.0, 0.999, 0.93, 0.85, 0.0):
        there = share * (needed - BASE_MEMORY) + BASE_MEMORY
        monkeypatch.setattr(module, "memory_of", lambda device, there=there: (there, "this machine"))
        phase = build(symmetry="none").phases()[0]
        cores.append(phase.core)
        assert BASE_MEMORY + phase.peak("fp32") <= there or phase.core == 64
        assert phase.work >= whole.work
        assert any("tiles of up to" in note for note in phase.notes) == bool(phase.core)
        assert not build(symmetry="none", tile_size="none").phases()[0].core
    assert cores[:2] == [0, 128]
    assert cores[-1] == 64
    assert cores == sorted(cores[:1]) + sorted(cores[1:], reverse=True)


def test_a_cell_that_is_seen_for_the_whole_is_what_is_cut() -> None:
    phase = build(symmetry=P6, objectives=[STYLE], tile_size=64).phases()[0]
    assert phase.seen < phase.width * phase.height
    count = -(-phase.width // 64) * -(-(phase.seen // phase.width) // 64)
    assert any(f"looks at {count} tiles" in note for note in phase.notes)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (
            {"objectives": [{"kind": "dream", "layer": "conv2_1", "channels": [1]}]},
            "dream looks at the features of the whole picture at once",
        ),
        ({"vision": "efficientnet-lite0", "objectives": [{"kind": "style", "images": ["x"]}]}, "as a whole only"),
    ],
    ids=["objective", "network"],
)
def test_what_cannot_be_cut_says_why(changes: dict[str, Any], why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "memory_of", lambda device: (0, "this machine"))
    phase = build(**changes).phases()[0]
    assert not phase.core
    assert any(note.startswith("too large for this machine") and why in note for note in phase.notes)


def test_tiles_that_cannot_be_are_refused(tmp_path: Path) -> None:
    recipe = tmp_path / "dream.yaml"
    recipe.write_text(
        "schema: 1\ntitle: Dream\nrenderer:\n  kind: image-optimisation\n  vision: untrained\n  tile_size: 128\n"
        "  objectives: [{kind: dream, layer: conv2_1, channels: [1]}]\n  phases: [{size: 64, steps: 1}]\n",
        encoding="utf-8",
    )
    with pytest.raises(RecipeError, match=r"tile_size: 128: no tiles here: dream looks .*; leave tile_size out"):
        load(recipe)
