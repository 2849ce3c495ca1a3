"""A run in a process of its own, as the control page and the pool have it: lock, result, signals.

lock          held while the process lives, however it was started; a kill -9 releases it
result.json   how it ended: outcome and message; missing if it ended without a word
"""

from __future__ import annotations

import json
import os
import signal
import sysconfig
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import orbifolio
from orbifolio.runner.errors import OrbifolioError
from orbifolio.runner.files import write_atomically

if TYPE_CHECKING:
    from orbifolio.runner.run.loop import RunResult, Stop

LOCK = "lock"
RESULT = "result.json"
CODES = {"done": 0, "interrupted": 130}
"""Exit codes by outcome; 1 for any other."""


def write_result(place: Path, outcome: str, message: str) -> None:
    """Tell how a process ended.

    Raises:
        OSError: the disk is full; then it has ended without a word.
    """
    record = json.dumps({"outcome": outcome, "message": message}, ensure_ascii=False)
    write_atomically(place / RESULT, record.encode())


def carry_through(place: Path, run: Callable[[], RunResult]) -> int:
    """Run something and tell how it ended, whatever ended it; returns the exit code.

    Raises:
        Exception: a fault of the program itself; it is told, too.
    """
    outcome, message, code = "failed", "", 1
    try:
        result = run()
        outcome, message = result.outcome, result.message
        code = CODES.get(outcome, 1)
    except KeyboardInterrupt:
        outcome, message, code = "interrupted", "stopped before it began", 130
    except OrbifolioError as error:
        message, code = str(error), error.exit_code
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        raise
    finally:
        write_result(place, outcome, message)
    return code


def read_result(place: Path) -> tuple[str, str]:
    """(outcome, message) of a process, both "" if it has told none."""
    try:
        told = json.loads((place / RESULT).read_text(encoding="utf-8"))
        return str(told["outcome"]), str(told["message"])
    except (OSError, ValueError, KeyError, TypeError):
        return "", ""


def obey_signals(stop: Stop) -> None:
    """Ctrl-C and SIGTERM stop a run after its present step."""

    def handle(number: int, frame: FrameType | None) -> None:
        stop.request()

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)


def mind_parent() -> None:
    """Stop when whoever started this process is gone, even by a kill -9: its end of our standard input closes then."""

    def wait() -> None:
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()


def python_path() -> str:
    """`PYTHONPATH` with which a process finds this package, whatever folder it is started in.

    An installed package is found without; the sources of a checkout are named first.
    """
    root = Path(orbifolio.__file__).resolve().parents[1]
    before = os.environ.get("PYTHONPATH", "")
    if root in {Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")}:
        return before
    return f"{root}{os.pathsep}{before}" if before else str(root)
