"""The metrics as a picture: rows of real and learnt strokes, and one painting by both -> (height, width, 3).

As figures 3 and 5 of Nakano (2019), with the mean of many drawings between the two, the best that a deterministic
painter can do.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from orbifolio.runner.arrays import F32
from orbifolio.runner.strokes.mypaint.actions import (
    COLOUR,
    COUNT,
    END,
    END_PRESSURE,
    ENTRY_PRESSURE,
    SIZE,
    START,
    VIA,
    Actions,
)

COLUMNS, BANDS = 10, 3  # strokes side by side, and how often below each other
CELL, GAP, BAND_GAP, LABEL, MARGIN = 96, 4, 18, 92, 28  # pixels
HEADING = 74  # pixels above the strokes
PAINTING = 480  # side of a painting in pixels
CAPTION = 30  # pixels below it
INK, GREY, FRAME = (40, 40, 44), (110, 110, 114), (232, 232, 233)
WIDTH = 2 * MARGIN + LABEL + COLUMNS * (CELL + GAP) - GAP
PAINTS = np.array(
    [
        (38, 56, 128),  # ultramarine
        (196, 62, 42),  # vermilion
        (30, 108, 92),  # viridian
        (198, 140, 44),  # ochre
        (94, 58, 40),  # umber
        (30, 32, 38),  # ink
        (148, 44, 92),  # rose
        (34, 92, 126),  # Prussian blue
    ],
    np.float32,
) / np.float32(255)


def tinted(alphas: F32) -> list[F32]:
    """Strokes (n, h, w) as pictures (h, w, 3) on white, in the colours of `PAINTS` in turn."""
    return [
        1 - alpha[..., None] * (1 - PAINTS[number % len(PAINTS)]).astype(np.float32)
        for number, alpha in enumerate(alphas)
    ]


def sheet_height(rows: int) -> int:
    """Height in pixels of a sheet with `rows` rows in each band."""
    return HEADING + BANDS * (rows * (CELL + GAP) + BAND_GAP) + MARGIN - BAND_GAP


def strokes_sheet(title: str, text: str, rows: Sequence[tuple[str, F32]]) -> F32:
    """The sheet: bands of strokes, the same ones in each row of a band, below a title and a line of text.

    Each row is a label and opacities (n, h, w), of which the first COLUMNS * BANDS are shown.
    """
    sheet = Image.new("RGB", (WIDTH, sheet_height(len(rows))), "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, MARGIN - 8), title, fill=INK, font=ImageFont.load_default(size=22))
    draw.text((MARGIN, MARGIN + 20), text, fill=GREY, font=ImageFont.load_default(size=14))
    font = ImageFont.load_default(size=15)
    for row, (label, alphas) in enumerate(rows):
        shown = tinted(alphas[: COLUMNS * BANDS])
        for number, picture in enumerate(shown):
            band, column = divmod(number, COLUMNS)
            top = HEADING + band * (len(rows) * (CELL + GAP) + BAND_GAP) + row * (CELL + GAP)
            left = MARGIN + LABEL + column * (CELL + GAP)
            sheet.paste(enlarged(picture, CELL), (left, top))
            draw.rectangle((left, top, left + CELL - 1, top + CELL - 1), outline=FRAME)
            if column == 0:
                draw.text((MARGIN, top + CELL / 2), label, fill=GREY, font=font, anchor="lm")
    return np.asarray(sheet).astype(np.float32) / np.float32(255)


def with_paintings(sheet: F32, paintings: Sequence[tuple[str, F32]]) -> F32:
    """A sheet with captioned paintings side by side below it."""
    below = Image.new("RGB", (sheet.shape[1], PAINTING + CAPTION + MARGIN), "white")
    draw = ImageDraw.Draw(below)
    free = (sheet.shape[1] - 2 * MARGIN - len(paintings) * PAINTING) // max(len(paintings) - 1, 1)
    for number, (label, picture) in enumerate(paintings):
        left = MARGIN + number * (PAINTING + free)
        below.paste(enlarged(picture, PAINTING), (left, 0))
        draw.rectangle((left, 0, left + PAINTING - 1, PAINTING - 1), outline=FRAME)
        draw.text(
            (left + PAINTING / 2, PAINTING + 8), label, fill=GREY, font=ImageFont.load_default(size=15), anchor="ma"
        )
    return np.concatenate([sheet, np.asarray(below).astype(np.float32) / np.float32(255)])


def flower(petals: int = 34) -> Actions:
    """(petals, 12) actions of a test painting: bent petals around a centre, from broad and dark to fine."""
    turn = np.arange(petals) * np.pi * (3 - 5**0.5)  # the golden angle, so that no two petals point the same way
    late = np.arange(petals) / (petals - 1)  # 0 for the first, 1 for the last
    outwards = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    sideways = np.stack([-outwards[:, 1], outwards[:, 0]], axis=1)
    length = (0.44 - 0.24 * late)[:, None]
    bend = (0.09 * np.where(np.arange(petals) % 2, 1, -1) * (1 - 0.5 * late))[:, None]
    actions = np.zeros((petals, COUNT), np.float32)
    actions[:, START] = 0.5 + 0.05 * outwards
    actions[:, VIA] = 0.5 + 0.6 * length * outwards + bend * sideways
    actions[:, END] = 0.5 + length * outwards
    actions[:, SIZE] = 0.62 - 0.5 * late
    actions[:, ENTRY_PRESSURE] = 0.35 + 0.5 * late
    actions[:, END_PRESSURE] = 0.95 - 0.4 * late
    actions[:, COLOUR] = PAINTS[np.arange(petals) % len(PAINTS)]
    return actions


def enlarged(picture: F32, side: int) -> Image.Image:
    """A picture scaled to a square of another side."""
    image = Image.fromarray(np.round(picture.clip(0, 1) * 255).astype(np.uint8))
    return image if image.size == (side, side) else image.resize((side, side), Image.Resampling.BICUBIC)
