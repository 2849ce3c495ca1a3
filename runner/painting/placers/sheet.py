"""What a stroke predictor can, as a picture: scenes it has never seen, and photographs it paints.

predictor_sheet(title, text, rows, paintings) -> (height, width, 3)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from orbifolio.runner.arrays import F32
from orbifolio.runner.strokes.agent.metrics_sheet import COLUMNS, agent_sheet, size_of
from orbifolio.runner.strokes.brush_models.metrics_sheet import MARGIN

if TYPE_CHECKING:
    from torch import Tensor

PAINTED = 480  # pixels of a painting's longer side
GAP = 16  # pixels between paintings


def sheet_size(rows: int, sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """(width, height) in pixels of a sheet with so many rows of scenes, and paintings of some sizes below."""
    width, height = size_of(COLUMNS, rows)
    return width, height + sum(max(high for _, high in line) + GAP for line in _lines(sizes, width))


def _lines(sizes: Sequence[tuple[int, int]], width: int) -> list[list[tuple[int, int]]]:
    """Sizes of the paintings, line by line."""
    lines: list[list[tuple[int, int]]] = []
    room = 0
    for size in sizes:
        if not lines or size[0] > room:
            lines.append([])
            room = width - 2 * MARGIN
        lines[-1].append(size)
        room -= size[0] + GAP
    return lines


def predictor_sheet(title: str, text: str, rows: Sequence[tuple[str, Tensor]], paintings: Sequence[F32]) -> F32:
    """The sheet, (height, width, 3) in [0, 1].

    Args:
        title: its first line.
        text: its second line.
        rows: a label and `COLUMNS` scenes each, (COLUMNS, 3, side, side) in [0, 1].
        paintings: (h, w, 3) in [0, 1].
    """
    sizes = [(painting.shape[1], painting.shape[0]) for painting in paintings]
    width, height = sheet_size(len(rows), sizes)
    above = agent_sheet(title, text, rows)
    sheet = Image.new("RGB", (width, height), "white")
    sheet.paste(_image(above), (0, 0))
    top, waiting = above.shape[0] - MARGIN // 2, list(paintings)
    for line in _lines(sizes, width):
        left = MARGIN
        for wide, _ in line:
            sheet.paste(_image(waiting.pop(0)), (left, top))
            left += wide + GAP
        top += max(high for _, high in line) + GAP
    return np.asarray(sheet).astype(np.float32) / np.float32(255)


def _image(picture: F32) -> Image.Image:
    return Image.fromarray((np.clip(picture, 0, 1) * 255 + 0.5).astype(np.uint8))
