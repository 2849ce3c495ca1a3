"""An engine starts the processes of members somewhere and tells when they are gone; it knows nothing of sweeps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

from orbifolio.runner.run.subprocess import Ending
from orbifolio.runner.sweeps.spec import SweepSpec


class SweepEngine(ABC):
    """Where members run. What they write lies in their private folders: see `JobRunner`.

    An engine is made, and complains, before anything is on disk; it is opened for one sweep.
    """

    name: str
    """As `sweep.json` names it."""
    kind: str
    """A device as torch names it, for which estimates are made."""
    here: bool
    """Whether all runs are on this machine."""

    @property
    @abstractmethod
    def slots(self) -> int:
        """How many members can run at once; 1 at least."""

    @property
    @abstractmethod
    def threads(self) -> int:
        """Processor threads of each run, 0 for torch's own choice."""

    @property
    @abstractmethod
    def shown(self) -> str:
        """For a reader: `cpu`, `2 devices`."""

    def warning(self, memory: float) -> str:
        """What the user should know before it begins, "" for nothing.

        Args:
            memory: bytes that the largest run is expected to need.
        """
        return ""

    @abstractmethod
    def open(self, gallery: Path, sweep: str, spec: SweepSpec) -> None:
        """Make ready for a sweep's members.

        Args:
            gallery: the folder that holds all runs, absolute.
            sweep: the name of the sweep's folder.
            spec: what its members need.
        """

    @abstractmethod
    def free(self) -> bool:
        """Whether another member can be given now."""

    @abstractmethod
    def start(self, number: int) -> None:
        """Start a member's process, or let it wait where the engine has a queue of its own.

        Raises:
            OrbifolioError: no process could be started at all.
        """

    @abstractmethod
    def ended(self) -> list[tuple[int, Ending]]:
        """The members whose process is gone since the last call, by number."""

    @abstractmethod
    def stop(self) -> None:
        """Ask all members to stop after their present step; they still have to be waited for."""

    @abstractmethod
    def kill(self) -> None:
        """End all members at once."""

    @abstractmethod
    def close(self) -> None:
        """Leave nothing running, and give back what the engine holds."""
