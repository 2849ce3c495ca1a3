"""What parts are made of, and the plain ones that any page may have: a table, facts, a listing, an empty page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from orbifolio.reports.links import Status


@dataclass(frozen=True)
class Part:
    """The base of all parts; `styles` and `scripts` name the assets that it needs beside the common ones."""

    template: ClassVar[str] = ""
    listed: ClassVar[bool] = False
    styles: ClassVar[tuple[str, ...]] = ()
    scripts: ClassVar[tuple[str, ...]] = ()

    @property
    def inner(self) -> tuple[Part, ...]:
        """The parts that it shows within itself."""
        return ()


@dataclass(frozen=True)
class Fact:
    """A term and its value, in words."""

    name: str
    value: str
    href: str = ""


@dataclass(frozen=True)
class Cell:
    """A table's cell; `numeric` ones are aligned right."""

    text: str
    href: str = ""
    numeric: bool = False
    status: Status | None = None


@dataclass(frozen=True)
class DataTable(Part):
    """Rows under a heading; the first cell of a row names it."""

    template: ClassVar[str] = "parts/table.html"
    listed: ClassVar[bool] = True
    id: str
    title: str
    caption: str
    columns: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class FactList(Part):
    """Terms and their values as a list under a heading."""

    template: ClassVar[str] = "parts/facts.html"
    listed: ClassVar[bool] = True
    id: str
    title: str
    facts: tuple[Fact, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Listing(Part):
    """Plain text in a monospaced font."""

    template: ClassVar[str] = "parts/listing.html"
    listed: ClassVar[bool] = True
    id: str
    title: str
    text: str


@dataclass(frozen=True)
class Empty(Part):
    """Says that nothing is here yet, with the command that changes this."""

    template: ClassVar[str] = "parts/empty.html"
    text: str
    command: str


def numeric_cells(*texts: str) -> tuple[Cell, ...]:
    """Cells of numbers, aligned right."""
    return tuple(Cell(text, numeric=True) for text in texts)


def column_heads(first: str, *others: str) -> tuple[Cell, ...]:
    """Column heads: the first names the rows, the others stand over numbers."""
    return (Cell(first), *numeric_cells(*others))
