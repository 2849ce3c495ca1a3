"""What pages are made of: for each part a module with its dataclass and its builder, and the template that shows it.

A part is finished: text in words, addresses relative to its page, booleans already decided. `id` is
unique on a page; a part that is `listed` appears in the page's table of contents by its `title`.
"""

from orbifolio.reports.parts.base import DataTable, Empty, FactList, Listing, Part
from orbifolio.reports.parts.blind import Blind
from orbifolio.reports.parts.compare import Compare
from orbifolio.reports.parts.curves import Curves, PositionMarker
from orbifolio.reports.parts.deepzoom import DeepZoom
from orbifolio.reports.parts.downloads import Downloads
from orbifolio.reports.parts.filters import Filters
from orbifolio.reports.parts.frames import Frames
from orbifolio.reports.parts.hero import Hero
from orbifolio.reports.parts.image_pairs import ImagePairs
from orbifolio.reports.parts.inputs import Inputs
from orbifolio.reports.parts.introduction import Introduction
from orbifolio.reports.parts.lead_image import LeadImage
from orbifolio.reports.parts.measures import Measures, SharedParameters
from orbifolio.reports.parts.members import Members
from orbifolio.reports.parts.neighbours import Neighbours
from orbifolio.reports.parts.notice import Notice
from orbifolio.reports.parts.painting.candidates import Candidates
from orbifolio.reports.parts.painting.class_cells import ClassCells
from orbifolio.reports.parts.painting.marks import PaintedMarks
from orbifolio.reports.parts.painting.stroke_comparison import StrokeComparison
from orbifolio.reports.parts.phases import Phases
from orbifolio.reports.parts.product.endless_zoom import EndlessZoom
from orbifolio.reports.parts.product.globe import GlobeView
from orbifolio.reports.parts.product.wallpaper import TilePreview
from orbifolio.reports.parts.progress import ProgressDisplay
from orbifolio.reports.parts.provenance import References, RerunCommands, Weights
from orbifolio.reports.parts.run_table import RunTable
from orbifolio.reports.parts.sweep_shelf import SweepShelf
from orbifolio.reports.parts.symmetry import SymmetrySection
from orbifolio.reports.parts.thumbnail_grid import ThumbnailGrid

PARTS: tuple[type[Part], ...] = (
    # of any page
    DataTable,
    Empty,
    FactList,
    Listing,
    Notice,
    ProgressDisplay,
    # of a run, its phases and its frames
    Hero,
    LeadImage,
    GlobeView,
    EndlessZoom,
    TilePreview,
    ImagePairs,
    StrokeComparison,
    Candidates,
    ClassCells,
    PaintedMarks,
    SymmetrySection,
    Inputs,
    Phases,
    Frames,
    Curves,
    PositionMarker,
    RerunCommands,
    Weights,
    References,
    Downloads,
    DeepZoom,
    Neighbours,
    # of the pages above the runs
    Introduction,
    Filters,
    ThumbnailGrid,
    RunTable,
    Blind,
    Compare,
    SweepShelf,
    # of a sweep
    Members,
    Measures,
    SharedParameters,
)
"""All parts; each names its template, `templates/parts/*.html`."""
