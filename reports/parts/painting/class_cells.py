"""Classes beside strokes and brushes, each painting with the judge's probability.

Read from `extras/classes.json` and the pictures that it names, which the renderer writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from orbifolio.reports.data.log import RunRecord
from orbifolio.reports.data.values import as_finite, as_int, as_mapping, as_text, as_tuple, inner_path, parse_json
from orbifolio.reports.links import Place
from orbifolio.reports.media.img import PageImage, page_image
from orbifolio.reports.media.thumbnails import MEDIUM_WIDTHS, prepare_image
from orbifolio.reports.parts.base import Part
from orbifolio.reports.wording import capitalise, format_count

RECORD_PATH = "extras/classes.json"
MAX_RECORD_BYTES = 100_000  # a longer file was not written by this program
MAX_CLASSES, MAX_BRUSHES, MAX_NUMBERS = 8, 16, 8  # more were not written by this program


@dataclass(frozen=True)
class ClassCell:
    """A painting and what the judge says of it: `probability` in [0, 1] as text."""

    picture: PageImage
    probability: str


@dataclass(frozen=True)
class BrushRow:
    """A class in one brush; a cell is None where its picture is missing."""

    brush: str
    cells: tuple[ClassCell | None, ...]


@dataclass(frozen=True)
class ClassTable:
    """One class: as it was made, and painted, a row for each brush."""

    name: str
    made: ClassCell | None
    rows: tuple[BrushRow, ...]


@dataclass(frozen=True)
class ClassCells(Part):
    """A table for each class, its columns numbers of strokes.

    Attributes:
        columns: heads of the tables.
        notes: who judges.
    """

    template: ClassVar[str] = "parts/class_cells.html"
    styles: ClassVar[tuple[str, ...]] = ("class_cells.css",)
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "classes"
    title: ClassVar[str] = "Classes in strokes"
    columns: tuple[str, ...]
    tables: tuple[ClassTable, ...]
    notes: tuple[str, ...]


def class_cells_part(run: RunRecord, place: Place) -> ClassCells | None:
    """The part, or None for a run of another kind."""
    if RECORD_PATH not in run.extras:
        return None
    try:
        record = parse_json((run.folder / RECORD_PATH).read_bytes()[:MAX_RECORD_BYTES])
    except OSError:
        return None
    numbers = [as_int(value) for value in as_tuple(record.get("strokes"))][:MAX_NUMBERS]
    columns = tuple(format_count(number, "stroke") for number in numbers if number is not None)
    entries = [as_mapping(item) for item in as_tuple(record.get("classes"))][:MAX_CLASSES]
    tables = tuple(table for table in (_table(run, place, entry, columns) for entry in entries) if table is not None)
    if not tables:
        return None
    judges = " and ".join(dict.fromkeys(as_text(entry.get("judge")) for entry in entries))
    notes = (
        f"Under each painting: the probability that {judges}, which had no part in the making, gives to the class. It "
        "may be sure of what no person would name: look.",
    )
    return ClassCells(columns, tables, notes)


def _table(run: RunRecord, place: Place, entry: Mapping[str, Any], columns: tuple[str, ...]) -> ClassTable | None:
    name = as_text(entry.get("class"))
    rows = []
    for item in map(as_mapping, as_tuple(entry.get("brushes"))[:MAX_BRUSHES]):
        brush, cells = as_text(item.get("brush")), as_tuple(item.get("cells"))
        if brush and len(cells) == len(columns):
            shown = zip(cells, columns, strict=True)
            rows.append(
                BrushRow(
                    capitalise(brush), tuple(_cell(run, place, cell, f"{name}, {brush}, {n}") for cell, n in shown)
                )
            )
    if not name or not rows:
        return None
    return ClassTable(capitalise(name), _cell(run, place, entry.get("made"), f"{name}, as it was made"), tuple(rows))


def _cell(run: RunRecord, place: Place, value: object, alt: str) -> ClassCell | None:
    """A cell, or None where its picture is missing or its probability is none."""
    record = as_mapping(value)
    path, probability = inner_path(record.get("picture")), as_finite(record.get("probability"))
    if not path or probability is None:
        return None
    picture = page_image(
        place,
        prepare_image(run.folder, f"extras/{path}", widths=MEDIUM_WIDTHS),
        alt=alt,
        sizes="(min-width: 62rem) 9rem, 30vw",
    )
    return None if picture is None else ClassCell(picture, f"{probability:.2f}")
