"""The process of one member: (gallery, sweep, number) -> its recipe, run into the gallery.

A process of its own, so that a crash, a full memory or a driver's fault ends one run and nothing else. It goes on
with the run that an earlier attempt has begun. When the process that minds the sweep is gone, even by a kill -9,
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
from orbifolio.runner.run.run_folder import make_folder, read_summary
from orbifolio.runner.run.subprocess import report_outcome, run_child, stop_on_signals, stop_with_parent
from orbifolio.runner.sweeps.member_state import read_begun, write_begun
from orbifolio.runner.sweeps.spec import member_place, place_of, read_order, recipe_path

if TYPE_CHECKING:
    from orbifolio.runner.run.loop import RunResult
    from orbifolio.runner.sweeps.bundle import Courier

SENT = "sent"
"""Stands in the member's place when its run has travelled to the end."""
PATIENCE = 600.0  # seconds that an earlier attempt, cut off but not gone yet, may take for its present step


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
    place = member_place(place_of(options.gallery, options.sweep), options.number)
    return run_child(place, lambda: _report(options, place), patience=PATIENCE)


def _report(told: argparse.Namespace, place: Path) -> int:
    """Run it, write how it ended, and send that where the run travels."""
    courier = _courier(told, place)
    try:
        return report_outcome(place, lambda: _run(told))
    finally:
        if courier is not None and courier.end():
            (place / SENT).touch()


def _courier(told: argparse.Namespace, place: Path) -> Courier | None:
    """Whoever carries the run through a store, if it travels."""
    if not told.store:
        return None
    from orbifolio.runner.sweeps.bundle import Archive, Courier, store_of

    courier = Courier(Archive(store_of(told.store), told.key, told.gallery, place))
    courier.begin()
    return courier


def _run(told: argparse.Namespace) -> RunResult:
    from orbifolio.runner.cpu_features import protect

    protect()  # before torch is imported
    from orbifolio.runner.recipe.model import load
    from orbifolio.runner.run.execute import run_loaded
    from orbifolio.runner.run.loop import RunResult, Stop

    stop = Stop()
    stop_on_signals(stop)
    stop_with_parent()
    place = place_of(told.gallery, told.sweep)
    order = read_order(place)
    if order is None:
        raise InputError(f"{place}: holds no sweep that could be gone on with; begin it anew")
    errand = order.errands[told.number]
    recipe = order.recipes[errand.recipe]
    given = {name: place / order.images[name] for name in recipe.images}
    folder = Path(recipe.folder)
    loaded = load(recipe_path(place, order, errand.recipe), errand.overrides, given, folder=folder)
    run = _begin(told, place, recipe.name)
    if (read_summary(run) or {}).get("status") == "done":
        return RunResult(run, "done")  # it was finished before anybody could be told so
    try:
        return run_loaded(
            loaded,
            folder,
            gallery=told.gallery,
            device=told.device,
            folder=run,
            command=order.command(told.number),
            console=Console(force_terminal=False, width=160, soft_wrap=True),
            stop=stop,
        )
    finally:
        with contextlib.suppress(OSError):
            run.rmdir()  # nothing was written: the device is not there


def _begin(told: argparse.Namespace, place: Path, name: str) -> Path:
    """The member's run in the gallery, made by its first attempt and found again by later ones."""
    here = member_place(place, told.number)
    before = read_begun(here)
    run: Path = told.gallery / before.run
    if not before.run or not run.is_dir():
        run = make_folder(told.gallery, name, time.time())
    begun = replace(before, attempts=before.attempts + 1, run=f"{name}/{run.name}", worker=told.worker)
    write_begun(here, begun)
    return run


if __name__ == "__main__":
    sys.exit(main())
