"""How an open page learns what changed during a run: (page, its HTML) -> a small classic script beside it.

A page from a disk may load scripts but not data, so updates come as a call: `orbifolio.live({...})`. The
page's own script (`assets/live.js`) loads the file again every few seconds. Progress and the newest frame
are changed in place; where the page's shape is another one, it is loaded again. When the run ends, the
file says so, and stays.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orbifolio.reports.data.log import PhaseRecord, RunRecord
from orbifolio.reports.data.progress import measure_progress
from orbifolio.reports.files import data_script, write_text
from orbifolio.runner.files import is_file, read_regular

LIVE_NAME = "live.js"
UNKNOWN_VERSION = "version-unknown"
"""Stands for a page's version while it is rendered, since a page cannot hold its own hash."""


@dataclass(frozen=True)
class LiveUpdate:
    """What changed in a run.

    Attributes:
        shape: changes when more than progress changed: a phase began, the run ended.
        share: percent done, "" if unknown.
        last: time of the last log entry, or None.
        patience: seconds of silence after which the page warns.
        frames: as packed for the page's slider, or None where it has none.
        members: for a sweep's page, its running members by number: share, line, newest picture.
    """

    shape: str
    share: str
    line: str
    left: str
    last: float | None
    patience: float
    frames: Mapping[str, Any] | None
    members: Mapping[str, Any] | None = None


def short_digest(text: str) -> str:
    """A hash that changes with the text, short enough for an attribute of a page."""
    return hashlib.sha256(text.encode("utf-8", errors="replace")).hexdigest()[:12]


def run_update(run: RunRecord, frames: Mapping[str, Any] | None, phase: PhaseRecord | None = None) -> LiveUpdate | None:
    """The update for the page of a run, or of one of its phases; None if the run has ended.

    Args:
        run: as read from its folder.
        frames: as packed for the page's slider, or None where it has none.
        phase: whose page it is, or None for the run's own.
    """
    if not run.running:
        return None
    progress = measure_progress(run)
    shape: list[object] = [run.status, *run.warnings, bool(frames)]
    for each in run.phases if phase is None else (phase,):
        shape += [each.title, each.started, each.finished, bool(each.frames)]
    return LiveUpdate(
        shape=short_digest(repr(shape)),
        share=progress.percent,
        line=progress.line,
        left=progress.time_left,
        last=run.last,
        patience=run.patience,
        frames=frames,
    )


def with_version(html: str) -> tuple[str, str]:
    """A rendered page with its version filled in, and that version."""
    version = short_digest(html)
    return html.replace(UNKNOWN_VERSION, version, 1), version


def update_path(page: Path) -> Path:
    """The file with the updates of a page; a folder may hold several pages."""
    return page.with_name(LIVE_NAME if page.name == "index.html" else f"{page.stem}-{LIVE_NAME}")


def is_at_rest(page: Path) -> bool:
    """Whether a page was written after its last change, so that no open page waits for an update."""
    try:
        return is_file(page) and b'"running":false' in read_regular(update_path(page))
    except FileNotFoundError:
        return True


def write_update(page: Path, version: str, live: LiveUpdate | None, *, running: bool) -> None:
    """Write the update beside a page, after the page itself; for a page at rest, only if there was one before.

    Args:
        page: the file beside which the update is written.
        version: of the page, from `with_version`.
        live: what changed in its run, or None if an open page only needs to know that it changed.
        running: whether the page may still change.
    """
    path = update_path(page)
    if not running:
        if path.is_file():
            write_text(path, data_script("live", {"running": False, "version": version}))
        return
    update: dict[str, Any] = {"running": True, "version": version}
    if live is not None:
        update |= {name: value for name, value in vars(live).items() if name != "members" or value is not None}
    write_text(path, data_script("live", update))
