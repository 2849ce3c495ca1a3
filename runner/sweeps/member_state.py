"""What a member's process reports when it starts: `MemberState` <-> `begun.json` in the member's private folder."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from orbifolio.runner.files import write_atomically

_NAME = "begun.json"


@dataclass(frozen=True)
class MemberState:
    """How far a member has come.

    Attributes:
        attempts: processes started for it.
        run: `TYPE/RUN`, its run in the gallery; "" before there is one.
        worker: device or node of the last attempt.
    """

    attempts: int = 0
    run: str = ""
    worker: str = ""


def read_member_state(folder: Path) -> MemberState:
    """How far a member has come; the first state if nothing is written."""
    try:
        record = json.loads((folder / _NAME).read_text(encoding="utf-8"))
        return MemberState(int(record["attempts"]), str(record["run"]), str(record["worker"]))
    except (OSError, ValueError, KeyError, TypeError):
        return MemberState()


def write_member_state(folder: Path, state: MemberState) -> None:
    """Write how far a member has come.

    Raises:
        OSError: the disk is full.
    """
    write_atomically(folder / _NAME, json.dumps(asdict(state)).encode())
