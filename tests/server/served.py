"""A real server on the loopback: uvicorn in a thread over a state with a tiny catalogue, and clients that speak to it.

Jobs run in processes of their own, as they do for users, which are forked here from one that has imported the program;
the tiny recipe has 16 pixels and takes no network.
"""

from __future__ import annotations

import asyncio
import io
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import httpx
import numpy as np
import pytest
import uvicorn
from forked import ForkServer, fork_server
from PIL import Image

from orbifolio.runner.server.app import application
from orbifolio.runner.server.app_state import AppState
from orbifolio.runner.server.security import AccessRules
from orbifolio.runner.server.serve import server_config

TINY = """\
# a comment that stays
schema: 1
title: Tiny net
about: |
  A drawing of sixteen pixels.

  Cost: a second.
seed: 3
renderer:
  kind: growing-neural-gas
  image: "upload:photo"   # yours
  phases: [{nodes: 40, epochs: 1, steps: 4}]
  size: 64
frames: 2
"""
PLAIN = TINY.replace('"upload:photo"   # yours', '"skimage:horse"').replace("Tiny net", "Plain net")
LONG = PLAIN.replace("Plain net", "Long net").replace(
    "nodes: 40, epochs: 1, steps: 4", "nodes: 300, epochs: 12, steps: 160"
)


def picture(width: int = 48, height: int = 36, kind: str = "PNG", seed: int = 0) -> bytes:
    """A picture's bytes."""
    rows, columns = np.mgrid[0:height, 0:width]
    dark = ((rows - height / 2) ** 2 + (columns - width / 2) ** 2 > (height / 3) ** 2) * 255
    pixels = np.stack([dark, np.roll(dark, seed), dark], axis=2).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def make_recipes(folder: Path) -> Path:
    """A folder of recipes with a theme of its own."""
    theme = folder / "recipes" / "nets"
    theme.mkdir(parents=True)
    for name, text in (("tiny", TINY), ("plain", PLAIN), ("long", LONG)):
        (theme / f"{name}.yaml").write_text(text, encoding="utf-8")
    return theme


class Serving:
    """Uvicorn in a thread.

    Args:
        state: what it serves; a maker of it, since it belongs to the thread's event loop.
        rules: whom it lets in.
    """

    def __init__(self, state: Callable[[], AppState], rules: AccessRules) -> None:
        self._make, self._rules = state, rules
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()

    def _run(self) -> None:
        async def serve() -> None:
            self.state = self._make()
            self.server = uvicorn.Server(server_config(application(self.state, self._rules)))
            self._ready.set()
            await self.server.serve(sockets=[self._socket])

        asyncio.run(serve())

    def __enter__(self) -> Serving:
        """Begin, and wait until it answers."""
        self._thread.start()
        self._ready.wait(60)
        until(lambda: self.server.started, 60)
        return self

    def __exit__(self, *error: object) -> None:
        """End, as a signal would."""
        self.state.closing.set()
        self.server.should_exit = True
        self._thread.join(30)
        self._socket.close()
        assert not self._thread.is_alive()


def until(true: Callable[[], object], seconds: float = 40.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


@dataclass
class Visitor:
    """A client of a server, and what it does most."""

    client: httpx.Client
    serving: Serving

    def send(self, data: bytes, name: str = "photo.png") -> str:
        """Send a picture; its id."""
        answer = self.client.post("/api/images", files=[("file", (name, data))])
        assert answer.status_code == 201, answer.text
        return str(answer.json()["images"][0]["id"])

    def start(self, **asked: object) -> str:
        """Ask for a picture; the run's id."""
        answer = self.client.post("/api/runs", json=asked)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def run(self, identity: str) -> dict[str, object]:
        """How a run stands."""
        found: dict[str, object] = self.client.get(f"/api/runs/{identity}").json()
        return found

    def wait(self, identity: str, *states: str, seconds: float = 60.0) -> dict[str, object]:
        """Wait until a run is in one of these states."""
        until(lambda: self.run(identity)["state"] in states, seconds)
        return self.run(identity)


def make_state(folder: Path, recipes: Path, *, recipe: Path | None = None) -> Callable[[], AppState]:
    """A maker of a state whose catalogue is the tiny one, and the shipped looks."""

    def make() -> AppState:
        from orbifolio.runner.recipe.shipped import recipe_folder

        state = AppState(folder / "gallery", recipe, devices=("cpu",))
        state.catalogue._folders = (recipes.parent, recipe_folder())
        return state

    return make


@pytest.fixture(scope="session")
def forks() -> Iterator[ForkServer]:
    """Where the processes of jobs are forked from."""
    with fork_server() as server:
        yield server


@pytest.fixture(scope="module")
def forked_jobs(forks: ForkServer) -> Iterator[None]:
    """Spares the jobs of this process's servers the seconds of importing the program."""
    with pytest.MonkeyPatch.context() as patch:
        stand_in = SimpleNamespace(**{**vars(subprocess), "Popen": forks.start})
        patch.setattr("orbifolio.runner.run.subprocess.subprocess", stand_in)
        yield


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory, forked_jobs: None) -> Iterator[Serving]:
    """A server for a module's tests."""
    folder = tmp_path_factory.mktemp("server")
    (folder / "gallery").mkdir()
    with Serving(make_state(folder, make_recipes(folder)), AccessRules()) as found:
        yield found


@pytest.fixture
def visitor(serving: Serving) -> Iterator[Visitor]:
    """A visitor of the module's server."""
    with httpx.Client(base_url=serving.address, timeout=60) as client:
        yield Visitor(client, serving)
