"""Agent training in the one loop: sheets, extras, resuming, pictures to paint, what a user is told before the run."""

import json
import struct

import numpy as np
import pytest
import torch
from interrupted import run
from program_here import needs_program
from pydantic import TypeAdapter

from orbifolio.runner.errors import InputError
from orbifolio.runner.renderers import AnyRenderer
from orbifolio.runner.renderers.base import RenderContext
from orbifolio.runner.renderers.training import agent_training
from orbifolio.runner.strokes.agent.dataset import prepared
from orbifolio.runner.strokes.agent.weights import load_agent
from orbifolio.runner.strokes.brush_models.weights import find_painter
from orbifolio.runner.strokes.mypaint import mypaint


def settings(**values):
    record = {
        "kind": "agent-training",
        "manner": {"strokes": 2},
        "size": {"channels": 8, "blocks": 1, "hidden": 16, "critic": 4},
        "phases": [
            {"steps": 3, "batch": 4, "pixels": 1},
            {"steps": 2, "batch": 4, "pixels": 1, "adversarial": 1, "critic_steps": 2},
        ],
        "unseen": 12,
    }
    wanted = TypeAdapter(AnyRenderer).validate_python(record | values)
    assert isinstance(wanted, agent_training.AgentTraining)
    return wanted


@pytest.fixture(scope="module")
def bars(tmp_path_factory):
    """Forty pictures of a bar, upright or level, as an IDX set."""
    folder = tmp_path_factory.mktemp("bars")
    random = np.random.default_rng(0)
    classes = random.integers(0, 2, 40).astype(np.uint8)
    pictures = np.zeros((40, 28, 28), np.uint8)
    for picture, upright in zip(pictures, classes, strict=True):
        at = random.integers(8, 18)
        picture[5:23, at : at + 3] = 255
        if not upright:
            picture[:] = picture.T
    for name, array in (("images", pictures), ("labels", classes)):
        head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
        (folder / name).write_bytes(head + array.tobytes())
    return {"kind": "idx", "images": str(folder / "images"), "labels": str(folder / "labels")}


def seven() -> torch.Tensor:
    picture = torch.full((1, 3, 90, 120), 0.9)
    picture[:, :, 20:28, 30:70] = 0.2
    picture[:, :, 20:70, 62:70] = 0.2
    return picture


def context() -> RenderContext:
    return RenderContext(seed=1, device="cpu", picture=lambda source: seven(), plain_picture=lambda source: seven())


def test_resuming_changes_nothing(bars):
    whole, broken = settings(data=bars).build(context()), settings(data=bars).build(context())
    first, second = run(whole), run(broken, (1, 0))
    for name, value in first.trainer.agent.state_dict().items():
        assert torch.equal(value, second.trainer.agent.state_dict()[name])
    assert np.array_equal(whole.image(first), broken.image(second))


def test_a_run_leaves_a_sheet_and_an_agent(bars, monkeypatch, tmp_path):
    monkeypatch.setattr(mypaint, "LIBRARIES", ())

    def missing(brush):
        raise InputError(brush)

    monkeypatch.setattr(agent_training, "real_brush", missing)
    renderer = settings(data=bars).build(context())
    state = run(renderer)
    phase, image = renderer.phases()[0], renderer.image(state)
    assert image.shape[1:] == (phase.width, 3)
    assert 0 <= image.min() < image.max() <= 1
    files = renderer.extras(state, lambda pixels: pixels)
    assert set(files) == {"agent.safetensors", "figures.json"}
    figures = json.loads(files["figures.json"])
    assert set(figures) == {"white paper", "neural", "ink", "strokes"}
    (tmp_path / "mine.safetensors").write_bytes(files["agent.safetensors"])
    agent, manner, facts = load_agent(str(tmp_path / "mine.safetensors"))
    assert sum(tensor.numel() for tensor in agent.parameters()) == phase.parameters
    assert (manner.strokes, facts["brush"]) == (2, "classic/dry_brush")
    goes_on = settings(data=bars, phases=[{"steps": 1, "pixels": 1}])
    further = goes_on.model_copy(update={"start": str(tmp_path / "mine.safetensors")}).build(context())
    assert run(further).step == 1


@needs_program
def test_the_final_sheet_has_the_real_program_too(bars):
    renderer = settings(data=bars, phases=[{"steps": 1, "batch": 4, "pixels": 1}]).build(context())
    state = run(renderer)
    assert renderer.final(state).shape[0] > renderer.image(state).shape[0]
    figures = json.loads(renderer.extras(state, lambda pixels: pixels)["figures.json"])
    assert figures["neural to program"]["psnr"] > 15


def test_the_shipped_agent_paints_a_picture():
    wanted = TypeAdapter(AnyRenderer).validate_python(
        {"kind": "agent-training", "start": "digits", "paint": ["seven.png"], "phases": [{"steps": 0}]}
    )
    assert wanted.complaints(lambda source: None) == []
    assert wanted.pictures() == {"paint.0": "seven.png"}
    renderer = wanted.build(context())
    state = run(renderer)
    assert renderer.image(state).shape[2] == 3
    white = float((1 - prepared(seven(), renderer.shape) / 255).square().mean())
    assert renderer._error_unseen(state.trainer) < 0.5 * white


@pytest.mark.parametrize("brush", ["classic/dry_brush.gan", "classic/dry_brush.vae"])
def test_an_agent_learns_through_any_painter(bars, brush):
    sized = {"side": 64, "channels": 8, "blocks": 0, "hidden": 16, "critic": 4}
    values = {"brush": brush, "data": bars, "phases": [{"steps": 1, "batch": 2, "pixels": 1}]}
    if not find_painter(brush).is_file():
        pytest.skip(f"{brush} is not shipped")
    assert any("64 pixels only" in text for _, text in settings(**values).complaints(lambda source: None))
    wanted = settings(**values, size=sized)
    assert wanted.complaints(lambda source: None) == []
    renderer = wanted.build(context())
    before = renderer.begin(0, None)
    weights = before.trainer.agent.decide.weight.clone()
    renderer.step(before)
    assert not torch.equal(weights, before.trainer.agent.decide.weight)


def test_a_picture_is_cut_out_as_a_digit_is():
    renderer = settings().build(context())
    dark = prepared(seven(), renderer.shape)
    light = prepared(1 - seven(), renderer.shape)
    assert torch.equal(dark, light)  # light on dark is turned over
    rows, columns = np.nonzero(dark[0, 0].numpy() < 128)
    assert 20 <= np.ptp(rows) <= 25
    assert abs(rows.mean() - 15.5) < 4
    assert abs(columns.mean() - 15.5) < 4


@pytest.mark.parametrize(
    ("values", "path", "text"),
    [
        ({"phases": [{"steps": 5}]}, "phases.0", "every weight is 0; give pixels, adversarial or forcing a weight"),
        ({"phases": [{"steps": 5, "forcing": 1}]}, "phases.0.forcing", "add `examples: digits` or a file"),
        ({"phases": [{"steps": 0}]}, "phases", "give a phase steps, or a trained agent as `start`"),
        ({"start": "digits"}, "start", "this agent has its own manner; leave out renderer.manner"),
        ({"start": "dgits"}, "start", "no such trained agent"),
        ({"brush": "classic/dry_brsh"}, "brush", "did you mean classic/dry_brush"),
        ({"examples": "digits"}, "examples", "stretches between ends and corners"),
        ({"data": {"kind": "idx", "images": "nowhere.gz"}}, "data.images", "no such file"),
        ({"data": {"kind": "mnist", "digits": [3, 12]}}, "data.digits", "12: not a digit; use 0 to 9"),
    ],
)
def test_what_does_not_go_together_is_told(values, path, text):
    found = settings(**values).complaints(lambda source: None)
    assert any(place == path and text in message for place, message in found), found
