"""What visitors ask for is computed with bounds: of memory, of time, and only while somebody waits."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from bounded_examples import double, end, fail, fill, refuse, sleep_beside, turn_for_ever
from served import Visitor, until

from orbifolio.runner.errors import ImageError, InputError
from orbifolio.runner.server.bounded_calls import Abandoned, BoundedCalls, Bounds

SMALL = Bounds(seconds=1, memory=200_000_000)
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="other systems set no limits of memory")


def call(
    function: Callable[..., object], *arguments: object, gone: Callable[[], Awaitable[bool]] | None = None
) -> object:
    async def calling() -> object:
        return await BoundedCalls("orbifolio.runner.server.bounded_work").call(SMALL, function, *arguments, gone=gone)

    with ThreadPoolExecutor(1) as thread:  # with an event loop of its own, whatever runs in this one
        return thread.submit(asyncio.run, calling()).result()


def test_an_answer_comes_back() -> None:
    assert call(double, 21) == 42
    assert call(fill, 50_000_000) == 50_000_000


@linux_only
def test_memory_has_a_bound() -> None:
    with pytest.raises(InputError, match=r"this takes more than 0\.2 GB of memory, the most that is given to it"):
        call(fill, 400_000_000)


def test_time_has_a_bound() -> None:
    with pytest.raises(InputError, match=r"this takes longer than 1 seconds, the most that is given to it"):
        call(turn_for_ever)


def test_errors_on_purpose_are_raised_here_and_faults_with_their_traceback() -> None:
    with pytest.raises(ImageError, match="the picture is torn; mend it"):
        call(refuse)
    with pytest.raises(RuntimeError, match="ZeroDivisionError: a fault of ours"):
        call(fail)
    with pytest.raises(InputError, match="this ended without an answer"):
        call(end)


def test_a_call_ends_when_nobody_waits(tmp_path: Path) -> None:
    note = tmp_path / "pid"

    async def gone() -> bool:
        return note.exists() and note.read_text(encoding="ascii") != ""

    with pytest.raises(Abandoned):
        call(sleep_beside, str(note), gone=gone)
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text(encoding="ascii")), 0)


def test_what_fills_the_memory_is_refused_at_once(visitor: Visitor) -> None:
    """One such request took 13 GB, and with it the server."""
    for size, said in ((16384, "megapixels; at most 170 are written"), (12992, "of memory, and this machine has")):
        asked = {"recipe": "plane/simple-square", "values": {"renderer.phases": [{"size": size, "steps": 1}]}}
        answer = visitor.client.post("/api/estimate", json=asked, timeout=20)
        assert answer.status_code == 422, answer.text
        assert said in answer.json()["error"]


def test_a_run_that_fills_the_memory_is_refused_in_words(visitor: Visitor) -> None:
    run = visitor.start(recipe="plane/simple-square", values={"renderer.phases": [{"size": 12992, "steps": 1}]})
    ended = visitor.wait(run, "failed")
    assert "of memory, and this machine has" in str(ended["message"])
    until(lambda: not visitor.serving.state.queue.busy)
    assert visitor.client.delete(f"/api/runs/{run}").status_code == 204


@linux_only
def test_runs_have_a_limit_of_memory_and_go_first(visitor: Visitor) -> None:
    run = visitor.start(recipe="nets/long")
    visitor.wait(run, "running")
    folder = visitor.serving.state.store.folder_of(run)
    until(lambda: (folder / "started").exists())
    processes = visitor.serving.state.queue._runner._processes
    limits = Path(f"/proc/{processes[0].pid}/limits").read_text(encoding="ascii")
    line = next(line for line in limits.splitlines() if line.startswith("Max data size"))
    assert 0 < int(line.split()[3])
    assert Path(f"/proc/{processes[0].pid}/oom_score_adj").read_text(encoding="ascii").strip() == "1000"
    visitor.client.post(f"/api/runs/{run}/cancel")
    visitor.wait(run, "cancelled")
