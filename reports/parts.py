"""What pages are made of: one frozen dataclass for each part, with the template that shows it.

A part is finished: text in words, addresses relative to its page, booleans already decided. `id` is
unique on a page; a part that is `listed` appears in the page's table of contents by its `title`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup

from reports.curves import Chart
from reports.prose import Token
from reports.references import Reference
from reports.tree import Link, Status


@dataclass(frozen=True)
class Picture:
    """An `<img>`: `full` is the address of the original, `ratio` width / height as CSS reads it."""

    src: str
    srcset: str
    sizes: str
    width: int
    height: int
    alt: str
    full: str
    ratio: str
    loading: str = "lazy"


@dataclass(frozen=True)
class Fact:
    """A term and its value, in words."""

    name: str
    value: str
    href: str = ""


@dataclass(frozen=True)
class Part:
    """The base of all parts."""

    template: ClassVar[str] = ""
    listed: ClassVar[bool] = False


@dataclass(frozen=True)
class Notice(Part):
    """Something that must be read: `tone` is `bad`, `caution` or `calm`."""

    template: ClassVar[str] = "parts/notice.html"
    tone: str
    heading: str
    lines: tuple[str, ...]
    command: str = ""


@dataclass(frozen=True)
class Progress(Part):
    """How far a running run is; `share` is in percent, "" if it cannot be told."""

    template: ClassVar[str] = "parts/progress.html"
    share: str
    line: str
    left: str


@dataclass(frozen=True)
class FrameStop:
    """One stop of the slider under a picture."""

    src: str
    label: str


@dataclass(frozen=True)
class Hero(Part):
    """The picture, large and first, with the words that belong beside it."""

    template: ClassVar[str] = "parts/hero.html"
    picture: Picture | None
    caption: str
    stops: tuple[FrameStop, ...]
    about: Markup
    facts: tuple[Fact, ...]
    links: tuple[Link, ...]

    @property
    def stops_data(self) -> list[dict[str, str]]:
        """The slider's stops, for the page's script."""
        return [{"src": stop.src, "label": stop.label} for stop in self.stops]


@dataclass(frozen=True)
class TilePreview(Part):
    """The wallpaper: a tile repeated as a background, `width` x `height` CSS pixels at first."""

    template: ClassVar[str] = "parts/tile.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "wallpaper"
    title: ClassVar[str] = "Wallpaper"
    src: str
    repeat: str
    width: int
    height: int
    natural: int
    label: str


@dataclass(frozen=True)
class Ink:
    """One output channel of a colour action: `name` is r, g, b, or nr, ng, nb where inverted."""

    name: str


@dataclass(frozen=True)
class ClaimRow:
    """One symmetry, claimed or not, and what was measured."""

    name: str
    colour: str
    inks: tuple[Ink, ...]
    residual: str
    second: str
    verdict: str
    tone: str


@dataclass(frozen=True)
class Symmetry(Part):
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
    original: Picture | None
    prepared: Picture | None


@dataclass(frozen=True)
class Inputs(Part):
    """The pictures that the run was given."""

    template: ClassVar[str] = "parts/inputs.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "inputs"
    title: ClassVar[str] = "Style and content"
    cards: tuple[InputCard, ...]


@dataclass(frozen=True)
class FrameCard:
    """A frame in a strip."""

    href: str
    picture: Picture | None
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
    """All frames of a phase."""

    template: ClassVar[str] = "parts/frames.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "frames"
    title: ClassVar[str] = "Frames"
    cards: tuple[FrameCard, ...]


@dataclass(frozen=True)
class Curves(Part):
    """Curves over the steps."""

    template: ClassVar[str] = "parts/curves.html"
    listed: ClassVar[bool] = True
    charts: tuple[Chart, ...]
    id: str = "curves"
    title: str = "Loss"


@dataclass(frozen=True)
class Cell:
    """A table's cell; `numeric` ones are aligned at the right."""

    text: str
    href: str = ""
    numeric: bool = False
    status: Status | None = None


@dataclass(frozen=True)
class Table(Part):
    """Rows under a heading; the first cell of a row names it."""

    template: ClassVar[str] = "parts/table.html"
    listed: ClassVar[bool] = True
    id: str
    title: str
    caption: str
    columns: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Parameters(Part):
    """What was really used, as YAML and as JSON, and what the command line changed."""

    template: ClassVar[str] = "parts/parameters.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "parameters"
    title: ClassVar[str] = "Parameters"
    overrides: tuple[str, ...]
    yaml: tuple[Token, ...]
    json: str


@dataclass(frozen=True)
class Command:
    """A command to paste, and what it does."""

    heading: str
    text: str
    note: str


@dataclass(frozen=True)
class Again(Part):
    """How to run this again."""

    template: ClassVar[str] = "parts/again.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "again"
    title: ClassVar[str] = "Run this again"
    commands: tuple[Command, ...]


@dataclass(frozen=True)
class Weight:
    """The weights of one network."""

    name: str
    licence: str
    source: str
    sha256: str
    notes: str


@dataclass(frozen=True)
class Weights(Part):
    """Whose weights were used, under which licence."""

    template: ClassVar[str] = "parts/weights.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "weights"
    title: ClassVar[str] = "Weights"
    weights: tuple[Weight, ...]


@dataclass(frozen=True)
class References(Part):
    """Where the ideas come from."""

    template: ClassVar[str] = "parts/references.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "references"
    title: ClassVar[str] = "References"
    references: tuple[Reference, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class Download:
    """A file to take away."""

    label: str
    href: str
    note: str
    picture: Picture | None = None


@dataclass(frozen=True)
class Downloads(Part):
    """The files of the run."""

    template: ClassVar[str] = "parts/downloads.html"
    listed: ClassVar[bool] = True
    id: ClassVar[str] = "files"
    title: ClassVar[str] = "Files"
    files: tuple[Download, ...]


@dataclass(frozen=True)
class Facts(Part):
    """Terms and values."""

    template: ClassVar[str] = "parts/facts.html"
    listed: ClassVar[bool] = True
    id: str
    title: str
    facts: tuple[Fact, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Listing(Part):
    """Plain text in fixed letters."""

    template: ClassVar[str] = "parts/listing.html"
    listed: ClassVar[bool] = True
    id: str
    title: str
    text: str


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


@dataclass(frozen=True)
class Empty(Part):
    """Nothing here yet, and how to change that."""

    template: ClassVar[str] = "parts/empty.html"
    text: str
    command: str
