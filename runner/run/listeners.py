"""Listeners get every event of a run as it happens; terminal, log and report are listeners.

`LogWriter` comes first: whatever the others show can be made again from its file.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from orbifolio.runner.events import (
    Enlarged,
    Event,
    FrameSaved,
    PhaseFinished,
    PhaseStarted,
    PictureFinished,
    RunFinished,
    RunStarted,
    Stepped,
    Warned,
    to_line,
)


class Listener(Protocol):
    """Gets events in order, in the run's own thread."""

    def __call__(self, event: Event) -> None:
        """Handle an event; an exception here ends the run."""


class LogWriter:
    """Appends events to `events.jsonl`, flushed one by one."""

    def __init__(self, path: Path, *, keep: int = 0) -> None:
        """Open the log.

        Args:
            path: an `events.jsonl`, new or old.
            keep: bytes of an existing log to keep; the rest is cut off.
        """
        self.path = path
        if path.exists():
            with path.open("rb+") as file:
                file.truncate(keep)
        self._file = path.open("ab")

    def __call__(self, event: Event) -> None:
        """Append the event's line, and flush it to the system."""
        self._file.write(to_line(event).encode() + b"\n")
        self._file.flush()

    def sync(self) -> int:
        """Bring everything so far to the disk; returns the log's length in bytes."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def close(self) -> None:
        """Close the log, without a last `sync`."""
        self._file.close()


class Pace:
    """Estimates the time left, from the seconds each step took.

    Steps of later phases are estimated from the latest ones, in proportion to their pixels.
    """

    def __init__(self) -> None:
        self._pixels: list[int] = []
        self._steps: tuple[int, ...] = ()
        self._recent: list[float] = []
        self._sizes: tuple[int, ...] = ()

    def plan(self, pixels: tuple[int, ...], steps: tuple[int, ...]) -> None:
        """Set the pixels and the steps of all phases."""
        self._sizes, self._steps = pixels, steps

    def add(self, seconds: float) -> None:
        """Count a step's seconds."""
        self._recent = [*self._recent[-9:], seconds]

    def begin_phase(self) -> None:
        """Forget the previous phase's steps: those of this one take another time."""
        self._recent = []

    def left(self, phase: int, step: int) -> float | None:
        """Seconds left after `step` steps of a phase, or None before the first step of a phase."""
        if not self._recent or not self._steps:
            return None
        each = sorted(self._recent)[len(self._recent) // 2]
        left = each * (self._steps[phase] - step)
        for later in range(phase + 1, len(self._steps)):
            left += each * self._steps[later] * self._sizes[later] / max(self._sizes[phase], 1)
        return left


def clock(seconds: float) -> str:
    """A duration for a reader.

    >>> clock(75)
    '1:15'
    >>> clock(3675)
    '1:01:15'
    """
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


class Terminal:
    """Live progress on a terminal; plain lines elsewhere (pipes, CI)."""

    def __init__(self, console: Console, pixels: tuple[int, ...], *, every: float = 10.0) -> None:
        self.console = console
        self.pace = Pace()
        self._pixels = pixels
        self._every = every
        self._last_line = 0.0
        self._started: RunStarted | None = None
        self._phase: PhaseStarted | None = None
        self._done = 0
        self._live: Progress | None = None
        self._task: TaskID | None = None

    def __call__(self, event: Event) -> None:
        """Show what matters to a person who waits."""
        match event:
            case RunStarted():
                self._started = event
                self.pace.plan(self._pixels, event.steps)
                if self.console.is_terminal:
                    self._live = Progress(
                        TextColumn("{task.description}"),
                        BarColumn(),
                        TextColumn("{task.completed:.0f}/{task.total:.0f}"),
                        TimeElapsedColumn(),
                        TextColumn("{task.fields[left]}"),
                        console=self.console,
                        transient=True,
                    )
                    self._live.start()
                    self._task = self._live.add_task("preparing", total=sum(event.steps), left="")
            case PhaseStarted():
                self._phase = event
                self.pace.begin_phase()
                self._say(
                    f"phase {event.phase + 1}/{len(self._started.steps) if self._started else '?'}: "
                    f"{event.width} x {event.height} px, {event.steps} steps"
                )
                for note in event.notes:
                    self._say(f"  {note}")
            case Stepped():
                self._stepped(event)
            case Warned():
                self._say(f"warning: {event.message}")
            case Enlarged():
                self._enlarged(event)
            case PictureFinished():
                self._picture_finished(event)
            case RunFinished():
                self.close()  # the caller prints how it ended
            case FrameSaved() | PhaseFinished():
                pass

    def _stepped(self, event: Stepped) -> None:
        self.pace.add(event.seconds)
        steps = self._started.steps if self._started else ()
        done = sum(steps[: event.phase]) + event.step
        left = self.pace.left(event.phase, event.step)
        loss = sum(event.terms.values())
        remaining = f"about {clock(left)} left" if left is not None else ""
        if self._live is not None and self._task is not None:
            title = self._phase.title if self._phase else ""
            self._live.update(self._task, completed=done, description=f"{title}  loss {loss:.4g}", left=remaining)
            return
        now = time.monotonic()
        if now - self._last_line >= self._every or (self._phase and event.step == self._phase.steps):
            self._last_line = now
            self._say(f"  step {done}/{sum(steps)}  loss {loss:.4g}  {remaining}")

    def _enlarged(self, event: Enlarged) -> None:
        title = f"enlarging to {event.width} x {event.height} px"
        remaining = f"about {clock(event.seconds * (1 / event.share - 1))} left"
        if self._live is not None and self._task is not None:
            self._live.update(self._task, description=f"{title}  {event.share:.0%}", left=remaining)
        else:
            self._say(f"  {title}: {event.share:.0%}, {remaining}")

    def _picture_finished(self, event: PictureFinished) -> None:
        title = f"{event.path} is there; making what goes with it"
        if self._live is not None and self._task is not None:
            self._live.update(self._task, description=title, left="")
        else:
            self._say(f"  {title}")

    def _say(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        """Remove the live progress from the terminal."""
        if self._live is not None:
            self._live.stop()
            self._live = None


class Throttle:
    """Does something often, but not too often: pages are rewritten so while work goes on.

    It waits at least ten times as long as the last time took, so that it costs at most a tenth of the time.

    Args:
        every: minimum pause in seconds.
    """

    def __init__(self, do: Callable[[], object], *, every: float) -> None:
        self._do = do
        self._every = every
        self._next = 0.0

    def __call__(self, *, urgent: bool = False) -> None:
        """Do it if it is due or urgent."""
        start = time.monotonic()
        if not urgent and start < self._next:
            return
        self._do()
        end = time.monotonic()
        self._next = end + max(self._every, 10 * (end - start))


class ReportWriter:
    """Rewrites a run's report while it runs, at most every few seconds."""

    def __init__(self, write: Callable[[], object], *, every: float = 4.0) -> None:
        self._write = Throttle(write, every=every)
        self._seen = False

    def __call__(self, event: Event) -> None:
        """Write the report if it is due, and always at the run's start and end, at its first sight and its picture."""
        first = not self._seen and isinstance(event, FrameSaved) and event.step > 0
        self._seen |= first
        if not isinstance(event, Warned):
            self._write(urgent=first or isinstance(event, RunStarted | PictureFinished | RunFinished))
