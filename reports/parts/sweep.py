"""Parts of a sweep's page: its runs laid out, their measures in a table, what they share; sweeps on a shelf."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from orbifolio.reports.links import Link, Status
from orbifolio.reports.parts.base import Fact, PageImage, Part
from orbifolio.reports.parts.gallery import Column, Value


@dataclass(frozen=True)
class MemberCell:
    """A run of the sweep.

    Attributes:
        number: its place in the sweep, from 0.
        href: of its page, or "".
        ratio: width / height, kept within what a row can show.
        title: what differs; `hint` is the whole of it.
        style: of its curve, or -1 where it has none.
        nothing: what stands in the picture's place while there is none.
        facts: loss and time.
        share: percent done while it runs, "" if it cannot be told; None if it does not run.
        message: why it failed.
    """

    number: int
    href: str
    picture: PageImage | None
    ratio: str
    title: str
    hint: str
    style: int
    status: Status
    nothing: str
    facts: tuple[str, ...]
    share: str | None = None
    line: str = ""
    message: str = ""

    @property
    def done(self) -> bool:
        """Whether there is nothing more to say than its picture does."""
        return self.status.kind == "done"


@dataclass(frozen=True)
class Head:
    """A heading over members, of an HTML level, or the head of a row or column: the name of what varies, a value."""

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
    """All runs of the sweep, and for those who have JavaScript a menu that sorts them.

    Attributes:
        lead: a line under the heading.
        ordered: what the menu calls the sweep's own order.
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
    data: Mapping[str, Any]


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

    template: ClassVar[str] = "parts/common.html"
    listed: ClassVar[bool] = True
    styles: ClassVar[tuple[str, ...]] = ("sweep.css",)
    id: ClassVar[str] = "common"
    title: ClassVar[str] = "The same in all runs"
    summary: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class SweepCard:
    """A sweep on the shelf: a few of its pictures, small."""

    href: str
    title: str
    pictures: tuple[PageImage, ...]
    facts: tuple[str, ...]
    status: Status | None


@dataclass(frozen=True)
class SweepShelf(Part):
    """Sweeps, newest first; `more` leads to all of them."""

    template: ClassVar[str] = "parts/shelf.html"
    styles: ClassVar[tuple[str, ...]] = ("gallery.css", "sweep.css")
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "sweeps"
    title: str
    cards: tuple[SweepCard, ...]
    more: Link | None = None
