"""Parts of the pages above the runs: walls of pictures, choices among them, runs in a table, the compare page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from orbifolio.reports.links import Link, Status
from orbifolio.reports.parts.base import PageImage, Part


@dataclass(frozen=True)
class Thumbnail:
    """A picture on the wall.

    Attributes:
        ratio: width / height, kept within what a row can show.
        data: (name, value) of the attributes `data-<name>`, by which a script chooses and sorts.
    """

    href: str
    picture: PageImage | None
    ratio: str
    title: str
    facts: tuple[str, ...]
    status: Status | None
    more: Link | None
    data: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ThumbnailGrid(Part):
    """Pictures in rows of equal height."""

    template: ClassVar[str] = "parts/wall.html"
    listed: ClassVar[bool] = True
    styles: ClassVar[tuple[str, ...]] = ("gallery.css",)
    id: str
    title: str
    cards: tuple[Thumbnail, ...]
    note: str = ""


@dataclass(frozen=True)
class MenuChoice:
    """One of several: what it is called, how many there are."""

    value: str
    label: str
    count: int


@dataclass(frozen=True)
class FilterMenu:
    """A menu over one property of the pictures; `every` is what it says while nothing is chosen."""

    name: str
    label: str
    every: str
    choices: tuple[MenuChoice, ...]


@dataclass(frozen=True)
class ThemeSection:
    """A theme: where its wall stands on the page, and how many pictures hang there."""

    value: str
    label: str
    href: str
    count: int


@dataclass(frozen=True)
class Filters(Part):
    """Over the walls: the way to each theme and, for those who have JavaScript, search, menus and order."""

    template: ClassVar[str] = "parts/filters.html"
    styles: ClassVar[tuple[str, ...]] = ("gallery.css",)
    scripts: ClassVar[tuple[str, ...]] = ("gallery.js",)
    noun: str
    total: int
    sections: tuple[ThemeSection, ...]
    choosers: tuple[FilterMenu, ...]
    compare: str
    sweeps: str
    searched: bool


@dataclass(frozen=True)
class Column:
    """A column of a table: `hint` is its full name if `name` is a short one, `key` names it in an address."""

    name: str
    numeric: bool = False
    hint: str = ""
    key: str = ""


@dataclass(frozen=True)
class Value:
    """A cell of a table: `order` is what it is sorted by, `hint` its whole text if `text` is cut.

    `best` marks the value of its column that is to be found at a glance.
    """

    text: str
    order: str
    numeric: bool = False
    status: Status | None = None
    hint: str = ""
    best: bool = False


@dataclass(frozen=True)
class RunRow:
    """A run in the table: `key` names it for the compare page."""

    key: str
    href: str
    name: str
    date: str
    order: str
    values: tuple[Value, ...]


@dataclass(frozen=True)
class RunTable(Part):
    """All runs of a recipe, and what differs between them."""

    template: ClassVar[str] = "parts/runs.html"
    listed: ClassVar[bool] = True
    styles: ClassVar[tuple[str, ...]] = ("gallery.css",)
    scripts: ClassVar[tuple[str, ...]] = ("run-table.js",)
    id: str
    title: str
    caption: str
    columns: tuple[Column, ...]
    differing: tuple[Column, ...]
    rows: tuple[RunRow, ...]
    compare: str
    note: str = ""


@dataclass(frozen=True)
class Compare(Part):
    """The room in which a script compares runs; without one, the way to each recipe's table."""

    template: ClassVar[str] = "parts/compare.html"
    styles: ClassVar[tuple[str, ...]] = ("compare.css",)
    scripts: ClassVar[tuple[str, ...]] = (
        "frames.js",
        "compare.js",
        "compare-choosing.js",
        "compare-view.js",
        "compare-stages.js",
        "compare-curves.js",
        "compare-table.js",
    )
    index: str
    recipes: tuple[Link, ...]
