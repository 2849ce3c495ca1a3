"""A sheet of paper for one brush of the real program: tracks of a pen -> paint, or the opacity of one stroke alone.

    sheet = BrushSheet(brush, 640, 480, paper=(1, 1, 1));  sheet.draw(stroke, colour);  sheet.picture() -> (480, 640, 3)

Each stroke is drawn by a fresh brush, whose random numbers start again, so it is the same whatever was drawn before it.

Convention: x to the right, y down, in pixels of the picture; a box is (left, top, right, bottom), the last two
excluded.
"""

from __future__ import annotations

import colorsys
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.errors import InputError
from orbifolio.runner.strokes.mypaint.brush_file import BrushFile
from orbifolio.runner.strokes.mypaint.mypaint import ONE, TILE, Brush, TiledSurface

Box = tuple[int, int, int, int]
MARGIN_RADII = 3.0  # of paper around the picture, for brushes that take up colour
MAX_SIDE = 1 << 14  # pixels; 16384 x 16384 are 2 GB of tiles
MIN_RADIUS = 1e-3  # pixels; its logarithm is finite


class PenStroke(NamedTuple):
    """What the program is given of a stroke.

    Attributes:
        track: (k, 3) x, y and pressure in [0, 1].
        radius: of the brush in pixels, before what its file makes of it.
        seconds: from one point to the next.
    """

    track: F64
    radius: float
    seconds: float


class BrushSheet:
    """See the module's docstring."""

    def __init__(
        self, brush: BrushFile, width: int, height: int, *, paper: Sequence[float], max_radius: float = 0.0
    ) -> None:
        """Take a fresh sheet.

        Args:
            brush: to draw with.
            width: of the picture in pixels.
            height: of the picture in pixels.
            paper: sRGB in [0, 1].
            max_radius: of any stroke in pixels; it matters for brushes that take up colour beyond the edge.

        Raises:
            MissingProgram: the program is not installed.
            InputError: the size is too large.
        """
        if max(width, height) > MAX_SIDE:
            raise InputError(f"{width} x {height} pixels: more than {MAX_SIDE} to a side; choose a smaller size")
        self.brush, self.width, self.height = brush, width, height
        # Beyond its edge the surface is black, so a brush that takes up colour gets a margin of paper.
        self.margin = TILE * math.ceil(MARGIN_RADII * max_radius / TILE) if brush.smudges else 0
        self._surface = TiledSurface(width + 2 * self.margin, height + 2 * self.margin)
        self._fill(np.rint(np.array([*paper, 1.0]) * ONE).astype(np.uint16))

    def _fill(self, value: npt.NDArray[np.uint16] | int, box: Box | None = None) -> None:
        """All tiles, or those that a box of the surface touches."""
        left, top, right, bottom = box or (0, 0, self._surface.columns * TILE, self._surface.rows * TILE)
        for row in range(top // TILE, -(-bottom // TILE)):
            for column in range(left // TILE, -(-right // TILE)):
                self._surface.tile(column, row)[...] = value

    def draw(self, stroke: PenStroke, colour: F32) -> None:
        """Lay a stroke in a colour (3,), sRGB in [0, 1], over what is there.

        Raises:
            InputError: the program cannot read the brush.
        """
        try:
            pen = Brush(self.brush.text)
        except ValueError as error:
            raise InputError(f"{self.brush.name}: {error}; open and save it in MyPaint 1.2 or later") from None
        hue, saturation, value = colorsys.rgb_to_hsv(*map(float, colour))
        pen.set(b"color_h", hue)
        pen.set(b"color_s", saturation)
        pen.set(b"color_v", value)
        pen.set(b"radius_logarithmic", math.log(max(stroke.radius, MIN_RADIUS)))
        track = [(x, y, pressure) for x, y, pressure in (stroke.track + [self.margin, self.margin, 0]).tolist()]
        pen.lift(self._surface, track[0][0], track[0][1])
        pen.stroke(self._surface, track, stroke.seconds)

    def opacity(self, stroke: PenStroke, box: Box) -> F32:
        """(height, width) opacity in [0, 1] of a stroke alone, in a box that holds all of it.

        The sheet is used for it, so what was painted there is lost.
        """
        left, top, right, bottom = box
        if right <= left or bottom <= top:
            return np.zeros((max(bottom - top, 0), max(right - left, 0)), np.float32)
        margin = self.margin
        self._fill(0, (left + margin, top + margin, right + margin, bottom + margin))
        self.draw(stroke, np.zeros(3, np.float32))
        return self._read(box)[..., 3]

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
