"""Branches: from a run's own state where canvas and phases agree, else from its newest picture; each says which."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from served import Visitor, until

from orbifolio.runner.events import PhaseStarted, RunStarted, Stepped, Warned, read_events
from orbifolio.runner.server.branching import _state_settings

CANVAS = """\
schema: 1
title: Canvas
seed: 5
renderer:
  kind: image-optimisation
  vision: untrained
  objectives: [range, {kind: smoothness, weight: 5}]
  optimiser: {kind: adam, rate: 0.0005}
  phases: [{size: 16, steps: 2}, {size: 32, steps: 3000}]
frames: 2
"""


@pytest.fixture(scope="module")
def paused(serving) -> Iterator[tuple[Visitor, str]]:
    """A run that was paused in its second phase."""
    import httpx

    with httpx.Client(base_url=serving.address, timeout=60) as client:
        visitor = Visitor(client, serving)
        run = visitor.start(text=CANVAS)

        def is_far_enough() -> bool:  # two steps into its second phase, so that a branch may plan fewer
            status = visitor.run(run)
            step = re.match(r"Phase 2 of 2, step ([\d,]+)", str(status["line"]))
            return status["state"] == "failed" or (step is not None and int(step[1].replace(",", "")) >= 2)

        until(is_far_enough, 120)
        client.post(f"/api/runs/{run}/pause")
        told = visitor.wait(run, "paused", "done", "failed")
        assert told["state"] == "paused", told
        yield visitor, run


def check(visitor: Visitor, run: str, text: str) -> str:
    answer = visitor.client.post("/api/check", json={"text": text, "branch": run}).json()
    assert answer["problems"] == []
    return str(answer["begins"])


def test_it_is_told_what_it_begins_with(paused: tuple[Visitor, str]) -> None:
    visitor, run = paused
    offered = visitor.client.get(f"/api/runs/{run}/branch").json()
    assert "upload:start" not in offered["text"]  # the state is better than the picture
    assert check(visitor, run, CANVAS).startswith("Continues from the run's own state: phase 2 of 2, step ")
    for free in (
        CANVAS.replace("weight: 5", "weight: 50"),
        CANVAS.replace("range, ", "range, {kind: dream, layer: conv1_1, channel: 3}, "),
        CANVAS.replace("3000", "9000"),
    ):
        assert "own state" in check(visitor, run, free)
    for other in (
        CANVAS.replace("size: 32", "size: 48"),
        CANVAS.replace("kind: adam, rate: 0.0005", "kind: lbfgs"),
        CANVAS.replace("  objectives", "  symmetry: {kind: plane, group: p4}\n  objectives"),
        CANVAS.replace("3000", "1"),  # fewer than are done
    ):
        assert check(visitor, run, other) == "Canvas or phases differ from the run's: starts from its newest picture."
    assert visitor.client.post("/api/check", json={"text": CANVAS}).json()["begins"] == ""
    refused = visitor.client.post("/api/check", json={"text": CANVAS, "branch": "20260101-000000-aaaaaa"})
    assert refused.status_code == 422
    assert "no run" in refused.json()["error"]


def test_it_goes_on_from_the_state_with_other_objectives(paused: tuple[Visitor, str]) -> None:
    visitor, run = paused
    store = visitor.serving.state.store
    parent = store.run_folder(store.read(run))
    before = {path: path.read_bytes() for path in parent.rglob("*") if path.is_file() and path.suffix != ".lock"}
    done = int(check(visitor, run, CANVAS).rstrip(".").partition("step ")[2].partition(" of")[0].replace(",", ""))
    logs = []
    for weight in ("weight: 5", "weight: 50"):
        text = CANVAS.replace("weight: 5", weight).replace("3000", str(done + 3))
        branch = visitor.start(text=text, branch=run)
        told = visitor.wait(branch, "done", "failed")
        assert told["state"] == "done", told
        logs.append(list(read_events(store.run_folder(store.read(branch)) / "events.jsonl")))
    log = logs[1]
    steps = [(event.phase, event.step) for event in log if isinstance(event, Stepped)]
    assert steps[:2] == [(0, 1), (0, 2)]
    assert steps[-1] == (1, done + 3)
    assert [step for phase, step in steps if phase == 1] == list(range(1, done + 4))  # none twice, none left out
    assert sum(isinstance(event, PhaseStarted) for event in log) == 2
    assert [event.resumed for event in log if isinstance(event, RunStarted)] == [False, True]
    [warned] = [event.message for event in log if isinstance(event, Warned)]
    assert warned.startswith(f"Branched from Canvas ({parent.parent.name}/{parent.name}) at phase 2, step ")
    light, heavy = ([event.terms["smoothness"] for event in each if isinstance(event, Stepped)] for each in logs)
    record = json.loads((store.run_folder(store.read(branch)) / "run.json").read_text())
    assert record["branched"] == {"phase": 1, "step": done}
    assert heavy[-3] == pytest.approx(10 * light[-3], rel=0.1)  # ten times the weight, a small step on
    assert warned.partition(":")[0] in visitor.client.get(str(told["report"])).text
    after = {path: path.read_bytes() for path in before if path.suffix in (".webp", ".pt", ".jsonl")}
    assert after == {path: before[path] for path in after}  # nothing was taken from the run itself


@pytest.mark.slow
def test_where_they_differ_it_begins_with_the_picture(paused: tuple[Visitor, str]) -> None:
    visitor, run = paused
    text = CANVAS.replace("{size: 16, steps: 2}, {size: 32, steps: 3000}", "{size: 24, steps: 2}")
    branch = visitor.start(text=text, branch=run)
    assert visitor.wait(branch, "done", "failed")["state"] == "done"
    store = visitor.serving.state.store
    job = store.read(branch)
    assert "upload:start" in store.recipe_path(job).read_text()
    assert "start" in job.images
    log = list(read_events(store.run_folder(job) / "events.jsonl"))
    assert [event.step for event in log if isinstance(event, Stepped)] == [1, 2]
    finished = visitor.client.get(f"/api/runs/{branch}/branch").json()
    assert "upload:start" in finished["text"]  # its own state is gone
    told = visitor.client.post("/api/check", json={**finished, "branch": branch}).json()
    assert told["begins"] == "Starts from the run's newest picture."


def test_settings_that_a_state_holds_are_those_that_must_agree() -> None:
    gas = {"kind": "growing-neural-gas", "phases": [{"nodes": 4, "steps": 3}]}
    assert _state_settings(gas) == gas  # without a canvas, everything
    canvas = {"canvas": {"kind": "pixels", "init": 1}, "objectives": [1], "phases": [{"size": 8, "steps": 3}]}
    assert _state_settings(canvas) == {"canvas": {"kind": "pixels"}, "phases": [{"size": 8}]}
