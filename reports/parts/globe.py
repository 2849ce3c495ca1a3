"""The part that shows a surface in space: a globe or a model that a reader can turn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from orbifolio.reports.links import Link
from orbifolio.reports.parts.base import PageImage, Part


@dataclass(frozen=True)
class GlobeView(Part):
    """A surface to turn; its picture, for browsers that cannot.

    Attributes:
        title: what kind of surface it is.
        label: its name for whoever cannot see it.
        scene: address of the script that holds shape and texture.
        still: how it looks from in front.
        lead: what can be done with it.
        links: to its files.
    """

    template: ClassVar[str] = "parts/globe.html"
    styles: ClassVar[tuple[str, ...]] = ("globe.css",)
    scripts: ClassVar[tuple[str, ...]] = ("painters.js", "globe.js")
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "globe"
    title: str
    label: str
    scene: str
    still: PageImage
    lead: str
    links: tuple[Link, ...]
