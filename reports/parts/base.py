"""Parts that any page may have, and what parts are made of: pictures, facts, cells."""

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


@dataclass(frozen=True)
class PageImage:
    """An `<img>`: `full` and `large` are addresses of the original and of its widest copy; `ratio` is for CSS."""

    src: str
    srcset: str
    sizes: str
    width: int
    height: int
    alt: str
    full: str
    ratio: str
    loading: str = "lazy"
    large: str = ""


@dataclass(frozen=True)
class Fact:
    """A term and its value, in words."""

    name: str
    value: str
    href: str = ""


@dataclass(frozen=True)
class Cell:
    """A table's cell; `numeric` ones are aligned at the right."""

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
    """Terms and values."""

    template: ClassVar[str] = "parts/facts.html"
    listed: ClassVar[bool] = True
    id: str
    title: str
    facts: tuple[Fact, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Listing(Part):
    """Plain text in fixed letters."""

    template: ClassVar[str] = "parts/listing.html"
    listed: ClassVar[bool] = True
    id: str
    title: str
    text: str


@dataclass(frozen=True)
class Notice(Part):
    """Something that must be read: `tone` is `bad`, `caution` or `calm`."""

    template: ClassVar[str] = "parts/notice.html"
    tone: str
    heading: str
    lines: tuple[str, ...]
    command: str = ""


@dataclass(frozen=True)
class Empty(Part):
    """Nothing here yet, and how to change that."""

    template: ClassVar[str] = "parts/empty.html"
    text: str
    command: str


@dataclass(frozen=True)
class ProgressDisplay(Part):
    """How far a running run is; `share` is in percent, "" if it cannot be told."""

    template: ClassVar[str] = "parts/progress.html"
    share: str
    line: str
    left: str
