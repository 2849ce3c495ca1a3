"""An agent's pictures in rows, as in figure 7 of Nakano (2019): target, neural, real program, and the strokes' order.

    agent_sheet(title, text, rows) -> (height, width, 3)

The last row repeats the neural painting with strokes coloured by their number, from dark (first) to light (last).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from orbifolio.runner.arrays import F32
from orbifolio.runner.deferred import torch
from orbifolio.runner.strokes.blending import over
from orbifolio.runner.strokes.brush_models.metrics_sheet import FRAME, GREY, INK
from orbifolio.runner.strokes.rasteriser.separate_strokes import Stamp

if TYPE_CHECKING:
    from torch import Tensor

CELL, LARGE_CELL, GAP, BAND_GAP, LABEL, MARGIN = 96, 208, 4, 20, 92, 28  # pixels
HEADING = 78  # pixels above the pictures
COLUMNS, MAX_LARGE = 10, 5  # pictures in a band; up to `MAX_LARGE` are shown large
HEAT = np.array([(44, 36, 110), (122, 42, 130), (196, 62, 92), (238, 118, 58), (246, 190, 70)], np.float32) / 255
"""Colours from the first stroke to the last, interpolated between."""


def cell_of(count: int) -> int:
    """Side in pixels of each of `count` pictures; a few are shown large."""
    return LARGE_CELL if count <= MAX_LARGE else CELL


def size_of(count: int, rows: int) -> tuple[int, int]:
    """(width, height) in pixels of a sheet of `count` pictures in `rows` rows."""
    bands = -(-count // COLUMNS)
    cell, across = cell_of(count), min(count, COLUMNS)
    width = 2 * MARGIN + LABEL + max(across * (cell + GAP), MAX_LARGE * (CELL + GAP)) - GAP
    return width, HEADING + bands * (rows * (cell + GAP) + BAND_GAP) + MARGIN - BAND_GAP


def agent_sheet(title: str, text: str, rows: Sequence[tuple[str, Tensor]]) -> F32:
    """The sheet, (height, width, 3) in [0, 1]: rows of pictures in bands of `COLUMNS` below a title and a line of text.

    Each row is a label and pictures (n, 1 or 3, side, side) in [0, 1], of any side.
    """
    count = len(rows[0][1])
    cell = cell_of(count)
    sheet = Image.new("RGB", size_of(count, len(rows)), "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((MARGIN, MARGIN - 8), title, fill=INK, font=ImageFont.load_default(size=22))
    draw.text((MARGIN, MARGIN + 22), text, fill=GREY, font=ImageFont.load_default(size=14))
    font = ImageFont.load_default(size=15)
    for row, (label, pictures) in enumerate(rows):
        for number, picture in enumerate(pictures):
            band, column = divmod(number, COLUMNS)
            top = HEADING + band * (len(rows) * (cell + GAP) + BAND_GAP) + row * (cell + GAP)
            left = MARGIN + LABEL + column * (cell + GAP)
            sheet.paste(_cell(picture, cell), (left, top))
            draw.rectangle((left, top, left + cell - 1, top + cell - 1), outline=FRAME)
            if column == 0:
                draw.text((MARGIN, top + cell / 2), label, fill=GREY, font=font, anchor="lm")
    return np.asarray(sheet).astype(np.float32) / np.float32(255)


def in_order(stamp: Stamp, actions: Tensor, pens: Tensor, side: int) -> Tensor:
    """Paintings (n, 3, side, side) whose strokes are coloured by their number.

    Args:
        stamp: draws strokes at `side`.
        actions: (n, t, 12) of n paintings.
        pens: (n, t) 1 where the pen is down.
        side: of the pictures in pixels.
    """
    canvas, steps = torch.ones(len(actions), 3, side, side), actions.shape[1]
    for k in range(steps):
        position = k / max(steps - 1, 1) * (len(HEAT) - 1)
        colour = [float(np.interp(position, np.arange(len(HEAT)), HEAT[:, c])) for c in range(3)]
        alphas = stamp(actions[:, k]) * pens[:, k, None, None]
        canvas = over(canvas, torch.tensor(colour)[:, None, None], alphas[:, None])
    return canvas


def _cell(picture: Tensor, side: int) -> Image.Image:
    values = (picture.detach().clamp(0, 1) * 255).round().byte().numpy()
    image = Image.fromarray(values.transpose(1, 2, 0) if len(values) == 3 else values[0]).convert("RGB")
    return image if image.size == (side, side) else image.resize((side, side), Image.Resampling.BICUBIC)
