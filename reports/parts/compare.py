"""The place where a script compares runs, and its address."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar
from urllib.parse import quote

from orbifolio.reports.links import Link, Place
from orbifolio.reports.parts.base import Part


@dataclass(frozen=True)
class Compare(Part):
    """The place where a script compares runs; without JavaScript, links to each recipe's table."""

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


COMPARE_PAGE = "compare.html"
RUN_INDEX = "runs.js"
"""The script at the gallery's root that lists all runs."""


def compare_address(place: Place, gallery: Path, *keys: str) -> str:
    """The address of the compare page with these runs selected.

    Args:
        place: the folder of the page that has the link.
        gallery: the folder that holds all runs.
        keys: of runs, `type/id`.

    >>> compare_address(Place(Path("/g/hexagon")), Path("/g"), "hexagon/1", "a b/2")
    '../compare.html#runs=hexagon/1,a%20b/2'
    """
    page = place.to(gallery / COMPARE_PAGE)
    return f"{page}#runs={','.join(quote(key) for key in keys)}" if keys else page
