"""The state of a sweep: `SweepRecord` <-> `gallery/sweeps/<name>/sweep.json`, from which its page is made.

    gallery/sweeps/20261121-101500-4f2a/sweep.json    title, command, members and their runs
                                        index.html    its page
    gallery/.sweeps/20261121-101500-4f2a/             what is needed to resume it; see `SweepSpec`

The record is published with the gallery: nothing in it names the user's machine.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from orbifolio.runner.files import write_atomically
from orbifolio.runner.redaction import redact, redact_value

SWEEPS = "sweeps"
"""The folder of all sweeps in a gallery: a name that no recipe can have."""
NAME = "sweep.json"
WAITING, RUNNING, DONE, FAILED, INTERRUPTED = "waiting", "running", "done", "failed", "interrupted"


@dataclass
class SweepMember:
    """One run of a sweep.

    Attributes:
        number: its position in the listing, from 0.
        recipe: path of the recipe as it was typed.
        type: the recipe's name: the gallery groups runs by it.
        overrides: what varies, in the order typed: the recipe's path -> the value as typed.
        title: of the recipe, for the page.
        run: `TYPE/RUN` in the gallery, once there is one.
        state: `waiting`, `running`, `done`, `failed` or `interrupted`.
        attempts: how often a process was started for it.
        worker: the device, or the cluster's node, that it runs or ran on.
        message: why it failed and what to do.
    """

    number: int
    recipe: str
    type: str
    overrides: dict[str, str] = field(default_factory=dict)
    title: str = ""
    run: str | None = None
    state: str = WAITING
    attempts: int = 0
    worker: str = ""
    message: str = ""

    @property
    def listing(self) -> str:
        """As it is listed: `#0 : seed=1 renderer.phases.0.size=64`."""
        text = " ".join(f"{key}={value}" for key, value in self.overrides.items()) or self.recipe
        return f"#{self.number} : {text}"


@dataclass
class SweepRecord:
    """A sweep: what was asked for, and how far it is.

    Attributes:
        title: the heading of the page.
        command: the command line that started it.
        varied: key and its values, in the order typed; empty for a folder of recipes.
        members: in the order of the product, the last key varying fastest.
        started: when, as ISO 8601 in UTC.
        finished: the same, or None while it runs.
        status: `running`, `done`, `failed` or `interrupted`.
        engine: what runs it, `local` or `ray`.
        about: a line under the title.
        resume: the command that resumes it.
        best_by: what its runs are ranked by at its end, `judge`; "" for nothing.
        best: number of the best member, once they are ranked.
    """

    title: str
    command: str
    varied: tuple[tuple[str, tuple[str, ...]], ...]
    members: list[SweepMember]
    started: str
    finished: str | None = None
    status: str = RUNNING
    engine: str = "local"
    about: str = ""
    resume: str = ""
    best_by: str = ""
    best: int | None = None

    @property
    def unfinished(self) -> list[SweepMember]:
        """Members without a finished picture."""
        return [member for member in self.members if member.state != DONE]


def now_text() -> str:
    """This moment, ISO 8601 in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def write_record(folder: Path, record: SweepRecord) -> None:
    """Write `sweep.json`, in place of the one before.

    Raises:
        OSError: the disk is full or the folder not writable; the record before stays.
    """
    values: dict[str, Any] = {
        "schema": 1,
        "title": record.title,
        "command": redact(record.command),
        "started": record.started,
        "finished": record.finished,
        "status": record.status,
        "engine": record.engine,
        "about": record.about,
        "resume": redact(record.resume),
        "best_by": record.best_by,
        "best": record.best,
        "varied": [{"key": key, "values": list(values)} for key, values in redact_value(record.varied)],
        "members": [redact_value(asdict(member)) for member in record.members],
    }
    text = json.dumps(values, indent=1, ensure_ascii=False)
    write_atomically(folder / NAME, text.encode() + b"\n")


def read_record(folder: Path) -> SweepRecord | None:
    """A sweep's record, or None if there is none that can be read."""
    try:
        values = json.loads((folder / NAME).read_text(encoding="utf-8"))
        return SweepRecord(
            title=values["title"],
            command=values["command"],
            varied=_varied(values["varied"]),
            members=[SweepMember(**_member_fields(item)) for item in values["members"]],
            started=values["started"],
            finished=values["finished"],
            status=values["status"],
            engine=values["engine"],
            about=values["about"],
            resume=values["resume"],
            best_by=values.get("best_by", ""),
            best=values.get("best"),
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _varied(items: Sequence[Mapping[str, Any]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple((str(item["key"]), tuple(map(str, item["values"]))) for item in items)


def _member_fields(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in SweepMember.__dataclass_fields__ if name in item}
