"""A curved surface tiled by one figure: what the hyperbolic plane and the sphere have in common there.

The tile is a fundamental domain of the group of turns, so the symmetry is that of the surface's own kind, exact in the
same way. The figure adds inks for the colours that the turns exchange, and a picture to begin with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F32
from orbifolio.runner.deferred import torch
from orbifolio.runner.errors import IllegalSymmetry
from orbifolio.runner.named_files import FileName
from orbifolio.runner.symmetry.base import DrawingLook, Layout, SymmetrySettings
from orbifolio.runner.symmetry.groups.presentation import Presentation, homomorphisms
from orbifolio.runner.symmetry.groups.triangle import Triangle, tangent_frames
from orbifolio.runner.symmetry.inks import Inks, inks_of
from orbifolio.runner.symmetry.kinds.curved import CurvedSymmetry
from orbifolio.runner.symmetry.kinds.isohedral import COLOURS, MOST_POINTS, Cuts
from orbifolio.runner.symmetry.kinds.printed import Appearance, PrintedSymmetry, in_own_colours
from orbifolio.runner.symmetry.layouts.folded import FoldedLayout, FoldedSurface
from orbifolio.runner.tilings.colourings import permutations
from orbifolio.runner.tilings.curved import CurvedTile, curved_templates, curved_tile
from orbifolio.runner.tilings.figures import locate_figure
from orbifolio.runner.tilings.outlines import OutlineFault
from orbifolio.runner.tilings.search import FINER
from orbifolio.runner.tilings.types import Template, curved_type
from orbifolio.runner.vector.hex_colours import Hex, from_hex

if TYPE_CHECKING:
    from torch import Tensor

FINER_RASTER, RASTERS = 2.5, (200, 1800)  # of the tile's drawing, in nodes of its side, and the limits in pixels
SAMPLES = 3  # along each side of a node's surroundings


class CurvedFigure(PrintedSymmetry, CurvedSymmetry):
    """A group of turns whose fundamental domain is a figure, over the surface's own symmetry: see `base.Symmetry`.

    Attributes:
        tile: the figure and its tile.
        action: colour elements of the turns `face` and `edge` about P and R.
        inks: of the tiles' colours.
    """

    tile: CurvedTile
    action: Mapping[str, int]
    inks: Inks

    def take_figure(self, tile: CurvedTile, action: Mapping[str, int], inks: Inks) -> None:
        """Tile by a figure: attributes, title and notes."""
        self.tile, self.action, self.inks = tile, action, inks
        self.colour_count = len(inks.colours)
        self.title = f"{self.group}, {tile.figure.name} in {self.colour_count} colours"
        self.notes = (
            f"{tile.figure.name} tiles by the turns of {self.group}, distance {tile.candidate.distance:.3f}",
            f"cuts: {_spelled(tile.candidate.template)}",
        )

    def surface(self, spacing: float, max_values: int | None = None) -> FoldedSurface:
        """The group's, printed in the tiles' colours: see `curved.CurvedSymmetry.surface`."""
        return replace(super().surface(spacing, max_values), inks=self.inks)

    def drawing(self, width: int, height: int, look: DrawingLook) -> F32:
        """The figure in every tile: see `base.Symmetry.drawing`."""
        layout = self.layout(width, height)
        values = self.drawn(layout, look)
        picture: F32 = layout.render(values)[0].permute(1, 2, 0).clamp(0, 1).numpy().astype(np.float32)
        return picture

    def drawn(self, layout: Layout, look: DrawingLook) -> Tensor:
        """The figure at every node, the mean over its surroundings: see `base.Symmetry.drawn`."""
        assert isinstance(layout, FoldedLayout)
        points, spacing = layout.representatives(), layout.surface.spacing
        copies = self.tile.copies(self.action)
        shown = permutations(self.colour_count)
        colour_of = np.array([shown[item.element][0] for item in copies])
        side = 2 * self.tile.local.scale * float(np.ptp(self.tile.tile.real) + np.ptp(self.tile.tile.imag)) / 2
        raster = round(float(np.clip(FINER_RASTER * side / spacing, *RASTERS)))
        drawing = self.tile.drawing(look, raster)
        right, up = tangent_frames(points, self.triangle.curvature)
        total = np.zeros((len(points), 3))
        offsets = ((np.arange(SAMPLES) + 0.5) / SAMPLES - 0.5) * spacing
        for across in offsets.tolist():
            for along in offsets.tolist():
                near = self.triangle.normalised(points + across * right + along * up)
                number, _, place = self.tile.locate(near, copies)
                own, paper = drawing.at(place)
                rest = (1 - own - paper)[:, None]
                colours = self.inks.colours[colour_of[number]]
                total += own[:, None] * colours + paper[:, None] * self.inks.paper + rest * self.inks.ink
        channels = self.inks.channels(total / SAMPLES**2) - 0.5
        return layout.constrain(torch.from_numpy(channels.astype(np.float32)))

    def advisories(self) -> tuple[str, ...]:
        """None: all centres lie on outlines, whose ink no action changes: see `base.Symmetry.advisories`."""
        return ()

    def appearances(self) -> tuple[Appearance, ...]:
        """The group's, in the colours of the inks: see `base.Symmetry.appearances`."""
        return in_own_colours(super().appearances())


def _spelled(fine: Template) -> str:
    """The cuts of a refined template, as a recipe has them."""
    lengths, start = [length // FINER for length in fine.lengths], fine.start // FINER
    return f"{{lengths: {lengths}, start: {start}, mirrored: {str(fine.mirrored).lower()}}}"


class CurvedFigureSettings(SymmetrySettings):
    """A figure and the colours of its tiles on a curved surface."""

    figure: FileName = Field(min_length=1, max_length=1000)
    """What tiles: an SVG, a PNG that is cut out, a photograph of something before a calm ground, or `orbifolio:fish`;
    as of `isohedral`."""
    pick: int = Field(default=1, ge=1, le=6)
    """Which of the candidates, 1 the best."""
    cuts: Cuts | None = None
    """The tile itself, instead of a search; `pick` has no meaning then."""
    colours: tuple[Hex, ...] = Field(default=COLOURS, min_length=3, max_length=4)
    """Colours of the tiles as `#rrggbb`, three or four; no neighbours have the same."""

    def figures(self) -> tuple[str, ...]:
        """The figure's file."""
        return (self.figure,)

    def check_cuts(self, triangle: Triangle) -> None:
        """Refuse cuts of another type.

        Args:
            triangle: of the group.

        Raises:
            ValueError: they are.
        """
        if self.cuts is None:
            return
        kind, lengths = curved_type(triangle.p, triangle.q, triangle.r), self.cuts.lengths
        fits = len(lengths) == kind.edges and kind.lengths(kind.counts(lengths)) == lengths
        if not fits or min(lengths) < 1 or not 12 <= sum(lengths) <= MOST_POINTS:
            raise ValueError(
                f"cuts.lengths {list(lengths)} for {kind.name}; it has {kind.edges} edges, of which partners have "
                f"the same points, 12 to {MOST_POINTS} in all; leave out the cuts, and the plan tells them"
            )

    def coloured_tile(
        self, triangle: Triangle, group: Presentation, names: Mapping[str, str]
    ) -> tuple[CurvedTile, dict[str, int], Inks]:
        """The tile, the group's colour action and inks.

        Args:
            triangle: of the group.
            group: of turns.
            names: what it calls the turns `face` and `edge`.

        Raises:
            IllegalSymmetry: the figure cannot tile, or not in these colours.
        """
        try:
            tile = self._tile(triangle)
        except OutlineFault as fault:
            raise IllegalSymmetry(f"{self.figure!r} {fault}", where="figure") from fault
        try:
            inks = inks_of([from_hex(item) for item in self.colours])
        except ValueError as fault:
            raise IllegalSymmetry(f"{self.figure!r} {fault}", where="colours") from fault
        for row in sorted(homomorphisms(group).tolist()):
            assignment = dict(zip(group.names, row, strict=True))
            if tile.colours_neighbours({turn: assignment[name] for turn, name in names.items()}, len(self.colours)):
                return tile, assignment, inks
        raise IllegalSymmetry(
            f"{len(self.colours)} colours for {group.title}; its turns do not permute so many so that neighbours "
            "differ; try another number of colours, or another group, such as p: 6, q: 4 or O",
            where="colours",
        )

    def _tile(self, triangle: Triangle) -> CurvedTile:
        self.check_cuts(triangle)  # `SymmetrySettings._legal` builds before a kind's own validators have looked
        path = locate_figure(self.figure)
        if self.cuts is not None:
            name = curved_type(triangle.p, triangle.q, triangle.r).name
            return curved_tile(path, triangle, Template(name, self.cuts.lengths, self.cuts.start, self.cuts.mirrored))
        templates = curved_templates(path, triangle)
        if self.pick > len(templates):
            raise OutlineFault(f"has {len(templates)} candidates only; pick is at most that; pick a smaller one")
        return curved_tile(path, triangle, templates[self.pick - 1])
