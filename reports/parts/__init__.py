"""What pages are made of: one frozen dataclass for each part, with the template that shows it.

A part is finished: text in words, addresses relative to its page, booleans already decided. `id` is
unique on a page; a part that is `listed` appears in the page's table of contents by its `title`.
"""

from reports.parts.base import Cell, Empty, Fact, Facts, Listing, Notice, Part, Picture, Progress, Table
from reports.parts.curves import Curves, Whereabouts
from reports.parts.files import Animation, Clip, DeepZoom, Download, Downloads
from reports.parts.gallery import (
    Choice,
    Chooser,
    Column,
    Compare,
    Filters,
    RunRow,
    RunTable,
    Section,
    Value,
    Wall,
    WallCard,
)
from reports.parts.record import Again, Command, Parameters, References, Weight, Weights
from reports.parts.run import (
    ClaimRow,
    FrameCard,
    Frames,
    Hero,
    Ink,
    InputCard,
    Inputs,
    PhaseCard,
    Phases,
    StageCard,
    Stages,
    Symmetry,
    TilePreview,
)
from reports.parts.viewer import Comparison, Pair, Scrubber

__all__ = [
    "Again",
    "Animation",
    "Cell",
    "Choice",
    "Chooser",
    "ClaimRow",
    "Clip",
    "Column",
    "Command",
    "Compare",
    "Comparison",
    "Curves",
    "DeepZoom",
    "Download",
    "Downloads",
    "Empty",
    "Fact",
    "Facts",
    "Filters",
    "FrameCard",
    "Frames",
    "Hero",
    "Ink",
    "InputCard",
    "Inputs",
    "Listing",
    "Notice",
    "Pair",
    "Parameters",
    "Part",
    "PhaseCard",
    "Phases",
    "Picture",
    "Progress",
    "References",
    "RunRow",
    "RunTable",
    "Scrubber",
    "Section",
    "StageCard",
    "Stages",
    "Symmetry",
    "Table",
    "TilePreview",
    "Value",
    "Wall",
    "WallCard",
    "Weight",
    "Weights",
    "Whereabouts",
]
