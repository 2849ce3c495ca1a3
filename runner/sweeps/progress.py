"""The progress of a member: (its run's folder) -> phase, step and time left, read from its log as that grows."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path

from orbifolio.runner.events import Event, PhaseStarted, RunStarted, Stepped, from_line
from orbifolio.runner.run.listeners import Pace, clock
from orbifolio.runner.run.run_folder import read_summary


@dataclass
class MemberProgress:
    """Reads a run's log bit by bit.

    Attributes:
        folder: of the run, in the gallery.
        title: of the phase under way.
        steps: of each phase, once the run has begun.
        phase: 0-based phase under way.
        step: steps of it that are done.
        terms: of the last step.
    """

    folder: Path
    title: str = ""
    steps: tuple[int, ...] = ()
    phase: int = 0
    step: int = 0
    terms: dict[str, float] = field(default_factory=dict)
    _pace: Pace = field(default_factory=Pace)
    _read: int = 0

    def update(self) -> None:
        """Read what was written since the last call; a log that was cut is read again."""
        path = self.folder / "events.jsonl"
        try:
            if path.stat().st_size < self._read:
                self._read = 0
            with path.open("rb") as file:
                file.seek(self._read)
                data = file.read()
        except OSError:
            return
        whole = data[: data.rfind(b"\n") + 1]  # the last line may still be in the writing
        self._read += len(whole)
        for line in whole.decode("utf-8", errors="replace").splitlines():
            event = from_line(line)
            if event is not None:
                self._note(event)

    def _note(self, event: Event) -> None:
        match event:
            case RunStarted():
                self.steps = event.steps
                self._pace.plan(_pixels(self.folder, len(event.steps)), event.steps)
            case PhaseStarted():
                self.phase, self.step, self.title = event.phase, 0, event.title
                self._pace.begin_phase()
            case Stepped():
                self.phase, self.step, self.terms = event.phase, event.step, dict(event.terms)
                self._pace.add(event.seconds)

    @property
    def total(self) -> int:
        """Steps of all phases; 0 while unknown."""
        return sum(self.steps)

    @property
    def done(self) -> int:
        """Steps that are done, over all phases."""
        return sum(self.steps[: self.phase]) + self.step

    @property
    def left(self) -> float | None:
        """Seconds left, or None while that cannot be known."""
        return self._pace.left(self.phase, self.step) if self.phase < len(self.steps) else None

    @property
    def loss(self) -> str:
        """The terms' sum and the largest of them, for a reader."""
        if not self.terms:
            return ""
        largest = max(self.terms, key=lambda name: abs(self.terms[name]) if math.isfinite(self.terms[name]) else 0.0)
        total = f"{sum(self.terms.values()):.4g}"
        return total if len(self.terms) == 1 else f"{total} ({largest} {self.terms[largest]:.3g})"

    @property
    def line(self) -> str:
        """Phase, step, loss and time left, for a plain terminal."""
        if not self.total:
            return "getting ready"
        remaining = f"about {clock(self.left)} left" if self.left is not None else ""
        parts = (self.title, f"step {self.done}/{self.total}", f"loss {self.loss}" if self.terms else "", remaining)
        return "  ".join(part for part in parts if part)


def _pixels(folder: Path, phases: int) -> tuple[int, ...]:
    """Pixels of each phase, from the run's summary."""
    entries = (read_summary(folder) or {}).get("phases", [])
    sizes = [width * height for width, height in (phase["size"] for phase in entries)]
    return tuple(sizes) if len(sizes) == phases else (1,) * phases
