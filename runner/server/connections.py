"""Who may hold a connection, and for how long without sending or reading: limits below HTTP, for uvicorn.

A connection is a stranger's until one of its requests was let in (`security.TokenCheck` notes that). Strangers have a
share of all connections, each address a share of that; where it is used up, the oldest stranger goes, not the newest
comer, and not before there was time to read what it sent. So neither many half-sent requests nor many addresses lock
out who knows the token.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Iterable
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

ADMITTED = "orbifolio.admitted"
"""Key of a request's scope, set once it is let in."""
MAX_CONNECTIONS = 512
"""Half of the files that a process may have open by default."""
MAX_STRANGERS = 128
MAX_STRANGERS_OF_ADDRESS = 32
"""Browsers open six at once, and a house may share an address."""
MAX_OF_ADDRESS = 256
MAX_ACCEPTED_AT_ONCE = 64
"""In one turn of the loop, which takes a third of a millisecond for each; in a flood the others wait in the kernel."""
GRACE_SECONDS = 0.25
"""For a newcomer to be let in before it counts as a stranger: in a flood, many come before its request is read."""
HEADER_SECONDS = 10.0
"""For the first request's head, or the rest of a later one that has begun."""
BODY_SECONDS = 30.0
BODY_RATE = 10_000.0
"""Bytes a second: so slow may a body come, after its first `BODY_SECONDS`."""
READ_SECONDS = 60.0
"""For a visitor to read some of an answer that waits for him."""
_LOOK_SECONDS = 1.0


class LimitedProtocol(H11Protocol):
    """HTTP/1.1 whose connections have limits: those of the running server, which share its set of connections.

    Attributes:
        address: of the visitor, an IPv6 one without what the visitor chooses himself.
        since: the loop's time when what is waited for began.
        received: bytes since then.
    """

    address = ""
    since = 0.0
    received = 0
    _admitted = False
    _unread = 0
    _watch: asyncio.TimerHandle | None = None
    _grace: asyncio.TimerHandle | None = None

    @property
    def admitted(self) -> bool:
        """Whether one of its requests was let in."""
        scope: Any = self.scope
        if scope is not None and ADMITTED in scope:
            self._admitted = True
        return self._admitted

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Make room for it, or drop it where there is none; look at the strangers' shares once it had time to send."""
        super().connection_made(transport)
        self.address, self.since = _network(self.client[0] if self.client else ""), self.loop.time()
        self._watch = self.loop.call_later(_LOOK_SECONDS, self._look)
        self._grace = self.loop.call_later(GRACE_SECONDS, self._keep_to_shares)
        there = self._open()
        near = [each for each in there if each.address == self.address]
        if len(near) > MAX_OF_ADDRESS or len(there) > MAX_CONNECTIONS:
            strangers = [each for each in (near if len(near) > MAX_OF_ADDRESS else there) if not each.admitted]
            min(strangers, key=lambda each: each.since).transport.abort()  # itself, where all others were let in

    def _open(self) -> list[LimitedProtocol]:
        """The server's connections; one that was dropped is forgotten only in the loop's next round."""
        limited = (each for each in self.connections if isinstance(each, LimitedProtocol))
        return [each for each in limited if not each.transport.is_closing()]

    def _keep_to_shares(self) -> None:
        """Drop a stranger if this one was not let in and is one too many."""
        if not self.admitted and not self.transport.is_closing():
            too_many = _one_too_many(self._open(), self.address)
            if too_many is not None:
                too_many.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop watching it."""
        for timer in (self._watch, self._grace):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Note when a request begins, and how much of it has come."""
        if self.cycle is not None and self.cycle.response_complete and self.timeout_keep_alive_task is not None:
            self.since, self.received = self.loop.time(), 0  # the next request's first bytes
        self.received += len(data)
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self.since = self.loop.time()

    def on_response_complete(self) -> None:
        """Remember that it was let in: the next request has a scope of its own."""
        self._admitted = self.admitted
        super().on_response_complete()

    def _look(self) -> None:
        """Drop the connection if its visitor is too slow; look again in a second."""
        if self.transport.is_closing():
            return
        self._watch = self.loop.call_later(_LOOK_SECONDS, self._look)
        now = self.loop.time()
        patience = self._patience(now)  # first: while an answer is computed, the wait for the visitor begins anew
        if now - self.since > patience:
            self.transport.abort()

    def _patience(self, now: float) -> float:
        """How many seconds what is waited for may take; where it is we who are slow, its time begins `now`."""
        if self.cycle is None:
            return HEADER_SECONDS
        if self.cycle.response_complete:
            return (
                float("inf") if self.timeout_keep_alive_task is not None else HEADER_SECONDS
            )  # uvicorn ends idle ones
        if self.flow.read_paused:
            self.since = now
        elif self.cycle.more_body:
            return BODY_SECONDS + self.received / BODY_RATE
        unread = self.transport.get_write_buffer_size()
        if not self.flow.write_paused or unread < self._unread:  # an answer is computed, or read
            self.since = now
        self._unread = unread
        return READ_SECONDS


def _one_too_many(there: Iterable[LimitedProtocol], address: str) -> LimitedProtocol | None:
    """The oldest stranger of those that are above their share, which the address's come first to; or None."""
    strangers = sorted((each for each in there if not each.admitted), key=lambda each: each.since)
    near = [each for each in strangers if each.address == address]
    if len(near) > MAX_STRANGERS_OF_ADDRESS:
        return near[0]
    return strangers[0] if len(strangers) > MAX_STRANGERS else None


def _network(address: str) -> str:
    """An address, or the /64 of one of IPv6, which is one house's.

    >>> _network("192.0.2.7"), _network("2001:db8:1:2:3:4:5:6"), _network("::ffff:192.0.2.7")
    ('192.0.2.7', '2001:db8:1:2::', '192.0.2.7')
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    mapped = parsed.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)).network_address)
