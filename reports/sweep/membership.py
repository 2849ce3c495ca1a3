"""Which sweeps a run took part in: (gallery, run) -> their names and titles, for the run's own page."""

from __future__ import annotations

import functools
from pathlib import Path

from orbifolio.reports import files
from orbifolio.reports.sweep import record


@functools.lru_cache(maxsize=256)
def _told(folder: Path, written: int, size: int) -> tuple[str, frozenset[str]]:
    """A sweep's title and its runs; kept until its record changes."""
    found = record.read(folder)
    return (found.title, frozenset(found.runs)) if found else ("", frozenset())


def of_run(gallery: Path, run: str) -> tuple[tuple[str, str], ...]:
    """The sweeps of a run as (name, title), oldest first.

    Args:
        gallery: the folder that holds all runs.
        run: `type/id`.
    """
    found = []
    for folder in files.visible_folders(gallery / record.FOLDER):
        try:
            state = (folder / record.NAME).stat()
        except OSError:
            continue
        title, runs = _told(folder, state.st_mtime_ns, state.st_size)
        if run in runs:
            found.append((folder.name, title))
    return tuple(found)
