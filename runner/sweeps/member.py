"""The process of one member: (gallery, sweep, number) -> its recipe, run into the gallery.

A process of its own, so that a crash, a full memory or a driver's fault ends one run and nothing else. It resumes
the run of an earlier attempt. When the process that runs the sweep is gone, even by a kill -9,
the pipe that it holds closes, and the run stops after its present step: no run outlives its sweep for long.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from orbifolio.runner.errors import InputError
from orbifolio.runner.run.run_folder import is_finished, make_folder
from orbifolio.runner.run.subprocess import report_outcome, run_child, stop_on_signals, stop_with_parent
from orbifolio.runner.sweeps.member_state import read_member_state, write_member_state
from orbifolio.runner.sweeps.spec import member_folder, private_folder, read_spec, recipe_path

if TYPE_CHECKING:
    from orbifolio.runner.run.loop import RunResult
    from orbifolio.runner.sweeps.bundle import ArtifactUploader

SENT = "sent"
"""A file in the member's private folder: its run has been sent to the end."""
_LOCK_PATIENCE = 600.0  # seconds that an earlier attempt, cut off but not gone yet, may take for its present step


def main(arguments: list[str] | None = None) -> int:
    """Run a member; exit codes are those of `orbifolio run`."""
    parser = argparse.ArgumentParser()
    parser.add_argument("gallery", type=Path)
    parser.add_argument("sweep")
    parser.add_argument("number", type=int)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--worker", default="")
    parser.add_argument("--store", default="", help="settings of a store that the run travels through, as JSON")
    parser.add_argument("--key", default="", help="of the run in it")
    options = parser.parse_args(arguments)
    private = member_folder(private_folder(options.gallery, options.sweep), options.number)
    return run_child(private, lambda: _report(options, private), patience=_LOCK_PATIENCE)


def _report(options: argparse.Namespace, private: Path) -> int:
    """Run it, write how it ended, and send that where the run travels."""
    uploader = _uploader(options, private)
    try:
        return report_outcome(private, lambda: _run(options))
    finally:
        if uploader is not None and uploader.finish():
            (private / SENT).touch()


def _uploader(options: argparse.Namespace, private: Path) -> ArtifactUploader | None:
    """What sends the run to a store, where nodes share no disk."""
    if not options.store:
        return None
    from orbifolio.runner.sweeps.bundle import ArtifactUploader, RunArchive, store_of

    uploader = ArtifactUploader(RunArchive(store_of(options.store), options.key, options.gallery, private))
    uploader.start()
    return uploader


def _run(options: argparse.Namespace) -> RunResult:
    from orbifolio.runner.cpu_features import protect

    protect()  # before torch is imported
    from orbifolio.runner.execute import run_loaded
    from orbifolio.runner.recipe.model import load
    from orbifolio.runner.run.loop import RunResult, Stop

    stop = Stop()
    stop_on_signals(stop)
    stop_with_parent()
    private = private_folder(options.gallery, options.sweep)
    spec = read_spec(private)
    if spec is None:
        raise InputError(f"{private}: holds no sweep that can be resumed; start it again")
    task = spec.tasks[options.number]
    recipe = spec.recipes[task.recipe]
    given = {name: private / spec.images[name] for name in recipe.images}
    base, typed_in = Path(recipe.folder), Path(spec.typed_in) if spec.typed_in else None
    loaded = load(recipe_path(private, spec, task.recipe), task.overrides, given, folder=base, typed_in=typed_in)
    run = _begin(options, private, recipe.name)
    if is_finished(run):
        return RunResult(run, "done")  # it was finished before its supervisor could read so
    try:
        return run_loaded(
            loaded,
            base,
            gallery=options.gallery,
            device=options.device,
            folder=run,
            command=spec.command(options.number),
            console=Console(force_terminal=False, width=160, soft_wrap=True),
            stop=stop,
        )
    finally:
        with contextlib.suppress(OSError):
            run.rmdir()  # nothing was written: the device is not there


def _begin(options: argparse.Namespace, private: Path, name: str) -> Path:
    """The member's run in the gallery, made by its first attempt and found again by later ones."""
    folder = member_folder(private, options.number)
    before = read_member_state(folder)
    run: Path = options.gallery / before.run
    if not before.run or not run.is_dir():
        run = make_folder(options.gallery, name, time.time())
    state = replace(before, attempts=before.attempts + 1, run=f"{name}/{run.name}", worker=options.worker)
    write_member_state(folder, state)
    return run


if __name__ == "__main__":
    sys.exit(main())
