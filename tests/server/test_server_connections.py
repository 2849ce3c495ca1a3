"""Slow visitors and floods: half-sent requests on real sockets, and who still gets in."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest
from served import Serving, make_recipes, make_state, until

from orbifolio.runner.server import connections
from orbifolio.runner.server.security import AccessRules

TOKEN = "a-token-of-more-than-sixteen-letters"
HEAD = b"POST /api/check HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 90000\r\n"
KNOWN = b"Authorization: Bearer " + TOKEN.encode() + b"\r\n"


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    folder = tmp_path_factory.mktemp("flooded")
    (folder / "gallery").mkdir()
    with Serving(make_state(folder, make_recipes(folder)), AccessRules(TOKEN)) as found:
        yield found


@pytest.fixture
def connect(locked: Serving) -> Iterator[Callable[[bytes], socket.socket]]:
    with ExitStack() as opened:

        def connected(data: bytes) -> socket.socket:
            sock = opened.enter_context(socket.create_connection(("127.0.0.1", locked.port), timeout=20))
            sock.sendall(data)
            return sock

        yield connected
    until(lambda: not locked.server.server_state.connections)


def held(locked: Serving) -> int:
    return len(locked.server.server_state.connections)


def ended(sock: socket.socket) -> bool:
    """Whether the server has closed a connection; waits for that."""
    try:
        while sock.recv(65536):
            pass
    except ConnectionError:
        pass
    except TimeoutError:
        return False
    return True


def test_half_sent_requests_lock_nobody_out(
    locked: Serving, connect: Callable[[bytes], socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 255 such connections, without the token, everybody got a 503."""
    monkeypatch.setattr(connections, "HEADER_SECONDS", 600)  # they go for being too many, not for being slow
    first = connect(b"GET / HTT")
    for number in range(300):
        connect((b"GET / HTT", b"", HEAD)[number % 3])
    until(lambda: held(locked) <= connections.MAX_STRANGERS_OF_ADDRESS)
    assert ended(first)
    with httpx.Client(base_url=locked.address, timeout=20, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        assert client.get("/api/recipes").status_code == 200
        for _ in range(2 * connections.MAX_STRANGERS_OF_ADDRESS):
            connect(b"GET / HTT")
        assert client.get("/").status_code == 200
        until(lambda: locked.server.server_state.total_requests == 2)  # counted after they are answered
        admitted = [each for each in locked.server.server_state.connections if each.admitted]
        assert len(admitted) == 1  # the client's own, which outlived all strangers that came after it


def test_many_addresses_have_a_share_together() -> None:
    strangers = [_stranger(f"192.0.2.{number}", number) for number in range(connections.MAX_STRANGERS + 1)]
    assert connections._one_too_many(strangers[:-1], "198.51.100.1") is None
    assert connections._one_too_many(strangers, "198.51.100.1") is strangers[0]
    strangers[0]._admitted = True
    assert connections._one_too_many(strangers, "198.51.100.1") is None


def _stranger(address: str, since: float) -> connections.LimitedProtocol:
    made = connections.LimitedProtocol.__new__(connections.LimitedProtocol)
    made.address, made.since, made.scope = address, since, None  # type: ignore[assignment]
    return made


def test_who_knows_the_token_gets_in_while_a_flood_comes(
    locked: Serving, connect: Callable[[bytes], socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its connection was the oldest stranger's before the server had read the request."""
    monkeypatch.setattr(connections, "HEADER_SECONDS", 600)
    monkeypatch.setattr(connections, "GRACE_SECONDS", 600)
    known = connect(b"")
    for _ in range(4 * connections.MAX_STRANGERS_OF_ADDRESS):
        connect(b"GET / HTT")
    known.sendall(b"GET /api/recipes HTTP/1.1\r\nHost: localhost\r\n" + KNOWN + b"\r\n")
    assert known.recv(12) == b"HTTP/1.1 200"


def test_a_flood_beyond_all_limits_pushes_out_strangers_only(
    locked: Serving, connect: Callable[[bytes], socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "GRACE_SECONDS", 600)  # the limit of all connections knows no grace
    monkeypatch.setattr(connections, "HEADER_SECONDS", 600)
    monkeypatch.setattr(connections, "MAX_OF_ADDRESS", 20)
    request = b"GET /api/recipes HTTP/1.1\r\nHost: localhost\r\n" + KNOWN + b"\r\n"
    known = connect(request)
    assert known.recv(12) == b"HTTP/1.1 200"
    first = connect(b"GET / HTT")
    for _ in range(40):
        connect(b"GET / HTT")
    assert ended(first)
    until(lambda: held(locked) == 20)
    known.settimeout(0.3)
    assert not ended(known)  # after the rest of its answer it stays open
    known.settimeout(20)
    known.sendall(request)
    assert known.recv(12) == b"HTTP/1.1 200"


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: loc", HEAD + KNOWN + b"\r\n" + b"x" * 100])
def test_who_sends_no_more_is_dropped(
    locked: Serving, connect: Callable[[bytes], socket.socket], monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    for name in ("HEADER_SECONDS", "BODY_SECONDS"):
        monkeypatch.setattr(connections, name, 0.5)
    monkeypatch.setattr(connections, "_LOOK_SECONDS", 0.1)
    assert ended(connect(sent))


def test_who_sends_letter_by_letter_is_dropped(
    locked: Serving, connect: Callable[[bytes], socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "BODY_SECONDS", 0.5)
    monkeypatch.setattr(connections, "_LOOK_SECONDS", 0.1)
    sock, started = connect(HEAD + KNOWN + b"\r\n"), time.monotonic()

    def send_on() -> None:
        while time.monotonic() < started + 15:
            sock.sendall(b" ")
            time.sleep(0.05)

    with pytest.raises(ConnectionError):
        send_on()


def test_a_second_request_has_the_same_deadline_as_the_first(
    locked: Serving, connect: Callable[[bytes], socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "HEADER_SECONDS", 0.5)
    monkeypatch.setattr(connections, "_LOOK_SECONDS", 0.1)
    sock = connect(b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
    while b'"ok":true' not in sock.recv(65536):
        pass
    sock.sendall(b"GET /api/health HTTP/1.1\r\nHo")
    assert ended(sock)


def test_an_answer_that_takes_long_is_waited_for(locked: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BODY_SECONDS", "READ_SECONDS"):
        monkeypatch.setattr(connections, name, 0.0)
    monkeypatch.setattr(connections, "_LOOK_SECONDS", 0.05)
    recipes = type(locked.state.catalogue).entries

    def slow(self: object) -> object:
        time.sleep(0.5)
        return recipes(self)  # type: ignore[arg-type]

    monkeypatch.setattr(type(locked.state.catalogue), "entries", slow)
    with httpx.Client(base_url=locked.address, timeout=20, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        assert client.get("/api/recipes").status_code == 200
