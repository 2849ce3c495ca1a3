"""The launches that were made from this machine: name -> where their files are; one small file each.

A record is written before anything is rented, so that a launch whose connection was lost can be found again. The
account's tags and the bucket hold the same facts: losing the records costs nothing but convenience.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from orbifolio.runner.errors import InputError
from orbifolio.runner.files import write_atomically


@dataclass(frozen=True)
class LaunchRecord:
    """A launch as this machine remembers it.

    Attributes:
        work: where bundle, log and state lie, `s3://bucket/launches/NAME`.
        region: of its machines.
        created: seconds since the epoch.
    """

    launch: str
    work: str
    region: str
    title: str = ""
    created: float = 0.0


def records_folder() -> Path:
    """The folder of the records; the environment variable `ORBIFOLIO_STATE` moves it."""
    import platformdirs

    chosen = os.environ.get("ORBIFOLIO_STATE")
    return (Path(chosen) if chosen else Path(platformdirs.user_state_dir("orbifolio"))) / "launches"


def save_record(record: LaunchRecord) -> None:
    """Write, or replace, the record of a launch."""
    write_atomically(records_folder() / f"{record.launch}.json", json.dumps(asdict(record), indent=1).encode() + b"\n")


def read_records() -> list[LaunchRecord]:
    """All records, newest first, without damaged ones."""
    records = []
    for path in records_folder().glob("*.json"):
        try:
            records.append(LaunchRecord(**json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError, TypeError):
            continue
    return sorted(records, key=lambda record: (record.created, record.launch), reverse=True)


def find_record(name: str | None) -> LaunchRecord | None:
    """The launch with a name, or with a name that begins so; the newest one if no name is given.

    Raises:
        InputError: the name fits several launches.
    """
    records = read_records()
    if not name:
        return records[0] if records else None
    fitting = [record for record in records if record.launch == name] or [
        record for record in records if record.launch.startswith(name)
    ]
    if len(fitting) > 1:
        names = ", ".join(record.launch for record in fitting[:4])
        raise InputError(f"{name}: {len(fitting)} launches begin with this ({names}); give more of the name")
    return fitting[0] if fitting else None
