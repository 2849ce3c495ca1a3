"""A raster is a function (sheet, width, height) -> (height, width, 3) float32.

Pillow draws at four times the size in bands of bounded memory, and each 4 x 4 block is averaged. A line thinner than a
subpixel is drawn one subpixel wide and paler, so that hairlines fade and do not break up.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from orbifolio.runner.arrays import F32, F64, U8
from orbifolio.runner.gas.drawing.sheet import Areas, Dots, DrawingSheet, Labels, Mark, Polylines
from orbifolio.runner.vector.hex_colours import Colour

FINER = 4
"""Subpixels along each side of a pixel: edges have 16 shades. Time grows with the square; fewer show steps."""
MAX_BAND = 24_000_000
"""Subpixels drawn at once (72 MB); larger drawings are made in bands, with the same result."""


def draw(sheet: DrawingSheet, *, width: int, height: int) -> F32:
    """The sheet as pixels, stretched to the size.

    Args:
        sheet: of any size in picture pixels.
        width: of the result in pixels.
        height: of the result in pixels.

    Returns:
        (height, width, 3) float32 sRGB in [0, 1].
    """
    rows = min(height, max(1, MAX_BAND // (width * FINER * FINER)))
    bands = [_band(sheet, top, min(rows, height - top), width, height) for top in range(0, height, rows)]
    pixels: F32 = np.concatenate(bands).astype(np.float32) / np.float32(255)
    return pixels


def _band(sheet: DrawingSheet, top: int, rows: int, width: int, height: int) -> U8:
    """(rows, width, 3): some rows of the drawing."""
    canvas = Image.new("RGB", (width * FINER, rows * FINER), _ink(np.array(sheet.paper)))
    pen = _Pen(ImageDraw.Draw(canvas), sheet, (width / sheet.width * FINER, height / sheet.height * FINER), top, rows)
    for mark in sheet.marks:
        pen.draw(mark)
    return np.asarray(canvas.reduce(FINER))


class _Pen:
    """Draws marks on one band."""

    def __init__(
        self, tool: ImageDraw.ImageDraw, sheet: DrawingSheet, scale: tuple[float, float], top: int, rows: int
    ) -> None:
        self.tool = tool
        self.paper = np.array(sheet.paper)
        self.scale = np.array(scale)
        self.shift = np.array([0.0, top * FINER])
        self.rows = rows * FINER
        self.size = float(np.sqrt(scale[0] * scale[1]))

    def draw(self, mark: Mark) -> None:
        """Draw one mark of any type."""
        if isinstance(mark, Polylines):
            self.strokes(mark)
        elif isinstance(mark, Dots):
            self.dots(mark)
        elif isinstance(mark, Areas):
            for ring, colour in zip(mark.rings, mark.colours, strict=True):
                points = self.placed(ring)
                if self.shows(points):
                    self.tool.polygon([*map(tuple, points.tolist())], fill=_ink(colour))
        else:
            self.label(mark)

    def placed(self, points: F64) -> F64:
        """The subpixel of the band that each point lies in: whole numbers, so that bands agree to the last bit."""
        moved: F64 = np.floor(points * self.scale) - self.shift
        return moved

    def shows(self, points: F64) -> bool:
        """Whether a mark touches the band."""
        return bool(points[:, 1].max() >= -1 and points[:, 1].min() <= self.rows + 1)

    def strokes(self, mark: Polylines) -> None:
        """Draw lines with round ends and joints; what is thinner than a subpixel is paler instead."""
        if not len(mark.paths):
            return
        wide = mark.widths * self.size
        whole = np.maximum(1, np.round(wide)).astype(np.int64).tolist()
        inks = self.inks(mark.colours, np.minimum(1.0, wide))
        # all points at once: a call of numpy for each of thousands of lines would take most of the time
        points = self.placed(np.concatenate(mark.paths)).tolist()
        at = 0
        for path, width, ink in zip(mark.paths, whole, inks, strict=True):
            line = [(x, y) for x, y in points[at : at + len(path)]]
            at += len(path)
            heights = [y for _, y in line]
            if max(heights) < -width - 1 or min(heights) > self.rows + width + 1:
                continue
            self.tool.line(line, fill=ink, width=width, joint="curve" if len(line) > 2 else None)
            if width > 2:
                half = width // 2
                for x, y in (line[0], line[-1]):
                    self.tool.ellipse((x - half, y - half, x + half, y + half), fill=ink)

    def dots(self, mark: Dots) -> None:
        """Draw discs; one below a subpixel is paler instead of smaller."""
        radii = mark.radii * self.size
        inks = self.inks(mark.colours, np.minimum(1.0, (2 * radii) ** 2))
        centres = self.placed(mark.centres).tolist()
        for (x, y), half, ink in zip(
            centres, np.maximum(1, np.round(radii)).astype(np.int64).tolist(), inks, strict=True
        ):
            if -half - 1 <= y <= self.rows + half + 1:
                self.tool.ellipse((x - half, y - half, x + half, y + half), fill=ink)

    def inks(self, colours: F64, strength: F64) -> list[tuple[int, int, int]]:
        """8-bit colours of marks, mixed with the paper by their strength in [0, 1]."""
        mixed = self.paper + (colours - self.paper) * strength[:, None]
        values = np.round(np.clip(mixed, 0, 1) * 255).astype(np.int64).tolist()
        return [(red, green, blue) for red, green, blue in values]

    def label(self, mark: Labels) -> None:
        """Draw texts in the typeface that comes with Pillow."""
        letters = _typeface(max(1, round(mark.size * self.size)))
        for point, text in zip(self.placed(mark.anchors), mark.texts, strict=True):
            self.tool.text((float(point[0]), float(point[1])), text, fill=_ink(mark.colour), font=letters, anchor="ls")


@lru_cache(maxsize=8)
def _typeface(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _ink(colour: F64 | Colour) -> tuple[int, int, int]:
    red, green, blue = (round(min(max(float(value), 0.0), 1.0) * 255) for value in colour)
    return red, green, blue
