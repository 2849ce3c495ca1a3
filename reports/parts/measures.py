"""The measures of a sweep's runs in a table, and the parameters that all of them share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from orbifolio.reports.data.differences import DESCRIPTIVE, plain_value
from orbifolio.reports.parts.base import Fact, Part
from orbifolio.reports.parts.compare import compare_address
from orbifolio.reports.parts.comparison_cells import CellBuilder
from orbifolio.reports.parts.run_table import Column, Value, are_numbers
from orbifolio.reports.sweep.arranging import value_of
from orbifolio.reports.sweep.measured import MAX_TABLE_MEASURES, MeasureColumn, common_parameters
from orbifolio.reports.sweep.run_preview import SweepSnapshot
from orbifolio.reports.wording import DASH, format_count


@dataclass(frozen=True)
class MeasureRow:
    """A run in the table of measures: `key` names it for the compare page, "" if it has no page."""

    number: int
    key: str
    href: str
    name: str
    id: str
    style: int
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Measures(Part):
    """All measures of all runs, in the order of the sweep."""

    template: ClassVar[str] = "parts/measures.html"
    styles: ClassVar[tuple[str, ...]] = ("gallery.css", "curves.css", "sweep.css")
    scripts: ClassVar[tuple[str, ...]] = ("choices.js", "run-table.js")
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "measures"
    title: ClassVar[str] = "In numbers"
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[MeasureRow, ...]
    compare: str
    note: str = ""


@dataclass(frozen=True)
class SharedParameters(Part):
    """What is the same in all runs of the sweep."""

    template: ClassVar[str] = "parts/shared_parameters.html"
    listed: ClassVar[bool] = True
    styles: ClassVar[tuple[str, ...]] = ("sweep.css",)
    id: ClassVar[str] = "common"
    title: ClassVar[str] = "Shared by all runs"
    summary: str
    facts: tuple[Fact, ...]


def measures_part(
    snapshot: SweepSnapshot, cells: CellBuilder, measures: Sequence[MeasureColumn], gallery: Path, *, alike: bool
) -> Measures:
    """All runs in the order of the sweep.

    Args:
        snapshot: the sweep as of a moment.
        measures: those that its runs share.
        gallery: the folder that holds all runs.
        alike: whether their losses measure the same.
    """
    columns_shown = measures[:MAX_TABLE_MEASURES]
    axes = [(axis, are_numbers(axis.values)) for axis in cells.axes]
    rows = []
    for member in snapshot.sweep.members:
        preview, status = snapshot.preview(member), snapshot.state(member)
        values = [Value("", status.label, status=status)]
        for axis, numeric in axes:
            value = value_of(member, axis)
            text = "" if value is None else axis.label(value)
            # numbers are sorted as numbers, and all else in the order in which it was typed
            typed = "" if value is None else str(axis.values.index(value))
            values.append(Value(text or DASH, text if numeric else typed, numeric))
        for measure in columns_shown:
            value_here = measure.values.get(member.run)
            order = "" if value_here is None else f"{value_here:.9g}"
            best = value_here is not None and value_here == measure.best
            values.append(Value(measure.text(member.run) or DASH, order, numeric=True, best=best))
        name = "" if cells.axes else cells.name(member)[0]
        rows.append(
            MeasureRow(
                number=member.number,
                key=preview.card.key if preview else "",
                href=cells.address(preview),
                name=name,
                id=preview.card.id if preview else "",
                style=cells.style(member),
                values=tuple(values),
            )
        )
    columns = [Column("Status", key="status")]
    columns += [Column(axis.name, numeric, hint=axis.key, key=axis.key) for axis, numeric in axes]
    columns += [Column(measure.label, numeric=True, key=measure.key) for measure in columns_shown]
    notes = []
    if any(measure.key == "loss" for measure in columns_shown) and not alike:
        notes.append("These runs have different objectives, so their losses are not comparable.")
    if len(columns_shown) < len(measures):
        notes.append(f"{format_count(len(measures) - len(columns_shown), 'more measure')} on the runs' own pages.")
    return Measures(
        caption="All runs of this sweep in their order, with the measures that differ",
        columns=tuple(columns),
        rows=tuple(rows),
        compare=compare_address(cells.place, gallery),
        note=" ".join(notes),
    )


def shared_parameters_part(snapshot: SweepSnapshot) -> SharedParameters | None:
    """What is the same in all runs, or None where fewer than two are here."""
    each = [snapshot.previews[run].card.parameters for run in snapshot.sweep.runs if run in snapshot.previews]
    parameters = {
        name: plain_value(value)
        for name, value in common_parameters(each).items()
        if name.partition(".")[0] not in DESCRIPTIVE
    }
    if not parameters or len(each) < 2:
        return None
    facts = tuple(Fact(name, value or DASH) for name, value in parameters.items())
    return SharedParameters(format_count(len(facts), "parameter"), facts)
