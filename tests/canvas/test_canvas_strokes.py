"""The strokes canvas: exact number, limits and rules kept, nearer with each level, saved and loaded bit for bit."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from brush_here import brush_table, painter
from program_here import needs_program

import orbifolio.runner.canvas.strokes as module
from orbifolio.runner.canvas.base import CanvasPhase
from orbifolio.runner.canvas.strokes import Strokes
from orbifolio.runner.errors import MissingProgram
from orbifolio.runner.objectives.base import ObjectiveInput, Preparation
from orbifolio.runner.objectives.pixels import PixelDifference
from orbifolio.runner.optimisers.adam import Adam
from orbifolio.runner.strokes.document.mypaint_redraw import redraw
from orbifolio.runner.symmetry.kinds.none import PlainPicture
from orbifolio.runner.vision.null_encoder import NullEncoder

SIZES = ((16, 12), (32, 24))
STEPS = 10


@pytest.fixture(autouse=True)
def soft_brush(monkeypatch):
    monkeypatch.setattr(module, "_brush", lambda name: (painter(), brush_table()))


def picture(width: int, height: int) -> torch.Tensor:
    y, x = torch.meshgrid(torch.linspace(0, 1, height), torch.linspace(0, 1, width), indexing="ij")
    return torch.stack((x, y * (1 - x), (x - 0.5).abs() + 0.2 * (y > 0.5)))[None]


def phase(number: int) -> CanvasPhase:
    return CanvasPhase(PlainPicture().layout(*SIZES[number]), None, 5, number, SIZES, STEPS)


def paint(settings: Strokes, *, until: int = STEPS, levels: int = 2):
    """Canvas after some steps of its last level, its optimiser and the error at the end of each level."""
    canvas, optimiser, errors = None, None, []
    for number in range(levels):
        place = phase(number)
        values = place.layout.sample(picture(*SIZES[number]))
        canvas = settings.begin(place, values, canvas)
        optimiser = Adam(rate=0.05).build(canvas.parameters())
        for step in range(until if number == levels - 1 else STEPS):
            optimiser = advance(canvas, optimiser, values, step)
        errors.append(float((canvas.values() - values).square().mean().detach()))
    return canvas, optimiser, errors


def advance(canvas, optimiser, values, step):
    def evaluate() -> float:
        for parameter in canvas.parameters():
            parameter.grad = None
        loss = (canvas.values() - values).square().mean()
        loss.backward()
        return float(loss.detach())

    optimiser.step(evaluate)
    return Adam(rate=0.05).build(canvas.parameters()) if canvas.after_step(step + 1).replaced else optimiser


SETTINGS = {
    "plain": Strokes(strokes=30),
    "dry": Strokes(strokes=30, moving="level"),
    "trained": Strokes(strokes=30, colouring="trained"),
    "connected": Strokes(strokes=30, connected=True),
    "opaque": Strokes(strokes=30, opaque=True),
    "palette": Strokes(strokes=30, palette=4, order="hand"),
    "ink": Strokes(strokes=30, palette=("#102030",)),
    "grey": Strokes(strokes=30, greyscale=True),
    "limited": Strokes(strokes=30, thinnest=8, widest=12),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_paints_with_the_strokes_asked_for_and_keeps_the_rules(name):
    settings = SETTINGS[name]
    canvas, _, errors = paint(settings)
    painting, target = canvas.painting()
    blank = float((0.5 - phase(1).layout.sample(picture(*SIZES[1]))).square().mean())
    assert errors[-1] < blank * (0.2 if name in ("plain", "dry", "trained", "opaque") else 0.7)
    assert len(painting.strokes) == 30
    assert np.isfinite(painting.strokes).all()
    assert painting.colours.min() >= 0
    assert painting.colours.max() <= 1
    assert canvas.finished().shape == (1, 3, 24, 32)
    if name == "connected":
        assert np.abs(painting.strokes[1:, 0:2] - painting.strokes[:-1, 4:6]).max() < 1e-4
        assert np.abs(painting.strokes[1:, 7] - painting.strokes[:-1, 8]).max() < 1e-6
    if name == "grey":
        assert np.ptp(painting.colours, axis=1).max() < 1e-6
    if name == "palette":
        assert len(np.unique(painting.colours, axis=0)) <= 4
    if name == "ink":
        assert np.abs(painting.colours * 255 - [16, 32, 48]).max() < 1e-3
    if name == "limited":
        assert 2 * painting.strokes[:, 6].min() >= 0.08 * 24 - 1e-3
        assert 2 * painting.strokes[:, 6].max() <= 0.12 * 24 + 1e-3
    assert canvas.describe().startswith("30 strokes")


@pytest.mark.parametrize("colouring", ["fitted", "trained"])
def test_floors_hold_for_every_stroke(colouring):
    canvas, _, _ = paint(Strokes(strokes=30, colouring=colouring, faintest=0.6, shortest=5, thinnest=6))
    strokes = canvas.all_strokes().strokes
    length = np.hypot(*(strokes.vias - strokes.starts).T) + np.hypot(*(strokes.ends - strokes.vias).T)
    assert strokes.rows[:, 7:].min() >= 0.6
    assert 2 * strokes.radii.min() >= 0.06 * 24 - 1e-3
    assert (length / strokes.radii).min() >= 5 - 1e-3


@needs_program
def test_the_real_brush_draws_the_finished_picture_at_any_size(monkeypatch):
    canvas, _, _ = paint(Strokes(strokes=8, drawn_side=80), levels=1)
    assert canvas.finished().shape == (1, 3, 60, 80)
    drawn = redraw(canvas.painting()[0], scale=5)
    assert np.array_equal(canvas.finished()[0].permute(1, 2, 0).numpy(), drawn)
    monkeypatch.setattr("orbifolio.runner.canvas.painted.redraw", gone)
    assert canvas.finished().shape == (1, 3, 12, 16)


def gone(painting, scale):
    raise MissingProgram("libmypaint: not installed")


def test_levels_come_nearer_and_say_so():
    canvas, _, errors = paint(Strokes(strokes=60))
    assert errors[1] < errors[0]
    assert canvas.after_step(STEPS).metrics["decibels"] == pytest.approx(-10 * np.log10(errors[1]), abs=0.2)


@pytest.mark.parametrize("name", ["plain", "dry", "trained", "palette"])
@pytest.mark.parametrize("at", [3, 4])
def test_goes_on_bit_for_bit(name, at):
    settings = SETTINGS[name]
    canvas, optimiser, _ = paint(settings, until=at)
    place = phase(1)
    values = place.layout.sample(picture(*SIZES[1]))
    again = settings.restore(place, values, canvas.state_dict())
    twin = Adam(rate=0.05).build(again.parameters())
    twin.load_state_dict(copy.deepcopy(optimiser.state_dict()))
    for step in range(at, STEPS):
        optimiser, twin = advance(canvas, optimiser, values, step), advance(again, twin, values, step)
    assert torch.equal(canvas.finished(), again.finished())
    (one, target), (other, same) = canvas.painting(), again.painting()
    assert one.to_json() == other.to_json()
    assert np.array_equal(target, same)


def test_the_same_seed_paints_the_same():
    one, other = (paint(SETTINGS["plain"])[0].painting()[0] for _ in range(2))
    assert np.array_equal(one.strokes, other.strokes)
    assert np.array_equal(one.colours, other.colours)


def test_complaints_name_the_field_and_the_cure():
    wrong = Strokes(brush="classic/dry_bruhs", thinnest=20, widest=10, palette=3, colouring="trained")
    told = dict(wrong.complaints(lambda source: None))
    assert "did you mean classic/dry_brush" in told["brush"]
    assert told["thinnest"] == "20 % is above widest, 10 %; lower it, or raise widest"
    assert "take colouring: fitted" in told["palette"]
    assert Strokes().complaints(lambda source: None) == []
    assert Strokes(brush="classic/dry_brush.vae").complaints(lambda source: None) == [
        (
            "brush",
            "classic/dry_brush.vae: a painter of kind vae draws 64 x 64 pixels only, and strokes of any size are "
            "needed; use one of kind implicit (canvas: stroke-grid takes every kind)",
        )
    ]
    assert dict(Strokes(palette=100).complaints(lambda source: None))["palette"].startswith("100 colours")


def test_pixels_score_the_mean_square_and_heed_a_mask():
    shown = picture(32, 24)
    preparation = Preparation(NullEncoder(), 32, 24, lambda source: shown, lambda source: shown)
    objective = PixelDifference(image="x", weight=2).build(preparation)
    artwork = shown + 0.1
    terms = objective(ObjectiveInput(artwork, artwork))
    assert float(terms["pixels"]) == pytest.approx(2 * 0.01, rel=1e-4)
    of_initial = PixelDifference().build(replace(preparation, initial=lambda: artwork))
    assert float(of_initial(ObjectiveInput(artwork, artwork))["pixels"]) == 0
    half = torch.zeros(1, 3, 24, 32)
    half[..., 16:] = 1
    masked = replace(preparation, plain_picture=lambda source: half if source == "m" else shown)
    moved = shown.clone()
    moved[..., :15] += 0.5
    objective = PixelDifference(image="x", mask="m").build(masked)
    assert float(objective(ObjectiveInput(moved, moved))["pixels"]) < 1e-6
