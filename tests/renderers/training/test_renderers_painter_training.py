"""Painter training in the one loop: cards, extras, resuming, shards without the program, what a user is told."""

import json

import numpy as np
import pytest
import torch
from interrupted import run
from program_here import needs_program
from pydantic import TypeAdapter

from orbifolio.runner.errors import MissingProgram
from orbifolio.runner.renderers import AnyRenderer
from orbifolio.runner.renderers.base import RenderContext
from orbifolio.runner.renderers.training import painter_training
from orbifolio.runner.strokes.brush_models.metrics_sheet import flower
from orbifolio.runner.strokes.brush_models.weights import unpack
from orbifolio.runner.strokes.mypaint import mypaint
from orbifolio.runner.strokes.mypaint.actions import draw_actions
from orbifolio.runner.strokes.mypaint.shards import write_shard


def settings(**values):
    record = {
        "kind": "painter-training",
        "painter": {"kind": "implicit", "width": 16, "places": 512},
        "phases": [{"steps": 6}, {"steps": 4, "rate": 0.001}],
        "unseen": 30,
        "repeats": 3,
    }
    return TypeAdapter(AnyRenderer).validate_python(record | values)


def context() -> RenderContext:
    def picture(source: str) -> torch.Tensor:
        raise AssertionError(source)

    return RenderContext(seed=1, device="cpu", picture=picture, plain_picture=picture)


@pytest.fixture
def shard(tmp_path):
    """Strokes that are discs, as a published shard would have them."""
    random = np.random.default_rng(0)
    actions = draw_actions(90, random)
    actions[:, 6:9] *= 0.7
    y, x = np.mgrid[:64, :64] + 0.5
    away = np.hypot(x - 64 * actions[:, 2, None, None], y - 64 * actions[:, 3, None, None])
    alphas = (away < 6)[..., None]
    strokes = np.round((1 + alphas * (actions[:, None, None, 6:9] - 1)) * 255).astype(np.uint8)
    write_shard(tmp_path / "episodes_0.npz", actions, strokes)
    return {"kind": "shards", "files": [str(tmp_path / "episodes_0.npz")]}


@pytest.mark.slow
@pytest.mark.parametrize("interrupt", [(0, 0), (0, 5), (1, 1)])
def test_resuming_changes_nothing(shard, interrupt):
    whole, broken = settings(data=shard).build(context()), settings(data=shard).build(context())
    first, second = run(whole), run(broken, interrupt)
    assert np.array_equal(whole.image(first), broken.image(second))
    assert first.trainer.state_dict().keys() == second.trainer.state_dict().keys()
    for name, value in first.trainer.painter.state_dict().items():
        assert torch.equal(value, second.trainer.painter.state_dict()[name])


def test_shards_are_learnt_without_the_program(shard, monkeypatch, tmp_path):
    monkeypatch.setattr(mypaint, "LIBRARIES", ())
    renderer = settings(data=shard).build(context())
    state = run(renderer)
    phase = renderer.phases()[0]
    assert renderer.image(state).shape == (phase.height, phase.width, 3)
    files = renderer.extras(state, lambda pixels: pixels)
    assert set(files) == {"painter.safetensors", "card.json"}
    assert "gradients" not in json.loads(files["card.json"])
    (tmp_path / "x.safetensors").write_bytes(files["painter.safetensors"])
    assert unpack(tmp_path / "x.safetensors")[0].count() == phase.parameters


STAGED = {
    "vae": {
        "painter": {"kind": "vae", "width": 4, "batch": 8},
        "phases": [{"steps": 2, "stage": "images"}, {"steps": 2, "stage": "predictor"}],
    },
    "gan": {
        "painter": {"kind": "gan", "width": 2, "batch": 8, "critic_steps": 1},
        "phases": [{"steps": 2, "stage": "generator"}, {"steps": 2, "stage": "adversarial", "rate": 1e-4}],
    },
}


@pytest.mark.parametrize("kind", STAGED)
def test_painters_of_a_fixed_resolution_go_through_their_stages(shard, kind, tmp_path):
    wanted = settings(data=shard, **STAGED[kind])
    assert wanted.complaints(lambda source: None) == []
    whole, broken = wanted.build(context()), wanted.build(context())
    state, again = run(whole), run(broken, (1, 0))
    phase = whole.phases()[1]
    assert phase.title.startswith(STAGED[kind]["phases"][1]["stage"])
    assert whole.image(state).shape == (phase.height, phase.width, 3)
    assert np.array_equal(whole.image(state), broken.image(again))
    assert whole.final(state).shape[0] > phase.height
    files = whole.extras(state, lambda pixels: pixels)
    assert set(files) == {"painter.safetensors", "card.json", "interpolation.webp"}
    assert {"texture noisy", "noise"} <= set(json.loads(files["card.json"])["strokes"])
    (tmp_path / "x.safetensors").write_bytes(files["painter.safetensors"])
    assert unpack(tmp_path / "x.safetensors")[0].kind == kind


def test_a_network_may_look_at_the_strokes(shard):
    gan = {**STAGED["gan"]["painter"], "perceived": 50.0}
    phases = [{"steps": 2, "stage": "generator"}]
    told = dict(settings(data=shard, painter=gan, phases=phases).complaints(lambda source: None))
    assert told["vision"] == "the painter learns from what a network sees, and there is none; add vision: vgg16"
    seen = settings(data=shard, painter=gan, phases=phases, vision="untrained")
    assert seen.complaints(lambda source: None) == []
    renderer = seen.build(context())
    state = run(renderer)
    assert json.loads(renderer.extras(state, lambda pixels: pixels)["card.json"])["perceived"] > 0
    blind = settings(data=shard, painter=STAGED["gan"]["painter"], phases=phases).build(context())
    first, second = (brush.begin(0, None) for brush in (renderer, blind))
    assert renderer.step(first).terms["reconstruction"] > blind.step(second).terms["reconstruction"]


def test_stages_that_are_not_there_are_told():
    found = settings(painter="implicit", phases=[{"steps": 1, "stage": "images"}]).complaints(lambda source: None)
    assert ("phases.0.stage", "images: no such stage; this painter has no stages; leave it out") in found
    found = settings(painter="vae", phases=[{"steps": 1}]).complaints(lambda source: None)
    assert ("phases", "no phase of stage images; this painter needs images and predictor; add one") in found


@needs_program
def test_a_drawn_brush_gets_its_card():
    renderer = settings(brush="pen", data={"kind": "drawn", "strokes": 64}).build(context())
    state = run(renderer)
    figures = json.loads(renderer.extras(state, lambda pixels: pixels)["card.json"])
    assert figures["repeats"] == 3
    assert set(figures["gradients"]) >= {"size", "via x", "entry pressure"}
    assert figures["strokes"]["psnr possible"] > 80  # a pen has no noise
    final, image = renderer.final(state), renderer.image(state)
    assert final.dtype == np.float32
    assert final.shape[0] > image.shape[0]
    assert 0 <= final.min() < final.max() <= 1


def test_without_the_program_a_run_ends_with_the_cure_and_a_check_does_not(monkeypatch):
    def missing(*names):
        raise MissingProgram("libmypaint: not found; install it")

    monkeypatch.setattr(painter_training, "load_library", missing)
    monkeypatch.setattr(painter_training, "list_brushes", dict)
    wanted = settings()
    assert wanted.complaints(lambda source: None) == []
    assert wanted.advisories() == ["libmypaint: not found; install it"]


def test_what_is_not_there_is_told_before_the_run(tmp_path):
    found = settings(data={"kind": "shards", "files": [str(tmp_path / "a.npz")]}).complaints(lambda source: None)
    assert found[0][0] == "data.files.0"
    found = settings(brush=str(tmp_path / "a.myb")).complaints(lambda source: None)
    assert found[0][0] == "brush"
    assert "cannot be read" in found[0][1]


@needs_program
def test_a_wrong_name_is_told_before_the_run():
    found = settings(brush="classic/dry_brsh").complaints(lambda source: None)
    assert found[0][0] == "brush"
    assert "did you mean classic/dry_brush" in found[0][1]


def test_the_flower_stays_on_its_paper():
    petals = flower()
    assert petals.dtype == np.float32
    assert petals.min() >= 0
    assert petals.max() <= 1


@needs_program
def test_a_brush_that_does_not_paint_is_refused_before_the_run():
    told = dict(settings(brush="classic/blur").complaints(lambda source: None))
    assert told["brush"].startswith("classic/blur: leaves no paint on paper (it only changes paint that is there);")
