"""The tree of pages: gallery -> recipe -> run -> phase -> step; each page is a header and its parts.

Pages and their parts are finished frozen dataclasses: every number is already in words and every
link already relative, so that a template only places them.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urljoin

from orbifolio.reports.data.gallery_facts import GalleryFacts
from orbifolio.reports.links import Header, Link
from orbifolio.reports.live_updates import LiveUpdate
from orbifolio.reports.parts.base import Part

REFRESH_SECONDS = 5
"""Seconds after which a browser without JavaScript reloads the page of a running run."""


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
        parts: its content, top to bottom.
        styles: style sheets beside the common one, by their names in `templates/assets`.
        scripts: scripts beside the common one, run in this order.
        facts: what the gallery says of itself.
        image: address of a picture that stands for the page where a link to it is previewed, relative, or "".
        live: what changed in its run, for open pages; None if they only need to know that something did.
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
    live: LiveUpdate | None = None
    facts: GalleryFacts = GalleryFacts()
    image: str = ""

    @property
    def all_styles(self) -> tuple[str, ...]:
        """The page's style sheets and those of its parts, each once."""
        return tuple(dict.fromkeys((*self.styles, *(name for part in self._all_parts for name in part.styles))))

    @property
    def all_scripts(self) -> tuple[str, ...]:
        """The page's scripts and those of its parts, each once."""
        return tuple(dict.fromkeys((*self.scripts, *(name for part in self._all_parts for name in part.scripts))))

    @property
    def _all_parts(self) -> tuple[Part, ...]:
        return tuple(each for part in self.parts for each in (part, *part.inner))

    @property
    def title(self) -> str:
        """The browser's title: this page as its heading calls it, then what it belongs to."""
        above = [crumb.label for crumb in reversed(self.crumbs[:-1])]
        return " · ".join([self.header.title, *above[:2]])

    @property
    def image_address(self) -> str:
        """The picture's whole address, as far as it is known where the gallery is published."""
        if not self.image or not self.facts.address:
            return self.image
        folder = self.path.parent.relative_to(self.path.parent.joinpath(self.root).resolve()).as_posix()
        return urljoin(self.facts.address, posixpath.normpath(posixpath.join(quote(folder), self.image)))

    @property
    def contents(self) -> tuple[Link, ...]:
        """Links to the parts that have a heading."""
        return tuple(
            Link(str(getattr(part, "title", "")), f"#{getattr(part, 'id', '')}") for part in self.parts if part.listed
        )
