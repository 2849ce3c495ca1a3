"""The pages of sweeps: (what is shown) -> one page for each sweep, and one on which all of them stand.

A sweep's runs stand side by side by what was varied, with their measures and their losses. The page is made
from the sweep's record and the cards of its runs; no file is opened, so that the runs may as well lie in a
store. A run that is not there has a cell that says so, and no link.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from orbifolio.reports.data.log import STALE_AFTER
from orbifolio.reports.links import STATUSES, Header, Link, Place
from orbifolio.reports.pages.live_updates import LiveUpdate
from orbifolio.reports.parts.base import Part
from orbifolio.reports.parts.comparison_cells import CellBuilder
from orbifolio.reports.parts.curves import Curves, loss_overlay
from orbifolio.reports.parts.measures import measures_part, shared_parameters_part
from orbifolio.reports.parts.members import members_part
from orbifolio.reports.parts.notice import sweep_notice
from orbifolio.reports.parts.progress import progress_bar
from orbifolio.reports.parts.provenance import sweep_rerun
from orbifolio.reports.parts.sweep_shelf import sweep_shelf
from orbifolio.reports.sweep.arranging import SweepAxis, sweep_axes
from orbifolio.reports.sweep.faces import SweepSnapshot
from orbifolio.reports.sweep.measured import shared_measures
from orbifolio.reports.sweep.overview import sweep_progress
from orbifolio.reports.sweep.record import SWEEPS_FOLDER, SweepMember
from orbifolio.reports.tree import REFRESH_SECONDS, Page
from orbifolio.reports.wording import format_count, format_date, format_duration

_CHANGES_LOSS = ("objectives", "weight", "vision", "style_preparation", "renderer")
"""A parameter with such a word in its path changes what the loss measures."""


def _cells(shown: SweepSnapshot, gallery: Path, place: Place) -> CellBuilder:
    axes = sweep_axes(shown.sweep)
    across = len(axes[-1].values) if len(axes) > 1 else 4
    sizes = f"(max-width: 40rem) 45vw, {max(10, min(45, round(92 / across)))}vw"
    return CellBuilder(shown, gallery, place, sizes, axes)


def _alike(axes: Sequence[SweepAxis], members: Sequence[SweepMember]) -> bool:
    """Whether losses of all runs measure the same."""
    if len({member.recipe for member in members}) > 1:
        return False
    varied = {word for axis in axes for word in axis.key.removeprefix("renderer.").split(".")}
    return varied.isdisjoint(_CHANGES_LOSS)


def _live(shown: SweepSnapshot, cells: CellBuilder) -> LiveUpdate | None:
    """News: the whole sweep's progress, and of each run that goes on how far it is and its newest picture."""
    progress = sweep_progress(shown)
    if progress is None:
        return None
    states = [shown.state(member).kind for member in shown.sweep.members]
    going = {
        str(member.number): {
            "share": cell.share,
            "line": cell.line,
            "src": cell.picture.src if cell.picture else "",
            "srcset": cell.picture.srcset if cell.picture else "",
        }
        for member, state in zip(shown.sweep.members, states, strict=True)
        if state == "running" and (cell := cells.cell(member))
    }
    paged = sorted(run for run, face in shown.faces.items() if face.paged)
    shape = [*states, *(bool(entry["src"]) for entry in going.values()), *paged]
    lasts = [face.card.last for face in shown.faces.values() if face.card.last is not None]
    return LiveUpdate(
        shape=hashlib.sha256(repr(shape).encode()).hexdigest()[:12],
        share=progress.percent,
        line=progress.line,
        left=progress.time_left,
        last=max([*lasts, *([shown.sweep.touched] if shown.sweep.touched else [])], default=None),
        patience=max([STALE_AFTER, *(face.card.patience for face in shown.faces.values() if face.card.running)]),
        frames=None,
        members=going,
    )


def _header(shown: SweepSnapshot, axes: Sequence[SweepAxis]) -> Header:
    sweep = shown.sweep
    took = sweep.finished - sweep.started if sweep.finished and sweep.started and not sweep.running else None
    facts = (
        format_count(len(sweep.members), "run"),
        " × ".join(axis.name for axis in axes),
        format_date(sweep.started) if sweep.started else "",
        f"took {format_duration(took)}" if took is not None and took >= 0 else "",
        "on a Ray cluster" if sweep.engine == "ray" else "",
    )
    return Header(
        sweep.title, above="Sweep", facts=tuple(fact for fact in facts if fact), status=STATUSES.get(sweep.status)
    )


def sweep_page(shown: SweepSnapshot, gallery: Path) -> Page:
    """The page of a sweep.

    Args:
        shown: the sweep as of a moment, with the faces of those runs that are there.
        gallery: the folder that holds all runs, or would.
    """
    sweep = shown.sweep
    place = Place(gallery / SWEEPS_FOLDER / sweep.name)
    cells = _cells(shown, gallery, place)
    alike = _alike(cells.axes, sweep.members)
    found = shared_measures(
        {run: face.card.measures for run, face in shown.faces.items() if not face.card.running}, alike=alike
    )
    losses, progress = loss_overlay(cells), sweep_progress(shown)
    pieces: tuple[Part | None, ...] = (
        progress_bar(progress) if progress else None,
        sweep_notice(shown),
        members_part(shown, cells, found, gallery),
        measures_part(shown, cells, found, gallery, alike=alike) if sweep.members else None,
        Curves((losses,), joined=True) if losses else None,
        shared_parameters_part(shown),
        sweep_rerun(shown),
    )
    return Page(
        path=place.folder / "index.html",
        kind="sweep",
        root=place.root(gallery),
        header=_header(shown, cells.axes),
        crumbs=(
            Link("Gallery", place.to(gallery / "index.html")),
            Link("Sweeps", place.to(gallery / SWEEPS_FOLDER / "index.html")),
            Link(sweep.name),
        ),
        parts=tuple(part for part in pieces if part is not None),
        description=sweep.about or f"{sweep.title}: {format_count(len(sweep.members), 'run')} side by side",
        refresh=REFRESH_SECONDS if sweep.running else None,
        live=_live(shown, cells),
    )


def sweeps_page(gallery: Path, sweeps: Sequence[SweepSnapshot]) -> Page:
    """The page of all sweeps.

    Args:
        gallery: the folder that holds all runs.
        sweeps: newest first, at least one.
    """
    place = Place(gallery / SWEEPS_FOLDER)
    hung = sweep_shelf(sweeps, gallery, place, title="All sweeps", most=len(sweeps))
    return Page(
        path=place.folder / "index.html",
        kind="sweeps",
        root=place.root(gallery),
        header=Header("Sweeps", facts=(format_count(len(sweeps), "sweep"),)),
        crumbs=(Link("Gallery", place.to(gallery / "index.html")), Link("Sweeps")),
        parts=(hung,) if hung else (),
        description="Runs of one recipe, or of a folder of them, side by side.",
        refresh=REFRESH_SECONDS if any(shown.sweep.running for shown in sweeps) else None,
    )
