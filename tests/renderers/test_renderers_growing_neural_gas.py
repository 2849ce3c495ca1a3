"""A gas in the one loop: points, phases, stops, resuming bit for bit, stages and files."""

import json

import numpy as np
import pytest
import torch
from pydantic import TypeAdapter, ValidationError

from orbifolio.runner.errors import ImageError
from orbifolio.runner.renderers import AnyRenderer
from orbifolio.runner.renderers.base import RenderContext
from orbifolio.runner.run.checkpoint import Checkpoint, read_checkpoint, write_checkpoint


def disk() -> torch.Tensor:
    rows, columns = np.mgrid[0:40, 0:60]
    dark = np.hypot(rows - 20, columns - 30) < 14
    return torch.from_numpy(np.where(dark, 0.1, 0.9).astype(np.float32)).expand(1, 3, 40, 60)


def gas(picture=None, **settings):
    values = {
        "kind": "growing-neural-gas",
        "image": "x",
        "size": 120,
        "phases": [{"nodes": 40, "steps": 6}],
        **settings,
    }
    chosen = TypeAdapter(AnyRenderer).validate_python(values)
    shown = disk() if picture is None else picture
    return chosen.build(RenderContext(seed=1, device="cpu", picture=lambda _: shown, plain_picture=lambda _: shown))


def run(renderer, folder=None, interrupt=None):
    state, outcomes = None, []
    for number, phase in enumerate(renderer.phases()):
        state = renderer.begin(number, state)
        for step in range(phase.steps):
            outcomes.append(renderer.step(state))
            if interrupt == (number, step):
                write_checkpoint(folder, Checkpoint(number, step, 0, (0.0,), renderer.save(state)))
                state = renderer.load(number, read_checkpoint(folder, "cpu").state)
            if outcomes[-1].finished:
                break
    return state, outcomes


def test_it_grows_draws_and_leaves_its_graph():
    renderer = gas()
    state, outcomes = run(renderer)
    image = renderer.image(state)
    assert image.shape == (80, 120, 3)
    assert image.dtype == np.float32
    assert image.min() < 0.7 < 0.9 < image.max()
    errors = [outcome.terms["quantisation_error"] for outcome in outcomes]
    assert errors[-1] < 0.75 * errors[0]
    assert outcomes[-1].metrics["nodes"] == 40
    told = json.loads(renderer.extras(state, lambda pixels: pixels)["graph.json"])
    assert (told["width"], told["height"], len(told["nodes"])) == (60, 40, 40)
    assert len(told["edges"]) == outcomes[-1].metrics["edges"]
    x, y = np.array(told["nodes"]).T
    assert np.hypot(x - 30.5, y - 20.5).max() < 14


@pytest.mark.parametrize("points", ["otsu", {"kind": "multi-otsu", "classes": 3}, {"kind": "darkness", "count": 2000}])
@pytest.mark.parametrize("interrupt", [(0, 0), (1, 3)])
def test_a_resumed_run_makes_the_same_picture(tmp_path, points, interrupt):
    picture = disk() - torch.linspace(0, 0.08, 60)
    settings = {"points": points, "phases": [{"nodes": 20, "steps": 5}, {"nodes": 60, "epochs": 7.5, "steps": 7}]}
    straight, outcomes = run(gas(picture, **settings))
    broken, again = run(gas(picture, **settings), tmp_path, interrupt)
    renderer = gas(picture, **settings)
    assert np.array_equal(renderer.image(straight), renderer.image(broken))
    assert [outcome.metrics for outcome in outcomes] == [outcome.metrics for outcome in again]


def test_a_phase_presents_its_epochs_whatever_its_steps():
    for steps in (1, 7, 100):
        renderer = gas(phases=[{"nodes": 40, "epochs": 3.5, "steps": steps}])
        _, outcomes = run(renderer)
        points = len(renderer.source.levels[0].points)
        assert outcomes[-1].metrics["presentations"] == round(3.5 * points)
        assert len(outcomes) == steps


def test_a_stop_ends_the_phase_and_says_why():
    _, outcomes = run(gas(phases=[{"nodes": 40, "steps": 200}], stops=[{"kind": "nodes", "count": 25}]))
    assert outcomes[-1].finished == "25 nodes"
    assert len(outcomes) < 200


def test_every_level_has_a_gas_and_they_share_the_nodes():
    picture = disk().clone()
    picture[..., :15] = 0.5
    renderer = gas(picture, points={"kind": "multi-otsu", "classes": 3}, tone={"blur": 0})
    state, outcomes = run(renderer)
    assert len(state.networks) == 2
    assert 38 <= outcomes[-1].metrics["nodes"] <= 41
    assert renderer.graph(state).components().max() >= 1


def test_the_report_gets_every_picture_on_the_way():
    stages = gas(tone={"crop": [5, 2, 50, 36], "blur": 1, "invert": True}).stages()
    assert list(stages) == ["part in use", "inverted grey", "blurred", "points"]
    assert all(picture.shape == (36, 50, 3) and picture.dtype == np.float32 for picture in stages.values())
    assert set(np.unique(stages["points"])) == {0.0, 1.0}


def test_an_empty_picture_is_refused_before_anything_is_computed():
    with pytest.raises(ImageError, match="one even grey"):
        gas(torch.ones((1, 3, 20, 20))).phases()


def test_what_cannot_be_grown_is_a_complaint():
    chosen = TypeAdapter(AnyRenderer).validate_python(
        {
            "kind": "growing-neural-gas",
            "image": "x",
            "tone": {"crop": [0, 0, 0, 5]},
            "phases": [{"nodes": 50}, {"nodes": 40}],
        }
    )
    found = dict(chosen.complaints(lambda source: 1.0))
    assert found["phases.1.nodes"] == "40 nodes, but the phase before has 50; a gas grows; give 50 or more"
    assert "size of at least 1 x 1" in found["tone.crop"]
    with pytest.raises(ValidationError, match="epsilon_b"):
        gas(gas={"kind": "fritzke", "epsilon_b": 2})


def test_its_pictures_are_named_by_their_place():
    chosen = TypeAdapter(AnyRenderer).validate_python(
        {"kind": "growing-neural-gas", "image": "a", "tone": {"mask": "b"}}
    )
    assert chosen.pictures() == {"image": "a", "tone.mask": "b"}


@pytest.mark.slow
def test_lines_as_thin_as_pixels_are_not_called_broken():
    """A drawing of the disk: its lines are as wide where it is shown half as large, which only the residual sees."""
    phases = [{"nodes": 24, "epochs": 0.5, "steps": 2}]
    renderer = gas(
        symmetry={"kind": "hyperbolic", "p": 4, "q": 6}, size=160, drawing={"kind": "lines", "line": 1.2}, phases=phases
    )
    state, _ = run(renderer)
    assert renderer.traits(0).opacity(160, 160) is None  # its own paper lies around it, and not the finish's ground
    assert not renderer.settings.grounded
    summary = renderer.symmetry_summary(renderer.image(state))
    worst = max(claim["residual"] for claim in summary["claims"])
    assert 0.05 < worst < summary["grain"]
    wrong = renderer.symmetry_summary(np.random.default_rng(0).random((160, 160, 3)).astype(np.float32))
    assert min(claim["residual"] for claim in wrong["claims"]) > wrong["grain"]


def test_a_forecast_of_millions_of_points_draws_few_and_tells_all():
    many = gas(points={"kind": "darkness", "count": 20_000_000})
    (phase,) = many.forecast()
    assert phase.notes == ("20000000 points, 400000000 presentations",)
    assert phase.memory_bytes > 1e9
    assert "source" not in vars(many)  # not one of its points was drawn
    few = gas(points={"kind": "darkness", "count": 5000})
    assert few.forecast() == few.phases()


@pytest.mark.parametrize(("kind", "window"), [("otsu", {}), ("local", {"window": 200})])
def test_a_forecast_of_a_large_picture_counts_its_dark_pixels_on_a_small_one(kind, window):
    """44 million pixels hold a hundred times the points of .44 million, which are counted one by one."""
    (small,) = gas(points={"kind": kind, **window}, tone={"width": 816, "blur": 2}).phases()
    tenfold = {name: 10 * pixels for name, pixels in window.items()}
    large = gas(points={"kind": kind, **tenfold}, tone={"width": 8160, "blur": 20})
    (phase,) = large.forecast()
    assert "source" not in vars(large)
    few, many = (int(each.notes[0].split()[0]) for each in (small, phase))
    assert many == pytest.approx(100 * few, rel=0.03)
    assert (phase.width, phase.height) == (small.width, small.height)
    assert phase.memory_bytes > 4e9
