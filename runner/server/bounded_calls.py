"""Functions called in processes of their own: with limits of time and memory, ended when nobody waits for the answer.

What visitors send decides how long an estimate, a preview or a decoder takes. So none of them runs in the server: each
gets a process that is forked from one that has imported everything already (`forkserver`; where there is none, a new
one), and that the kernel ends before others when memory is short.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from orbifolio.runner import memory
from orbifolio.runner.errors import InputError, OrbifolioError

Answer = TypeVar("Answer")

_POLL_SECONDS = 0.02  # between two looks for the answer; the shortest calls take about as long
_START_SECONDS = 300.0  # for the first import on a cold disk
_PATIENCE = 10.0  # seconds of the clock for each of processor time: the machine may be busy with runs
_FORKED = "forkserver"


class Abandoned(Exception):
    """Whoever asked has left."""


@dataclass(frozen=True)
class Bounds:
    """What a call may take.

    Attributes:
        seconds: of processor time, of all threads together.
        memory: bytes beside the program itself.
    """

    seconds: int
    memory: int


class BoundedCalls:
    """Calls functions with bounds.

    Args:
        preload: modules that calls need, imported once.
    """

    def __init__(self, *preload: str) -> None:
        forks = _FORKED in multiprocessing.get_all_start_methods()
        self._context: Any = multiprocessing.get_context(_FORKED if forks else "spawn")
        if forks:
            self._context.set_forkserver_preload(list(preload))
        self._processes: set[Any] = set()

    def warm(self) -> None:
        """Import what calls need, before the first of them; the import goes on after this returns."""
        if self._context.get_start_method() == _FORKED:
            from multiprocessing.forkserver import ensure_running

            with _own_folder_off_path():
                ensure_running()

    async def call(
        self,
        bounds: Bounds,
        function: Callable[..., Answer],
        *arguments: object,
        gone: Callable[[], Awaitable[bool]] | None = None,
    ) -> Answer:
        """Call a function.

        Args:
            bounds: of time and memory.
            function: of a module; it and its arguments are pickled.
            arguments: of the function.
            gone: whether nobody waits for the answer any more.

        Raises:
            InputError: it took more than its bounds, or what the function raises on purpose.
            Abandoned: nobody waits.
            RuntimeError: a fault of the function, with its traceback.
        """
        if gone is not None and await gone():
            raise Abandoned
        self.warm()
        here, there = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_work, args=(there, bounds, function, arguments), daemon=True)
        self._processes.add(process)
        try:
            await asyncio.to_thread(process.start)
            there.close()
            answer: Answer = await self._answer(process, here, bounds, gone)
            return answer
        finally:
            if process.is_alive():
                process.kill()
            await asyncio.to_thread(process.join)
            here.close()
            self._processes.discard(process)

    async def _answer(
        self, process: Any, connection: Connection, bounds: Bounds, gone: Callable[[], Awaitable[bool]] | None
    ) -> Any:
        try:
            for patience in (_START_SECONDS, _PATIENCE * bounds.seconds):  # that it works, then what it found
                until = time.monotonic() + patience
                while not connection.poll():
                    await asyncio.sleep(_POLL_SECONDS)
                    if gone is not None and await gone():
                        raise Abandoned
                    if time.monotonic() > until:
                        raise InputError(_too_long(bounds))
                kind, value = await asyncio.to_thread(connection.recv)
        except EOFError:
            await asyncio.to_thread(process.join)
            raise InputError(_why_ended(process.exitcode, bounds)) from None
        if kind == "done":
            return value
        if kind == "refused":
            raise pickle.loads(value)
        if kind == "memory":
            raise InputError(_too_much(bounds))
        raise RuntimeError(value)

    def close(self) -> None:
        """End the calls under way."""
        for process in list(self._processes):
            if process.pid is not None:
                process.kill()


def _work(connection: Connection, bounds: Bounds, function: Callable[..., Any], arguments: tuple[Any, ...]) -> None:
    """The life of a call's process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's
    memory.be_first_to_go()
    memory.limit_time(bounds.seconds)
    memory.limit(memory.taken() + bounds.memory)
    connection.send(("started", ""))
    answer: tuple[str, Any]
    try:
        answer = "done", function(*arguments)
    except OrbifolioError as error:
        answer = "refused", _pickled(error)
    except MemoryError:
        answer = "memory", ""
    except Exception as error:
        full = isinstance(error, RuntimeError) and "can't allocate memory" in str(error)  # torch's MemoryError
        answer = ("memory", "") if full else ("fault", traceback.format_exc())
    connection.send(answer)
    connection.close()
    sys.stdout.flush()
    os._exit(0)  # nothing is left to be tidied up, and torch's threads take their time


def _pickled(error: OrbifolioError) -> bytes:
    """An error as bytes, or its message where it cannot be rebuilt from its arguments."""
    try:
        data = pickle.dumps(error)
        pickle.loads(data)
    except Exception:
        data = pickle.dumps(InputError(str(error)))
    return data


def _why_ended(code: int | None, bounds: Bounds) -> str:
    """Why a process ended without an answer."""
    if code is not None and -code in (getattr(signal, "SIGXCPU", None), getattr(signal, "SIGKILL", None)):
        return _too_long(bounds) if -code == signal.SIGXCPU else _too_much(bounds)
    return "this ended without an answer; try a smaller size, or a picture in another format"


def _too_long(bounds: Bounds) -> str:
    return f"this takes longer than {bounds.seconds} seconds, the most that is given to it; try a smaller size"


def _too_much(bounds: Bounds) -> str:
    return (
        f"this takes more than {bounds.memory / 1e9:.1f} GB of memory, the most that is given to it; try a smaller size"
    )


@contextlib.contextmanager
def _own_folder_off_path() -> Iterator[None]:
    """Processes that are started within do not import from the working folder, as with `python -P`."""
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before
