"""Parts that offer files: pictures and data to take away, the animation, the picture in tiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from orbifolio.reports.parts.base import PageImage, Part


@dataclass(frozen=True)
class Download:
    """A file to take away.

    Attributes:
        name: what a browser should call it.
        facts: format, pixels, size.
        picture: how it looks, small, or None for data.
    """

    label: str
    href: str
    name: str
    facts: tuple[str, ...]
    picture: PageImage | None = None


@dataclass(frozen=True)
class Downloads(Part):
    """The files of the run: pictures as tiles, data as a list."""

    template: ClassVar[str] = "parts/downloads.html"
    styles: ClassVar[tuple[str, ...]] = ("downloads.css",)
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "files"
    title: ClassVar[str] = "Files"
    pictures: tuple[Download, ...]
    data: tuple[Download, ...]


@dataclass(frozen=True)
class Clip:
    """One file of the animation: `kind` is its media type, `facts` its format and size."""

    href: str
    kind: str
    name: str
    facts: tuple[str, ...]


@dataclass(frozen=True)
class Animation(Part):
    """How the picture came to be, moving: nothing moves before the reader asks.

    Attributes:
        still: shown until then.
        clips: its files, the best first.
        lead: how many frames, how long.
        ratio: width / height as CSS reads it.
    """

    template: ClassVar[str] = "parts/animation.html"
    styles: ClassVar[tuple[str, ...]] = ("downloads.css",)
    scripts: ClassVar[tuple[str, ...]] = ("animation.js",)
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "animation"
    title: ClassVar[str] = "Animation"
    still: PageImage
    clips: tuple[Clip, ...]
    lead: str
    width: int
    height: int
    ratio: str

    @property
    def images(self) -> tuple[Clip, ...]:
        """Those that a page shows as a picture; the last one is read by every browser."""
        return tuple(clip for clip in self.clips if clip.kind.startswith("image/"))


@dataclass(frozen=True)
class DeepZoom(Part):
    """A picture in tiles of many sizes.

    Attributes:
        picture: a copy that a page can show whole, for browsers without JavaScript.
        data: the pyramid's description and where its tiles lie, for the page's script.
        endless: whether it continues over at least one pair of its edges.
        label: its name for whoever cannot see it.
    """

    template: ClassVar[str] = "parts/deepzoom.html"
    styles: ClassVar[tuple[str, ...]] = ("deepzoom.css",)
    scripts: ClassVar[tuple[str, ...]] = ("vendor/openseadragon.min.js", "deepzoom.js")
    picture: PageImage
    data: Mapping[str, Any]
    endless: bool
    label: str
