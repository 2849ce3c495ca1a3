"""The pages of sweeps: (snapshot) -> one page for each sweep, and one on which all of them stand.

A sweep's runs stand side by side by what was varied, with their measures and their losses. The page is made
from the sweep's record and the cards of its runs; no file is opened, so the runs may lie in
a store. A run that is missing has a cell that says so, and no link.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from orbifolio.reports.data.log import STALE_AFTER
from orbifolio.reports.links import STATUSES, Header, Link, Place
from orbifolio.reports.live_updates import LiveUpdate, short_digest
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
from orbifolio.reports.sweep.measured import shared_measures
from orbifolio.reports.sweep.overview import sweep_progress
from orbifolio.reports.sweep.record import SWEEPS_FOLDER, RecordedMember
from orbifolio.reports.sweep.run_preview import SweepSnapshot
from orbifolio.reports.tree import REFRESH_SECONDS, Page
from orbifolio.reports.wording import format_count, format_date, format_duration

_CHANGES_LOSS = ("objectives", "weight", "vision", "style_preparation", "renderer")
"""A parameter with such a word in its path changes what the loss measures."""


def _cells(snapshot: SweepSnapshot, gallery: Path, place: Place) -> CellBuilder:
    axes = sweep_axes(snapshot.sweep)
    across = len(axes[-1].values) if len(axes) > 1 else 4
    sizes = f"(max-width: 40rem) 45vw, {max(10, min(45, round(92 / across)))}vw"
    return CellBuilder(snapshot, gallery, place, sizes, axes)


def _alike(axes: Sequence[SweepAxis], members: Sequence[RecordedMember]) -> bool:
    """Whether losses of all runs measure the same."""
    if len({member.recipe for member in members}) > 1:
        return False
    varied = {word for axis in axes for word in axis.key.removeprefix("renderer.").split(".")}
    return varied.isdisjoint(_CHANGES_LOSS)


def _live(snapshot: SweepSnapshot, cells: CellBuilder) -> LiveUpdate | None:
    """News: the whole sweep's progress, and of each running run its progress and its newest picture."""
    progress = sweep_progress(snapshot)
    if progress is None:
        return None
    states = [snapshot.state(member).kind for member in snapshot.sweep.members]
    going = {
        str(member.number): {
            "share": cell.share,
            "line": cell.line,
            "src": cell.picture.src if cell.picture else "",
            "srcset": cell.picture.srcset if cell.picture else "",
        }
        for member, state in zip(snapshot.sweep.members, states, strict=True)
        if state == "running" and (cell := cells.cell(member))
    }
    paged = sorted(run for run, preview in snapshot.previews.items() if preview.paged)
    shape = [*states, *(bool(entry["src"]) for entry in going.values()), *paged]
    lasts = [preview.card.last for preview in snapshot.previews.values() if preview.card.last is not None]
    return LiveUpdate(
        shape=short_digest(repr(shape)),
        share=progress.percent,
        line=progress.line,
        left=progress.time_left,
        last=max([*lasts, *([snapshot.sweep.touched] if snapshot.sweep.touched else [])], default=None),
        patience=max(
            [STALE_AFTER, *(preview.card.patience for preview in snapshot.previews.values() if preview.card.running)]
        ),
        frames=None,
        members=going,
    )


def _header(snapshot: SweepSnapshot, axes: Sequence[SweepAxis]) -> Header:
    sweep = snapshot.sweep
    took = sweep.finished - sweep.started if sweep.finished and sweep.started and not sweep.running else None
    facts = (
        format_count(len(sweep.members), "run"),
        " × ".join(axis.name for axis in axes),
        format_date(sweep.started) if sweep.started else "",
        f"took {format_duration(took)}" if took is not None and took >= 0 else "",
        "on a Ray cluster" if sweep.engine == "ray" else "",
        f"best by {sweep.best_by}: #{sweep.best}" if sweep.best_by and sweep.best is not None else "",
    )
    return Header(
        sweep.title, above="Sweep", facts=tuple(fact for fact in facts if fact), status=STATUSES.get(sweep.status)
    )


def sweep_page(snapshot: SweepSnapshot, gallery: Path) -> Page:
    """The page of a sweep.

    Args:
        snapshot: the sweep as of a moment, with the previews of those runs that are there.
        gallery: the folder that holds all runs, or would.
    """
    sweep = snapshot.sweep
    place = Place(gallery / SWEEPS_FOLDER / sweep.name)
    cells = _cells(snapshot, gallery, place)
    alike = _alike(cells.axes, sweep.members)
    measures = shared_measures(
        {run: preview.card.measures for run, preview in snapshot.previews.items() if not preview.card.running},
        alike=alike,
    )
    losses, progress = loss_overlay(cells), sweep_progress(snapshot)
    pieces: tuple[Part | None, ...] = (
        progress_bar(progress) if progress else None,
        sweep_notice(snapshot),
        members_part(snapshot, cells, measures, gallery),
        measures_part(snapshot, cells, measures, gallery, alike=alike) if sweep.members else None,
        Curves((losses,), joined=True) if losses else None,
        shared_parameters_part(snapshot),
        sweep_rerun(snapshot),
    )
    return Page(
        path=place.folder / "index.html",
        kind="sweep",
        root=place.root(gallery),
        header=_header(snapshot, cells.axes),
        crumbs=(
            Link("Gallery", place.to(gallery / "index.html")),
            Link("Sweeps", place.to(gallery / SWEEPS_FOLDER / "index.html")),
            Link(sweep.name),
        ),
        parts=tuple(part for part in pieces if part is not None),
        description=sweep.about or f"{sweep.title}: {format_count(len(sweep.members), 'run')} side by side",
        refresh=REFRESH_SECONDS if sweep.running else None,
        live=_live(snapshot, cells),
    )


def sweeps_page(gallery: Path, sweeps: Sequence[SweepSnapshot]) -> Page:
    """The page of all sweeps.

    Args:
        gallery: the folder that holds all runs.
        sweeps: newest first, at least one.
    """
    place = Place(gallery / SWEEPS_FOLDER)
    shelf = sweep_shelf(sweeps, gallery, place, title="All sweeps", limit=len(sweeps))
    return Page(
        path=place.folder / "index.html",
        kind="sweeps",
        root=place.root(gallery),
        header=Header("Sweeps", facts=(format_count(len(sweeps), "sweep"),)),
        crumbs=(Link("Gallery", place.to(gallery / "index.html")), Link("Sweeps")),
        parts=(shelf,) if shelf else (),
        description="Runs of one recipe, or of a folder of them, side by side.",
        refresh=REFRESH_SECONDS if any(snapshot.sweep.running for snapshot in sweeps) else None,
    )
