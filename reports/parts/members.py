"""All runs of a sweep, laid out by what was varied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from orbifolio.reports.links import Link, Place
from orbifolio.reports.parts.base import Part
from orbifolio.reports.parts.blind import blind_address
from orbifolio.reports.parts.compare import compare_address
from orbifolio.reports.parts.comparison_cells import CellBuilder, MemberCell
from orbifolio.reports.sweep.arranging import MemberGroup, SweepAxis, arrange_members
from orbifolio.reports.sweep.measured import MeasureColumn
from orbifolio.reports.sweep.record import RecordedMember
from orbifolio.reports.sweep.run_preview import SweepSnapshot


@dataclass(frozen=True)
class Head:
    """A heading over members, or over a row or column: the name of the parameter, and its value."""

    name: str
    value: str
    hint: str
    level: int = 3


@dataclass(frozen=True)
class MemberBlock:
    """Members in a matrix with heads, or without heads in a row."""

    headings: tuple[Head, ...]
    columns: tuple[Head, ...]
    rows: tuple[tuple[Head | None, tuple[MemberCell | None, ...]], ...]


@dataclass(frozen=True)
class Members(Part):
    """All runs of the sweep and, with JavaScript, a menu that sorts them.

    Attributes:
        lead: a line under the heading.
        ordered: what the menu calls the sweep's own order.
        blind: where its finished runs can be judged without their names, or None if there are fewer than two.
        data: measures, their labels, and their values by member, for the page's script.
    """

    template: ClassVar[str] = "parts/members.html"
    styles: ClassVar[tuple[str, ...]] = ("gallery.css", "curves.css", "sweep.css")
    scripts: ClassVar[tuple[str, ...]] = ("choices.js", "sweep.js")
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "runs"
    title: ClassVar[str] = "Runs"
    blocks: tuple[MemberBlock, ...]
    lead: str
    ordered: str
    compare: Link | None
    blind: Link | None
    data: Mapping[str, Any]


MAX_COMPARED = 8
"""Runs that the compare page shows, as `MAX_RUNS` in `compare.js`: as many as there are colours."""


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


def _data(snapshot: SweepSnapshot, measures: Sequence[MeasureColumn]) -> dict[str, Any]:
    """What the menu sorts by: for each measure its values by member, as numbers and as text."""
    return {
        "measures": [
            {
                "key": measure.key,
                "label": measure.label,
                "values": {
                    str(member.number): [float(f"{measure.values[member.run]:.6g}"), measure.text(member.run)]
                    for member in snapshot.sweep.members
                    if member.run in measure.values
                },
            }
            for measure in measures
        ]
    }


def _compare(snapshot: SweepSnapshot, gallery: Path, place: Place) -> Link | None:
    runs = [member.run for member in snapshot.sweep.members if member.run in snapshot.previews]
    if len(runs) < 2:
        return None
    label = "Compare these runs" if len(runs) <= MAX_COMPARED else f"Compare the first {MAX_COMPARED}"
    return Link(label, compare_address(place, gallery, *runs[:MAX_COMPARED]))


def _blind(snapshot: SweepSnapshot, gallery: Path, place: Place) -> Link | None:
    finished = [run for run, preview in snapshot.previews.items() if preview.card.presentable]
    if len(finished) < 2:
        return None
    return Link("Judge blindly", blind_address(place, gallery, f"sweep/{snapshot.sweep.name}"))


def members_part(
    snapshot: SweepSnapshot, cells: CellBuilder, measures: Sequence[MeasureColumn], gallery: Path
) -> Members | None:
    """The runs of a sweep with the menu that sorts them, or None if it has none."""

    def theme(member: RecordedMember) -> str:
        preview = snapshot.preview(member)
        folder = member.recipe.replace("\\", "/").split("/")[-2:-1]
        return preview.card.section if preview else (folder or ["other"])[0]

    blocks = tuple(_block(block, cells) for block in arrange_members(snapshot.sweep, theme))
    if not blocks:
        return None
    return Members(
        blocks=blocks,
        lead=snapshot.sweep.about,
        ordered="By parameter" if cells.axes else "By theme",
        compare=_compare(snapshot, gallery, cells.place),
        blind=_blind(snapshot, gallery, cells.place),
        data=_data(snapshot, measures),
    )
