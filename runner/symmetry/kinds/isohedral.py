"""A tiling by one figure: (outline) -> a plane group with the tiles' colour action, in a rectangle that repeats.

The nearest outline that tiles is a fundamental domain of a plane group, so the symmetry is that of `plane`, exact in
the same way. The tile adds which colours the group's elements exchange, where the rectangle lies in the lattice, the
inks of its colours and a picture to begin with: the figure's own drawing in every tile.
"""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import ClassVar, Literal

from platformdirs import user_cache_path
from pydantic import Field, ValidationInfo, field_validator

from orbifolio.runner.arrays import F32
from orbifolio.runner.errors import IllegalSymmetry
from orbifolio.runner.named_files import FileName
from orbifolio.runner.settings import Settings
from orbifolio.runner.symmetry.aspect import Ratio
from orbifolio.runner.symmetry.base import DrawingLook, SymmetrySettings
from orbifolio.runner.symmetry.inks import Inks, inks_of
from orbifolio.runner.symmetry.kinds.plane import PlaneSymmetry
from orbifolio.runner.symmetry.kinds.printed import Appearance, PrintedSymmetry, in_own_colours
from orbifolio.runner.symmetry.layouts.orbits import PlaneLayout
from orbifolio.runner.tilings.choice import ChosenTile, templates_of, tile_of_template
from orbifolio.runner.tilings.colourings import Colouring
from orbifolio.runner.tilings.covering import Covering
from orbifolio.runner.tilings.figures import locate_figure
from orbifolio.runner.tilings.outlines import OutlineFault
from orbifolio.runner.tilings.pictures import draw_tiling
from orbifolio.runner.tilings.supercells import Supercell, choose_supercell
from orbifolio.runner.tilings.types import TYPES, Template
from orbifolio.runner.vector.hex_colours import Hex, from_hex

TypeName = Literal["auto", "IH1", "IH2", "IH3", "IH4", "IH5", "IH6", "IH7", "IH21", "IH28"]
COLOURS = ("#d9643a", "#f3d9a0", "#3f7f8c")
MOST_POINTS = 160
"""Of cuts: twice as many as a search has, so that a tile is bent within half a second."""


def cache_folder() -> Path:
    """Where results of searches are kept."""
    given = os.environ.get("ORBIFOLIO_CACHE")
    return Path(given).expanduser() if given else user_cache_path("orbifolio")


class IsohedralSymmetry(PrintedSymmetry, PlaneSymmetry):
    """A plane group whose fundamental domain is a figure: see `base.Symmetry`.

    Attributes:
        tile: the figure and its tile.
        colouring: of the tiles.
        inks: of their colours.
    """

    def __init__(self, tile: ChosenTile, colouring: Colouring, inks: Inks, supercell: Supercell) -> None:
        group = tile.tiling.group
        super().__init__(group, colouring.assignment, tuple(colouring.assignment), supercell.frame)
        self.tile, self.colouring, self.inks = tile, colouring, inks
        kind = tile.tiling.kind
        self.ratio = supercell.ratio
        self.colour_count = colouring.count
        self.title = f"{kind.name} ({group.name}), {tile.figure.name} in {colouring.count} colours"
        notes = [
            f"{tile.figure.name} tiles as {kind.name} ({group.name}), distance {tile.candidate.distance:.3f}",
            f"the picture holds {supercell.frame.cells * group.order} tiles",
        ]
        if supercell.strain > 0.002:
            notes.append(f"the plane is stretched by {supercell.strain:.1%} so that it repeats in a rectangle")
        self.notes = (*notes, *supercell.frame.notes)

    @cached_property
    def covering(self) -> Covering:
        """The picture's tiles."""
        return Covering(self.tile.tiling, self.colouring, self.frame)

    def layout(self, width: int, height: int) -> PlaneLayout:
        """The plane group's, printed in the tiles' colours: see `base.Symmetry.layout`."""
        return super().layout(width, height).printed(self.inks)

    def drawing(self, width: int, height: int, look: DrawingLook) -> F32:
        """The figure in every tile: see `base.Symmetry.drawing`."""
        return draw_tiling(self.covering, self.tile.drawing(look), self.inks, width, height)

    def appearances(self) -> tuple[Appearance, ...]:
        """The group's, in the colours of the inks: see `base.Symmetry.appearances`."""
        return in_own_colours(super().appearances())


class Cuts(Settings):
    """How an outline is cut into a tile's edges, as `orbifolio tile` finds it."""

    lengths: tuple[int, ...] = Field(min_length=5, max_length=6)
    """Points of each edge."""
    start: int = Field(ge=0)
    """The point at which the first edge begins."""
    mirrored: bool = False
    """Whether the outline is first mirrored."""


class FigureSettings(SymmetrySettings):
    """A figure, its tile and the tiles' colours: what all kinds that tile by a figure have."""

    cites: ClassVar[tuple[str, ...]] = ("grunbaum1987", "kaplan2000", "nagata2020", "nagata2022", "sorkine2007")

    figure: FileName = Field(min_length=1, max_length=1000)
    """What tiles: an SVG whose path `outline` is its outline and whose other shapes are its drawing, a PNG that is cut
    out, or a photograph of something before a calm ground; or `orbifolio:bird`, one that comes with the program; or
    `upload:figure=orbifolio:bird`, which `--image figure=FILE` replaces."""
    type: TypeName = "auto"
    """The isohedral type; `auto` takes the best of all nine."""
    pick: int = Field(default=1, ge=1, le=24)
    """Which of the candidates, 1 the best."""
    cuts: Cuts | None = None
    """The tile itself, instead of a search; it needs a `type`, and `pick` has no meaning."""
    colours: tuple[Hex, ...] = Field(default=COLOURS, min_length=2, max_length=4)
    """Colours of the tiles as `#rrggbb`, two to four; no neighbours have the same. Three suit every type but IH28."""

    @field_validator("cuts")
    @classmethod
    def _of_the_type(cls, cuts: Cuts | None, info: ValidationInfo) -> Cuts | None:
        """Before anything is built of them, as `SymmetrySettings._legal` does."""
        if cuts is None or "type" not in info.data:
            return cuts
        name, lengths = info.data["type"], cuts.lengths
        kind = TYPES.get(name)
        if kind is None:
            raise ValueError("cuts without a type; they are those of one isohedral type; write it, as in type: IH4")
        if (
            len(lengths) != kind.edges
            or min(lengths) < 0
            or kind.lengths(kind.counts(lengths)) != lengths
            or not 12 <= sum(lengths) <= MOST_POINTS
        ):
            raise ValueError(
                f"lengths {list(lengths)} for {name}; it has {kind.edges} edges, of which partners have the "
                f"same points, 12 to {MOST_POINTS} in all; take them from `orbifolio tile`"
            )
        return cuts

    def figures(self) -> tuple[str, ...]:
        """The figure's file."""
        return (self.figure,)

    def coloured_tile(self) -> tuple[ChosenTile, Colouring, Inks]:
        """The tile, colours of its copies and their inks.

        Raises:
            IllegalSymmetry: the figure cannot tile, or not in these colours.
        """
        try:
            tile = self._tile()
        except OutlineFault as fault:
            raise IllegalSymmetry(f"{self.figure!r} {fault}", where="figure") from fault
        try:
            inks = inks_of([from_hex(colour) for colour in self.colours])
            return tile, tile.colouring(len(self.colours)), inks
        except (OutlineFault, ValueError) as fault:
            raise IllegalSymmetry(f"{self.figure!r} {fault}", where="colours") from fault

    def _tile(self) -> ChosenTile:
        path = locate_figure(self.figure)
        if self.cuts is not None:
            template = Template(self.type, self.cuts.lengths, self.cuts.start, self.cuts.mirrored)
            return tile_of_template(path, template)
        templates = templates_of(path, self.type, len(self.colours), cache_folder())
        if self.pick > len(templates):
            raise OutlineFault(f"has {len(templates)} candidates only; pick is at most that; pick a smaller one")
        return tile_of_template(path, templates[self.pick - 1])


class Isohedral(FigureSettings):
    """A figure of your own that fills the plane, as Escher's do, in two, three or four colours.

    The outline is bent as little as possible until it tiles; `orbifolio tile FIGURE` shows the best ways and writes a
    recipe. Nine types of tilings are general: IH1 (p1), IH2, IH3 (pg), IH4 (p2), IH5, IH6 (p2gg), IH7 (p3), IH21 (p6)
    and IH28 (p4).
    """

    kind: Literal["isohedral"] = "isohedral"
    tiles: int = Field(default=24, ge=2, le=400)
    """About how many tiles the picture shows."""

    def build(self, ratio: Ratio | None = None) -> IsohedralSymmetry:
        """The working symmetry: see `SymmetrySettings.build`."""
        tile, colouring, inks = self.coloured_tile()
        supercell = choose_supercell(tile.tiling, colouring, tile.upright, ratio=ratio, tiles=self.tiles)
        return IsohedralSymmetry(tile, colouring, inks, supercell)
