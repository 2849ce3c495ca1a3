"""The tree of pages: gallery -> recipe -> run -> phase -> step; each page is a header and its parts.

Pages and parts (`parts.py`) are finished frozen dataclasses: every number is already in words and every
link already relative, so that a template only places them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from orbifolio.reports.pages.live_updates import Live
    from orbifolio.reports.parts import Part


@dataclass(frozen=True)
class Link:
    """A link as it stands on its page; an empty `href` is plain text."""

    label: str
    href: str = ""


@dataclass(frozen=True)
class Status:
    """How a run stands: `kind` names the colour, `label` the words."""

    kind: str
    label: str


STATUSES = {
    "done": Status("done", "Done"),
    "running": Status("running", "Running"),
    "failed": Status("failed", "Failed"),
    "interrupted": Status("interrupted", "Interrupted"),
    "stopped": Status("stopped", "Stopped unexpectedly"),
}


@dataclass(frozen=True)
class Header:
    """What a page is about.

    Attributes:
        above: a line in small letters over the title.
        facts: short facts in one line under it.
        status: how the run stands, or None where the page is not about one run.
    """

    title: str
    above: str = ""
    facts: tuple[str, ...] = ()
    status: Status | None = None


@dataclass(frozen=True)
class Page:
    """A finished page.

    Attributes:
        path: the file to write.
        kind: names the template, `pages/<kind>.html`.
        root: relative address of the gallery's folder, with a slash at its end.
        crumbs: the way from the gallery to here, outermost first; the last one is this page.
        refresh: seconds after which a browser loads it again, or None.
        previous: the sibling before this page, or None.
        following: the sibling after it, or None.
        parts: what stands on it, top to bottom.
        styles: style sheets beside the common one, by their names in `templates/assets`.
        scripts: scripts beside the common one, run in this order.
        live: what an open page is told while its run goes on, or None if only that something changed.
    """

    path: Path
    kind: str
    root: str
    header: Header
    crumbs: tuple[Link, ...]
    parts: tuple[Part, ...]
    description: str = ""
    refresh: int | None = None
    previous: Link | None = None
    following: Link | None = None
    styles: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    live: Live | None = None

    @property
    def all_styles(self) -> tuple[str, ...]:
        """The page's style sheets and those of its parts, each once."""
        return tuple(dict.fromkeys((*self.styles, *(name for part in self.parts for name in part.styles))))

    @property
    def all_scripts(self) -> tuple[str, ...]:
        """The page's scripts and those of its parts, each once."""
        return tuple(dict.fromkeys((*self.scripts, *(name for part in self.parts for name in part.scripts))))

    @property
    def title(self) -> str:
        """The browser's title: this page as its heading calls it, then what it belongs to."""
        above = [crumb.label for crumb in reversed(self.crumbs[:-1])]
        return " · ".join([self.header.title, *above[:2]])

    @property
    def contents(self) -> tuple[Link, ...]:
        """Links to the parts that have a heading."""
        return tuple(
            Link(str(getattr(part, "title", "")), f"#{getattr(part, 'id', '')}") for part in self.parts if part.listed
        )


@dataclass(frozen=True)
class Place:
    """A page's folder: it turns files into relative addresses."""

    folder: Path

    def to(self, target: Path, fragment: str = "") -> str:
        """The relative address of a file, percent-encoded, as it works from file://.

        >>> Place(Path("/g/hexagon/run")).to(Path("/g/assets/a b.css"))
        '../../assets/a%20b.css'
        """
        address = quote(Path(os.path.relpath(target, self.folder)).as_posix())
        if ":" in address.partition("/")[0]:
            address = f"./{address}"  # else it would read as a scheme
        return f"{address}#{quote(fragment)}" if fragment else address

    def root(self, gallery: Path) -> str:
        """The gallery's folder as seen from here, with a slash at its end."""
        return f"{self.to(gallery)}/"
