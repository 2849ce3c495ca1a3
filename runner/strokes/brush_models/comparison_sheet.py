"""The sheet that compares painters: labelled rows of small pictures under headings -> (height, width, 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from orbifolio.runner.arrays import F32
from orbifolio.runner.strokes.brush_models.metrics_sheet import FRAME, GREY, INK, enlarged

CELL, GAP, LABEL, MARGIN = 100, 5, 178, 28  # pixels
TITLE, HEADING, AFTER = 62, 40, 20  # pixels: of the title, of a section's heading, and below a section


@dataclass(frozen=True)
class Row:
    """A row of pictures.

    Attributes:
        label: lines of text beside it, the first one dark.
        pictures: (h, w, 3) in [0, 1] each; missing columns stay blank.
    """

    label: tuple[str, ...]
    pictures: Sequence[F32]


@dataclass(frozen=True)
class SheetSection:
    """Rows under a heading."""

    heading: str
    rows: Sequence[Row]


def size(columns: int, rows: Sequence[int]) -> tuple[int, int]:
    """(width, height) in pixels of a sheet, from its columns of pictures and the rows of each section."""
    width = 2 * MARGIN + LABEL + columns * (CELL + GAP) - GAP
    return width, TITLE + sum(HEADING + count * (CELL + GAP) + AFTER for count in rows) + MARGIN - AFTER


def grid_sheet(title: str, columns: int, sections: Sequence[SheetSection]) -> F32:
    """Draw the sheet, (height, width, 3) in [0, 1]."""
    sheet = Image.new("RGB", size(columns, [len(section.rows) for section in sections]), "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, MARGIN - 6), title, fill=INK, font=ImageFont.load_default(size=22))
    top = TITLE
    for section in sections:
        draw.text((MARGIN, top + 10), section.heading, fill=INK, font=ImageFont.load_default(size=16))
        top += HEADING
        for row in section.rows:
            _label(draw, row.label, top)
            for number, picture in enumerate(row.pictures[:columns]):
                left = MARGIN + LABEL + number * (CELL + GAP)
                sheet.paste(enlarged(picture, CELL), (left, top))
                draw.rectangle((left, top, left + CELL - 1, top + CELL - 1), outline=FRAME)
            top += CELL + GAP
        top += AFTER
    return np.asarray(sheet).astype(np.float32) / np.float32(255)


def _label(draw: ImageDraw.ImageDraw, lines: tuple[str, ...], top: int) -> None:
    """Lines of text, centred on a row's middle."""
    step = 19
    begin = top + CELL / 2 - step * (len(lines) - 1) / 2
    for number, line in enumerate(lines):
        colour, points = (INK, 15) if number == 0 else (GREY, 13)
        draw.text(
            (MARGIN, begin + number * step), line, fill=colour, font=ImageFont.load_default(size=points), anchor="lm"
        )
