"""What any page or part may carry: links, the status of a run, a page's heading, relative addresses.

Everything here is finished text: a template only places it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote


@dataclass(frozen=True)
class Link:
    """A link with its address relative to its page; an empty `href` is plain text."""

    label: str
    href: str = ""


@dataclass(frozen=True)
class Status:
    """The status of a run: `kind` names the colour, `label` the words."""

    kind: str
    label: str


STATUSES = {
    "done": Status("done", "Done"),
    "running": Status("running", "Running"),
    "failed": Status("failed", "Failed"),
    "interrupted": Status("interrupted", "Interrupted"),
    "stopped": Status("stopped", "Stopped unexpectedly"),
    "unreadable": Status("failed", "Report failed"),
}


def status_label(status: str) -> str:
    """A status in words; one of another version as it is."""
    return STATUSES[status].label if status in STATUSES else status


@dataclass(frozen=True)
class Header:
    """What a page is about.

    Attributes:
        above: a line in small letters over the title.
        facts: short facts in one line under it.
        status: of the run; None where the page is not about one run.
    """

    title: str
    above: str = ""
    facts: tuple[str, ...] = ()
    status: Status | None = None


@dataclass(frozen=True)
class Place:
    """A page's folder: it turns files into relative addresses."""

    folder: Path

    def to(self, target: Path, fragment: str = "") -> str:
        """The relative address of a file, percent-encoded, as it works from file://.

        >>> Place(Path("/g/hexagon/run")).to(Path("/g/assets/a b.css"))
        '../../assets/a%20b.css'
        """
        # encoded as the system does it: a name that is not UTF-8 has an address, too
        address = quote(os.fsencode(Path(os.path.relpath(target, self.folder)).as_posix()))
        if ":" in address.partition("/")[0]:
            address = f"./{address}"  # else it would read as a scheme
        return f"{address}#{quote(fragment)}" if fragment else address

    def root(self, gallery: Path) -> str:
        """The gallery's folder as seen from here, with a slash at its end."""
        return f"{self.to(gallery)}/"
