"""Writing the report of a sweep: (gallery, sweep's folder) -> its page, while it runs and after.

Cheap enough to be called every few seconds: runs that have ended are known by their cards, a page that did
not change is not written.
"""

from __future__ import annotations

import time
from pathlib import Path

from orbifolio.reports.data.log import read_run
from orbifolio.reports.pages.gallery import update_sweeps
from orbifolio.reports.render import PageRenderer, renderer
from orbifolio.reports.sweep.faces import SweepSnapshot, read_snapshot
from orbifolio.reports.sweep.page import sweep_page
from orbifolio.reports.sweep.record import SWEEP_NAME, SWEEPS_FOLDER, read_sweep
from orbifolio.reports.write import is_current, write_run


def write_sweep(gallery: Path, sweep: Path, *, now: float | None = None, templates: Path | None = None) -> Path:
    """Render the page of one sweep from its record.

    At its beginning and its end the pages that lead to it are brought up to date, too: those of the gallery,
    of all sweeps, of its recipes and of its runs.

    Args:
        gallery: the folder that holds all runs; style sheet and script go to its `assets/`.
        sweep: `gallery/sweeps/<name>`.
        now: seconds since the epoch, to tell a silent run from a running one; the clock if None.
        templates: a folder of templates that override ours; `ORBIFOLIO_TEMPLATES` if None.

    Returns:
        The sweep's `index.html`.

    Raises:
        FileNotFoundError: there is no record that can be read.
        OSError: the disk is full or not writable; what was there before is still whole.
    """
    gallery, pages = gallery.absolute(), renderer(templates)
    moment = time.time() if now is None else now
    folder = gallery / SWEEPS_FOLDER / sweep.name
    found = read_sweep(folder)
    if found is None:
        raise FileNotFoundError(f"{folder / SWEEP_NAME}: missing or torn; a sweep's page is made from it")
    page = folder / "index.html"
    begins = not page.exists()
    pages.write_assets(gallery)
    shown = read_snapshot(gallery, found, moment)
    pages.write(sweep_page(shown, gallery))
    if begins or not shown.sweep.running:
        _write_runs(shown, gallery, pages, moment)
        update_sweeps(gallery, now=moment, templates=templates)
    return page


def _write_runs(shown: SweepSnapshot, gallery: Path, pages: PageRenderer, now: float) -> None:
    """The pages of those runs that ended before the sweep's record named them: they do not lead to it yet."""
    for run, face in shown.faces.items():
        if not face.card.running and not is_current(gallery / run, pages.digest, face.card.status):
            write_run(read_run(gallery / run, now=now), gallery, pages)
