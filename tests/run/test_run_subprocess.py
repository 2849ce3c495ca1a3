"""A run's process and its supervisor: how each end is told apart, and what a child finds on its path."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orbifolio.runner.run.subprocess import Ending, JobRunner, python_path, read_result, write_result

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = JobRunner.__module__.partition(".")[0]
PROGRAMS = {
    "broken": "import nothing_of_this_name",
    "done": "report('done')",
    "failed": "report('failed', 'too small; use more')",
    "wordless": "import sys; started(); print('the last words'); sys.exit(7)",
    "killed": "import os, signal; started(); os.kill(os.getpid(), signal.SIGKILL)",
    "shot": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "patient": "import time; started(); time.sleep(60)",
}
HEAD = f"""
import sys
from pathlib import Path
from types import SimpleNamespace
from {JobRunner.__module__} import report_outcome, run_child
folder = Path(sys.argv[1])
def started():
    run_child(folder, lambda: 0)
def report(outcome, message=""):
    result = SimpleNamespace(outcome=outcome, message=message, exit_code=int(outcome != "done"))
    sys.exit(run_child(folder, lambda: report_outcome(folder, lambda: result)))
"""


def wait_for_end(runner: JobRunner[str], seconds: float = 60.0) -> Ending:
    """How the one run under way ended."""
    until = time.monotonic() + seconds
    while not (endings := runner.ended()):
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)
    [(key, ending)] = endings
    assert key == "the run"
    assert runner.slots == {}
    return ending


def begin(folder: Path, program: str, monkeypatch: pytest.MonkeyPatch, *, tied: bool = False) -> JobRunner[str]:
    """A runner with one process."""
    (folder / "programs").mkdir()
    (folder / "programs" / "program.py").write_text(HEAD * (program != "broken") + PROGRAMS[program])
    monkeypatch.setenv("PYTHONPATH", f"{folder / 'programs'}{os.pathsep}{ROOT}")
    runner = JobRunner[str]("program", tied=tied)
    runner.start("the run", folder, [str(folder)], "cpu")
    assert runner.slots == {"the run": "cpu"}
    return runner


@pytest.mark.parametrize(
    ("program", "ending"),
    [
        ("done", Ending("done", "", "it ended with exit code 0")),
        ("failed", Ending("failed", "too small; use more", "it ended with exit code 1")),
        ("wordless", Ending("", "", "it ended with exit code 7")),
        ("killed", Ending("", "", "it was killed by SIGKILL")),
        ("shot", Ending("", "", "it was killed by SIGKILL")),
        (
            "broken",
            Ending(
                "failed",
                "the run's process could not start: ModuleNotFoundError: No module named 'nothing_of_this_name'; "
                "see work.log",
                "it ended with exit code 1",
                started=False,
            ),
        ),
    ],
)
def test_every_end_is_told_apart(tmp_path, monkeypatch, program, ending):
    (tmp_path / "work.log").write_text("an earlier process's words\n")
    (tmp_path / "started").touch()
    (tmp_path / "result.json").write_text('{"outcome": "done", "message": "an earlier one"}')
    assert wait_for_end(begin(tmp_path, program, monkeypatch)) == ending
    assert read_result(tmp_path) == (ending.outcome, ending.message)


def test_a_process_that_says_nothing_at_all_is_told_by_its_exit_code(tmp_path, monkeypatch):
    monkeypatch.setitem(PROGRAMS, "broken", "import os; os._exit(3)")
    (tmp_path / "work.log").write_text("an earlier process's words\n")
    ending = wait_for_end(begin(tmp_path, "broken", monkeypatch))
    assert ending.message == "the run's process could not start: it ended with exit code 3; see work.log"


def test_stopping_and_closing_leave_no_process(tmp_path, monkeypatch):
    runner = begin(tmp_path, "patient", monkeypatch, tied=True)
    runner.stop()
    assert wait_for_end(runner).how == "it was killed by SIGTERM"
    (tmp_path / "other").mkdir()
    runner.start("the run", tmp_path / "other", [str(tmp_path / "other")], "cpu")
    runner.close()
    assert runner.slots == {}
    assert runner.ended() == []


def test_a_process_of_another_supervisor_is_watched_by_its_lock(tmp_path):
    from filelock import FileLock

    runner = JobRunner[str]("program", tied=False)
    with FileLock(tmp_path / "lock"):
        runner.adopt("the run", tmp_path, "cpu")
        assert runner.ended() == []
        write_result(tmp_path, "interrupted", "")
    assert wait_for_end(runner) == Ending("interrupted", "", "it is gone")


def test_a_child_is_told_of_our_folder_only_where_it_would_not_find_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    assert python_path() == str(ROOT)  # as it was
    other = tmp_path / PACKAGE / "__init__.py"
    other.parent.mkdir()
    other.touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert python_path() == f"{ROOT}{os.pathsep}{tmp_path}"  # a foreign package of our name does not count
    code = f"import {PACKAGE}; print({PACKAGE}.__file__)"
    environment = {**os.environ, "PYTHONPATH": python_path()}
    found = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert Path(found.stdout.strip()) == ROOT / PACKAGE / "__init__.py"
