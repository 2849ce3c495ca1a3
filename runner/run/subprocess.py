"""A run in a process of its own: how that process starts and ends, and the supervisor that watches it.

The two sides communicate through the run's folder:

    started       touched by the process before anything else; missing if it could not import its modules
    lock          held while the process lives; a kill -9 releases it
    result.json   outcome and message; missing if the process ended without writing it
    work.log      its output

Sweeps and the control page both use `JobRunner`.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Generic, TypeVar

from filelock import FileLock, Timeout

from orbifolio.runner import memory
from orbifolio.runner.errors import OrbifolioError, RunFailed
from orbifolio.runner.files import write_atomically
from orbifolio.runner.log_lines import LEVEL, level_name, show_records
from orbifolio.runner.run.run_folder import is_locked

if TYPE_CHECKING:
    from orbifolio.runner.run.loop import RunResult, Stop

logger = logging.getLogger(__name__)

STARTED = "started"
LOCK = "lock"
RESULT = "result.json"
LOG = "work.log"
LOCKED = 2
"""Exit code of a process whose folder is locked by another."""

Key = TypeVar("Key")


def write_result(folder: Path, outcome: str, message: str) -> None:
    """Write how a process ended.

    Raises:
        OSError: the disk is full.
    """
    record = json.dumps({"outcome": outcome, "message": message}, ensure_ascii=False)
    write_atomically(folder / RESULT, record.encode())


def read_result(folder: Path) -> tuple[str, str]:
    """(outcome, message) of a process, both "" if it has written none."""
    try:
        record = json.loads((folder / RESULT).read_text(encoding="utf-8"))
        return str(record["outcome"]), str(record["message"])
    except (OSError, ValueError, KeyError, TypeError):
        return "", ""


def run_child(folder: Path, work: Callable[[], int], *, patience: float = 0.0) -> int:
    """The life of a run's process: limit its memory, mark that it has started, hold the lock, work.

    A run that is too large so ends with an error of its own, and takes neither its supervisor nor others with it.

    Args:
        folder: the run's, shared with the process's supervisor.
        work: the run itself; returns the exit code.
        patience: seconds to wait for the lock.

    Returns:
        The exit code; `LOCKED` if another process has this run.
    """
    show_records()
    memory.be_first_to_go()
    memory.limit(round((1 - memory.KEPT_FREE) * memory.machine_memory()))
    (folder / STARTED).touch()
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=patience)
    except Timeout:
        return LOCKED
    try:
        return work()
    finally:
        lock.release()


def report_outcome(folder: Path, run: Callable[[], RunResult]) -> int:
    """Run something and write how it ended in any case; returns the exit code.

    Raises:
        Exception: a fault of the program itself; it is written, too.
    """
    (folder / RESULT).unlink(missing_ok=True)  # an earlier attempt's
    outcome, message, code = "failed", "", 1
    try:
        result = run()
        outcome, message, code = result.outcome, result.message, result.exit_code
    except KeyboardInterrupt:
        outcome, message, code = "interrupted", "stopped before it began", 130
    except OrbifolioError as error:
        message, code = str(error), error.exit_code
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        raise
    finally:
        write_result(folder, outcome, message)
    return code


def stop_on_signals(stop: Stop) -> None:
    """Let Ctrl-C and SIGTERM stop a run after its current step."""

    def handle(number: int, frame: FrameType | None) -> None:
        stop.request()

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)


def stop_with_parent() -> None:
    """Stop when the supervisor ends, even by a kill -9: that closes its end of our standard input."""

    def wait() -> None:
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()


@dataclass(frozen=True)
class Ending:
    """How a run's process ended.

    Attributes:
        outcome: `done`, `failed` or `interrupted`; "" if the process wrote none.
        message: why it failed and what to do.
        how: the exit code or signal in words, as in `it was killed by SIGKILL`.
        started: False if the process ended before it had imported its modules.
    """

    outcome: str
    message: str
    how: str
    started: bool = True


@dataclass(frozen=True)
class _Child:
    folder: Path
    slot: str
    process: subprocess.Popen[bytes] | None = None  # None if another supervisor started it
    log_start: int = 0  # bytes of the log that earlier processes have written


class JobRunner(Generic[Key]):
    """Starts the processes of runs, watches them, and reports how each ended; what they compute is theirs.

    Args:
        module: what each process runs, as `python -P -m MODULE`; `-P` keeps the working folder off its path, where a
            file of the user's may have the name of one of our packages.
        tied: the processes call `stop_with_parent`, and so end with this one.
    """

    def __init__(self, module: str, *, tied: bool) -> None:
        self._module = module
        self._tied = tied
        self._children: dict[Key, _Child] = {}

    @property
    def slots(self) -> dict[Key, str]:
        """The slot of each run under way, by key."""
        return {key: child.slot for key, child in self._children.items()}

    def start(
        self, key: Key, folder: Path, arguments: Sequence[str], slot: str, environment: Mapping[str, str] = os.environ
    ) -> None:
        """Start a run's process.

        Args:
            key: names the run in `ended`.
            folder: shared with the process; it exists.
            arguments: after `python -P -m MODULE`.
            slot: the device or node that the run takes up.
            environment: variables of the process; `PYTHONPATH` is ours.

        Raises:
            RunFailed: the system cannot start a process.
        """
        for name in (STARTED, RESULT):
            (folder / name).unlink(missing_ok=True)
        try:
            with (folder / LOG).open("ab") as log:
                start = log.tell()
                process = subprocess.Popen(
                    [sys.executable, "-P", "-m", self._module, *arguments],
                    stdin=subprocess.PIPE if self._tied else subprocess.DEVNULL,  # the pipe closes with this process
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # Ctrl-C here must not reach it: `stop` passes it on
                    env={**environment, "PYTHONPATH": python_path(), LEVEL: level_name()},
                )
        except OSError as error:
            raise RunFailed(f"no process could be started: {error.strerror or error}; free memory") from None
        self._children[key] = _Child(folder, slot, process, start)
        logger.debug("process %d on %s: %s", process.pid, slot, folder)

    def adopt(self, key: Key, folder: Path, slot: str) -> None:
        """Watch a process that another supervisor has started, by its lock."""
        self._children[key] = _Child(folder, slot)

    def ended(self) -> list[tuple[Key, Ending]]:
        """The runs whose process ended since the last call, and how."""
        endings = [(key, ending) for key, child in self._children.items() if (ending := _ending(child)) is not None]
        for key, _ in endings:
            self._forget(key)
        return endings

    def _forget(self, key: Key) -> None:
        process = self._children.pop(key).process
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()

    @property
    def _processes(self) -> list[subprocess.Popen[bytes]]:
        return [child.process for child in self._children.values() if child.process is not None]

    def stop(self) -> None:
        """Ask the processes started here to end after their current step."""
        for process in self._processes:
            process.terminate()

    def kill(self) -> None:
        """End them at once; what they did since their checkpoints is lost."""
        for process in self._processes:
            process.kill()

    def close(self) -> None:
        """End all processes that were started here."""
        self.kill()
        for process in self._processes:
            process.wait()
        for key in list(self._children):
            self._forget(key)


def _ending(child: _Child) -> Ending | None:
    """How a process ended, or None while it lives."""
    if child.process is None:
        return None if is_locked(child.folder / LOCK) else Ending(*read_result(child.folder), "it is gone")
    code = child.process.poll()
    if code is None:
        return None
    # one killed by a signal may have been killed while it was importing, and is tried again
    started = code <= 0 or (child.folder / STARTED).exists()
    if not started:
        reason = last_line(child.folder, child.log_start) or how_ended(code)
        message = f"the run's process could not start: {reason}; see {LOG}"
        with contextlib.suppress(OSError):
            write_result(child.folder, "failed", message)
        return Ending("failed", message, how_ended(code), started)
    return Ending(*read_result(child.folder), how_ended(code))


def how_ended(code: int) -> str:
    """The end of a process in words.

    >>> how_ended(-9), how_ended(1)
    ('it was killed by SIGKILL', 'it ended with exit code 1')
    """
    if code >= 0:
        return f"it ended with exit code {code}"
    try:
        return f"it was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"it was killed by signal {-code}"


def last_line(folder: Path, start: int = 0) -> str:
    """The last line of a run's log, at most 300 characters; "" if there is none.

    Args:
        folder: shared with the process.
        start: bytes of the log to skip.
    """
    try:
        lines = (folder / LOG).read_bytes()[start:].decode("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.strip()[:300] for line in reversed(lines) if line.strip()), "")


def python_path() -> str:
    """`PYTHONPATH` of a child: ours, after the folder of this package if a child would not find it otherwise."""
    before = os.environ.get("PYTHONPATH", "")
    package = importlib.import_module(__name__.partition(".")[0])
    assert package.__file__ is not None
    here = Path(package.__file__)
    if _origin(package.__name__, before) == str(here.resolve()):
        return before
    return os.pathsep.join(filter(None, (str(here.absolute().parents[1]), before)))


@lru_cache
def _origin(package: str, path: str) -> str:
    """The file that a child's import of a package would read, "" for none.

    A child is run to find out, since editable installs are found by other means than folders. The package's folder is
    not simply put first: that may be `site-packages`, which must not come before the standard library.
    """
    code = (
        "import importlib.util as u, os, sys; s = u.find_spec(sys.argv[1]); "
        "print(os.path.realpath(s.origin) if s and s.origin else '')"
    )
    command = [sys.executable, "-P", "-c", code, package]
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.stdout.strip()
