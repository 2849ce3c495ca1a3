"""Which sweeps a run took part in: (gallery, run) -> their names and titles, for the run's own page."""

from __future__ import annotations

import functools
from pathlib import Path

from orbifolio.reports.files import visible_folders
from orbifolio.reports.sweep.record import SWEEP_NAME, SWEEPS_FOLDER, read_sweep


@functools.lru_cache(maxsize=256)
def _title_and_runs(folder: Path, modified: int, size: int) -> tuple[str, frozenset[str]]:
    """A sweep's title and its runs, read once for the reports of all its runs, until its record changes."""
    sweep = read_sweep(folder)
    return (sweep.title, frozenset(sweep.runs)) if sweep else ("", frozenset())


def sweeps_of_run(gallery: Path, run: str) -> tuple[tuple[str, str], ...]:
    """The sweeps of a run as (name, title), oldest first.

    Args:
        gallery: the folder that holds all runs.
        run: `type/id`.
    """
    sweeps = []
    for folder in visible_folders(gallery / SWEEPS_FOLDER):
        try:
            state = (folder / SWEEP_NAME).stat()
        except OSError:
            continue
        title, runs = _title_and_runs(folder, state.st_mtime_ns, state.st_size)
        if run in runs:
            sweeps.append((folder.name, title))
    return tuple(sweeps)
