"""Commands in processes that begin with everything imported, so that a test can start and kill many of them.

One process imports the program once and forks a child for each command; a command of its own would import for three
seconds each. It stays without threads, which a fork would lose.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
        self._process = process

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
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return Ended(**json.loads(self._process.stdout.readline()))


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

    code = 1
    try:
        main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
        code = 70
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


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
    import orbifolio.runner.recipe.model  # noqa: F401
    from orbifolio.reports.render import renderer

    environment = renderer().environment  # compiled once for all
    for name in environment.list_templates(extensions=["html", "xml"]):
        environment.get_template(name)

    for line in sys.stdin:
        order = json.loads(line)
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
