"""A command as a user types it: (arguments) -> what a process of its own printed, and its exit code.

The process is forked from one that has imported the program already: a command imports for seconds what it uses for
a moment. It has the surroundings, the folder and the streams that it is given, and no terminal.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMPORTED = (
    "orbifolio.runner.cli",
    "orbifolio.runner.run.plan",
    "orbifolio.runner.commands.checking",
    "orbifolio.runner.commands.measuring",
    "orbifolio.runner.execute",
    "orbifolio.reports.write_gallery",
    # kinds that the tests' recipes name, which a command imports when it reads one
    "orbifolio.runner.renderers.image.renderer",
    "orbifolio.runner.renderers.image.patches",
    "orbifolio.runner.renderers.image.settings",
    "orbifolio.runner.renderers.painting",
    "orbifolio.runner.canvas.pixels",
    "orbifolio.runner.exports.geometry",
    "orbifolio.runner.objectives.smoothness",
    "orbifolio.runner.objectives.style",
    "orbifolio.runner.optimisers.lbfgs",
    "orbifolio.runner.symmetry.kinds.plane",
    "orbifolio.runner.vision.untrained",
)
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(list(IMPORTED))


def typed(
    *arguments: object, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 240
) -> subprocess.CompletedProcess[str]:
    """Run `orbifolio ARGUMENTS...`.

    Raises:
        TimeoutError: it did not end; it is killed.
    """
    os.environ["PYTHONPATH"] = str(ROOT)  # the process that is forked from starts with the first command
    command = ["orbifolio", *map(str, arguments)]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        surroundings = dict(os.environ if env is None else env)
        process = _FORKS.Process(target=_enter, args=(command, str(cwd), surroundings, _Stream(out), _Stream(err)))
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            process.kill()
            raise TimeoutError(f"{command} goes on after {timeout:g} s")
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode())
        return subprocess.CompletedProcess(command, process.exitcode, *texts)


class _Stream:
    """An open file that travels to the process."""

    def __init__(self, file) -> None:
        self.number = file.fileno()

    def __reduce__(self):
        from multiprocessing.reduction import DupFd

        return _detached, (DupFd(self.number),)


def _detached(duplicate) -> int:
    return duplicate.detach()


def _enter(command: list[str], folder: str, surroundings: dict[str, str], out: int, err: int) -> None:
    """In the process: be as if it had been started anew, and go."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(surroundings)
    os.dup2(out, 1)
    os.dup2(err, 2)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)
    sys.argv = command
    from orbifolio.runner.cli import main

    main()
