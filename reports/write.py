"""Writing the report of one run: its pages, its small pictures, the gallery's style sheet and script.

Cheap enough to be called every few seconds during the run: pages and pictures that did not
change are not written, and files are renamed into place, so that no reader sees half a page.
"""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from orbifolio.reports.data.card import CARD_NAME
from orbifolio.reports.data.log import RunRecord, read_run
from orbifolio.reports.files import write_text
from orbifolio.reports.media.run_card import write_card
from orbifolio.reports.pages.compare import write_compared
from orbifolio.reports.pages.phase import pages_below
from orbifolio.reports.pages.run import run_page
from orbifolio.reports.render import PageRenderer, renderer
from orbifolio.reports.sweep.membership import sweeps_of_run

_STAMP = ".report"
_WATCHED = ("run.json", "events.jsonl", "recipe.yaml", "final.png")


def stamp(run: Path, digest: str, status: str) -> str:
    """What a report depends on, as one word: equal stamps mean equal pages.

    Args:
        run: its folder.
        digest: of the program, `PageRenderer.digest`.
        status: of the run, which also depends on the clock.
    """
    hasher = hashlib.sha256(f"{digest} {status}".encode())
    hasher.update(repr(sweeps_of_run(run.parent.parent, f"{run.parent.name}/{run.name}")).encode())
    for name in _WATCHED:
        try:
            state = (run / name).stat()
            hasher.update(f"{name} {state.st_mtime_ns} {state.st_size}\n".encode())
        except OSError:
            hasher.update(f"{name} missing\n".encode())
    return hasher.hexdigest()


def is_current(run: Path, digest: str, status: str) -> bool:
    """Whether a run's report was made from the files that are there now."""
    try:
        written = (run / _STAMP).read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return written == stamp(run, digest, status) and (run / "index.html").is_file() and (run / CARD_NAME).is_file()


def write_run(run: RunRecord, gallery: Path, pages: PageRenderer, *, all_of_them: bool = True) -> list[Path]:
    """Write the pages of a run that changed, the run's own last, so that its links lead somewhere.

    Args:
        gallery: the folder that holds all runs.
        all_of_them: if False, pages of phases and frames that exist and will not change are skipped.

    Returns:
        The pages that changed.
    """
    before = stamp(run.folder, pages.digest, run.status)  # what changes meanwhile makes the report outdated
    below = pages_below(run, gallery, all_of_them=all_of_them)
    changed = [page.path for page in below if pages.write(page)]
    page = run_page(run, gallery)
    if pages.write(page):
        changed.append(page.path)
    write_compared(run, write_card(run))
    if all_of_them:
        write_text(run.folder / _STAMP, before)
    return changed


def write_report(run_folder: Path, *, gallery: Path, now: float | None = None, templates: Path | None = None) -> Path:
    """Render the report of one run from its log.

    The pages above it are updated by `write_gallery.update_index`.

    Args:
        run_folder: `gallery/<type>/<run-id>`.
        gallery: the folder that holds all runs; style sheet and script go to its `assets/`.
        now: seconds since the epoch, to tell a silent run from a running one; the clock if None.
        templates: a folder of templates that override ours; `ORBIFOLIO_TEMPLATES` if None.

    Returns:
        The run's `index.html`.

    Raises:
        OSError: the disk is full or not writable; what was there before is still whole.
    """
    pages = renderer(templates)
    gallery = gallery.absolute()
    pages.write_assets(gallery)
    run = read_run(run_folder, now=time.time() if now is None else now)
    write_run(run, gallery, pages, all_of_them=not run.running)
    return run.folder / "index.html"
