"""Visitors that make trouble for a server, all at once, until they are ended: `python troublemakers.py PORT TOKEN`.

A process of its own, so that its work does not count as the server's. Prints a line when all have begun, and at the end
of stdin how many answers its pollers have had, and how many connections were opened.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import sys
import threading
import time
from collections.abc import Callable

import httpx

POLLED = ("/api/health", "/api/health", "/api/health", "/api/health", "/api/runs", "/api/runs", "/runs", "/")
PAUSES = (0.0, 0.0, 0.05, 0.05, 0.5, 0.5, 1.0, 1.0)
"""Seconds between the requests of the eight pollers."""
SLOW, FLOOD = 32, 20
HALVES = (b"GET / HTT", b"", b"POST /api/check HTTP/1.1\r\nHost: localhost\r\n")


class Troublemakers:
    """Threads that visit one server.

    Args:
        port: of the server on the loopback.
        token: that lets pollers and slow clients in; the flood has none.
    """

    def __init__(self, port: int, token: str) -> None:
        self.port, self.token = port, token
        self.answers, self.connections = itertools.count(), itertools.count()

    def poll(self, path: str, pause: float) -> None:
        """Ask for a page again and again."""
        with httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=60, headers=self.headers) as client:
            while True:
                client.get(path).raise_for_status()
                next(self.answers)
                time.sleep(pause)

    @property
    def headers(self) -> dict[str, str]:
        """What lets in."""
        return {"Authorization": f"Bearer {self.token}"}

    def send_slowly(self) -> None:
        """Send a body letter by letter, on many connections."""
        head = f"POST /api/check HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.token}\r\n"
        data = head.encode() + b"Content-Type: application/json\r\nContent-Length: 90000\r\n\r\n"
        opened = [self._connected(data) for _ in range(SLOW)]
        while True:
            for number, sock in enumerate(opened):
                try:
                    sock.sendall(b" ")
                except OSError:
                    opened[number] = self._connected(data)
            time.sleep(0.05)

    def read_nothing(self) -> None:
        """Ask for pages and leave them unread."""
        request = f"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.token}\r\n\r\n".encode()
        opened = [self._connected(request) for _ in range(SLOW)]
        while opened:
            time.sleep(1)

    def flood(self) -> None:
        """Open connections with half a request, hundreds a second, and hold on to them."""
        held: list[socket.socket] = []
        for number in itertools.count():
            held.append(self._connected(HALVES[number % len(HALVES)]))
            if len(held) > 400:
                held.pop(0).close()
            if number % FLOOD == 0:
                time.sleep(0.05)

    def _connected(self, data: bytes) -> socket.socket:
        sock = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        next(self.connections)
        with contextlib.suppress(OSError):
            sock.sendall(data)
        return sock

    def begin(self) -> None:
        """Start them all."""
        polls: list[tuple[Callable[..., None], tuple[object, ...]]] = [
            (self.poll, each) for each in zip(POLLED, PAUSES, strict=True)
        ]
        for target, arguments in [*polls, (self.send_slowly, ()), (self.read_nothing, ()), (self.flood, ())]:
            threading.Thread(target=target, args=arguments, daemon=True).start()


def main() -> None:
    """Make trouble until stdin is closed."""
    made = Troublemakers(int(sys.argv[1]), sys.argv[2])
    made.begin()
    print("begun", flush=True)
    sys.stdin.read()
    print(next(made.answers), next(made.connections), flush=True)


if __name__ == "__main__":
    main()
