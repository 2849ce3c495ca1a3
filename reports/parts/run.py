"""Parts that show a run: its picture, its frames, its symmetry, what went in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup

from orbifolio.reports.links import Link
from orbifolio.reports.parts.base import Fact, PageImage, Part
from orbifolio.reports.parts.viewer import Scrubber


@dataclass(frozen=True)
class LeadImage(Part):
    """The picture, large and first, with the words that belong beside it."""

    template: ClassVar[str] = "parts/hero.html"
    styles: ClassVar[tuple[str, ...]] = ("viewer.css", "lightbox.css")
    scripts: ClassVar[tuple[str, ...]] = ("zooming.js", "lightbox.js", "frames.js", "scrubber.js")
    picture: PageImage | None
    caption: str
    scrubber: Scrubber | None
    about: Markup
    facts: tuple[Fact, ...]
    links: tuple[Link, ...]


@dataclass(frozen=True)
class TilePreview(Part):
    """The wallpaper: a tile repeated as a background, `width` x `height` CSS pixels at first.

    Attributes:
        large: address of a copy with all its pixels, or "" if there is none beside `src`.
        way: `both`, `across` or `down`: over which edges the tile continues.
        repeat: the same, as CSS says it.
        natural: the tile's own width in pixels.
    """

    template: ClassVar[str] = "parts/tile.html"
    styles: ClassVar[tuple[str, ...]] = ("tile.css",)
    scripts: ClassVar[tuple[str, ...]] = ("tile.js",)
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "wallpaper"
    title: ClassVar[str] = "Wallpaper"
    src: str
    large: str
    way: str
    repeat: str
    width: int
    height: int
    natural: int
    label: str


@dataclass(frozen=True)
class ColourChannel:
    """One output channel of a colour action: `name` is r, g, b, or nr, ng, nb where inverted."""

    name: str


@dataclass(frozen=True)
class ClaimRow:
    """One symmetry, claimed or not, and what was measured."""

    name: str
    colour: str
    inks: tuple[ColourChannel, ...]
    residual: str
    second: str
    verdict: str
    tone: str


@dataclass(frozen=True)
class SymmetrySection(Part):
    """What the symmetry promises and what the pixels say."""

    template: ClassVar[str] = "parts/symmetry.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "symmetry"
    title: ClassVar[str] = "Symmetry"
    lead: str
    verdict: str
    tone: str
    facts: tuple[Fact, ...]
    notes: tuple[str, ...]
    claims: tuple[ClaimRow, ...]
    unclaimed: tuple[ClaimRow, ...]


@dataclass(frozen=True)
class InputCard:
    """A picture that went in, as given and as prepared."""

    name: str
    facts: tuple[str, ...]
    original: PageImage | None
    prepared: PageImage | None = None


@dataclass(frozen=True)
class Inputs(Part):
    """The pictures that the run was given."""

    template: ClassVar[str] = "parts/inputs.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "inputs"
    title: ClassVar[str] = "Input pictures"
    cards: tuple[InputCard, ...]


@dataclass(frozen=True)
class StageCard:
    """A picture between the input and the start."""

    name: str
    picture: PageImage


@dataclass(frozen=True)
class Stages(Part):
    """The pictures between the input and the start, in their order."""

    template: ClassVar[str] = "parts/stages.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "stages"
    title: ClassVar[str] = "On the way"
    cards: tuple[StageCard, ...]


@dataclass(frozen=True)
class FrameCard:
    """A frame in a strip: the picture leads to its file, the label (`href`) to its page."""

    href: str
    picture: PageImage | None
    label: str


@dataclass(frozen=True)
class PhaseCard:
    """One phase on the run's page."""

    id: str
    title: str
    href: str
    facts: tuple[str, ...]
    frames: tuple[FrameCard, ...]
    more: str
    status: str


@dataclass(frozen=True)
class Phases(Part):
    """All phases, a card each."""

    template: ClassVar[str] = "parts/phases.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "phases"
    title: ClassVar[str] = "Phases"
    cards: tuple[PhaseCard, ...]


@dataclass(frozen=True)
class Frames(Part):
    """Frames of a phase: all of them, or a sample and a note that says where the others are."""

    template: ClassVar[str] = "parts/frames.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "frames"
    title: ClassVar[str] = "Frames"
    cards: tuple[FrameCard, ...]
    note: str = ""
