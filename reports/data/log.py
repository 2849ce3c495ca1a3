"""A run as records: `read_run(folder)` turns `run.json` and `events.jsonl` into one frozen `RunRecord`.

Nothing is required: a torn last line, a missing key or a value of the wrong type leaves a gap, not an
error. Where `run.json` and the log disagree about progress, the log wins, since it is written first.

Convention: times are seconds since the epoch (UTC); sizes are (width, height) in pixels; paths are
relative to the run's folder with forward slashes; `PhaseRecord.index` is 0-based, `StepRecord.step`
1-based, and a frame of step 0 is the state its phase began with.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from orbifolio.reports.data.values import (
    as_finite,
    as_int,
    as_mapping,
    as_numbers,
    as_text,
    as_texts,
    as_tuple,
    inner_path,
    read_json,
)
from orbifolio.reports.wording import title_from_name
from orbifolio.runner import events
from orbifolio.runner.files import is_file, read_regular

STALE_AFTER = 600.0
"""Seconds of silence after which a run that claims to be running counts as stopped: with less, a slow step looks like a
stop; with more, a killed run looks alive."""

_SLOW_STEPS = 10.0
"""Steps that a run may be silent for, if they take longer than that."""

MAX_RECIPE_BYTES = 4 * 1024 * 1024
"""Bytes of a recipe that a page shows: more are no recipe."""

FINISHED = ("done", "failed", "interrupted")


@dataclass(frozen=True)
class StepRecord:
    """One optimisation step as logged; a repeated step (after a resume) replaces the earlier one."""

    step: int
    terms: Mapping[str, float]
    metrics: Mapping[str, float]
    seconds: float
    memory: int

    @property
    def loss(self) -> float:
        """The sum of the terms; NaN where there are none."""
        return math.fsum(self.terms.values()) if self.terms and self._finite() else math.nan

    def _finite(self) -> bool:
        return all(math.isfinite(value) for value in self.terms.values())


@dataclass(frozen=True)
class FrameRecord:
    """One saved picture of a state."""

    step: int
    path: str


@dataclass(frozen=True)
class PhaseRecord:
    """One phase with everything that was logged about it.

    Attributes:
        planned: number of steps it will have.
        parameters: number of free values, 0 if unknown.
        seconds: its wall time (the sum of its steps until it is finished).
        finished: whether its end was logged.
    """

    index: int
    title: str
    folder: str
    width: int
    height: int
    parameters: int
    planned: int
    seconds: float
    terms: Mapping[str, float]
    notes: tuple[str, ...]
    steps: tuple[StepRecord, ...]
    frames: tuple[FrameRecord, ...]
    started: bool
    finished: bool


@dataclass(frozen=True)
class RunRecord:
    """One run. `record` is its whole `run.json`, for what only one part of the report reads.

    Attributes:
        type: the recipe's folder in the gallery.
        status: `running`, `done`, `failed`, `interrupted` or `stopped` (it claims to be running, but
            its log has been silent for too long: the process was killed).
        last: time of the last sign of life, or None.
    """

    folder: Path
    type: str
    recipe: str
    theme: str
    title: str
    about: str
    status: str
    message: str
    started: float | None
    finished: float | None
    last: float | None
    seconds: float | None
    phases: tuple[PhaseRecord, ...]
    warnings: tuple[str, ...]
    recipe_text: str
    record: Mapping[str, Any] = field(repr=False)

    @property
    def id(self) -> str:
        """The folder's name, which is the run's identity."""
        return self.folder.name

    @property
    def work_seconds(self) -> float | None:
        """Seconds of work: as recorded, or the sum of the phases."""
        return self.seconds or sum(phase.seconds for phase in self.phases) or None

    @property
    def picture_finished(self) -> bool:
        """Whether the final picture is there, whatever is still being made of it."""
        return bool(as_mapping(self.record.get("final")))

    @property
    def running(self) -> bool:
        """Whether it is believed to be running now."""
        return self.status == "running"

    @property
    def patience(self) -> float:
        """Seconds of silence that are normal for its steps."""
        return silence_limit(max((step.seconds for phase in self.phases for step in phase.steps), default=0.0))

    @property
    def branched(self) -> tuple[int, int]:
        """The phase, from 0, and the step up to which another run did what this one continues; (-1, 0) for its own."""
        place = as_mapping(self.record.get("branched"))
        phase, step = as_int(place.get("phase")), as_int(place.get("step"))
        return (-1, 0) if phase is None or step is None else (phase, step)

    @property
    def final(self) -> Mapping[str, Any]:
        """What `run.json` says of the finished picture; empty while there is none."""
        return as_mapping(self.record.get("final"))

    @property
    def final_path(self) -> str:
        """Path of the finished picture in the run's folder, or ""."""
        return inner_path(self.final.get("path"))

    @property
    def wrap(self) -> tuple[bool, bool]:
        """Whether the finished picture continues over its (top-bottom, left-right) edges."""
        tiles = [value is True for value in as_tuple(self.final.get("tiles"))]
        return (tiles[0], tiles[1]) if len(tiles) == 2 else (False, False)

    @property
    def extras(self) -> dict[str, Mapping[str, Any]]:
        """The extra files that are there: path -> what `run.json` says of it."""
        entries = map(as_mapping, as_tuple(self.record.get("extras")))
        paths = {inner_path(entry.get("path")): entry for entry in entries}
        return {path: entry for path, entry in paths.items() if path and is_file(self.folder / path)}


@dataclass
class _Log:
    """What the events say, gathered in one pass."""

    titles: list[str] = field(default_factory=list)
    planned: list[int] = field(default_factory=list)
    started: dict[int, events.PhaseStarted] = field(default_factory=dict)
    steps: dict[int, dict[int, StepRecord]] = field(default_factory=dict)
    frames: dict[int, dict[int, FrameRecord]] = field(default_factory=dict)
    finished: dict[int, events.PhaseFinished] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    outcome: events.RunFinished | None = None
    first: float | None = None
    last: float | None = None
    slowest: float = 0.0

    def read(self, path: Path) -> _Log:
        """Gather a log; one that cannot be opened is an empty one."""
        try:
            for event in events.read_events(path):
                self._take(event)
        except (OSError, RecursionError):
            pass
        return self

    def _take(self, event: events.Event) -> None:
        moment = as_finite(event.time)
        if moment is not None:
            self.first = moment if self.first is None else min(self.first, moment)
            self.last = moment if self.last is None else max(self.last, moment)
        if isinstance(event, events.RunStarted):
            self.outcome = None  # a resumed run is not finished any more
            self.titles = list(as_texts(event.phases)) or self.titles
            counts = [as_int(count) or 0 for count in as_tuple(event.steps)]
            self.planned = counts or self.planned
        elif isinstance(event, events.PhaseStarted):
            index = as_int(event.phase) or 0
            self.started[index] = event
            self.finished.pop(index, None)
        elif isinstance(event, events.Stepped):
            step = StepRecord(
                as_int(event.step) or 0,
                as_numbers(event.terms),
                as_numbers(event.metrics),
                as_finite(event.seconds) or 0.0,
                as_int(event.memory) or 0,
            )
            self.slowest = max(self.slowest, step.seconds)
            self.steps.setdefault(as_int(event.phase) or 0, {})[step.step] = step
        elif isinstance(event, events.FrameSaved):
            if path := inner_path(event.path):
                frame = FrameRecord(as_int(event.step) or 0, path)
                self.frames.setdefault(as_int(event.phase) or 0, {})[frame.step] = frame
        elif isinstance(event, events.Warned):
            self.warnings.extend(as_texts(event.message))
        elif isinstance(event, events.PhaseFinished):
            self.finished[as_int(event.phase) or 0] = event
        elif isinstance(event, events.RunFinished):
            self.outcome = event


def silence_limit(slowest: float) -> float:
    """Seconds of silence that are normal for a log whose slowest step took this long."""
    return max(STALE_AFTER, _SLOW_STEPS * slowest)


def _is_stale(log: _Log, started: float | None, now: float) -> bool:
    """Whether the log has been silent for longer than its steps can explain."""
    seen = log.last if log.last is not None else started
    return seen is None or now - seen > silence_limit(log.slowest)


def _status(record: Mapping[str, Any], log: _Log, now: float) -> tuple[str, str]:
    """The status to show and the message that goes with it."""
    claimed, message = as_text(record.get("status")), as_text(record.get("message"))
    if claimed in FINISHED:
        return claimed, message
    if log.outcome is not None:  # killed between the log's last line and the last run.json
        outcome = as_text(log.outcome.outcome)
        return (outcome if outcome in FINISHED else "failed"), as_text(log.outcome.message) or message
    started = as_finite(record.get("started"))
    return ("stopped" if _is_stale(log, started, now) else "running"), message


def _phase(index: int, record: Mapping[str, Any], log: _Log, done: bool) -> PhaseRecord:
    """One phase, from its entry in `run.json` (may be empty) and from the log."""
    start, end = log.started.get(index), log.finished.get(index)
    size = [as_int(side) or 0 for side in as_tuple(record.get("size"))]
    width, height = size if len(size) == 2 else (0, 0)
    if start is not None:
        width, height = as_int(start.width) or width, as_int(start.height) or height
    frames = tuple(frame for _, frame in sorted(log.frames.get(index, {}).items()))
    steps = tuple(step for _, step in sorted(log.steps.get(index, {}).items()))
    folder = inner_path(record.get("folder"))
    if not folder and frames and len(parts := PurePosixPath(frames[-1].path).parts) > 2:
        folder = str(PurePosixPath(*parts[:-2]))
    planned = log.planned[index] if index < len(log.planned) else 0
    if start is not None:
        planned = as_int(start.steps) or planned
    title = log.titles[index] if index < len(log.titles) else ""
    notes = dict.fromkeys((*(as_texts(start.notes) if start else ()), *as_texts(record.get("notes"))))
    seconds = as_finite(end.seconds) if end else as_finite(record.get("seconds"))
    return PhaseRecord(
        index=index,
        title=as_text(record.get("title")) or (start and as_text(start.title)) or title or f"Phase {index + 1}",
        folder=folder or f"phases/{index + 1}-{width}px",
        width=width,
        height=height,
        parameters=as_int(record.get("parameters")) or 0,
        planned=max(planned, as_int(record.get("steps")) or 0, len(steps) and steps[-1].step),
        seconds=seconds if seconds else math.fsum(step.seconds for step in steps),
        terms=(as_numbers(end.terms) if end else {})
        or as_numbers(record.get("terms"))
        or (steps[-1].terms if steps else {}),
        notes=tuple(notes),
        steps=steps,
        frames=frames,
        started=start is not None or bool(steps or frames) or done,
        finished=end is not None or (done and bool(record)),
    )


def _distinct_folders(phases: list[PhaseRecord]) -> tuple[PhaseRecord, ...]:
    """The phases, none sharing a folder (their pages would overwrite each other)."""
    seen: set[str] = set()
    for at, phase in enumerate(phases):
        if phase.folder in seen or not phase.folder.startswith("phases/"):
            phases[at] = phase = replace(phase, folder=f"phases/{phase.index + 1}")
        seen.add(phase.folder)
    return tuple(phases)


def read_run(folder: Path, *, events_too: bool = True, now: float | None = None) -> RunRecord:
    """Everything that a run's folder holds.

    Args:
        folder: a run's folder, `gallery/<type>/<run-id>`.
        events_too: read the log of a run that is done as well (an index can do without; any other log
            is always read, because only it knows how far the run came).
        now: seconds since the epoch, to tell a silent run from a running one; the clock if None.

    Returns:
        The run; a folder without any record gives a run of status `stopped` with nothing in it.
    """
    folder = folder.absolute()
    record = read_json(folder / "run.json")
    done = as_text(record.get("status")) == "done"
    log = _Log() if done and not events_too else _Log().read(folder / "events.jsonl")
    status, message = _status(record, log, time.time() if now is None else now)
    entries = [as_mapping(entry) for entry in as_tuple(record.get("phases"))]
    seen = (len(entries), len(log.titles), *(index + 1 for index in (*log.started, *log.steps, *log.frames)))
    count = min(max(seen), 1000)  # a torn number must not make a million pages
    phases = [
        _phase(index, entries[index] if index < len(entries) else {}, log, status == "done") for index in range(count)
    ]
    started = as_finite(record.get("started"))
    try:
        recipe_text = read_regular(folder / "recipe.yaml", limit=MAX_RECIPE_BYTES).decode("utf-8", errors="replace")
    except OSError:
        recipe_text = ""
    recipe = as_text(record.get("recipe")) or folder.parent.name
    return RunRecord(
        folder=folder,
        type=folder.parent.name,
        recipe=recipe,
        theme=as_text(record.get("theme")),
        title=as_text(record.get("title")) or title_from_name(recipe),
        about=as_text(record.get("about")),
        status=status,
        message=message,
        started=log.first if started is None else started,
        finished=as_finite(record.get("finished")),
        last=log.last,
        seconds=as_finite(record.get("seconds")),
        phases=_distinct_folders(phases),
        warnings=tuple(dict.fromkeys(log.warnings)),
        recipe_text=recipe_text,
        record=record,
    )
