"""Pollers, slow clients, a flood and thousands of old jobs, all at once: what a page costs the server then.

Processor time, not time by the clock, which on a busy machine says more about its other work.
"""

from __future__ import annotations

import gc
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import troublemakers
from served import Serving, make_recipes, make_state

from orbifolio.runner.server.security import AccessRules
from orbifolio.runner.server.serve import settle

TOKEN = "a-token-of-more-than-sixteen-letters"
OLD_JOBS, SECONDS = 5000, 0.1


def write_old_jobs(gallery: Path) -> None:
    for number in range(OLD_JOBS):
        identity = f"20260101-{number // 3600:02d}{number // 60 % 60:02d}{number % 60:02d}-{number:06x}"
        folder = gallery / ".serve" / "jobs" / identity
        folder.mkdir(parents=True)
        job = {"format": 1, "id": identity, "title": f"Job {number}", "name": "x", "theme": "t", "state": "done"}
        (folder / "job.json").write_text(json.dumps({**job, "created": 1.0 + number, "images": []}), encoding="utf-8")


@contextmanager
def trouble(serving: Serving) -> Iterator[list[int]]:
    """Everything at once; afterwards the list says how many answers pollers had, and connections there were."""
    command = [sys.executable, troublemakers.__file__, str(serving.port), TOKEN]
    counts: list[int] = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        yield counts
        process.stdin.close()
        counts += map(int, process.stdout.readline().split())


@pytest.fixture
def _thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("_thawed")
def test_what_a_server_begins_with_is_in_no_later_round_of_the_collector() -> None:
    there = [[number] for number in range(1000)]
    settle()
    later = [[number] for number in range(1000)]
    looked_at = {id(each) for each in gc.get_objects()}
    assert not looked_at & {id(each) for each in there}
    assert looked_at >= {id(each) for each in later}


@pytest.mark.slow
@pytest.mark.usefixtures("_thawed")
def test_pollers_slow_clients_floods_and_old_jobs_leave_the_page_quick(tmp_path: Path) -> None:
    write_old_jobs(tmp_path / "gallery")
    with (
        Serving(make_state(tmp_path, make_recipes(tmp_path)), AccessRules(TOKEN)) as serving,
        httpx.Client(base_url=serving.address, timeout=60, headers={"Authorization": f"Bearer {TOKEN}"}) as client,
    ):
        assert len(serving.state.store.all()) == OLD_JOBS
        assert client.get("/").status_code == 200  # templates are compiled once
        settle()  # as the server does by itself some seconds later
        processor, clock = [], []
        with trouble(serving) as counts:
            for _ in range(64):
                began, used = time.monotonic(), time.process_time()  # of all threads: also what was done for others
                assert client.get("/").status_code == 200
                processor.append(time.process_time() - used)
                clock.append(time.monotonic() - began)
                time.sleep(0.05)
        processor, clock = processor[4:], clock[4:]  # the first few wait for all that comes at the beginning
        answers, connections = counts
        figures = f"{answers} answers and {connections} connections besides"
        for name, each in (("of the processor", processor), ("by the clock", clock)):
            figures += f"; seconds {name}: median {statistics.median(each):.3f}, most {max(each):.3f}"
        print(figures)
        assert answers > 100
        assert connections > 400
        assert statistics.quantiles(processor, n=4)[-1] < SECONDS, figures  # a busy machine lets much come in between
