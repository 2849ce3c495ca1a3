"""MyPaint, the real paint program, draws a document of strokes: painting -> picture (h, w, 3), at any size.

    redraw(painting, scale=4) -> pixels;   Paper(painting).opacity(stroke) -> where one stroke's paint goes

Each stroke is drawn by a fresh brush, whose random numbers start again, so a document is always the same picture, and a
stroke does not depend on those before it. That makes the program's canvas computable: a stroke's opacity is drawn once,
alone, and any colours can be laid over each other afterwards (`strokes.mypaint.mypaint_renderer` says why; a test
compares the result with the program's own canvas).

Convention: as in `strokes.document.document`; a box is (left, top, right, bottom) in pixels, the last two excluded.
"""

from __future__ import annotations

import colorsys
import math

import numpy as np
import numpy.typing as npt

from orbifolio.runner.arrays import F32
from orbifolio.runner.errors import InputError
from orbifolio.runner.strokes.brush_models.weights import real_brush
from orbifolio.runner.strokes.document.document import RADIUS, Painting
from orbifolio.runner.strokes.mypaint.actions import Space, bezier, pressure_at
from orbifolio.runner.strokes.mypaint.brush_file import BrushFile
from orbifolio.runner.strokes.mypaint.brush_trial import require_paint
from orbifolio.runner.strokes.mypaint.mypaint import ONE, TILE, Brush, TiledSurface, hush
from orbifolio.runner.strokes.stroke_array import END, END_PRESSURE, ENTRY_PRESSURE, START, VIA

Box = tuple[int, int, int, int]
Track = list[tuple[float, float, float]]
REACH, FRINGE = 3.2, 4.0  # radii, and pixels beyond them, within which a stroke may leave paint
MARGIN_RADII = 3.0  # of paper around the picture, for brushes that take up colour
ALONG = np.linspace(0.0, 1.0, 17)[:, None]  # where a curve's box is measured; what it misses is within `FRINGE`
MAX_SIDE = 1 << 14  # pixels; 16384 x 16384 are 2 GB of tiles


def redraw(painting: Painting, *, brush: BrushFile | None = None, scale: float = 1.0) -> F32:
    """A painting by the real program, (height, width, 3) sRGB in [0, 1].

    Args:
        brush: to use instead of the document's, or None.
        scale: of the result over the picture.

    Raises:
        MissingProgram: the program is not installed.
        InputError: it has no such brush or one that does not paint, or the result is too large.
    """
    sized = painting if scale == 1 else painting.scaled(scale)
    paper = Paper(sized, brush)
    for stroke, colour in zip(sized.strokes, sized.colours, strict=True):
        paper.draw(stroke, colour)
    hush()
    return paper.picture()


class Paper:
    """A surface of the program with a painting's size and paper, and a brush to draw on it."""

    def __init__(self, painting: Painting, brush: BrushFile | None = None, space: Space | None = None) -> None:
        """Take a fresh sheet.

        Args:
            painting: gives size, paper and brush; its strokes matter for the margin only.
            brush: to use instead of the painting's, or None.
            space: what pressures mean, and how a curve is given to the program.

        Raises:
            MissingProgram: the program is not installed.
            InputError: it has no such brush or one that does not paint, or the size is too large.
        """
        if max(painting.width, painting.height) > MAX_SIDE:
            raise InputError(
                f"{painting.width} x {painting.height} pixels: more than {MAX_SIDE} to a side; choose a smaller size"
            )
        self.brush = require_paint(brush or real_brush(painting.brush))
        self.space = space or Space()
        self.width, self.height = painting.width, painting.height
        max_radius = float(painting.strokes[:, RADIUS].max()) if len(painting) else 0.0
        # Beyond its edge the surface is black, so a brush that takes up colour gets a margin of paper.
        self.margin = TILE * math.ceil(MARGIN_RADII * max_radius / TILE) if self.brush.smudges else 0
        self._times = self.space.times()
        self._surface = TiledSurface(self.width + 2 * self.margin, self.height + 2 * self.margin)
        ground = np.rint(np.array([*painting.paper, 1.0]) * ONE).astype(np.uint16)
        self._fill(ground)

    def _fill(self, value: npt.NDArray[np.uint16] | int, box: Box | None = None) -> None:
        """All tiles, or those that a box of the surface touches."""
        left, top, right, bottom = box or (0, 0, self._surface.columns * TILE, self._surface.rows * TILE)
        for row in range(top // TILE, -(-bottom // TILE)):
            for column in range(left // TILE, -(-right // TILE)):
                self._surface.tile(column, row)[...] = value

    def draw(self, stroke: F32, colour: F32) -> None:
        """Lay a stroke (10,) of a document in a colour (3,) over what is there."""
        try:
            pen = Brush(self.brush.text)
        except ValueError as error:
            raise InputError(f"{self.brush.name}: {error}; open and save it in MyPaint 1.2 or later") from None
        hue, saturation, value = colorsys.rgb_to_hsv(*map(float, colour))
        pen.set(b"color_h", hue)
        pen.set(b"color_s", saturation)
        pen.set(b"color_v", value)
        pen.set(b"radius_logarithmic", math.log(max(float(stroke[RADIUS]), 1e-3)))
        track = self._track(stroke)
        pen.lift(self._surface, track[0][0], track[0][1])
        pen.stroke(self._surface, track, self.space.seconds)

    def _track(self, stroke: F32) -> Track:
        """(x, y, pressure) of every point that the program is given."""
        wide = np.asarray(stroke, np.float64)
        times = self._times
        places = bezier(wide[None, START], wide[None, VIA], wide[None, END], times[:, None]) + self.margin
        profile = pressure_at(wide[ENTRY_PRESSURE], wide[END_PRESSURE], times, self.space.ramp)
        pressures = (profile * self.space.pressure)[:, None]
        return [(x, y, pressure) for x, y, pressure in np.concatenate([places, pressures], axis=1).tolist()]

    def opacity(self, stroke: F32) -> tuple[Box, F32]:
        """The box of the picture that a stroke (10,) can reach, and its opacity (height, width) in [0, 1] there.

        The sheet is used for it, so what was painted there is lost.
        """
        box = reach(stroke, self.width, self.height)
        left, top, right, bottom = box
        if right <= left or bottom <= top:
            return box, np.zeros((max(bottom - top, 0), max(right - left, 0)), np.float32)
        margin = self.margin
        self._fill(0, (left + margin, top + margin, right + margin, bottom + margin))
        self.draw(stroke, np.zeros(3, np.float32))
        return box, self._read(box)[..., 3]

    def picture(self) -> F32:
        """(height, width, 3) sRGB in [0, 1]."""
        return np.ascontiguousarray(self._read((0, 0, self.width, self.height))[..., :3])

    def _read(self, box: Box) -> F32:
        """(height, width, 4) premultiplied RGBA in [0, 1] of a box of the picture."""
        left, top, right, bottom = (side + self.margin for side in box)
        columns = range(left // TILE, -(-right // TILE))
        rows = range(top // TILE, -(-bottom // TILE))
        pixels = np.concatenate(
            [np.concatenate([self._surface.tile(column, row) for column in columns], axis=1) for row in rows], axis=0
        )
        above, before = rows[0] * TILE, columns[0] * TILE
        part = pixels[top - above : bottom - above, left - before : right - before]
        values: F32 = np.minimum(part.astype(np.float32) / np.float32(ONE), np.float32(1))
        return values


def reach(stroke: F32, width: int, height: int, *, more: float = 0.0) -> Box:
    """The box of a picture of some width and height that a stroke (10,) may reach, with `more` pixels around it."""
    wide = np.asarray(stroke, np.float64)
    places = bezier(wide[None, START], wide[None, VIA], wide[None, END], ALONG)
    far = REACH * wide[RADIUS] + FRINGE + more
    low, high = np.floor(places.min(0) - far), np.ceil(places.max(0) + far)
    left, top = (int(side) for side in np.clip(low, 0, (width, height)))
    right, bottom = (int(side) for side in np.clip(high, (left, top), (width, height)))
    return left, top, right, bottom
