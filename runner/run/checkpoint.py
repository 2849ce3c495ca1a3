"""A checkpoint is one file from which an interrupted run continues as if it had never stopped.

It holds the renderer's state and the length of the log at that moment: resuming cuts the log there, so
that steps after the checkpoint, which are done again, do not count twice.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orbifolio.runner.deferred import torch
from orbifolio.runner.errors import RunFailed
from orbifolio.runner.files import atomic_file, open_regular
from orbifolio.runner.run.run_folder import CHECKPOINT


@dataclass(frozen=True)
class Checkpoint:
    """How far a run has come.

    Attributes:
        phase: 0-based current phase.
        step: finished steps of that phase.
        log_bytes: length of `events.jsonl` at this moment.
        seconds: wall time spent so far, by phase.
        state: as the renderer's `save` returned it.
    """

    phase: int
    step: int
    log_bytes: int
    seconds: tuple[float, ...]
    state: Mapping[str, Any]


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Replace the checkpoint atomically: a crash leaves the previous one.

    Raises:
        OSError: the disk is full or the folder not writable.
    """
    with atomic_file(folder / CHECKPOINT) as file:
        torch.save(
            {
                "phase": checkpoint.phase,
                "step": checkpoint.step,
                "log_bytes": checkpoint.log_bytes,
                "seconds": list(checkpoint.seconds),
                "state": dict(checkpoint.state),
            },
            file,
        )


def read_checkpoint(folder: Path, device: str) -> Checkpoint | None:
    """The checkpoint of a run, or None if it has none.

    Raises:
        RunFailed: it cannot be read.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    try:
        # weights_only: a checkpoint from a stranger must not run code.
        with open_regular(path) as file:
            saved = torch.load(file, map_location=device, weights_only=True)
        return Checkpoint(saved["phase"], saved["step"], saved["log_bytes"], tuple(saved["seconds"]), saved["state"])
    except Exception as error:  # torch raises many kinds for a damaged file
        raise RunFailed(
            f"{path}: the checkpoint cannot be read ({type(error).__name__}); run without --resume to start again"
        ) from error


def read_position(folder: Path) -> tuple[int, int] | None:
    """The (0-based phase, finished steps of it) of a run's checkpoint without reading its state; None if it has none.

    Raises:
        RunFailed: it cannot be read.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    try:
        with open_regular(path):
            pass  # mapping a pipe would wait for ever
        saved = torch.load(str(path), map_location="cpu", weights_only=True, mmap=True)
        return int(saved["phase"]), int(saved["step"])
    except Exception as error:  # torch raises many kinds for a damaged file
        raise RunFailed(
            f"{path}: the checkpoint cannot be read ({type(error).__name__}); start the run again"
        ) from error


def remove_checkpoint(folder: Path) -> None:
    """Remove the checkpoint of a finished run."""
    shutil.rmtree(folder, ignore_errors=True)
