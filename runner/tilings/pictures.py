"""A tiling drawn: (covering, tile, inks, look) -> a picture, the same drawing in every tile.

A point of a tile has a share a of the tile's own colour and a share b of paper; ink is the lack of both. Both depend on
the point alone, not on the tile: so the picture has the tiling's symmetry, colours included, whatever is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from orbifolio.runner.arrays import C128, F32, F64
from orbifolio.runner.deferred import ndimage
from orbifolio.runner.symmetry.base import DrawingLook
from orbifolio.runner.symmetry.inks import Inks
from orbifolio.runner.tilings.carrying import Carrier
from orbifolio.runner.tilings.covering import Covering
from orbifolio.runner.tilings.figures import DrawnShape, Figure
from orbifolio.runner.tilings.outlines import inside

RASTER = 900  # pixels of a tile's longer side: more than any tile of a picture of 4,000 pixels has
FINER = 2  # times as fine while it is drawn
SAMPLES = 3  # along each side of a pixel
DEPTH = 0.06  # of a tile's side, over which shade fades from the outline
PHOTO_CONTRAST = 0.8  # of a photograph's lightness about its median, as shares of the tile's colour
MARGIN = 0.02  # around a raster, in a tile's side


@dataclass(frozen=True)
class TileDrawing:
    """A tile's drawing as rasters.

    Attributes:
        own: (h, w) share of the tile's colour.
        paper: (h, w) share of paper.
        corner: the point of the first pixel's middle, lower left.
        step: between pixels; rows run upwards.
    """

    own: F64
    paper: F64
    corner: complex
    step: float

    def at(self, points: C128) -> tuple[F64, F64]:
        """Both shares at points of the tile."""
        place = (points - self.corner) / self.step
        where = np.stack([place.imag, place.real])
        own, paper = (ndimage.map_coordinates(item, where, order=1, mode="nearest") for item in (self.own, self.paper))
        return own, paper


def draw_tile(tile: C128, figure: Figure, carrier: Carrier, look: DrawingLook, raster: int = RASTER) -> TileDrawing:
    """The drawing of one tile.

    Args:
        tile: (n,) its outline, of about area 1.
        figure: with the drawing.
        carrier: from the figure to the tile.
        look: how it is drawn.
        raster: pixels of its longer side.
    """
    low = complex(tile.real.min() - MARGIN, tile.imag.min() - MARGIN)
    high = complex(tile.real.max() + MARGIN, tile.imag.max() + MARGIN)
    step = max((high - low).real, (high - low).imag) / raster
    width, height = int((high - low).real / step) + 2, int((high - low).imag / step) + 2
    columns, rows = np.meshgrid(np.arange(width), np.arange(height))
    points = (low + step * (columns + 1j * rows)).ravel().astype(np.complex128)
    away = ndimage.distance_transform_edt(inside(tile, points).reshape(height, width)) * step
    own, paper = np.ones((height, width)), np.zeros((height, width))
    if look.inside and figure.photograph is not None:
        x, y = figure.photograph.pixels(carrier.fetch(points))
        light = ndimage.map_coordinates(figure.photograph.lightness, [y, x], order=1, mode="nearest")
        light = light.reshape(height, width)
        shown = light[away > 0]
        tone = 1 + PHOTO_CONTRAST * (light - np.median(shown)) / max(float(np.std(shown)), 1e-3) * 0.35
        own, paper = np.clip(tone, 0.15, 1.15), np.clip((tone - 1.15) * 0.6, 0, 0.6)
    own = own * (1 - look.shade * np.exp(-away / DEPTH))
    if look.inside:
        for shape in figure.shapes:
            own, paper = _laid(own, paper, carrier.carry_shape(shape), low, step)
    if look.line:
        covered = np.clip((look.line / 2 - away) / step + 0.5, 0, 1)
        own, paper = own * (1 - covered), paper * (1 - covered)
    return TileDrawing(own, paper, low, step)


def _laid(own: F64, paper: F64, shape: DrawnShape, low: complex, step: float) -> tuple[F64, F64]:
    """Both shares with a shape over them: its lightness replaces the tile's colour where it covers."""
    height, width = own.shape
    place = (shape.points - low) / step * FINER
    points = [(float(x), float(y)) for x, y in zip(place.real, place.imag, strict=True)]
    if shape.fill is not None and len(points) > 2:
        area = Image.new("L", (width * FINER, height * FINER))
        ImageDraw.Draw(area).polygon(points, fill=255)
        own, paper = _covered(own, paper, area, shape.fill)
    if shape.line is not None:
        line = Image.new("L", (width * FINER, height * FINER))
        thick = max(1.0, shape.width / step * FINER)
        pen = ImageDraw.Draw(line)
        path = [*points, points[0]] if shape.closed else points
        pen.line(path, fill=255, width=round(thick), joint="curve")
        for x, y in (path[0], path[-1]):
            pen.ellipse((x - thick / 2, y - thick / 2, x + thick / 2, y + thick / 2), fill=255)
        own, paper = _covered(own, paper, line, shape.line)
    return own, paper


def _covered(own: F64, paper: F64, cover: Image.Image, light: float) -> tuple[F64, F64]:
    height, width = own.shape
    share = np.asarray(cover.resize((width, height), Image.Resampling.BOX), np.float64) / 255
    return own * (1 - share), paper * (1 - share) + light * share


def draw_tiling(covering: Covering, drawing: TileDrawing, inks: Inks, width: int, height: int) -> F32:
    """(height, width, 3) the picture, sRGB in [0, 1]; it repeats in both directions.

    Args:
        covering: which tile is where.
        drawing: of the tile.
        inks: whose colours the tiles have, by number.
        width: in pixels.
        height: in pixels.
    """
    total = np.zeros((height, width, 3))
    offsets = (np.arange(SAMPLES) + 0.5) / SAMPLES - 0.5
    for down in offsets:
        for across in offsets:
            seen = covering.map(width, height, (float(across), float(down)))
            own, paper = drawing.at(seen.place.ravel())
            colours = inks.colours[seen.colour.ravel()]
            rest = (1 - own - paper)[:, None]
            printed = own[:, None] * colours + paper[:, None] * inks.paper + rest * inks.ink
            total += printed.reshape(height, width, 3)
    picture: F32 = np.clip(total / SAMPLES**2, 0, 1).astype(np.float32)
    return picture
