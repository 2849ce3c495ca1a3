"""What a member's process tells when it begins: `Begun` <-> `begun.json` in the member's place."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from orbifolio.runner.files import write_atomically

_NAME = "begun.json"


@dataclass(frozen=True)
class Begun:
    """A member that has begun at least once.

    Attributes:
        attempts: processes that have begun with it.
        run: `TYPE/RUN`, its run in the gallery; "" before there is one.
        worker: device or node of the last attempt.
    """

    attempts: int = 0
    run: str = ""
    worker: str = ""


def read_begun(place: Path) -> Begun:
    """How far a member has begun; nothing told is nothing begun."""
    try:
        told = json.loads((place / _NAME).read_text(encoding="utf-8"))
        return Begun(int(told["attempts"]), str(told["run"]), str(told["worker"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Begun()


def write_begun(place: Path, begun: Begun) -> None:
    """Tell it.

    Raises:
        OSError: the disk is full.
    """
    write_atomically(place / _NAME, json.dumps(asdict(begun)).encode())
