"""What a branch begins with: (a run, a changed recipe) -> the run's own state, its newest picture, or nothing of it.

The state is a checkpoint: canvas, optimiser, step. A changed recipe can continue from it where canvas, symmetry,
optimiser and the sizes of all phases are the same; objectives, networks, views and the steps to come may differ. The
new run has a folder of its own with what was done so far, and is resumed as any interrupted run.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orbifolio.reports.data.log import RunRecord, read_run
from orbifolio.runner.errors import InputError, RunFailed
from orbifolio.runner.events import Warned, to_line
from orbifolio.runner.files import write_atomically
from orbifolio.runner.recipe.model import LoadedRecipe
from orbifolio.runner.run.run_folder import CHECKPOINT, make_folder, read_summary, write_summary

STATE, PICTURE, NOTHING = "state", "picture", "nothing"
_FREE_SETTINGS = ("objectives", "vision", "views")
"""Settings of a canvas's run that its state does not hold."""


@dataclass(frozen=True)
class BranchStart:
    """What a branch begins with: `state`, `picture` or `nothing`, and the same for a reader."""

    kind: str
    words: str


def has_state(folder: Path) -> bool:
    """Whether a run's state lies on disk: it is removed when the run is done."""
    return (folder / "checkpoint" / CHECKPOINT).is_file()


def _state_settings(renderer: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that must be the same for a state to fit."""
    canvas = renderer.get("canvas")
    if not isinstance(canvas, Mapping):
        return dict(renderer)
    settings = {name: value for name, value in renderer.items() if name not in _FREE_SETTINGS}
    settings["canvas"] = {name: value for name, value in canvas.items() if name != "init"}
    settings["phases"] = [
        {name: value for name, value in phase.items() if name != "steps"} for phase in settings["phases"]
    ]
    return settings


def fits(folder: Path, run: RunRecord, loaded: LoadedRecipe) -> bool:
    """Whether a recipe can continue from a run's state.

    Args:
        folder: of the run, in the gallery.
        run: the same, read with its log.
        loaded: the recipe as it was changed.
    """
    from orbifolio.runner.run.plan import make_plan

    summary = read_summary(folder) or {}
    parameters = summary.get("parameters")
    before = parameters.get("renderer") if isinstance(parameters, Mapping) else None
    if not isinstance(before, Mapping) or _state_settings(before) != _state_settings(loaded.parameters["renderer"]):
        return False
    if before == loaded.parameters["renderer"]:
        return True
    phases = make_plan(loaded, "cpu").phases  # a network's strides may have rounded the sizes to others
    if [(phase.width, phase.height) for phase in phases] != [tuple(entry["size"]) for entry in summary["phases"]]:
        return False
    started = [phase for phase in run.phases if phase.steps]
    return not started or started[-1].steps[-1].step <= phases[started[-1].index].steps


def _position(folder: Path, run: RunRecord) -> str:
    """Where a run's state is, in words, since the log may be some steps ahead of it; "" where it cannot be read."""
    from orbifolio.runner.run.checkpoint import read_position

    try:
        found = read_position(folder / "checkpoint")
    except RunFailed:
        found = None
    if found is None:
        return ""
    phase, step = found
    planned = run.phases[phase].planned if phase < len(run.phases) else 0
    of = f" of {planned:,}" if planned else ""
    return f"phase {phase + 1} of {len(run.phases)}, step {step:,}{of}"


def branch_start(folder: Path | None, loaded: LoadedRecipe, *, pictured: bool) -> BranchStart:
    """What a branch would begin with.

    Args:
        folder: of the run that is branched from, or None where it is gone.
        loaded: the recipe as it was changed.
        pictured: whether the recipe can begin with a picture of the run.
    """
    if folder is not None and has_state(folder):
        run = read_run(folder)
        position = _position(folder, run)
        if position and fits(folder, run, loaded):
            return BranchStart(STATE, f"Continues from the run's own state: {position}.")
        if position and pictured:
            return BranchStart(PICTURE, "Canvas or phases differ from the run's: starts from its newest picture.")
    if pictured:
        return BranchStart(PICTURE, "Starts from the run's newest picture.")
    return BranchStart(NOTHING, "Starts from scratch: nothing of the run can be reused.")


def copy_state(source: Path, gallery: Path, name: str, title: str) -> Path:
    """A new run's folder with the state of another run.

    Args:
        source: that run's folder; it may be going on.
        gallery: the folder that holds all runs.
        name: of the new run's recipe.
        title: of the run that it branches from.

    Returns:
        The folder, as an interrupted run leaves one.

    Raises:
        InputError: the state is gone meanwhile.
        RunFailed: it cannot be read, or nothing can be written.
    """
    from orbifolio.runner.run.checkpoint import read_checkpoint, write_checkpoint

    checkpoint = read_checkpoint(source / "checkpoint", "cpu")  # before the log, which is then at least as long
    if checkpoint is None:
        raise InputError(f"{source.name}: the run was finished meanwhile; its state is gone; branch from it again")
    folder = make_folder(gallery, name, time.time())
    for path in sorted(source.glob("phases/*/frames/*.webp")):
        target = folder / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    note = (
        f"Branched from {title} ({source.parent.name}/{source.name}) at phase {checkpoint.phase + 1}, "
        f"step {checkpoint.step}: what came before was made by that run's recipe."
    )
    log = (source / "events.jsonl").read_bytes()[: checkpoint.log_bytes]
    log += f"{to_line(Warned(time.time(), note))}\n".encode()
    write_atomically(folder / "events.jsonl", log)
    summary = read_summary(source) or {}
    branched = {"phase": checkpoint.phase, "step": checkpoint.step}
    begun = {"status": "interrupted", "started": time.time(), "inputs": [], "branched": branched}
    write_summary(folder, {**summary, **begun})
    write_checkpoint(folder / "checkpoint", replace(checkpoint, log_bytes=len(log)))
    return folder
