"""What pages are made of: one frozen dataclass for each part, with the template that shows it.

A part is finished: text in words, addresses relative to its page, booleans already decided. `id` is
unique on a page; a part that is `listed` appears in the page's table of contents by its `title`.
"""

from reports.parts.base import Cell, Empty, Fact, Facts, Listing, Notice, Part, Picture, Progress, Table
from reports.parts.gallery import Wall, WallCard
from reports.parts.record import Again, Command, Curves, Download, Downloads, Parameters, References, Weight, Weights
from reports.parts.run import (
    ClaimRow,
    FrameCard,
    Frames,
    FrameStop,
    Hero,
    Ink,
    InputCard,
    Inputs,
    PhaseCard,
    Phases,
    Symmetry,
    TilePreview,
)

__all__ = [
    "Again",
    "Cell",
    "ClaimRow",
    "Command",
    "Curves",
    "Download",
    "Downloads",
    "Empty",
    "Fact",
    "Facts",
    "FrameCard",
    "FrameStop",
    "Frames",
    "Hero",
    "Ink",
    "InputCard",
    "Inputs",
    "Listing",
    "Notice",
    "Parameters",
    "Part",
    "PhaseCard",
    "Phases",
    "Picture",
    "Progress",
    "References",
    "Symmetry",
    "Table",
    "TilePreview",
    "Wall",
    "WallCard",
    "Weight",
    "Weights",
]
