"""Parts of the pages above the runs: walls of pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from reports.parts.base import Part, Picture
from reports.tree import Link, Status


@dataclass(frozen=True)
class WallCard:
    """A picture on the wall: `ratio` is width / height, kept within what a row can show."""

    href: str
    picture: Picture | None
    ratio: str
    title: str
    facts: tuple[str, ...]
    status: Status | None
    more: Link | None


@dataclass(frozen=True)
class Wall(Part):
    """Pictures in rows of equal height."""

    template: ClassVar[str] = "parts/wall.html"
    listed: ClassVar[bool] = True
    id: str
    title: str
    cards: tuple[WallCard, ...]
