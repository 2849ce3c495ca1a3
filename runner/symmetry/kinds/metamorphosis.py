"""A strip on which plain polygons turn into a figure that tiles: (tile, strip) -> a picture to begin with.

What changes from left to right is in no group, so nothing is kept equal: the picture is plain, and the tiling lives in
the drawing that it begins with. There colours and common edges are exact, however far the edges are bent.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from orbifolio.runner.arrays import F32
from orbifolio.runner.errors import IllegalSymmetry
from orbifolio.runner.symmetry.aspect import Ratio
from orbifolio.runner.symmetry.base import DrawingLook
from orbifolio.runner.symmetry.inks import Inks
from orbifolio.runner.symmetry.kinds.isohedral import FigureSettings
from orbifolio.runner.symmetry.kinds.none import PlainPicture
from orbifolio.runner.tilings.metamorphosis import HEIGHT, RATIO, GrowingStrip
from orbifolio.runner.tilings.outlines import OutlineFault
from orbifolio.runner.tilings.pictures import RASTER


class MetamorphosisPicture(PlainPicture):
    """A picture without symmetry that begins as a strip: see `base.Symmetry`.

    Attributes:
        strip: the tiles.
        inks: of their colours.
    """

    def __init__(self, strip: GrowingStrip, inks: Inks) -> None:
        super().__init__()
        self.ratio = strip.ratio
        self.strip, self.inks = strip, inks
        figure, kind = strip.tile.figure.name, strip.tile.tiling.kind
        self.colour_count = strip.colouring.count
        self.title = f"polygons that turn into {figure}, {kind.name} in {strip.colouring.count} colours"
        self.notes = (
            f"{figure} tiles as {kind.name} ({kind.group}), distance {strip.tile.candidate.distance:.3f}",
            f"{len(strip.tiles)} tiles meet the strip",
        )

    def drawing(self, width: int, height: int, look: DrawingLook) -> F32:
        """The strip: see `base.Symmetry.drawing`."""
        return self.strip.draw(self.inks, width, height, look, RASTER)


class Metamorphosis(FigureSettings):
    """A strip on which plain polygons turn into a figure of your own, as in Escher's Metamorphosis.

    Edges bend from straight lines to the figure's outline, both tiles at an edge alike; its drawing fades in.
    """

    cites: ClassVar[tuple[str, ...]] = (*FigureSettings.cites, "tutte1963", "gortler2006")

    kind: Literal["metamorphosis"] = "metamorphosis"
    height: float = Field(default=HEIGHT, ge=1, le=12)
    """Of the strip, in sides of a tile: about how many tiles lie above each other."""

    def build(self, ratio: Ratio | None = None) -> MetamorphosisPicture:
        """The working symmetry: see `SymmetrySettings.build`."""
        tile, colouring, inks = self.coloured_tile()
        try:
            strip = GrowingStrip(tile, colouring, self.height, RATIO if ratio is None else ratio.value)
        except OutlineFault as fault:
            raise IllegalSymmetry(f"{self.figure!r} {fault}", where="figure") from fault
        return MetamorphosisPicture(strip, inks)
