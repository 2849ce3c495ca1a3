"""What happens during a run, as records; `events.jsonl` holds one per line, in order.

The log is the only thing that reports are made from: it is appended and flushed as things happen,
so the log of a killed run is complete up to that moment. A torn last line (a crash in the middle of a
write) is ignored by the reader. This module imports nothing heavy: reports read the log without torch.

Convention: `time` is seconds since the epoch (UTC), `seconds` a duration, paths are relative to the
run's folder with forward slashes, sizes are (width, height) in pixels.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from orbifolio.runner.files import open_regular, unreadable

RECORDS = ("run.json", "events.jsonl")
"""Files of which a folder has one at least if a run lies there."""
MAX_LINE_BYTES = 4 * 1024 * 1024  # of an event: a step with ten thousand terms takes a tenth
MAX_LOG_BYTES = 512 * 1024 * 1024  # of a log that is read: a million steps


@dataclass(frozen=True)
class Event:
    """The base of all events."""

    name: ClassVar[str] = ""
    time: float


@dataclass(frozen=True)
class RunStarted(Event):
    """The run starts, or continues after an interruption.

    Attributes:
        resumed: whether this continues an earlier part of the same run.
        phases: titles of all the phases to come, in order.
        steps: number of steps of each phase.
    """

    name: ClassVar[str] = "run-started"
    resumed: bool = False
    phases: tuple[str, ...] = ()
    steps: tuple[int, ...] = ()


@dataclass(frozen=True)
class PhaseStarted(Event):
    """A phase begins; `notes` are facts for the reader (rounded sizes, number of parameters)."""

    name: ClassVar[str] = "phase-started"
    phase: int = 0
    title: str = ""
    width: int = 0
    height: int = 0
    steps: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Stepped(Event):
    """One optimisation step was done.

    Attributes:
        phase: 0-based phase.
        step: 1-based step within the phase.
        terms: weighted objective terms by dotted name; their sum is the loss.
        metrics: other numbers (evaluations, step length, gradient norm).
        seconds: wall time of this step.
        memory: peak memory so far, bytes.
    """

    name: ClassVar[str] = "stepped"
    phase: int = 0
    step: int = 0
    terms: Mapping[str, float] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    memory: int = 0


@dataclass(frozen=True)
class FrameSaved(Event):
    """A picture of the state was written: `step` 0 is the state the phase begins with."""

    name: ClassVar[str] = "frame-saved"
    phase: int = 0
    step: int = 0
    path: str = ""
    width: int = 0
    height: int = 0
    bytes: int = 0
    sha256: str = ""


@dataclass(frozen=True)
class Warned(Event):
    """Something the reader of the report should know; the run continues."""

    name: ClassVar[str] = "warned"
    message: str = ""


@dataclass(frozen=True)
class PhaseFinished(Event):
    """A phase ended; `seconds` is its whole wall time over all resumptions."""

    name: ClassVar[str] = "phase-finished"
    phase: int = 0
    seconds: float = 0.0
    terms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Enlarged(Event):
    """A part of the finished picture was enlarged.

    Attributes:
        width: of the enlarged picture.
        height: of the enlarged picture.
        share: of the work that is done, in (0, 1].
        seconds: since it began.
    """

    name: ClassVar[str] = "enlarged"
    width: int = 0
    height: int = 0
    share: float = 0.0
    seconds: float = 0.0


@dataclass(frozen=True)
class PictureFinished(Event):
    """The final picture is there; files that go with it are being made.

    Attributes:
        path: of the picture.
        width: in pixels.
        height: in pixels.
    """

    name: ClassVar[str] = "picture-finished"
    path: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True)
class RunFinished(Event):
    """The run ended.

    Attributes:
        outcome: `done`, `failed` or `interrupted`.
        message: what happened and what to do, for a reader; empty when done.
    """

    name: ClassVar[str] = "run-finished"
    outcome: str = "done"
    message: str = ""


EVENTS: tuple[type[Event], ...] = (
    RunStarted,
    PhaseStarted,
    Stepped,
    FrameSaved,
    Warned,
    PhaseFinished,
    Enlarged,
    PictureFinished,
    RunFinished,
)
_BY_NAME = {event.name: event for event in EVENTS}
EventType = TypeVar("EventType", bound=Event)


def to_line(event: Event) -> str:
    """One JSON line, without the newline.

    >>> to_line(Warned(time=0.0, message="low"))
    '{"event": "warned", "time": 0.0, "message": "low"}'
    """
    return json.dumps({"event": event.name, **dataclasses.asdict(event)}, allow_nan=True)


def from_line(line: str) -> Event | None:
    """The event of one line, or None if the line is torn or of an unknown kind."""
    try:
        record: dict[str, Any] = json.loads(line)
        kind = _BY_NAME[record.pop("event")]
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return None
    names = {item.name for item in dataclasses.fields(kind)}
    values: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in record.items() if key in names
    }
    try:
        return kind(**values)
    except TypeError:
        return None


def unreadable_files(folder: Path) -> dict[str, str]:
    """What lies in the place of the files that every run has and cannot be read: paths, each with "what; cure"."""
    faults = {
        str(folder / name): unreadable(folder / name) for name in (*RECORDS, "recipe.yaml", "final.png", "index.html")
    }
    return {path: fault for path, fault in faults.items() if fault}


def read_events(path: Path) -> Iterator[Event]:
    """The events of an `events.jsonl`, oldest first; a missing log has none.

    Lines and logs of absurd lengths are read up to their limits.

    Raises:
        OSError: the log cannot be read, or is no regular file.
    """
    if not path.exists():
        return
    with open_regular(path) as log:
        while log.tell() < MAX_LOG_BYTES and (line := log.readline(MAX_LINE_BYTES)):
            event = from_line(line.decode("utf-8", errors="replace"))
            if event is not None:
                yield event
