"""A sweep as a record: `sweep.json` -> one frozen `RecordedSweep` with its members.

    gallery/sweeps/<name>/sweep.json     written after every change by the process that runs the sweep
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

from orbifolio.reports.data.log import FINISHED, STALE_AFTER
from orbifolio.reports.data.values import as_finite, as_int, as_mapping, as_text, as_tuple, folder_name
from orbifolio.reports.files import visible_folders
from orbifolio.runner.files import read_regular

SWEEPS_FOLDER = "sweeps"
"""The folder of all sweeps in a gallery: no recipe's runs can lie there."""

SWEEP_NAME = "sweep.json"
MAX_MEMBERS = 4096
"""Members that a page is made for; an untrusted record must not exhaust the memory."""


@dataclass(frozen=True)
class VariedParameter:
    """A parameter that was varied: its dotted path and its values, as typed."""

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class RecordedMember:
    """One run of a sweep.

    Attributes:
        number: its place in the sweep, from 0.
        recipe: path of its recipe as typed.
        type: the recipe's folder in the gallery.
        title: the recipe's, or "".
        overrides: varied parameter -> value as typed.
        run: `type/id`, or "" while it has none.
        state: `waiting`, `running`, `done`, `failed` or `interrupted`.
        attempts: how often it was started.
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
class RecordedSweep:
    """A sweep.

    Attributes:
        touched: when its record was last written, or None.
        best_by: what its runs were ranked by, or "".
        best: number of the best member, or None.
    """

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
    varied: tuple[VariedParameter, ...]
    members: tuple[RecordedMember, ...]
    best_by: str = ""
    best: int | None = None

    @property
    def running(self) -> bool:
        """Whether it is believed to be running now."""
        return self.status == "running"

    @property
    def runs(self) -> tuple[str, ...]:
        """The runs that were started, as `type/id`."""
        return tuple(member.run for member in self.members if member.run)

    def at(self, now: float, living: Iterable[str] = (), *, slack: float = 0.0) -> RecordedSweep:
        """The sweep as of a moment: one that claims to be running but has long been silent has stopped.

        Args:
            now: seconds since the epoch.
            living: runs that are believed to be running; while one of its own is, so is the sweep.
            slack: seconds of silence allowed beside the usual.
        """
        silent = self.touched is None or now - self.touched > STALE_AFTER + slack
        if self.running and silent and not set(self.runs) & set(living):
            return replace(self, status="stopped")
        return self

    def to_record(self) -> dict[str, Any]:
        """As a catalogue keeps it; `sweep_from_record` reads it back."""
        record = asdict(self)
        record["varied"] = [asdict(each) for each in self.varied]
        return record


def _moment(value: object) -> float | None:
    """ISO 8601 (UTC if it does not say) or seconds, as seconds."""
    if isinstance(value, str):
        try:
            moment = datetime.datetime.fromisoformat(value)
        except ValueError:
            return as_finite(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)).timestamp()
    return as_finite(value)


def run_key(value: object) -> str:
    """`type/id` if it names a run's folder inside a gallery, else "".

    >>> run_key("hexagon/1"), run_key("../etc/passwd"), run_key("sweeps/x"), run_key(None)
    ('hexagon/1', '', '', '')
    """
    key = as_text(value)
    type_, _, identity = key.partition("/")
    return key if folder_name(type_) and folder_name(identity) and type_ != SWEEPS_FOLDER else ""


def _member(value: object, number: int) -> RecordedMember:
    entry = as_mapping(value)
    recipe, run = as_text(entry.get("recipe")), run_key(entry.get("run"))
    overrides = as_mapping(entry.get("overrides"))
    return RecordedMember(
        number=number,
        recipe=recipe,
        type=as_text(entry.get("type")) or run.partition("/")[0] or PurePosixPath(recipe).stem,
        title=as_text(entry.get("title")),
        overrides={str(key): as_text(item) for key, item in overrides.items()},
        run=run,
        state=as_text(entry.get("state"), "waiting"),
        attempts=max(0, as_int(entry.get("attempts")) or 0),
        worker=as_text(entry.get("worker")),
        message=as_text(entry.get("message")),
    )


def _varied(value: object) -> tuple[VariedParameter, ...]:
    varied = []
    for entry in map(as_mapping, as_tuple(value)):
        spelled = tuple(dict.fromkeys(as_text(item) for item in as_tuple(entry.get("values"))))
        if (key := as_text(entry.get("key"))) and spelled:
            varied.append(VariedParameter(key, spelled))
    return tuple(varied)


def sweep_from_record(name: str, record: object, touched: float | None = None) -> RecordedSweep:
    """A sweep from its record, written by any version.

    Args:
        name: of its folder in `sweeps/`.
        record: what `sweep.json` or a catalogue holds.
        touched: when it was written, if the record itself does not say.
    """
    entry = as_mapping(record)
    status = as_text(entry.get("status"))
    members = tuple(_member(item, at) for at, item in enumerate(as_tuple(entry.get("members"))[:MAX_MEMBERS]))
    return RecordedSweep(
        name=name,
        title=as_text(entry.get("title")) or "Sweep",
        about=as_text(entry.get("about")),
        command=as_text(entry.get("command")),
        resume=as_text(entry.get("resume")),
        status=status if status in (*FINISHED, "running") else "stopped",
        engine=as_text(entry.get("engine")),
        started=_moment(entry.get("started")),
        finished=_moment(entry.get("finished")),
        touched=as_finite(entry.get("touched")) if touched is None else touched,
        varied=_varied(entry.get("varied")),
        members=members,
        best_by=as_text(entry.get("best_by")),
        best=as_int(entry.get("best")),
    )


def read_sweep(folder: Path) -> RecordedSweep | None:
    """The sweep in a folder, or None if there is none that can be read."""
    path = folder / SWEEP_NAME
    try:
        touched = path.stat().st_mtime
        record = json.loads(read_regular(path).decode("utf-8", errors="replace"))
    except (OSError, ValueError, RecursionError):
        return None
    return sweep_from_record(folder.name, record, touched) if isinstance(record, Mapping) else None


def read_sweeps(gallery: Path) -> list[RecordedSweep]:
    """All sweeps of a gallery, newest first."""
    shelf = gallery / SWEEPS_FOLDER
    sweeps = [read_sweep(folder) for folder in visible_folders(shelf) if not folder.is_symlink()]
    return sorted((each for each in sweeps if each is not None), key=newest_first)


def newest_first(sweep: RecordedSweep) -> tuple[float, str]:
    """Sorts sweeps, newest first."""
    return (-(sweep.started or 0.0), sweep.name)
