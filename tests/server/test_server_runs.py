"""Runs over the wire: started, watched, paused, kept, cancelled, branched; and servers that come and go."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image
from served import PLAIN, Serving, Visitor, make_recipes, make_state, picture, until

from orbifolio.runner.events import FrameSaved, RunFinished, read_events
from orbifolio.runner.server.job_store import JobStore
from orbifolio.runner.server.presets import PRESETS
from orbifolio.runner.server.security import AccessRules


def test_a_photo_becomes_a_picture_with_a_report(visitor: Visitor):
    photo = visitor.send(picture(90, 60))
    identity = visitor.start(recipe="nets/tiny", images={"photo": photo})
    told = visitor.wait(identity, "done", "failed")
    assert told["state"] == "done", told
    assert told["photo"] == f"/api/runs/{identity}/images/photo"
    found = visitor.client.get(str(told["result"]))
    assert found.content.startswith(b"\x89PNG")
    assert "attachment" in found.headers["content-disposition"]
    jpeg = visitor.client.get(str(told["result"]), params={"format": "jpeg"})
    assert jpeg.content.startswith(b"\xff\xd8")
    report = visitor.client.get(str(told["report"]))
    assert "Tiny net" in report.text
    assert f'<a class="home" href="/runs/{identity}">This run on the control page</a>' in report.text
    assert f'<a class="act" href="/new?from={identity}">Change and run</a>' in report.text
    listing = visitor.client.get("/gallery/index.html").text
    assert "Tiny net" in listing
    assert '<a class="home" href="/">Control page</a>' in listing
    assert "Change and run" not in listing
    on_disk = visitor.serving.state.gallery / str(told["report"]).removeprefix("/gallery/")
    assert 'class="home"' not in on_disk.read_text()  # nor, then, in what is published
    assert visitor.client.get(str(told["picture"])).status_code == 200
    assert visitor.client.get(f"/paint/{identity}").status_code == 200
    assert visitor.client.get(f"/runs/{identity}").status_code == 200


def test_events_tell_of_it_until_it_is_over_and_go_on_after_a_break(visitor: Visitor):
    identity = visitor.start(recipe="nets/plain")
    stamps, states = [], []
    with visitor.client.stream("GET", f"/api/runs/{identity}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        for line in stream.iter_lines():
            if line.startswith("id: "):
                stamps.append(line[4:])
            if line.startswith("data: {") and len(line) > 10:
                states.append(json.loads(line[6:])["state"])
            if line == "event: over":
                break
    assert states[-1] == "done"
    assert len(set(stamps)) == len(stamps)
    again = visitor.client.get(f"/api/runs/{identity}/events", headers={"Last-Event-ID": "something older"}).text
    assert again.count("event: run") == 1


def test_one_runs_and_the_others_wait_their_turn(visitor: Visitor):
    first, second, third = (visitor.start(recipe="nets/long", values={"seed": n}) for n in range(3))
    visitor.wait(first, "running")
    assert [visitor.run(each)["position"] for each in (second, third)] == [1, 2]
    assert visitor.client.post(f"/api/runs/{second}/cancel").json()["state"] == "cancelled"
    assert visitor.run(third)["position"] == 1
    for each in (first, third):
        visitor.client.post(f"/api/runs/{each}/cancel")
    for each in (first, third):
        visitor.wait(each, "cancelled", "done")
    assert visitor.client.delete(f"/api/runs/{second}").status_code == 204
    assert visitor.client.get(f"/api/runs/{second}").status_code == 404


def test_pause_and_go_on_give_the_same_picture_as_one_go(visitor: Visitor):
    straight = visitor.start(recipe="nets/long")
    visitor.wait(straight, "done")
    broken = visitor.start(recipe="nets/long")
    until(lambda: (visitor.run(broken)["share"] or 0) or visitor.run(broken)["state"] == "done")
    visitor.client.post(f"/api/runs/{broken}/pause")
    told = visitor.wait(broken, "paused", "done")
    assert told["state"] == "paused", "it was too quick to be paused"
    assert visitor.client.post(f"/api/runs/{broken}/pause").status_code == 409
    assert visitor.client.post(f"/api/runs/{broken}/resume").status_code == 200
    visitor.wait(broken, "done")
    pictures = [visitor.client.get(f"/api/runs/{each}/result").content for each in (straight, broken)]
    assert pictures[0] == pictures[1]


def test_keeping_ends_it_early_with_what_is_there(visitor: Visitor):
    identity = visitor.start(recipe="nets/long", values={"frames": 1})
    until(lambda: visitor.run(identity)["picture"] or visitor.run(identity)["state"] == "done")
    assert visitor.client.post(f"/api/runs/{identity}/keep").status_code == 200
    visitor.wait(identity, "done")
    folder = visitor.serving.state.store.run_folder(visitor.serving.state.store.read(identity))
    log = list(read_events(folder / "events.jsonl"))
    steps = [event.step for event in log if type(event).__name__ == "Stepped"]
    assert 0 < len(steps) < 160
    assert isinstance(log[-1], RunFinished)
    frames = [event for event in log if isinstance(event, FrameSaved)]
    assert frames[-1].step == steps[-1]
    notes = json.loads((folder / "run.json").read_text())["phases"][0]["notes"]
    assert any("kept as it was" in note for note in notes)
    assert (folder / "final.png").is_file()


def test_what_cannot_be_done_now_is_refused_with_the_reason(visitor: Visitor):
    identity = visitor.start(recipe="nets/plain")
    visitor.wait(identity, "done")
    for verb in ("pause", "resume", "keep", "cancel"):
        answer = visitor.client.post(f"/api/runs/{identity}/{verb}")
        assert answer.status_code == 409
        assert "done" in answer.json()["error"]
    assert visitor.client.post(f"/api/runs/{identity}/explode").status_code == 404


def test_files_of_the_user_with_our_names_disturb_nothing(visitor: Visitor, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("orbifolio", "runner", "reports", "torch", "filelock"):
        Path(f"{name}.py").write_text("x = 1\n")
    told = visitor.wait(visitor.start(recipe="nets/plain"), "done", "failed")
    assert told["state"] == "done", told


def test_a_process_that_cannot_start_fails_the_run_and_says_so(visitor: Visitor, monkeypatch):
    monkeypatch.setattr(visitor.serving.state.queue._runner, "_module", "nothing_of_this_name")
    told = visitor.wait(visitor.start(recipe="nets/plain"), "done", "failed")
    assert re.fullmatch(
        r"the run's process could not start: .*No module named nothing_of_this_name; see work\.log",
        str(told["message"]),
    )


@pytest.mark.slow
def test_a_branch_takes_recipe_and_pictures_along(visitor: Visitor):
    photo = visitor.send(picture(60, 60))
    identity = visitor.start(recipe="nets/tiny", images={"photo": photo}, values={"seed": 11})
    visitor.wait(identity, "done")
    branch = visitor.client.get(f"/api/runs/{identity}/branch").json()
    assert branch["recipe"] == "nets/tiny"
    assert branch["images"] == {"photo": photo}
    assert "seed: 11" in branch["text"]
    assert "# a comment that stays" in branch["text"]
    assert visitor.client.get("/new", params={"from": identity}).status_code == 200


def test_a_branch_of_a_canvas_begins_with_its_picture(visitor: Visitor):
    state = visitor.serving.state
    text = "schema: 1\ntitle: Canvas\nseed: 1\nrenderer:\n  kind: image-optimisation\n  objectives: [{kind: range}]\n"
    job = state.store.add(text + "  phases: [{size: 16, steps: 1}]\n", {}, title="Canvas", name="canvas", theme="nets")
    folder = state.gallery / "canvas" / "20260101-000000-0001"
    (folder / "phases").mkdir(parents=True)
    (folder / "phases" / "00001.webp").write_bytes(picture(32, 32, "WEBP"))
    from orbifolio.runner.events import PhaseStarted, to_line

    events = (PhaseStarted(0.0, 0, "16 px", 16, 16, 1), FrameSaved(0.0, 0, 1, "phases/00001.webp", 32, 32))
    (folder / "events.jsonl").write_text("".join(to_line(event) + "\n" for event in events))
    draft = state.draft_of(state.store.change(job, run="canvas/20260101-000000-0001", state="done"))
    assert set(draft.images) == {"start"}
    assert "upload:start" in draft.text
    state.store.remove(job)


@pytest.mark.slow
def test_a_failing_run_says_why_and_may_be_tried_again(visitor: Visitor):
    bad = PLAIN.replace("  size: 64", "  size: 64\n  tone: {crop: [5000, 0, 10, 10]}")
    identity = visitor.start(recipe="nets/plain", text=bad)
    told = visitor.wait(identity, "failed", "done")
    assert told["state"] == "failed"
    assert "crop" in str(told["message"])
    assert visitor.client.post(f"/api/runs/{identity}/resume").status_code == 200
    visitor.wait(identity, "failed")


@pytest.mark.slow
def test_paintings_come_in_one_request(visitor: Visitor):
    answer = visitor.client.post("/api/paintings", data={"look": "line"}, files={"photo": ("me.png", picture(64, 64))})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/api/runs/{answer.json()['id']}"
    visitor.client.post(f"/api/runs/{answer.json()['id']}/cancel")
    visitor.wait(answer.json()["id"], "cancelled", "done", "failed")


@pytest.mark.parametrize(
    "asked",
    [
        {"look": "nonsense"},
        {"look": "line"},
        {"look": "line", "recipe": "nets/plain"},
        {"look": "kaleidoscope", "options": {"mirrors": "ninety"}},
        {"look": "kaleidoscope", "options": {"no such": "six"}},
        {"recipe": "nets/none"},
        {"recipe": "../../etc/passwd"},
        {},
        {"text": ""},
        {"text": "- a"},
        {"recipe": "nets/plain", "values": {"renderer.nodes": 3}},
        {"recipe": "nets/plain", "values": {"renderer..x": 3}},
        {"recipe": "nets/plain", "images": {"photo": "0" * 32}},
        {"recipe": "nets/plain", "images": {"../x": "0" * 32}},
        {"recipe": "nets/plain", "extra": 1},
        {"recipe": 3},
        {"recipe": "nets/tiny"},
    ],
)
def test_wishes_that_make_no_sense_are_refused_in_words(visitor: Visitor, asked):
    before = len(visitor.client.get("/api/runs").json()["runs"])
    answer = visitor.client.post("/api/runs", json=asked)
    assert answer.status_code == 422, answer.text
    told = answer.json()
    assert told["error"]
    assert all(";" in problem["message"] for problem in told["problems"])
    assert len(visitor.client.get("/api/runs").json()["runs"]) == before


@pytest.mark.slow
def test_queue_and_runs_survive_a_server_that_is_killed(tmp_path):
    """A server is killed during a run and another waits: the next one finishes both, from the checkpoint."""
    recipes = make_recipes(tmp_path)
    address, server = _spawn(tmp_path, recipes)
    with _visiting(address) as client:
        ids = [client.post("/api/runs", json={"recipe": "nets/long"}).json()["id"] for _ in range(2)]
        until(lambda: client.get(f"/api/runs/{ids[0]}").json()["share"])
    server.send_signal(signal.SIGKILL)
    server.wait()
    store = JobStore(tmp_path / "gallery")
    assert [store.read(each).state for each in ids] == ["running", "queued"]
    with Serving(make_state(tmp_path, recipes), AccessRules()) as again, httpx.Client(base_url=again.address) as client:
        until(lambda: all(client.get(f"/api/runs/{each}").json()["state"] == "done" for each in ids), 90)
        pictures = [client.get(f"/api/runs/{each}/result").content for each in ids]
    assert pictures[0] == pictures[1]
    assert len(list((tmp_path / "gallery" / "long").glob("*-*-*"))) == 2


@pytest.mark.slow
def test_a_server_that_is_told_to_end_lets_the_run_go_on_later(tmp_path):
    recipes = make_recipes(tmp_path)
    address, server = _spawn(tmp_path, recipes)
    with _visiting(address) as client:
        identity = client.post("/api/runs", json={"recipe": "nets/long"}).json()["id"]
        until(lambda: client.get(f"/api/runs/{identity}").json()["share"])
    server.send_signal(signal.SIGINT)
    assert server.wait(40) in (0, 130)
    store = JobStore(tmp_path / "gallery")
    assert store.read(identity).state == "queued"
    until(lambda: json.loads((store.folder_of(identity) / "result.json").read_text())["outcome"] == "interrupted")


@pytest.mark.slow
def test_two_servers_do_not_share_a_gallery_and_ports_in_use_are_told(tmp_path):
    recipes = make_recipes(tmp_path)
    address, server = _spawn(tmp_path, recipes)
    port = str(httpx.URL(address).port)
    try:
        for arguments in (["--port", "0"], ["--port", port, "--out", str(tmp_path / "other")]):
            second = subprocess.run(
                _command(tmp_path, recipes, *arguments), capture_output=True, text=True, timeout=100
            )
            assert second.returncode == 2
            assert "another server" in second.stderr
            assert "Traceback" not in second.stderr
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(40)


@pytest.mark.slow
def test_idle_it_starts_the_recipe_and_then_ends(tmp_path):
    recipes = make_recipes(tmp_path)
    command = _command(tmp_path, recipes, "--port", "0", "--idle-minutes", "0.03", recipe="plain")
    began = time.monotonic()
    ended = subprocess.run(command, capture_output=True, text=True, timeout=200)
    assert ended.returncode == 0, ended.stderr
    assert "plain is started as it is" in ended.stderr
    assert "the server ends" in ended.stderr
    assert len(list((tmp_path / "gallery" / "plain").glob("*/final.png"))) == 1
    assert time.monotonic() - began < 190


@pytest.mark.slow
def test_idle_with_a_recipe_that_asks_for_a_picture_it_ends(tmp_path):
    recipes = make_recipes(tmp_path)
    command = _command(tmp_path, recipes, "--port", "0", "--idle-minutes", "0.02", recipe="tiny")
    ended = subprocess.run(command, capture_output=True, text=True, timeout=200)
    assert ended.returncode == 0
    assert "cannot be started by itself" in ended.stderr
    assert not list((tmp_path / "gallery").glob("tiny/*"))


def _command(folder: Path, recipes: Path, *arguments: str, recipe: str = "long") -> list[str]:
    program = [sys.executable, "-m", "orbifolio.runner.cli", "serve", str(recipes / f"{recipe}.yaml")]
    return [*program, "--out", str(folder / "gallery"), "--device", "cpu", *arguments]


def _spawn(folder: Path, recipes: Path) -> tuple[str, subprocess.Popen[str]]:
    """A server in a process of its own; its address."""
    server = subprocess.Popen(
        _command(folder, recipes, "--port", "0"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert server.stdout is not None
    address = server.stdout.readline().strip()
    server.stdout.close()
    until(lambda: _answers(address), 60)
    return address, server


def _answers(address: str) -> bool:
    try:
        return httpx.get(httpx.URL(address).copy_with(path="/api/health", query=None)).status_code == 200
    except httpx.HTTPError:
        return False


def _steps(pixels: np.ndarray) -> tuple[float, float]:
    """The mean step over the edges that meet when the picture repeats, and between neighbours inside it."""
    values = pixels.astype(np.float64)
    over = np.abs(values[0] - values[-1]).mean() + np.abs(values[:, 0] - values[:, -1]).mean()
    inside = np.abs(np.diff(values, axis=0)).mean() + np.abs(np.diff(values, axis=1)).mean()
    return over, inside


@pytest.mark.slow
def test_a_photograph_becomes_a_seamless_tile(visitor: Visitor, monkeypatch: pytest.MonkeyPatch):
    look = next(preset for preset in PRESETS if preset.key == "seamless")
    small = replace(look, values={**look.values, "renderer.size": 96}, choices=look.choices[:1])
    monkeypatch.setattr("orbifolio.runner.server.presets.PRESETS", (small,))
    rows, columns = np.mgrid[0:64, 0:96]
    grain = np.random.default_rng(0).normal(size=(64, 96)) * 6
    photo = np.stack([columns * 2, 255 - columns * 2, rows * 3], axis=2) + grain[..., None]
    pixels = photo.clip(0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    identity = visitor.start(look="seamless", images={"photo": visitor.send(buffer.getvalue())})
    told = visitor.wait(identity, "done", "failed", seconds=300)
    assert told["state"] == "done", told
    answer = visitor.client.get(f"/api/runs/{identity}/result")
    made = np.asarray(Image.open(io.BytesIO(answer.content)).convert("RGB"))
    assert made.shape == pixels.shape  # the photograph's own ratio
    over, inside = _steps(pixels)
    assert over > 10 * inside
    over, inside = _steps(made)
    assert over < 2 * inside
    middle = (slice(24, 40), slice(36, 60))
    assert np.abs(made[middle].astype(int) - pixels[middle]).mean() < 3  # it stays as it is


def test_it_starts_on_a_gallery_of_which_nothing_can_be_read(tmp_path):
    run = tmp_path / "gallery" / "nets" / "broken"
    run.mkdir(parents=True)
    (run / "run.json").write_text(json.dumps({"title": "Broken", "about": "+ " * 9900}))
    (run / "phases").write_text("a file where a folder should be")
    os.mkfifo(run / "events.jsonl")  # whoever reads it waits for ever
    (tmp_path / "gallery" / "nets" / "index.html").mkdir()
    (tmp_path / "gallery" / "index.html").mkdir()
    with Serving(make_state(tmp_path, make_recipes(tmp_path)), AccessRules()) as server:
        assert httpx.get(f"{server.address}/").status_code == 200
    assert (run / "index.html").is_file()


def _visiting(link: str) -> httpx.Client:
    """A client that knows the token of a printed link."""
    url = httpx.URL(link)
    token = url.params["token"]
    return httpx.Client(base_url=url.copy_with(query=None), timeout=60, headers={"Authorization": f"Bearer {token}"})
