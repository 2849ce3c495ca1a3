"""Serving: options of the command line -> a listening socket, an address to open, and a server that knows when to end.

Visitors need a token. It is kept in a file that only its owner may read, so that links stay valid after a restart.
"""

from __future__ import annotations

import contextlib
import gc
import ipaddress
import os
import secrets
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn
from filelock import FileLock, Timeout
from starlette.types import ASGIApp

from orbifolio.runner.errors import InputError
from orbifolio.runner.server.api import start
from orbifolio.runner.server.app import application
from orbifolio.runner.server.app_state import AppState
from orbifolio.runner.server.connections import MAX_ACCEPTED_AT_ONCE, LimitedProtocol
from orbifolio.runner.server.job_store import FOLDER
from orbifolio.runner.server.messages import RunRequest
from orbifolio.runner.server.security import MIN_TOKEN, AccessRules

_SETTLED = (50, 600)
"""Ticks, ten a second, after which what starts with the server is there; the later one for slow machines."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class ServeOptions:
    """What the command line asks for.

    Attributes:
        recipe: the first on the page, started as it is if nobody visits; or None.
        host: address to listen at.
        port: 0 for any that is free.
        token_file: holds the token; with None, one is generated, or the gallery's own is taken.
        hosts: further names of this server.
        shared: visitors may see each other's pictures.
        idle_minutes: after so long without visitors and work it starts the recipe, and the next time ends; None: never.
    """

    gallery: Path
    recipe: Path | None
    host: str
    port: int
    devices: Sequence[str]
    token_file: Path | None = None
    hosts: tuple[str, ...] = ()
    idle_minutes: float | None = None
    overrides: tuple[str, ...] = ()
    shared: bool = False


def serve(options: ServeOptions, say: Say, address: Callable[[str], None]) -> None:
    """Serve until a signal ends it, or until idle.

    Args:
        options: of the command line.
        say: shows a line to the user.
        address: is called with the link to open, once the server listens.

    Raises:
        InputError: the port is in use, or the gallery cannot be written or belongs to another server.
    """
    try:
        (options.gallery / FOLDER).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{options.gallery}: cannot write there ({error.strerror}); choose another folder with --out"
        ) from None
    lock = FileLock(options.gallery / FOLDER / "server-lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(
            f"{options.gallery}: another server has this gallery; one queue needs one server; use --out for a second"
        ) from None
    try:
        _serve(options, say, address)
    finally:
        lock.release()


def _serve(options: ServeOptions, say: Say, address: Callable[[str], None]) -> None:
    token = _token(options)
    if not is_loopback(options.host):
        say(
            "warning: plain http: anyone on the network path can read the token and the pictures; on a network that "
            "you do not control, keep --host 127.0.0.1 and use `ssh -L 1080:127.0.0.1:1080`"
        )
    state = AppState(
        options.gallery,
        options.recipe,
        devices=options.devices,
        overrides=options.overrides,
        shared=options.shared,
    )
    any_address = options.host in ("0.0.0.0", "::")
    rules = AccessRules(token, (options.host.lower(), *(name.lower() for name in options.hosts)), any_address)
    sock = _listen(options.host, options.port)
    try:
        address(_link(sock, token))
        server = _Server(server_config(application(state, rules)), state, options.idle_minutes, say)
        server.run(sockets=[sock])
    finally:
        sock.close()


def server_config(app: ASGIApp) -> uvicorn.Config:
    """How uvicorn serves an application of ours: with the limits of `connections`."""
    return uvicorn.Config(
        app,
        http=LimitedProtocol,
        backlog=MAX_ACCEPTED_AT_ONCE,
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=10,
    )


def settle() -> None:
    """Take what lives by now out of the garbage collector's rounds.

    A full round over all that was imported, and over thousands of jobs, takes up to a quarter of a second, in which the
    loop answers nobody; afterwards only what is newer is looked at.
    """
    gc.collect()
    gc.freeze()


class _Server(uvicorn.Server):
    """Uvicorn's server; it also ends open event streams when it is told to shut down, and shuts down when idle."""

    def __init__(self, config: uvicorn.Config, state: AppState, idle_minutes: float | None, say: Say) -> None:
        super().__init__(config)
        self.state = state
        self.idle = None if idle_minutes is None else idle_minutes * 60
        self.say = say
        self._started_recipe = state.catalogue.start is None  # without a recipe there is none to start

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Close the event streams first: Uvicorn waits for open responses."""
        self.state.closing.set()
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Uvicorn calls this ten times a second; idleness is checked once a second."""
        if counter in _SETTLED:
            settle()
        if self.idle is not None and counter % 10 == 0 and await self._is_idle():
            self.state.closing.set()
            return True
        return await super().on_tick(counter)

    async def _is_idle(self) -> bool:
        assert self.idle is not None
        queue = self.state.queue
        if queue.busy:
            queue.touched = time.monotonic()
            return False
        if time.monotonic() - queue.touched < self.idle:
            return False
        if not self._started_recipe and not self.state.store.all():
            self._started_recipe = True
            queue.touched = time.monotonic()
            return not await self._start_recipe()
        self.say(f"nothing to do for {self.idle / 60:g} min: the server ends")
        return True

    async def _start_recipe(self) -> bool:
        """Start the recipe as it is, since nobody visited to change it; whether that was possible."""
        entry = self.state.catalogue.start
        assert entry is not None
        try:
            await start(self.state, RunRequest(recipe=entry.key))
        except InputError as error:
            self.say(f"nobody visited, and {entry.name} cannot be started by itself: {error}; the server ends")
            return False
        self.say(f"nobody visited for {(self.idle or 0) / 60:g} min: {entry.name} is started as it is")
        return True


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone.

    >>> is_loopback("127.0.0.1"), is_loopback("0.0.0.0"), is_loopback("localhost")
    (True, False, True)
    """
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _token(options: ServeOptions) -> str:
    """The token that visitors must have.

    On the loopback, too: this machine may have other users, and every program on it reaches the port.

    Raises:
        InputError: the file cannot be read, or what it holds is too short to be a secret.
    """
    if options.token_file is not None:
        try:
            token = options.token_file.read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            raise InputError(f"{options.token_file}: cannot be read; it should hold a token; check it") from None
        if len(token) < MIN_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
            raise InputError(
                f"{options.token_file}: holds no token; a token is one line of at least {MIN_TOKEN} ASCII characters "
                "without spaces; write one with `openssl rand -hex 32`"
            )
        return token
    path = options.gallery / FOLDER / "token"
    with contextlib.suppress(OSError):
        token = path.read_text(encoding="ascii").strip()
        if len(token) >= MIN_TOKEN:
            return token
    token = secrets.token_urlsafe(32)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
        file.write(token)
    return token


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens at an address.

    Raises:
        InputError: the address is not ours, or the port is in use.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
    except (OSError, OverflowError) as error:
        sock.close()
        reason = getattr(error, "strerror", None) or str(error)
        raise InputError(
            f"{host}:{port}: cannot listen there ({reason}); perhaps another server does; choose --port or --host"
        ) from None
    sock.set_inheritable(False)
    return sock


def _link(sock: socket.socket, token: str) -> str:
    """What to open in a browser."""
    host, port = sock.getsockname()[:2]
    host = socket.gethostname() if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    return f"http://{host}:{port}/?token={token}"


def devices_for(names: str) -> tuple[str, ...]:
    """The devices named on the command line: `auto` is every GPU, or the processor.

    Raises:
        InputError: there is no such device.
    """
    import torch

    from orbifolio.runner.devices import choose_device

    if names == "auto" and torch.cuda.is_available():
        return tuple(f"cuda:{number}" for number in range(torch.cuda.device_count()))
    return tuple(dict.fromkeys(choose_device(each.strip()) for each in names.split(",")))
