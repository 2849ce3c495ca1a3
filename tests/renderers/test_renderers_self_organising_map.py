"""A map in the one loop: signals, phases, resuming bit for bit, files, complaints."""

import json

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter

from orbifolio.runner.renderers import AnyRenderer
from orbifolio.runner.renderers.base import RenderContext
from orbifolio.runner.run.checkpoint import Checkpoint, read_checkpoint, write_checkpoint

LETTERS = {"kind": "letters", "text": "O", "count": 4000}
PLACES = {"kind": "places", "image": "x", "points": {"kind": "darkness", "count": 3000}}
COLOURS = {"kind": "colours", "image": "x", "width": 48}


def settings(**values):
    return TypeAdapter(AnyRenderer).validate_python(
        {
            "kind": "self-organising-map",
            "signals": PLACES,
            "map": {"columns": 10},
            "phases": [{"epochs": 6, "steps": 3}, {"epochs": 4, "steps": 2}],
            "size": 96,
            **values,
        }
    )


def renderer(**values):
    rows, columns = np.mgrid[0:36, 0:48]
    disk = np.where(np.hypot(rows - 18, columns - 24) < 12, 0.1, 0.9).astype(np.float32)
    shown = torch.from_numpy(np.stack([disk, 0.2 + 0.5 * disk, disk]))[None]
    return settings(**values).build(
        RenderContext(seed=1, device="cpu", picture=lambda _: shown, plain_picture=lambda _: shown)
    )


def run(chosen, folder=None, interrupt=None):
    state, outcomes = None, []
    for number, phase in enumerate(chosen.phases()):
        state = chosen.begin(number, state)
        for step in range(phase.steps):
            outcomes.append(chosen.step(state))
            if interrupt == (number, step):
                write_checkpoint(folder, Checkpoint(number, step, 0, (0.0,), chosen.save(state)))
                state = chosen.load(number, read_checkpoint(folder, "cpu").state)
    return state, outcomes


@pytest.mark.parametrize(
    ("signals", "drawing", "rule"),
    [
        (PLACES, "weave", "online"),
        (PLACES, "tonal", "batch"),
        (LETTERS, "lines", "batch"),
        (COLOURS, "patchwork", "online"),
    ],
)
def test_it_learns_draws_and_resumes_to_the_same_bytes(tmp_path, signals, drawing, rule):
    values = {"signals": signals, "drawing": {"kind": drawing, "plotter": {"paper": "a5"}}, "rule": rule}
    chosen = renderer(**values)
    state, outcomes = run(chosen)
    errors = [outcome.terms["quantisation_error"] for outcome in outcomes]
    assert errors[-1] < errors[0]
    assert outcomes[-1].metrics["presentations"] == 10 * len(chosen.signals.vectors)
    image = chosen.image(state)
    assert image.shape[1] == 96
    assert image.dtype == np.float32
    assert np.ptp(image) > 0.1
    files = chosen.extras(state, lambda pixels: pixels)
    assert {"drawing.svg", "drawing.pdf", "graph.json", "plotter.svg"} <= set(files)
    told = json.loads(files["graph.json"])
    assert len(told["nodes"]) == chosen.shape.rows * chosen.shape.columns
    broken, again = run(renderer(**values), tmp_path, (1, 0))
    assert np.array_equal(chosen.image(broken), image)
    assert chosen.extras(broken, lambda pixels: pixels)["drawing.svg"] == files["drawing.svg"]
    assert [outcome.metrics for outcome in outcomes] == [outcome.metrics for outcome in again]


def test_the_net_draws_together_where_it_is_dark():
    chosen = renderer(map={"columns": 16}, phases=[{"epochs": 15, "steps": 5}])
    state, _ = run(chosen)
    nodes = chosen.graph(state).nodes
    inside = np.hypot(nodes[:, 0] - 24.5, nodes[:, 1] - 18.5) < 12
    assert inside.mean() > 2 * (np.pi * 12**2) / (36 * 48)


def test_a_frame_holds_the_edges():
    chosen = renderer(map={"columns": 12, "rows": 8, "framed": True})
    state, _ = run(chosen)
    points = chosen.signals.vectors
    nodes = chosen.graph(state).nodes.reshape(8, 12, 2)
    assert np.allclose(nodes[:, 0, 0], points[:, 0].min())
    assert np.allclose(nodes[-1, :, 1], points[:, 1].max())
    assert np.ptp(nodes[0, 1:-1, 0]) > 5  # along the edge units move


def test_letters_have_their_place_and_lines():
    one = renderer(signals={**LETTERS, "text": "I"}).signals
    two = renderer(signals={**LETTERS, "text": "I\nI"}).signals
    assert max(one.picture.shape) == max(two.picture.shape) == 1000
    assert two.picture.shape[1] < 0.8 * one.picture.shape[1]  # as high, two lines are smaller
    assert 0.02 < (one.picture < 0.5).mean() < 0.9
    assert one.picture[0].min() == one.picture[-1].min() == 1


def test_what_has_no_effect_is_a_complaint():
    found = dict(
        settings(
            drawing={"kind": "patchwork", "improve": True},
            phases=[{"radius": [3, 0], "learning_rate": [0.5, 0.1]}],
            map={"topology": "torus", "framed": True},
        ).complaints(lambda source: 1.0)
    )
    assert sorted(found) == [
        "drawing.improve",
        "drawing.kind",
        "map.framed",
        "phases.0.learning_rate",
        "phases.0.radius",
    ]
    assert "signals.kind: colours" in found["drawing.kind"]
    assert settings(rule="online", phases=[{"learning_rate": [0.5, 0.1]}]).complaints(lambda source: 1.0) == []
    assert list(dict(settings(signals={**LETTERS, "text": " \n"}).complaints(lambda source: 1.0))) == ["signals.text"]
    rates = dict(settings(rule="online", phases=[{"learning_rate": [2, 0.1]}]).complaints(lambda source: 1.0))
    assert list(rates) == ["phases.0.learning_rate"]


def test_its_pictures_are_named_by_their_place():
    assert settings().pictures() == {"signals.image": "x"}
    assert settings(signals=LETTERS).pictures() == {}
    assert list(renderer(signals=COLOURS).stages()) == ["part in use"]


@pytest.mark.parametrize("signals", [PLACES, LETTERS, COLOURS, {**COLOURS, "count": 200}])
def test_a_forecast_is_the_plan_without_signals(signals):
    chosen = renderer(signals=signals)
    forecast = chosen.forecast()
    assert "signals" not in vars(chosen)
    assert forecast == chosen.phases()


@pytest.mark.parametrize(
    ("signals", "count"),
    [
        ({**PLACES, "points": {"kind": "darkness", "count": 20_000_000}}, 20_000_000),
        ({**LETTERS, "count": 20_000_000}, 20_000_000),
        ({**COLOURS, "width": 4096, "count": 20_000_000}, 4096 * 3072),
    ],
)
def test_a_forecast_of_millions_of_signals_makes_few_and_tells_all(signals, count):
    for phase in renderer(signals=signals).forecast():
        assert phase.notes[0].startswith(f"{count} signals")
        assert phase.memory_bytes > 1e9
