"""A sweep as a record: `sweep.json` -> one frozen `Sweep` with its members.

    gallery/sweeps/<name>/sweep.json     written by whoever runs the sweep, after every change
    gallery/sweeps/<name>/index.html     its page

Nothing is required, as in `log.py`: a torn or hand-edited record leaves gaps, not errors.

Convention: times are seconds since the epoch; a member's `run` is `type/id`, the run's folder in the gallery.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from orbifolio.reports import files
from orbifolio.reports.data import values
from orbifolio.reports.data.log import FINISHED, STALE_AFTER

FOLDER = "sweeps"
"""The folder of all sweeps in a gallery: no recipe's runs can lie there."""

NAME = "sweep.json"
MOST = 4096
"""Members that a page is made for; a record from a stranger must not fill the memory."""


@dataclass(frozen=True)
class Varied:
    """A parameter that was varied: its dotted path and its values, as typed."""

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Member:
    """One run of a sweep.

    Attributes:
        number: its place in the sweep, from 0.
        recipe: path of its recipe as typed.
        type: the recipe's folder in the gallery.
        title: the recipe's, or "".
        overrides: varied parameter -> value as typed.
        run: `type/id`, or "" while it has none.
        state: `waiting`, `running`, `done`, `failed` or `interrupted`.
        attempts: how often it was begun.
        worker: device or node that computes it.
        message: why it failed, and what to do.
    """

    number: int
    recipe: str
    type: str
    title: str
    overrides: Mapping[str, str]
    run: str
    state: str
    attempts: int
    worker: str
    message: str


@dataclass(frozen=True)
class Sweep:
    """A sweep. `touched` is when its record was last written, or None."""

    name: str
    title: str
    about: str
    command: str
    resume: str
    status: str
    engine: str
    started: float | None
    finished: float | None
    touched: float | None
    varied: tuple[Varied, ...]
    members: tuple[Member, ...]

    @property
    def running(self) -> bool:
        """Whether it is believed to be going on."""
        return self.status == "running"

    @property
    def runs(self) -> tuple[str, ...]:
        """The runs that there are."""
        return tuple(member.run for member in self.members if member.run)

    def at(self, now: float, living: Iterable[str] = (), *, slack: float = 0.0) -> Sweep:
        """The sweep as of a moment: one that claims to go on, but of which nothing is heard, has stopped.

        Args:
            now: seconds since the epoch.
            living: runs that are believed to go on; while one of its own does, so does the sweep.
            slack: seconds of silence that are nothing to worry about, beside the usual.
        """
        silent = self.touched is None or now - self.touched > STALE_AFTER + slack
        if self.running and silent and not set(self.runs) & set(living):
            return replace(self, status="stopped")
        return self

    def to_record(self) -> dict[str, Any]:
        """As a catalogue keeps it; `from_record` gives it back."""
        record = asdict(self)
        record["varied"] = [asdict(each) for each in self.varied]
        return record


def _moment(value: object) -> float | None:
    """ISO 8601 (UTC if it does not say) or seconds, as seconds."""
    if isinstance(value, str):
        try:
            moment = datetime.datetime.fromisoformat(value)
        except ValueError:
            return values.finite(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()
    return values.finite(value)


def run_key(value: object) -> str:
    """`type/id` if it names a run's folder inside a gallery, else "".

    >>> run_key("hexagon/1"), run_key("../etc/passwd"), run_key("sweeps/x"), run_key(None)
    ('hexagon/1', '', '', '')
    """
    path = values.inner_path(value)
    parts = PurePosixPath(path).parts
    if len(parts) != 2 or parts[0] == FOLDER or any(part.startswith(".") for part in parts):
        return ""
    return path


def _member(value: object, number: int) -> Member:
    entry = values.mapping(value)
    recipe, run = values.text(entry.get("recipe")), run_key(entry.get("run"))
    overrides = values.mapping(entry.get("overrides"))
    return Member(
        number=number,
        recipe=recipe,
        type=values.text(entry.get("type")) or run.partition("/")[0] or PurePosixPath(recipe).stem,
        title=values.text(entry.get("title")),
        overrides={str(key): values.text(item) for key, item in overrides.items()},
        run=run,
        state=values.text(entry.get("state"), "waiting"),
        attempts=max(0, values.whole(entry.get("attempts")) or 0),
        worker=values.text(entry.get("worker")),
        message=values.text(entry.get("message")),
    )


def _varied(value: object) -> tuple[Varied, ...]:
    found = []
    for entry in map(values.mapping, values.sequence(value)):
        spelled = tuple(dict.fromkeys(values.text(item) for item in values.sequence(entry.get("values"))))
        if (key := values.text(entry.get("key"))) and spelled:
            found.append(Varied(key, spelled))
    return tuple(found)


def from_record(name: str, record: object, touched: float | None = None) -> Sweep:
    """A sweep from its record, of whatever version.

    Args:
        name: its folder's.
        record: what `sweep.json` or a catalogue holds.
        touched: when it was written, if the record itself does not say.
    """
    entry = values.mapping(record)
    status = values.text(entry.get("status"))
    members = tuple(_member(item, at) for at, item in enumerate(values.sequence(entry.get("members"))[:MOST]))
    return Sweep(
        name=name,
        title=values.text(entry.get("title")) or "Sweep",
        about=values.text(entry.get("about")),
        command=values.text(entry.get("command")),
        resume=values.text(entry.get("resume")),
        status=status if status in (*FINISHED, "running") else "stopped",
        engine=values.text(entry.get("engine")),
        started=_moment(entry.get("started")),
        finished=_moment(entry.get("finished")),
        touched=values.finite(entry.get("touched")) if touched is None else touched,
        varied=_varied(entry.get("varied")),
        members=members,
    )


def read(folder: Path) -> Sweep | None:
    """The sweep in a folder, or None if there is none that can be read."""
    path = folder / NAME
    try:
        touched = path.stat().st_mtime
        record = json.loads(path.read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError, RecursionError):
        return None
    return from_record(folder.name, record, touched) if isinstance(record, Mapping) else None


def read_all(gallery: Path) -> list[Sweep]:
    """All sweeps of a gallery, newest first."""
    shelf = gallery / FOLDER
    found = [read(folder) for folder in files.visible_folders(shelf) if not folder.is_symlink()]
    return sorted((each for each in found if each is not None), key=order)


def order(sweep: Sweep) -> tuple[float, str]:
    """Sorts sweeps, newest first."""
    return (-(sweep.started or 0.0), sweep.name)
