"""Writing the report of one run: its pages, its small pictures, the gallery's style sheet and script.

A run whose report cannot be made gets a page that says why, so that it stops neither itself nor another.

Cheap enough to be called every few seconds during the run: pages and pictures that did not
change are not written, and files are renamed into place, so that no reader sees half a page.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import time
from pathlib import Path

from orbifolio.reports.data.card import CARD_NAME
from orbifolio.reports.data.gallery_facts import FACTS_NAME
from orbifolio.reports.data.log import RunRecord, read_run
from orbifolio.reports.files import Obstacles, write_text
from orbifolio.reports.media.run_card import stub_card, write_card
from orbifolio.reports.pages.compare import write_compared
from orbifolio.reports.pages.phase import pages_below
from orbifolio.reports.pages.run import run_page
from orbifolio.reports.pages.stub import stub_page
from orbifolio.reports.render import PageRenderer, renderer
from orbifolio.reports.sweep.membership import sweeps_of_run
from orbifolio.runner.files import read_regular

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
    for name in (*_WATCHED, f"../../{FACTS_NAME}"):
        try:
            state = (run / name).stat()
            hasher.update(f"{name} {state.st_mtime_ns} {state.st_size}\n".encode())
        except OSError:
            hasher.update(f"{name} missing\n".encode())
    return hasher.hexdigest()


def is_current(run: Path, digest: str, status: str) -> bool:
    """Whether a run's report was made from the files that are there now."""
    try:
        written = read_regular(run / _STAMP).decode("ascii", errors="replace")
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
    try:
        write_compared(run, write_card(run))
        if all_of_them:
            write_text(run.folder / _STAMP, before)
    except OSError as error:  # something else lies in their place: the report is there, and is only made more often
        if is_disk_error(error):
            raise
    return changed


_DISK_ERRORS = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EMFILE, errno.ENFILE, errno.ESTALE}
"""Errors of the disk or the process, not of a run's files: they concern every run."""


def is_disk_error(error: Exception) -> bool:
    """Whether an error concerns more than one run, so that whoever writes a gallery must hear of it."""
    return isinstance(error, OSError) and error.errno in _DISK_ERRORS


def write_run_or_stub(
    folder: Path, gallery: Path, pages: PageRenderer, *, now: float, all_of_them: bool | None = None
) -> list[Path]:
    """Write the pages of a run that changed, or one that says why they cannot be made; that is tried every time.

    Args:
        folder: of the run.
        gallery: the folder that holds all runs.
        now: seconds since the epoch, to tell a silent run from a running one.
        all_of_them: as for `write_run`; if None, all unless it is running.

    Returns:
        The pages that changed.

    Raises:
        OSError: the disk is full or not writable.
    """
    try:
        run = read_run(folder, now=now)
        return write_run(run, gallery, pages, all_of_them=not run.running if all_of_them is None else all_of_them)
    except Exception as error:  # a fault of ours included: the other runs must not pay for it
        if is_disk_error(error):
            raise
        card, changed = stub_card(folder, error), []
        with contextlib.suppress(OSError):  # what stops its report may stop this page, too
            changed = [folder / "index.html"] if pages.write(stub_page(card, gallery)) else []
        with contextlib.suppress(OSError):
            write_text(folder / CARD_NAME, card.to_json())
        with contextlib.suppress(OSError):
            (folder / _STAMP).unlink(missing_ok=True)  # what was wrong may lie in files that a stamp does not watch
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
        PathTaken: something else lies in the place of an asset; everything else is written.
        OSError: the disk is full or not writable; what was there before is still whole.
    """
    pages, obstacles = renderer(templates), Obstacles()
    gallery, folder = gallery.absolute(), run_folder.absolute()
    with obstacles.gather():
        pages.write_assets(gallery)
    write_run_or_stub(folder, gallery, pages, now=time.time() if now is None else now)
    obstacles.tell()
    return folder / "index.html"
