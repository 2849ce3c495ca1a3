"""The place where a script shows two runs without their names and asks which is better, and its address."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from orbifolio.reports.links import Place
from orbifolio.reports.parts.base import Part

BLIND_PAGE = "blind.html"


@dataclass(frozen=True)
class Blind(Part):
    """The place where a script shows pairs of pictures; without JavaScript, what it needs.

    Attributes:
        index: the script that lists the pictures, beside the page.
    """

    template: ClassVar[str] = "parts/blind.html"
    styles: ClassVar[tuple[str, ...]] = ("blind.css",)
    scripts: ClassVar[tuple[str, ...]] = ("bradley-terry.js", "blind.js", "blind-view.js", "blind-ranking.js")
    index: str


def blind_address(place: Place, gallery: Path, among: str = "") -> str:
    """The address of the blind page, with the pictures to choose from.

    Args:
        place: the folder of the page that has the link.
        gallery: the folder that holds all runs.
        among: `recipe/TYPE` or `sweep/NAME`; all pictures if "".

    >>> blind_address(Place(Path("/g/a b")), Path("/g"), "recipe/a b")
    '../blind.html#recipe/a%20b'
    """
    return place.to(gallery / BLIND_PAGE, among)
