"""The run: same bytes by seed, however often it is stopped; every ending leaves a readable report."""

import ctypes
import errno
import json
import math
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import torch
from PIL import Image

from orbifolio.reports.data.log import read_run
from orbifolio.reports.data.progress import measure_progress
from orbifolio.runner.cli import cli
from orbifolio.runner.events import FrameSaved, PictureFinished, RunFinished, RunStarted, Stepped, Warned, read_events
from orbifolio.runner.recipe.model import load
from orbifolio.runner.run.checkpoint import read_position
from orbifolio.runner.run.loop import Run, Stop
from orbifolio.runner.run.run_folder import find_resumable, read_summary


def execute(recipe, gallery, *overrides, **options):
    work = Run(load(recipe, overrides), gallery=gallery, device="cpu", command="orbifolio run tiny.yaml", **options)
    heard = []
    result = work.execute(lambda folder: [heard.append])
    return result, heard


def final(result) -> bytes:
    return (result.folder / "final.png").read_bytes()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, tiny):
    """The bytes that every interrupted run must end with."""
    folder = tmp_path_factory.mktemp("undisturbed")
    (folder / "tiny.yaml").write_text(tiny, encoding="utf-8")
    return final(execute(folder / "tiny.yaml", folder / "gallery")[0])


def test_a_run_leaves_all_it_promises(recipe, tmp_path, undisturbed):
    result, heard = execute(recipe, tmp_path / "gallery")
    assert result.outcome == "done"
    assert final(result) == undisturbed
    summary = read_summary(result.folder)
    assert (summary["recipe"], summary["theme"], summary["status"], summary["seed"]) == ("tiny", "plane", "done", 7)
    assert summary["final"]["tiles"] == [True, True]
    assert summary["symmetry"]["worst"] < 0.02
    assert [phase["size"] for phase in summary["phases"]] == [[16, 16], [24, 24]]
    assert summary["finished"] >= summary["started"]
    assert "gatys2015" in summary["references"]
    assert summary["rerun"]["cloud"] == summary["rerun"]["script"] == ""  # whoever begins the run says these
    assert all(command.split()[1] in cli.commands for command in summary["rerun"].values() if command)
    assert not (result.folder / "checkpoint").exists()
    logged = list(read_events(result.folder / "events.jsonl"))
    assert logged == heard
    assert len([event for event in logged if isinstance(event, Stepped)]) == 12
    for frame in (event for event in logged if isinstance(event, FrameSaved)):
        data = (result.folder / frame.path).read_bytes()
        assert len(data) == frame.bytes
        with Image.open(result.folder / frame.path) as image:
            assert image.size == (frame.width, frame.height)
    assert not list(result.folder.rglob("*.part"))
    text = json.dumps(summary)
    assert str(tmp_path) not in text  # nothing of this machine's folders


def test_the_picture_is_there_before_what_goes_with_it(recipe, tmp_path):
    found = []

    def look(folder):
        def at(event):
            if isinstance(event, PictureFinished):
                with Image.open(folder / event.path) as picture:
                    found.append((picture.size, read_run(folder).picture_finished, measure_progress(read_run(folder))))
                    assert not list(folder.glob("extras/*"))

        return [at]

    work = Run(load(recipe), gallery=tmp_path / "gallery", device="cpu", command="orbifolio run tiny.yaml")
    result = work.execute(look)
    [(size, finished, progress)] = found
    assert size == (24, 24)
    assert finished
    assert progress.percent == "100"
    assert progress.time_left == ""
    assert "finished" in progress.line
    assert list(result.folder.glob("extras/*"))


def test_another_seed_gives_another_picture(recipe, tmp_path, undisturbed):
    result, _ = execute(recipe, tmp_path / "gallery", "seed=8")
    assert final(result) != undisturbed


@pytest.mark.parametrize("after", [1, 5, 6, 7, 11])
def test_stopping_and_resuming_gives_the_same_bytes(recipe, tmp_path, undisturbed, after):
    stop = Stop()
    work = Run(load(recipe), gallery=tmp_path / "g", device="cpu", command="c", stop=stop)
    count = 0

    def ask(event):
        nonlocal count
        count += isinstance(event, Stepped)
        if count == after:
            stop.requested = True

    result = work.execute(lambda folder: [ask])
    assert result.outcome == "interrupted"
    assert "--resume" in result.message
    assert read_summary(result.folder)["status"] == "interrupted"
    loaded = load(recipe)
    folder, _ = find_resumable(tmp_path / "g", "tiny", loaded.parameters)
    assert folder == result.folder
    again, _ = execute(recipe, tmp_path / "g", folder=folder)
    assert again.outcome == "done"
    assert final(again) == undisturbed
    events = list(read_events(folder / "events.jsonl"))
    steps = [(event.phase, event.step) for event in events if isinstance(event, Stepped)]
    assert steps == [(0, step) for step in range(1, 7)] + [(1, step) for step in range(1, 7)]
    assert [event.resumed for event in events if isinstance(event, RunStarted)] == [False, True]


@pytest.mark.parametrize("kind", [Stepped, FrameSaved])
def test_a_request_while_a_step_is_told_or_shown_waits_for_its_checkpoint(recipe, tmp_path, kind):
    """Who reads that a run was paused at a step may branch from that step."""
    stop, count = Stop(), 0

    def ask(event):
        nonlocal count
        if isinstance(event, kind) and event.step:
            count += 1
            if count == 3:
                stop.request()

    run = Run(load(recipe), gallery=tmp_path / "g", device="cpu", command="c", stop=stop)
    result = run.execute(lambda folder: [ask])
    assert result.outcome == "interrupted"
    last = [event for event in read_events(result.folder / "events.jsonl") if isinstance(event, Stepped)][-1]
    assert read_position(result.folder / "checkpoint") == (last.phase, last.step)


def start(recipe, *arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "orbifolio.runner.cli", "run", str(recipe), "--out", "g", *arguments],
        cwd=recipe.parent.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_steps(gallery, steps: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        for path in gallery.glob("tiny/*/events.jsonl"):
            if sum(isinstance(event, Stepped) for event in read_events(path)) >= steps:
                return
        time.sleep(0.02)
    pytest.fail("the run did not get that far in two minutes")


LONGER = ("renderer.phases.0.steps=30", "renderer.phases.1.steps=30")


@pytest.mark.slow
def test_killed_and_resumed_on_the_command_line(recipe, tmp_path, orbifolio):
    whole = orbifolio("run", recipe, "--out", "whole", *LONGER)
    assert whole.returncode == 0, whole.stderr
    wanted = (tmp_path / whole.stdout.strip()).with_name("final.png").read_bytes()
    for steps in (3, 33):
        with start(recipe, *LONGER, *(["--resume"] if steps > 3 else [])) as process:
            wait_for_steps(tmp_path / "g", steps)
            process.send_signal(signal.SIGKILL)
            process.communicate()
        assert process.returncode == -signal.SIGKILL
    finished = orbifolio("run", recipe, "--out", "g", *LONGER, "--resume")
    assert finished.returncode == 0, finished.stderr
    assert finished.stdout.strip().endswith("index.html")
    assert (tmp_path / finished.stdout.strip()).with_name("final.png").read_bytes() == wanted
    assert len(list((tmp_path / "g" / "tiny").glob("*/run.json"))) == 1


@pytest.mark.slow
def test_control_c_ends_cleanly_and_says_how_to_go_on(recipe, tmp_path):
    with start(recipe, *LONGER) as process:
        wait_for_steps(tmp_path / "g", 2)
        process.send_signal(signal.SIGINT)
        said, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert "--resume" in errors
    page = tmp_path / said.strip()
    assert "interrupted" in page.read_text(encoding="utf-8").lower()


def test_resuming_with_other_parameters_is_refused(recipe, tmp_path, orbifolio):
    stop = Stop()

    def ask(event):
        stop.requested = isinstance(event, Stepped)

    Run(load(recipe), gallery=tmp_path / "g", device="cpu", command="c", stop=stop).execute(lambda folder: [ask])
    answer = orbifolio("run", recipe, "--out", "g", "--resume", "seed=9")
    assert answer.returncode == 2
    assert "1 unfinished run of tiny in g used other parameters" in answer.stderr
    answer = orbifolio("run", recipe, "--out", "empty", "--resume")
    assert answer.returncode == 2
    assert "no unfinished run of tiny" in answer.stderr


@pytest.mark.parametrize("left", ["nothing", "summary", "torn"])
def test_killed_before_the_first_checkpoint_begins_anew_in_its_folder(recipe, tmp_path, undisturbed, left):
    """kill -9 may come before anything was saved; what lies there then is made by hand here."""
    loaded = load(recipe)
    folder = tmp_path / "g" / "tiny" / "20260101-000000-aaaa"
    (folder / "checkpoint").mkdir(parents=True)
    if left == "summary":
        summary = {"status": "running", "parameters": loaded.parameters}
        (folder / "run.json").write_text(json.dumps(summary), encoding="utf-8")
        (folder / "events.jsonl").write_text('{"event": "run-started", "time": 1.0}\n{"ev', encoding="utf-8")
    elif left == "torn":
        (folder / "run.json.123.part").write_text('{"schema"', encoding="utf-8")
    found, _ = find_resumable(tmp_path / "g", "tiny", loaded.parameters)
    assert found == folder
    result, heard = execute(recipe, tmp_path / "g", folder=found)
    assert final(result) == undisturbed
    assert list(read_events(folder / "events.jsonl")) == heard


def test_a_run_that_goes_on_elsewhere_is_left_alone(recipe, tmp_path):
    from filelock import FileLock

    from orbifolio.runner.errors import InputError

    folder = tmp_path / "g" / "tiny" / "20260101-000000-aaaa"
    (folder / "checkpoint").mkdir(parents=True)
    with FileLock(folder / "checkpoint" / "lock"), pytest.raises(InputError) as caught:
        execute(recipe, tmp_path / "g", folder=folder)
    assert str(caught.value) == f"{folder}: this run is in use by another process; wait for it"


def test_a_resumed_run_computes_as_it_began(recipe, tmp_path, monkeypatch):
    """Whatever a trial of the machine says in the meantime; runs of before wrote their precision alone."""
    monkeypatch.setenv("ORBIFOLIO_FAST_BF16", "yes")
    result, _ = execute(recipe, tmp_path)
    assert read_summary(result.folder)["system"]["fast_bf16"] is True
    assert read_summary(result.folder)["system"]["precision"] == "bf16"
    monkeypatch.setenv("ORBIFOLIO_FAST_BF16", "no")

    def resumed():
        work = Run(load(recipe), gallery=tmp_path, device="cpu", command="", folder=result.folder)
        return work.renderer.precision

    assert Run(load(recipe), gallery=tmp_path, device="cpu", command="").renderer.precision == "fp32"
    assert resumed() == "bf16"
    summary = read_summary(result.folder)
    del summary["system"]["fast_bf16"]
    (result.folder / "run.json").write_text(json.dumps(summary))
    assert resumed() == "bf16"


class Trouble:
    """A network that breaks at its n-th look."""

    def __init__(self, monkeypatch, looks: int, action) -> None:
        from orbifolio.runner.objectives.chain_engine import ChainEngine

        evaluate, count = ChainEngine.evaluate, iter(range(1, 10**6))

        def broken(engine, artwork, view):
            if next(count) >= looks:
                return action(evaluate(engine, artwork, view))
            return evaluate(engine, artwork, view)

        monkeypatch.setattr(ChainEngine, "evaluate", broken)


def raising(error):
    def action(evaluation):
        raise error

    return action


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full; make room, then continue with --resume"),
        (torch.OutOfMemoryError("CUDA out of memory"), "out of memory"),
        (
            RuntimeError("[enforce fail at alloc_cpu.cpp:117] DefaultCPUAllocator: can't allocate memory"),
            "make the last phase smaller",
        ),
        (MemoryError(), "out of memory"),
    ],
    ids=["disk", "gpu", "cpu", "python"],
)
def test_troubles_of_the_world_are_told(recipe, tmp_path, monkeypatch, error, words):
    Trouble(monkeypatch, 4, raising(error))
    result, heard = execute(recipe, tmp_path / "g")
    assert result.outcome == "failed"
    assert words in result.message
    assert read_summary(result.folder)["message"] == result.message
    assert isinstance(heard[-1], RunFinished)
    assert (result.folder / "checkpoint" / "state.pt").exists()


def test_a_passing_fault_of_the_numbers_is_retried_from_the_last_good_state(recipe, tmp_path, monkeypatch):
    from dataclasses import replace

    passed = iter([True] * 2)

    def action(evaluation):
        return replace(evaluation, terms={"style": math.nan}) if next(passed, False) else evaluation

    Trouble(monkeypatch, 5, action)
    result, heard = execute(recipe, tmp_path / "g")
    assert result.outcome == "done"
    with Image.open(result.folder / "final.png") as image:
        assert np.asarray(image).std() > 1


def test_a_lasting_fault_of_the_numbers_is_reported(recipe, tmp_path, monkeypatch):
    from dataclasses import replace

    Trouble(monkeypatch, 5, lambda evaluation: replace(evaluation, terms={"style": math.nan}))
    result, heard = execute(recipe, tmp_path / "g")
    assert result.outcome == "failed"
    assert "the loss is still not finite after 3 retries with smaller steps" in result.message
    assert "precision: fp32" in result.message
    assert any(isinstance(event, Warned) for event in heard)


def test_an_unwritable_gallery_is_an_error_before_anything_is_computed(recipe, tmp_path, orbifolio):
    (tmp_path / "blocked").write_text("a file where the gallery should be")
    answer = orbifolio("run", recipe, "--out", "blocked/gallery")
    assert answer.returncode in (1, 2)
    assert "Traceback" not in answer.stderr
    assert "blocked" in answer.stderr


@pytest.mark.slow
def test_two_runs_at_once_do_not_disturb_each_other(recipe, tmp_path):
    with start(recipe) as one, start(recipe, "seed=8") as two:
        pages = [process.communicate(timeout=200) for process in (one, two)]
        assert [one.returncode, two.returncode] == [0, 0], pages
    assert len({page for page, _ in pages}) == 2
    index = (tmp_path / "g" / "tiny" / "index.html").read_text(encoding="utf-8")
    for page, _ in pages:
        assert os.path.basename(os.path.dirname(page.strip())) in index


def test_a_disk_that_fills_at_the_very_end_is_told(recipe, tmp_path, monkeypatch):
    from orbifolio.runner.run import loop as module

    write, full = module.write_summary, []

    def sometimes(folder, summary):
        if summary["status"] == "done":
            full.append(True)
            raise OSError(errno.ENOSPC, "No space left on device")
        write(folder, summary)

    monkeypatch.setattr(module, "write_summary", sometimes)
    result, _ = execute(recipe, tmp_path / "g")
    assert full
    assert result.outcome == "failed"
    assert "the disk is full" in result.message
    assert (result.folder / "checkpoint" / "state.pt").exists()


def test_a_resumed_run_remembers_what_was_told(recipe, tmp_path):
    stop = Stop()
    count = 0

    def ask(event):
        nonlocal count
        count += isinstance(event, Stepped)
        stop.requested = count == 8

    first = Run(load(recipe), gallery=tmp_path / "g", device="cpu", command="c", stop=stop).execute(
        lambda folder: [ask]
    )
    half = read_summary(first.folder)
    assert half["steps"] == 8
    assert half["phases"][0]["terms"]
    execute(recipe, tmp_path / "g", folder=first.folder)
    whole = read_summary(first.folder)
    assert whole["started"] == half["started"]
    assert whole["steps"] == 12
    assert whole["phases"][0]["terms"] == half["phases"][0]["terms"]
    assert whole["phases"][0]["seconds"] == pytest.approx(half["phases"][0]["seconds"])


def test_a_finished_run_is_never_begun_again(recipe, tmp_path):
    from orbifolio.runner.errors import InputError

    result, _ = execute(recipe, tmp_path / "g")
    log = (result.folder / "events.jsonl").read_bytes()
    with pytest.raises(InputError, match="this run has finished in the meantime; there is nothing to resume"):
        execute(recipe, tmp_path / "g", folder=result.folder)
    assert (result.folder / "events.jsonl").read_bytes() == log


def test_resuming_needs_the_pictures_it_began_with(recipe, tmp_path):
    from orbifolio.runner.errors import InputError

    stop = Stop()

    def ask(event):
        stop.requested = isinstance(event, Stepped)

    override = "renderer.objectives.0.images=[upload]"
    pictures = {}
    for name, shade in (("one", 60), ("two", 200)):
        pictures[name] = tmp_path / f"{name}.png"
        Image.fromarray(np.random.default_rng(shade).integers(0, shade, (32, 32, 3), dtype=np.uint8)).save(
            pictures[name]
        )
    begun = Run(
        load(recipe, [override], {"upload": pictures["one"]}),
        gallery=tmp_path / "g",
        device="cpu",
        command="c",
        stop=stop,
    ).execute(lambda folder: [ask])
    with pytest.raises(InputError, match="style 1 differs from the picture the run started with"):
        Run(
            load(recipe, [override], {"upload": pictures["two"]}),
            gallery=tmp_path / "g",
            device="cpu",
            command="c",
            folder=begun.folder,
        ).execute(lambda folder: [])
    assert read_summary(begun.folder)["status"] == "interrupted"


def test_nothing_private_is_written_into_a_runs_folder(tmp_path, recipe, monkeypatch):
    """A run's folder is published: what a signed address or the home folder's name says stays out of it."""
    monkeypatch.setattr("pathlib.Path.home", lambda: tmp_path)
    text = recipe.read_text()
    recipe.write_text(
        f"{text}\nx-note: 'from https://pictures.example/a.png?X-Amz-Signature=5ec2e7 and {tmp_path}/b.png'\n"
    )
    loaded = load(recipe)
    run = Run(
        loaded, gallery=tmp_path / "g", device="cpu", command=f"orbifolio run {recipe} --image s={tmp_path}/c.png"
    )
    result = run.execute(lambda folder: [])
    assert result.outcome == "done"
    for path in result.folder.rglob("*"):
        if path.is_file():
            assert b"5ec2e7" not in path.read_bytes(), path
            assert str(tmp_path).encode() not in path.read_bytes(), path
    assert "~/" in read_summary(result.folder)["rerun"]["local"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_request_in_a_foreign_callback_stops_the_run_after_a_step(recipe, tmp_path):
    """Numba loads kernels with callbacks that drop what is raised in them, and the run went on to its end."""
    stop = Stop()

    def ask(event):
        if isinstance(event, RunStarted):
            ctypes.CFUNCTYPE(None)(stop.request)()

    run = Run(load(recipe), gallery=tmp_path / "g", device="cpu", command="c", stop=stop)
    result = run.execute(lambda folder: [ask])
    assert result.outcome == "interrupted"
    assert read_summary(result.folder)["steps"] == 1
