"""The page of a sweep: (what is shown) -> `Page`: its runs by what was varied, their measures, their losses.

Made from the sweep's record and the cards of its runs; no file is opened, so that the runs may as well lie
in a store. A run that is not there has a cell that says so, and no link.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from orbifolio.reports.compare import compare_address
from orbifolio.reports.data.differences import DESCRIPTIVE, plain_value
from orbifolio.reports.data.log import STALE_AFTER
from orbifolio.reports.links import STATUSES, Header, Link, Place
from orbifolio.reports.pages.live_updates import LiveUpdate
from orbifolio.reports.pages.run import REFRESH
from orbifolio.reports.pages.thumbnail_grid import theme_of
from orbifolio.reports.parts.base import Fact, Part
from orbifolio.reports.parts.curves import Curves
from orbifolio.reports.parts.gallery import Column, Value
from orbifolio.reports.parts.record import Command, RerunCommands
from orbifolio.reports.parts.sweep import Head, MeasureRow, Measures, MemberBlock, Members, SharedParameters
from orbifolio.reports.sweep.arranging import MemberGroup, SweepAxis, arrange_members, sweep_axes, value_of
from orbifolio.reports.sweep.cells import CellBuilder
from orbifolio.reports.sweep.faces import SweepSnapshot
from orbifolio.reports.sweep.measured import MAX_TABLE_MEASURES, MeasureColumn, common_parameters, shared_measures
from orbifolio.reports.sweep.overlay import loss_overlay
from orbifolio.reports.sweep.overview import sweep_notice, sweep_progress
from orbifolio.reports.sweep.record import SWEEPS_FOLDER, SweepMember
from orbifolio.reports.tree import Page
from orbifolio.reports.wording import DASH, format_count, format_date, format_duration

MAX_COMPARED = 8
"""Runs that the compare page shows at most."""

_LOSING = ("objectives", "weight", "vision", "style_preparation", "renderer")
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
    return varied.isdisjoint(_LOSING)


def _head(axis: SweepAxis, value: str) -> Head:
    return Head(axis.name, axis.label(value), f"{axis.key}={value}")


def _block(block: MemberGroup, cells: CellBuilder) -> MemberBlock:
    heads = [_head(block.rows, value) for value in block.rows.values] if block.rows else [None] * len(block.cells)
    columns = [_head(block.columns, value) for value in block.columns.values] if block.columns else []
    rows = tuple(
        (head, tuple(None if member is None else cells.cell(member) for member in row))
        for head, row in zip(heads, block.cells, strict=True)
    )
    headings = tuple(Head("", each.text, each.hint, each.level) for each in block.headings)
    return MemberBlock(headings, tuple(columns), rows)


def _data(shown: SweepSnapshot, found: Sequence[MeasureColumn]) -> dict[str, Any]:
    """What the menu sorts by: for each measure its values by member, and how they are spelled."""
    return {
        "measures": [
            {
                "key": measure.key,
                "label": measure.label,
                "values": {
                    str(member.number): [float(f"{measure.values[member.run]:.6g}"), measure.text(member.run)]
                    for member in shown.sweep.members
                    if member.run in measure.values
                },
            }
            for measure in found
        ]
    }


def _compare(shown: SweepSnapshot, gallery: Path, place: Place) -> Link | None:
    runs = [member.run for member in shown.sweep.members if member.run in shown.faces]
    if len(runs) < 2:
        return None
    label = "Compare these runs" if len(runs) <= MAX_COMPARED else f"Compare the first {MAX_COMPARED}"
    return Link(label, compare_address(place, gallery, *runs[:MAX_COMPARED]))


def _members(shown: SweepSnapshot, cells: CellBuilder, found: Sequence[MeasureColumn], gallery: Path) -> Members | None:
    def theme(member: SweepMember) -> str:
        face = shown.face(member)
        folder = member.recipe.replace("\\", "/").split("/")[-2:-1]
        return theme_of(face.card) if face else (folder or ["other"])[0]

    blocks = tuple(_block(block, cells) for block in arrange_members(shown.sweep, theme))
    if not blocks:
        return None
    return Members(
        blocks=blocks,
        lead=shown.sweep.about,
        ordered="By parameter" if cells.axes else "By theme",
        compare=_compare(shown, gallery, cells.place),
        data=_data(shown, found),
    )


def _table(
    shown: SweepSnapshot, cells: CellBuilder, found: Sequence[MeasureColumn], gallery: Path, *, alike: bool
) -> Measures:
    kept = found[:MAX_TABLE_MEASURES]
    rows = []
    for member in shown.sweep.members:
        face, status = shown.face(member), shown.state(member)
        values = [Value("", status.label, status=status)]
        for axis in cells.axes:
            value = value_of(member, axis)
            text = "" if value is None else axis.label(value)
            # numbers are sorted as numbers, and all else in the order in which it was typed
            place = str(axis.values.index(value)) if value is not None else ""
            values.append(Value(text or DASH, text if _numeric(axis) else place, _numeric(axis)))
        for measure in kept:
            value_here = measure.values.get(member.run)
            order = "" if value_here is None else f"{value_here:.9g}"
            best = value_here is not None and value_here == measure.best
            values.append(Value(measure.text(member.run) or DASH, order, numeric=True, best=best))
        name = "" if cells.axes else cells.name(member)[0]
        rows.append(
            MeasureRow(
                number=member.number,
                key=face.card.key if face else "",
                href=cells.address(face),
                name=name,
                id=face.card.id if face else "",
                style=cells.style(member),
                values=tuple(values),
            )
        )
    columns = [Column("Status", key="status")]
    columns += [Column(axis.name, _numeric(axis), hint=axis.key, key=axis.key) for axis in cells.axes]
    columns += [Column(measure.label, numeric=True, key=measure.key) for measure in kept]
    notes = []
    if any(measure.key == "loss" for measure in kept) and not alike:
        notes.append("These runs have different objectives: their losses measure different things.")
    if len(kept) < len(found):
        notes.append(f"{format_count(len(found) - len(kept), 'more measure')} on the runs' own pages.")
    return Measures(
        caption="All runs of this sweep in their order, with the measures that differ",
        columns=tuple(columns),
        rows=tuple(rows),
        compare=compare_address(cells.place, gallery),
        note=" ".join(notes),
    )


def _numeric(axis: SweepAxis) -> bool:
    try:
        [float(value) for value in axis.values]
    except ValueError:
        return False
    return True


def _common(shown: SweepSnapshot) -> SharedParameters | None:
    each = [shown.faces[run].card.parameters for run in shown.sweep.runs if run in shown.faces]
    found = {
        name: plain_value(value)
        for name, value in common_parameters(each).items()
        if name.partition(".")[0] not in DESCRIPTIVE
    }
    if not found or len(each) < 2:
        return None
    facts = tuple(Fact(name, value or DASH) for name, value in found.items())
    return SharedParameters(format_count(len(facts), "parameter"), facts)


def _again(shown: SweepSnapshot) -> RerunCommands | None:
    command = shown.sweep.command
    note = "The same recipes, seeds and versions give the same pictures."
    return RerunCommands((Command("On this machine", command, note),)) if command else None


def _live(shown: SweepSnapshot, cells: CellBuilder) -> LiveUpdate | None:
    """News: the whole sweep's progress, and of each run that goes on how far it is and its newest picture."""
    bar = sweep_progress(shown)
    if bar is None:
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
        share=bar.share,
        line=bar.line,
        left=bar.left,
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
    losses = loss_overlay(cells)
    pieces: tuple[Part | None, ...] = (
        sweep_progress(shown),
        sweep_notice(shown),
        _members(shown, cells, found, gallery),
        _table(shown, cells, found, gallery, alike=alike) if sweep.members else None,
        Curves((losses,), joined=True) if losses else None,
        _common(shown),
        _again(shown),
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
        refresh=REFRESH if sweep.running else None,
        live=_live(shown, cells),
    )
