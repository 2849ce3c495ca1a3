"""What a sweep is made of, one by one: record, order, devices and threads, progress, the table on a terminal."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from orbifolio.runner.events import PhaseStarted, RunStarted, Stepped, to_line
from orbifolio.runner.run.run_folder import write_summary
from orbifolio.runner.sweeps import local_engine
from orbifolio.runner.sweeps.progress import MemberProgress
from orbifolio.runner.sweeps.progress_table import SweepTable
from orbifolio.runner.sweeps.record import DONE, FAILED, RUNNING, SweepMember, SweepRecord, read_record, write_record
from orbifolio.runner.sweeps.spec import SweepRecipe, SweepSpec, SweepTask, read_spec, recipe_path, write_spec


def record(count: int) -> SweepRecord:
    members = [SweepMember(number, "plane/a.yaml", "a", {"seed": str(number)}) for number in range(count)]
    return SweepRecord("A: seed", "orbifolio sweep", (("seed", ("0", "1")),), members, "2026-11-21T10:00:00Z")


def test_a_record_is_read_as_it_was_written_and_tells_no_home_folder(tmp_path):
    told = record(3)
    told.best_by, told.best = "judge", 2  # kept, so that a resumed sweep is ranked too
    told.members[1].state, told.members[1].message = FAILED, f"{Path.home()}/pictures/a.png: cannot be read"
    write_record(tmp_path, told)
    found = read_record(tmp_path)
    assert found is not None
    assert found.members[1].message == "~/pictures/a.png: cannot be read"
    found.members[1].message = told.members[1].message
    assert found == told
    (tmp_path / "sweep.json").write_text('{"schema": 1')
    assert read_record(tmp_path) is None


def test_an_order_is_read_as_it_was_kept(tmp_path):
    recipe = SweepRecipe("plane/a.yaml", "/somewhere/plane", "plane", "a", ("face",))
    tasks = (SweepTask(0, ("seed=1", "title=it's")),)
    spec = SweepSpec((recipe,), tasks, {"face": "images/face.png"}, {"face": "my face.png"}, 2, ("--out", "g"))
    (tmp_path / "my face.png").write_bytes(b"picture")
    write_spec(tmp_path / "kept", spec, [b"title: A"], {"face": tmp_path / "my face.png"})
    assert read_spec(tmp_path / "kept") == spec
    assert recipe_path(tmp_path / "kept", spec, 0).read_bytes() == b"title: A"
    assert recipe_path(tmp_path / "kept", spec, 0).parts[-2:] == ("plane", "a.yaml")
    assert (tmp_path / "kept" / "images" / "face.png").read_bytes() == b"picture"
    typed = """orbifolio run plane/a.yaml seed=1 'title=it'"'"'s' --image 'face=my face.png' --out g"""
    assert spec.command(0) == typed


@pytest.mark.parametrize(
    ("device", "before", "seen"),
    [("cuda:1", "", "1"), ("cuda:1", "4,6", "6"), ("cuda:0", "GPU-aa, GPU-bb", "GPU-aa"), ("cpu", "4,6", "4,6")],
)
def test_a_process_sees_one_gpu_among_those_that_are_visible(device, before, seen):
    found = local_engine.environment(device, 3, {local_engine.VISIBLE: before} if before else {})
    assert found.get(local_engine.VISIBLE, "") == seen
    assert found["OMP_NUM_THREADS"] == "3"


def test_threads_are_divided_among_runs_side_by_side_and_left_alone_for_one(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(local_engine, "cores", lambda: 16)
    assert local_engine.threads_for(["cpu"], 1) == 0
    assert local_engine.threads_for(["cpu"], 4) == 4
    assert local_engine.threads_for(["cuda:0", "cuda:1"], 3) == 2
    assert local_engine.threads_for(["cpu"], 100) == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "6")
    assert local_engine.threads_for(["cpu"], 2) == 3


def stepped(step: int, phase: int = 0) -> str:
    return to_line(Stepped(0.0, phase=phase, step=step, terms={"gram": 2.0, "tv": 0.5}, seconds=1.0)) + "\n"


def test_progress_is_read_bit_by_bit_also_from_a_log_that_was_cut(tmp_path):
    write_summary(tmp_path, {"phases": [{"size": [10, 10]}, {"size": [20, 10]}]})
    log = tmp_path / "events.jsonl"
    progress = MemberProgress(tmp_path)
    progress.update()
    assert progress.line == "getting ready"
    head = to_line(RunStarted(0.0, phases=("10 px", "20 px"), steps=(4, 3))) + "\n"
    head += to_line(PhaseStarted(0.0, title="10 px", steps=4)) + "\n"
    log.write_text(head + stepped(1) + stepped(2)[:20])
    progress.update()
    assert (progress.done, progress.total) == (1, 7)
    assert progress.left == 3 * 1.0 + 3 * 2.0  # three more steps, and three of twice the pixels
    assert progress.line == "10 px  step 1/7  loss 2.5 (gram 2)  about 0:09 left"
    log.write_text(head + stepped(1) + stepped(2) + stepped(3))
    progress.update()
    assert progress.done == 3
    log.write_text(head + stepped(1))  # it goes on from an earlier checkpoint
    progress.update()
    assert progress.done == 1


def shown(told: SweepRecord, progress: dict[int, MemberProgress], height: int, monkeypatch) -> str:
    # whoever runs this may have asked for plain lines, or be a CI: not what is to be seen here
    monkeypatch.setenv("TERM", "xterm")
    for name in ("NO_COLOR", "CI"):
        monkeypatch.delenv(name, raising=False)
    out = io.StringIO()
    table = SweepTable(Console(file=out, force_terminal=True, width=120, height=height), slots=2)
    table(told, progress)
    table.close()
    return out.getvalue()


def test_the_table_shows_every_member_or_those_that_matter(tmp_path, monkeypatch):
    write_summary(tmp_path, {"phases": [{"size": [10, 10]}]})
    head = to_line(RunStarted(0.0, phases=("10 px",), steps=(4,))) + "\n"
    (tmp_path / "events.jsonl").write_text(
        head + to_line(PhaseStarted(0.0, title="10 px", steps=4)) + "\n" + stepped(3)
    )
    told = record(40)
    told.members[0].state = DONE
    told.members[30].state, told.members[30].worker = RUNNING, "cuda:1"
    told.members[35].state, told.members[35].message = FAILED, "the loss is NaN"
    progress = {30: MemberProgress(tmp_path)}
    progress[30].update()
    tall = shown(told, progress, 60, monkeypatch)
    assert all(f"seed={number} " in tall for number in range(40))
    low = shown(told, progress, 16, monkeypatch)
    assert "cuda:1" in low
    assert "10 px" in low
    assert "gram" in low
    assert "0:01" in low
    assert "the loss is NaN" in low
    assert "1 done · 1 running · 37 waiting · 1 failed" in low
    assert "and 32 waiting, 1 done" in low
    assert len(low.splitlines()) < 2 * 16


def test_without_a_terminal_there_are_plain_lines(tmp_path):
    out = io.StringIO()
    table = SweepTable(Console(file=out, width=120), slots=1)
    told = record(2)
    told.members[1].state, told.members[1].worker = RUNNING, "cpu"
    table(told, {})
    table(told, {})
    assert out.getvalue() == "#1 : seed=1 [cpu]  getting ready\n"
