"""Predictor training in the one loop: resuming, the sheet, extras that paint, and what is refused."""

from __future__ import annotations

import numpy as np
import torch
from interrupted import run
from pydantic import TypeAdapter

from orbifolio.runner.painting.placers.weights import load_predictor
from orbifolio.runner.renderers import AnyRenderer
from orbifolio.runner.renderers.base import RenderContext
from orbifolio.runner.renderers.painting import PaintedPicture


def settings(**values):
    record = {
        "kind": "predictor-training",
        "size": {"channels": 8, "blocks": 1},
        "phases": [{"steps": 2, "batch": 4}, {"steps": 2, "batch": 4}],
        "paint": ["photo"],
    }
    return TypeAdapter(AnyRenderer).validate_python(record | values)


def context() -> RenderContext:
    picture = torch.rand(1, 3, 40, 60, generator=torch.Generator().manual_seed(1))
    return RenderContext(seed=1, device="cpu", picture=lambda source: picture, plain_picture=lambda source: picture)


def test_resuming_changes_nothing_and_a_run_leaves_a_network_that_paints(tmp_path):
    renderer = settings().build(context())
    whole, broken = run(renderer), run(renderer, (1, 0))
    for name, value in whole.trainer.network.state_dict().items():
        assert torch.equal(value, broken.trainer.network.state_dict()[name])
    image, phase = renderer.image(whole), renderer.phases()[0]
    assert image.shape == (phase.height, phase.width, 3)
    assert 0 <= image.min() < image.max() <= 1
    files = renderer.extras(whole, lambda pixels: pixels)
    path = tmp_path / "predictor.safetensors"
    path.write_bytes(files["predictor.safetensors"])
    network, facts = load_predictor(str(path))
    assert sum(tensor.numel() for tensor in network.parameters()) == phase.parameters
    assert set(facts["figures"]) == {"mended"}
    placer = {"kind": "predictor", "network": str(path)}
    picture = PaintedPicture(image="photo", size=64, placer=placer).build(context())  # type: ignore[arg-type]
    state = picture.begin(0, None)
    assert picture.step(state).metrics["strokes"] > 0
    assert np.isfinite(picture.image(state)).all()


def test_what_cannot_be_is_refused():
    nothing = settings(phases=[{"steps": 1, "strokes": 0, "pixels": 0, "sureness": 0}], start="brushes")
    assert [path for path, _ in nothing.complaints(lambda source: None)] == ["start", "phases.0"]
    ink = PaintedPicture(image="photo", look={"kind": "ink"}, placer={"kind": "predictor", "network": "mine"})  # type: ignore[arg-type]
    problems = dict(ink.complaints(lambda source: None))
    assert problems["placer"].endswith("use oil, bold, gouache, pastel, pointillist or flow, or placer: planned")
    assert problems["placer.network"].startswith("mine: no such stroke predictor; shipped: ")
