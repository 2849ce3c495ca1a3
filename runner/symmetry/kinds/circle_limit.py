"""The hyperbolic plane tiled by one figure, as in Escher's Circle Limits: (outline, {p, q}) -> symmetry of a disk.

The nearest outline that tiles by a triangle group's turns is one of its fundamental domains, so the symmetry is that of
`hyperbolic`, exact in the same way. The figure adds which colours the turns exchange, their inks, and a picture to
begin with: the figure's own drawing in every tile, as small as these become.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.deferred import torch
from orbifolio.runner.errors import IllegalSymmetry
from orbifolio.runner.named_files import FileName
from orbifolio.runner.symmetry.aspect import Ratio
from orbifolio.runner.symmetry.base import DrawingLook, Layout, SymmetrySettings
from orbifolio.runner.symmetry.charts import Chart
from orbifolio.runner.symmetry.groups.presentation import homomorphisms
from orbifolio.runner.symmetry.groups.triangle import Triangle, tangent_frames
from orbifolio.runner.symmetry.inks import Inks, inks_of
from orbifolio.runner.symmetry.kinds.hyperbolic import ChartName, HyperbolicSymmetry, chart_named, presentation
from orbifolio.runner.symmetry.kinds.isohedral import COLOURS, Cuts
from orbifolio.runner.symmetry.layouts.folded import FoldedLayout
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


class CircleLimitSymmetry(HyperbolicSymmetry):
    """A triangle group's turns whose fundamental domain is a figure: see `base.Symmetry`.

    Attributes:
        tile: the figure and its tile.
        inks: of the tiles' colours.
    """

    printed = True

    def __init__(
        self,
        tile: CurvedTile,
        assignment: Mapping[str, int],
        inks: Inks,
        chart: Chart,
        *,
        chart_name: ChartName,
        reach: float,
    ) -> None:
        super().__init__(tile.local.triangle, assignment, chart, chart_name=chart_name, reach=reach)
        self.tile, self.inks = tile, inks
        self.colour_count = len(inks.colours)
        self.title = f"{self.group}, {tile.figure.name} in {self.colour_count} colours"
        self.notes = (f"{tile.figure.name} tiles by the turns of {self.group}, distance {tile.candidate.distance:.3f}",)
        self.notes = (*self.notes, f"cuts: {_spelled(tile.candidate.template)}")

    def layout(self, width: int, height: int) -> FoldedLayout:
        """The group's, printed in the tiles' colours: see `base.Symmetry.layout`."""
        return super().layout(width, height).printed(self.inks)

    def channels(self, picture: F64) -> F64:
        """Before it was printed: see `base.Symmetry.channels`."""
        return self.inks.channels(picture)

    def in_gamut(self, artwork: Tensor) -> Tensor:
        """Drawn towards ink and paper: see `base.Symmetry.in_gamut`."""
        pixels = artwork.detach().double().cpu().permute(0, 2, 3, 1).numpy()
        return torch.from_numpy(self.inks.in_gamut(pixels)).permute(0, 3, 1, 2).to(artwork)

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
        copies = self.tile.copies(self.assignment)
        shown = permutations(self.colour_count)
        colour_of = np.array([shown[item.element][0] for item in copies])
        side = 2 * self.tile.local.scale * float(np.ptp(self.tile.tile.real) + np.ptp(self.tile.tile.imag)) / 2
        raster = round(float(np.clip(FINER_RASTER * side / spacing, *RASTERS)))
        drawing = self.tile.drawing(look, raster)
        right, up = tangent_frames(points, -1)
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

    def appearances(self) -> tuple[tuple[float, bool, F64], ...]:
        """The group's turns; colours stay, since they are the inks': see `base.Symmetry.appearances`."""
        ways = dict.fromkeys((angle, mirrored) for angle, mirrored, _ in super().appearances())
        return tuple((angle, mirrored, np.eye(3)) for angle, mirrored in ways)


def _spelled(fine: Template) -> str:
    """The cuts of a refined template, as a recipe has them."""
    lengths, start = [length // FINER for length in fine.lengths], fine.start // FINER
    return f"{{lengths: {lengths}, start: {start}, mirrored: {str(fine.mirrored).lower()}}}"


class CircleLimit(SymmetrySettings):
    """A figure of your own that fills the hyperbolic plane, as in Escher's Circle Limits.

    A tile is turned about its corners and the middle of an edge by the turns of {p, q}, or with r of a triangle group
    (p, q, r); the outline is bent as little as possible until it fits.
    """

    cites: ClassVar[tuple[str, ...]] = ("coxeter1972", "grunbaum1987", "nagata2020", "sorkine2007")

    kind: Literal["circle-limit"] = "circle-limit"
    figure: FileName = Field(min_length=1, max_length=1000)
    """What tiles: an SVG, a PNG that is cut out, a photograph of something before a calm ground, or `orbifolio:fish`;
    as of `isohedral`."""
    p: int = Field(ge=3, le=12)
    """Tiles around one corner; the picture's middle is such a place."""
    q: int = Field(ge=3, le=12)
    """Tiles around another corner; 1/p + 1/q + 1/r must be less than 1."""
    r: int = Field(default=2, ge=2, le=12)
    """Tiles around a third corner; 2 is a half turn about the middle of an edge."""
    pick: int = Field(default=1, ge=1, le=6)
    """Which of the candidates, 1 the best."""
    cuts: Cuts | None = None
    """The tile itself, instead of a search; `pick` has no meaning then."""
    colours: tuple[Hex, ...] = Field(default=COLOURS, min_length=3, max_length=4)
    """Colours of the tiles as `#rrggbb`, three or four; no neighbours have the same."""
    chart: ChartName = "disk"
    """The picture: Poincare's disk, Klein's disk, the upper half-plane, a band, or a square filled conformally."""
    radius: float = Field(default=1.0, gt=0.2, le=1.0)
    """Part of the disk that is shown: its radius in units of the whole disk's."""
    window: float = Field(default=0.5, ge=0.1, le=0.65)
    """Half the side of the windows that the network sees, in units of the disk's radius."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if Triangle(self.p, self.q, self.r).curvature >= 0:
            raise ValueError(
                f"({self.p}, {self.q}, {self.r}); 1/p + 1/q + 1/r is less than 1 in the hyperbolic plane; use larger "
                "numbers, as in p: 6, q: 4"
            )
        if self.cuts is not None:
            kind, lengths = curved_type(self.p, self.q, self.r), self.cuts.lengths
            fits = len(lengths) == kind.edges and kind.lengths(kind.counts(lengths)) == lengths
            if not fits or min(lengths) < 1 or not 12 <= sum(lengths) <= 400:
                raise ValueError(
                    f"cuts.lengths {list(lengths)} for {kind.name}; it has {kind.edges} edges, of which partners have "
                    "the same points, 12 to 400 in all; leave out the cuts, and the plan tells them"
                )
        return self

    def figures(self) -> tuple[str, ...]:
        """The figure's file."""
        return (self.figure,)

    def build(self, ratio: Ratio | None = None) -> CircleLimitSymmetry:
        """The working symmetry: see `SymmetrySettings.build`."""
        triangle = Triangle(self.p, self.q, self.r)
        try:
            tile = self._tile(triangle)
        except OutlineFault as fault:
            raise IllegalSymmetry(f"{self.figure!r} {fault}", where="figure") from fault
        try:
            inks = inks_of([from_hex(item) for item in self.colours])
        except ValueError as fault:
            raise IllegalSymmetry(f"{self.figure!r} {fault}", where="colours") from fault
        group = presentation(self.p, self.q, self.r, mirrors=False)
        actions = [dict(zip(group.names, row, strict=True)) for row in sorted(homomorphisms(group).tolist())]
        assignment = tile.colours(actions, len(self.colours))
        if assignment is None:
            raise IllegalSymmetry(
                f"{len(self.colours)} colours for ({self.p}, {self.q}, {self.r}); its turns do not permute so many so "
                "that neighbours differ; try another number of colours, or p: 6, q: 4",
                where="colours",
            )
        chart = chart_named(self.chart, triangle, self.radius, ratio)
        return CircleLimitSymmetry(tile, assignment, inks, chart, chart_name=self.chart, reach=self.window)

    def _tile(self, triangle: Triangle) -> CurvedTile:
        path = locate_figure(self.figure)
        if self.cuts is not None:
            name = curved_type(self.p, self.q, self.r).name
            return curved_tile(path, triangle, Template(name, self.cuts.lengths, self.cuts.start, self.cuts.mirrored))
        templates = curved_templates(path, triangle)
        if self.pick > len(templates):
            raise OutlineFault(f"has {len(templates)} candidates only; pick is at most that; pick a smaller one")
        return curved_tile(path, triangle, templates[self.pick - 1])
