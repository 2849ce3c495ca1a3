"""What a server takes at most: pictures that wait, pages that watch; what is beyond is refused in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from served import Visitor, until


@pytest.fixture
def idle(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visitor]:
    """A server that computes nothing: whatever is asked for waits."""
    queue = visitor.serving.state.queue
    devices, queue.devices = queue.devices, ()
    yield visitor
    for job in visitor.client.get("/api/runs").json()["runs"]:
        visitor.client.post(f"/api/runs/{job['id']}/cancel")
        visitor.client.delete(f"/api/runs/{job['id']}")
    queue.devices = devices


def test_only_so_many_pictures_wait(idle: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orbifolio.runner.server.job_queue.MAX_WAITING", 3)
    waiting = [idle.start(recipe="nets/plain", values={"seed": number}) for number in range(3)]
    assert [idle.run(each)["position"] for each in waiting] == [1, 2, 3]
    refused = idle.client.post("/api/runs", json={"recipe": "nets/plain"})
    assert refused.status_code == 422
    assert refused.json()["error"] == "3 pictures are waiting already, the maximum; try again later"
    assert len(idle.client.get("/api/runs").json()["runs"]) == 3
    idle.client.post(f"/api/runs/{waiting[0]}/cancel")
    assert idle.start(recipe="nets/plain")  # there is room again
    paused = idle.client.post(f"/api/runs/{waiting[1]}/pause").json()
    assert paused["state"] == "paused"


def test_only_so_many_pages_watch(idle: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orbifolio.runner.server.event_stream.MAX_STREAMS", 2)
    state, run = idle.serving.state, idle.start(recipe="nets/plain")
    until(lambda: state.streams == 0)
    lines = []  # kept, since a page whose lines nobody holds is closed
    with ExitStack() as pages:
        for _ in range(2):
            page = pages.enter_context(idle.client.stream("GET", f"/api/runs/{run}/events"))
            assert page.status_code == 200
            lines.append(page.iter_lines())
            assert next(lines[-1]) == "retry: 2000"
        assert state.streams == 2
        refused = idle.client.get(f"/api/runs/{run}/events")
        assert refused.status_code == 503
        assert refused.json()["error"] == "2 pages are watching already, the maximum; close some"
    until(lambda: state.streams == 0)  # a page that is closed makes room, without anybody saying so
    with idle.client.stream("GET", f"/api/runs/{run}/events") as page:
        assert page.status_code == 200


def test_watching_a_run_that_is_gone_ends(idle: Visitor) -> None:
    run = idle.start(recipe="nets/plain")
    with idle.client.stream("GET", f"/api/runs/{run}/events") as page:
        lines = page.iter_lines()
        assert next(lines) == "retry: 2000"
        idle.client.post(f"/api/runs/{run}/cancel")
        assert "event: over" in list(lines)
    assert idle.client.delete(f"/api/runs/{run}").status_code == 204
    assert idle.client.get(f"/api/runs/{run}/events").status_code == 404
    until(lambda: idle.serving.state.streams == 0)
