"""Which launches were made from this machine: name -> where their things lie; a small file for each.

It is written before anything is rented, so that a launch whose connection was lost can be found again. Losing it
loses nothing but convenience: the account's tags and the bucket say the same.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from orbifolio.runner.errors import InputError
from orbifolio.runner.files import write_atomically


@dataclass(frozen=True)
class Line:
    """A launch as this machine remembers it.

    Attributes:
        launch: its name.
        work: where its things lie.
        region: of its machines.
        title: the picture's.
        created: seconds since the epoch.
    """

    launch: str
    work: str
    region: str
    title: str = ""
    created: float = 0.0


def folder() -> Path:
    """Where the lines are; `ORBIFOLIO_STATE` names another place."""
    import platformdirs

    chosen = os.environ.get("ORBIFOLIO_STATE")
    return (Path(chosen) if chosen else Path(platformdirs.user_state_dir("orbifolio"))) / "launches"


def remember(line: Line) -> None:
    """Write a line."""
    write_atomically(folder() / f"{line.launch}.json", json.dumps(asdict(line), indent=1).encode() + b"\n")


def lines() -> list[Line]:
    """All lines, newest first; damaged ones are passed over."""
    found = []
    for path in folder().glob("*.json"):
        try:
            found.append(Line(**json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, TypeError):
            continue
    return sorted(found, key=lambda line: (line.created, line.launch), reverse=True)


def find(name: str | None) -> Line | None:
    """The launch of a name, of the beginning of one, or the newest if none is given.

    Raises:
        InputError: several begin so.
    """
    known = lines()
    if not name:
        return known[0] if known else None
    fitting = [line for line in known if line.launch == name] or [
        line for line in known if line.launch.startswith(name)
    ]
    if len(fitting) > 1:
        names = ", ".join(line.launch for line in fitting[:4])
        raise InputError(f"{name}: {len(fitting)} launches begin so ({names}); write more of the name")
    return fitting[0] if fitting else None
