"""What a server takes at most: pictures that wait, pages that watch; what is beyond is refused in words."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from served import Visitor, picture, until

from orbifolio.runner.server.file_quota import FileQuota
from orbifolio.runner.server.job_store import COUNTED, Job, JobStore


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


def test_what_is_cancelled_keeps_nothing(idle: Visitor) -> None:
    store = idle.serving.state.store
    photo = idle.send(picture(200, 150))
    before = store.quota.kept_bytes
    for _ in range(3):
        run = idle.start(recipe="nets/tiny", images={"photo": photo})
        assert store.quota.kept_bytes > before + len(store.image_path(store.read(run), "photo").read_bytes())
        assert idle.client.post(f"/api/runs/{run}/cancel").json()["photo"] == ""
        left = [path for path in store.folder_of(run).rglob("*") if path.is_file()]
        assert [path.name for path in left] == ["job.json"]
        assert store.quota.kept_bytes == before
        assert idle.client.get(f"/api/runs/{run}/images/photo").status_code == 404
        assert idle.client.get(f"/api/runs/{run}/branch").status_code == 422
        assert idle.client.get(f"/runs/{run}").status_code == 200


def test_uploads_and_jobs_have_one_quota(idle: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    store = idle.serving.state.store
    photo = idle.send(picture(200, 151))
    size = (store.folder.parent / "uploads" / f"{photo}.png").stat().st_size
    monkeypatch.setattr("orbifolio.runner.server.file_quota.MAX_KEPT_BYTES", store.quota.kept_bytes + 2 * size)
    first = idle.start(recipe="nets/tiny", images={"photo": photo})
    refused = idle.client.post("/api/runs", json={"recipe": "nets/tiny", "images": {"photo": photo}})
    assert refused.status_code == 422
    assert "there is no room for more pictures" in refused.json()["error"]
    assert idle.client.post("/api/images", files=[("file", ("more.png", picture(200, 152)))]).status_code == 415
    idle.client.post(f"/api/runs/{first}/cancel")
    assert idle.start(recipe="nets/tiny", images={"photo": photo})
    counted = FileQuota(store.folder.parent, COUNTED, store.folder.parent / "uploads")
    assert counted.kept_bytes == store.quota.kept_bytes  # a new server counts the same


def test_old_jobs_are_read_once(idle: Visitor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Five thousand of them made every page, stream and health check read five thousand files."""
    store = JobStore(tmp_path)
    for number in range(300):
        identity = f"20260101-{number // 60:02d}{number % 60:02d}00-{number:06x}"
        state = "queued" if number == 7 else "done"
        store.write(Job(identity, f"Job {number}", "x", "t", state, created=float(number)))
    reads: list[str] = []
    stored = JobStore._stored

    def counted(self: JobStore, identity: str) -> Job:
        reads.append(identity)
        return stored(self, identity)

    monkeypatch.setattr(JobStore, "_stored", counted)
    monkeypatch.setattr(idle.serving.state.queue, "store", JobStore(tmp_path))
    monkeypatch.setattr(idle.serving.state, "store", idle.serving.state.queue.store)
    pages = ("/api/health", "/", "/runs", "/api/runs", "/paint", "/gallery/index.html")
    for _ in range(2):
        assert all(idle.client.get(page).status_code == 200 for page in pages)
    assert len(reads) == 300
    assert idle.client.get("/api/health").json()["busy"] is True
    listed = idle.client.get("/api/runs").json()["runs"]
    assert [run["title"] for run in listed] == [f"Job {number}" for number in range(299, 199, -1)]
    assert [job.title for job in idle.serving.state.store.active()] == ["Job 7"]


def test_pages_that_begin_to_watch_together_are_counted(idle: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """They were counted once they had begun, so that any number got in at once."""
    monkeypatch.setattr("orbifolio.runner.server.event_stream.MAX_STREAMS", 3)
    run, state = idle.start(recipe="nets/plain"), idle.serving.state
    until(lambda: state.streams == 0)
    host = ("127.0.0.1", idle.serving.port)
    request = f"GET /api/runs/{run}/events HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.create_connection(host, timeout=20)) for _ in range(12)]
        for sock in sockets:
            sock.sendall(request)
        heads = [sock.recv(12) for sock in sockets]
        assert sorted(heads) == [b"HTTP/1.1 200"] * 3 + [b"HTTP/1.1 503"] * 9
        assert state.streams == 3
    until(lambda: state.streams == 0)


def test_what_arrives_at_once_has_a_limit(idle: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orbifolio.runner.server.security.MAX_ARRIVING", 5000)
    refused = idle.client.post("/api/images", files=[("file", ("a.png", b"x" * 20_000))])
    assert refused.status_code == 503
    assert "too much is being sent at once" in refused.json()["error"]
    monkeypatch.setattr("orbifolio.runner.server.security.MAX_ARRIVING", 1_000_000)
    for _ in range(3):  # what was refused or taken counts no longer
        assert idle.client.post("/api/images", files=[("file", ("a.png", picture(300, 300)))]).status_code == 201


@pytest.mark.parametrize(
    "record",
    [
        {"created": "now"},
        {"created": 1e300},
        {"created": float("nan")},
        {"created": -1},
        {"created": True},
        {"state": "asleep"},
        {"title": 3},
        {"images": ["../x"]},
        {"images": 7},
        {"name": "../../x"},
        {"theme": ".."},
        {"run": "../x"},
        {"id": "20260101-000000-000000"},
        {"message": ["x"] * 3},
    ],
)
def test_a_job_s_record_that_makes_no_sense_is_left_out(tmp_path: Path, record: dict[str, object]) -> None:
    store = JobStore(tmp_path)
    good = store.add("title: x", {}, title="Good", name="x", theme="t")
    bad = store.add("title: x", {}, title="Bad", name="x", theme="t")
    path = store.folder_of(bad.id) / "job.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **record}), encoding="utf-8")
    assert JobStore(tmp_path).all() == [good]


@pytest.mark.slow
def test_folders_that_vanish_during_a_run_stop_no_other(visitor: Visitor) -> None:
    state = visitor.serving.state
    first, second, third = (visitor.start(recipe=f"nets/{name}") for name in ("long", "long", "plain"))
    until(lambda: state.store.run_folder(state.store.read(first)) is not None and visitor.run(first)["share"], 90)
    folder = state.store.run_folder(state.store.read(first))
    assert folder is not None
    shutil.rmtree(folder, ignore_errors=True)
    visitor.wait(first, "failed", "done", seconds=120)
    until(lambda: visitor.run(second)["state"] == "running" and visitor.run(second)["share"], 90)
    shutil.rmtree(state.store.folder_of(second), ignore_errors=True)
    visitor.wait(third, "done", seconds=150)
    if visitor.client.get(f"/api/runs/{second}").status_code != 404:  # its process may write its folder anew at its end
        assert visitor.run(second)["state"] in ("done", "failed")
    assert visitor.client.get("/api/health").json() == {"ok": True, "busy": False}
