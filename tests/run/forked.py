"""Commands in processes that begin with everything imported, so that a test can start and kill many of them.

One process imports the program once and forks a child for each command; a command of its own would import for three
seconds each. It stays without threads, which a fork would lose.
"""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code (negative: the signal that ended it), its seconds, what it printed."""

    code: int
    seconds: float
    output: str


class ForkServer:
    """Runs `orbifolio` commands in forked children, one at a time."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process, self._lock = process, threading.Lock()

    def run(
        self,
        *arguments: object,
        cwd: Path,
        kill_after: float | None = None,
        by: signal.Signals = signal.SIGKILL,
        clock: float = 0.0,
        full_after: int | None = None,
    ) -> Ended:
        """Run a command to its end, or until it is killed.

        Args:
            arguments: of `orbifolio`.
            cwd: the folder it runs in.
            kill_after: seconds after which it gets a signal.
            by: that signal.
            clock: seconds by which its clock is wrong.
            full_after: number of files that it can write until the disk is full.
        """
        order = {
            "arguments": [str(argument) for argument in arguments],
            "cwd": str(cwd),
            "kill_after": kill_after,
            "by": int(by),
            "clock": clock,
            "full_after": full_after,
        }
        return Ended(**self._asked(order))

    def start(
        self, command: list[str], *, stdout: IO[bytes], env: Mapping[str, str], **ignored: object
    ) -> ForkedProcess:
        """Begin `python -P -m MODULE ...` in a session of its own, as `subprocess.Popen` would, and go on meanwhile.

        Args:
            command: the interpreter, its two options, the module and its arguments.
            stdout: an open file, for errors, too.
            env: the variables.
            ignored: what other arguments a caller of `Popen` gives.
        """
        assert command[1:3] == ["-P", "-m"], command
        order = {"module": command[3], "arguments": command[4:], "log": stdout.name, "environment": dict(env)}
        return ForkedProcess(self, self._asked(order))

    def poll(self, process: int) -> int | None:
        """The exit code of a process that was started here; None while it lives."""
        code: int | None = self._asked({"poll": process})
        return code

    def _asked(self, order: dict[str, Any]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())


class ForkedProcess:
    """A process that a fork server has begun, with what is needed of `subprocess.Popen`."""

    stdin = None

    def __init__(self, server: ForkServer, pid: int) -> None:
        self._server, self.pid = server, pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, or None while it lives."""
        if self.returncode is None:
            self.returncode = self._server.poll(self.pid)
        return self.returncode

    def wait(self) -> int:
        """Wait for its end."""
        while (code := self.poll()) is None:
            time.sleep(0.01)
        return code

    def terminate(self) -> None:
        """Ask it to end."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._send(signal.SIGKILL)

    def _send(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


@contextlib.contextmanager
def fork_server() -> Iterator[ForkServer]:
    """A server for the commands of a test."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-W", "ignore", __file__]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield ForkServer(process)
        assert process.stdin is not None
        process.stdin.close()


def _fill_disk(files: int) -> None:
    """Let the disk be full once so many files were written; they are replaced by name when they are whole."""
    replace, left = os.replace, files

    def replace_while_there_is_room(source: Any, target: Any) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(28, os.strerror(28), str(source))
        replace(source, target)

    os.replace = replace_while_there_is_room  # type: ignore[assignment]


def _obey(order: dict[str, Any], output: int) -> None:
    """Become the command; never returns."""
    os.setpgid(0, 0)
    os.chdir(order["cwd"])
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    if shift := order["clock"]:
        now = time.time
        time.time = lambda: now() + shift
    if order["full_after"] is not None:
        _fill_disk(order["full_after"])
    sys.argv = ["orbifolio", *order["arguments"]]
    from orbifolio.runner.cli import main

    _end_with(main)


def _end_with(run: Callable[[], object]) -> None:
    """Run something, and end this process with its exit code."""
    code = 0
    try:
        run()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        import traceback

        traceback.print_exc()
        code = 70
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _become(order: dict[str, Any]) -> None:
    """Become a module's process; never returns."""
    os.setsid()
    output = os.open(order["log"], os.O_WRONLY | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(order["environment"])
    sys.argv = [order["module"], *order["arguments"]]
    _end_with(lambda: runpy.run_module(order["module"], run_name="__main__", alter_sys=True))


def _wait(child: int, kill_after: float | None, by: int) -> int:
    """Wait for a child, sending it and its own a signal when its time is up; its exit code."""
    end = None if kill_after is None else time.monotonic() + kill_after
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if end is not None and time.monotonic() >= end:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, by)
            end = None
        time.sleep(0.002)


def _serve() -> None:
    """Fork a child for each line of stdin."""
    from orbifolio.runner.cpu_features import protect

    protect()  # before torch is imported
    import orbifolio.reports.publish.publisher
    import orbifolio.runner.commands.publishing
    import orbifolio.runner.commands.rendering
    import orbifolio.runner.execute
    import orbifolio.runner.recipe.model
    import orbifolio.runner.renderers.growing_neural_gas  # the kinds of most tests
    import orbifolio.runner.renderers.image.renderer  # noqa: F401
    from orbifolio.reports.render import renderer

    environment = renderer().environment  # compiled once for all
    for name in environment.list_templates(extensions=["html", "xml"]):
        environment.get_template(name)

    for line in sys.stdin:
        order = json.loads(line)
        if "poll" in order:
            done, status = os.waitpid(order["poll"], os.WNOHANG)
            print(json.dumps(os.waitstatus_to_exitcode(status) if done else None), flush=True)
            continue
        if "module" in order:
            child = os.fork()
            if not child:
                _become(order)
            print(child, flush=True)
            continue
        with tempfile.TemporaryFile() as output:
            began = time.monotonic()
            child = os.fork()
            if not child:
                _obey(order, output.fileno())
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.setpgid(child, child)
            code = _wait(child, order["kill_after"], order["by"])
            output.seek(0)
            text = output.read().decode(errors="replace")
        print(json.dumps({"code": code, "seconds": time.monotonic() - began, "output": text}), flush=True)


if __name__ == "__main__":
    _serve()
