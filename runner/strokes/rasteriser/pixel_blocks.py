"""Where a picture is looked at: places (k, 2) in pixels, each shown by one cell of the picture, in compact blocks.

    pixel_grid(width, height) -> PixelBlocks          the middle of every pixel, in blocks of 8 by 8

The rest of the room does not know that a picture is a grid: a symmetry may hand over any places, as long as neighbours
share blocks. Several places may be shown by one cell.

Convention: x to the right, y down, in pixels; the middle of pixel (row i, column j) is (j + 0.5, i + 0.5) and its cell
i * width + j.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from orbifolio.runner.arrays import F32, I32, I64
from orbifolio.runner.strokes.rasteriser.colour_actions import NO_ACTION, ColourActions

BLOCK_SIDE = 8  # one distance to a curve then decides for 64 places


class PixelBlocks(NamedTuple):
    """Places in blocks; a named tuple, so that compiled loops take it whole.

    Attributes:
        points: (k, 2) places in pixels, block by block.
        cells: (k,) of the picture, that show them.
        kinds: (k,) which of the colour actions a stroke's colour takes on the way to the cell.
        middles: (b, 2) of the blocks.
        halves: (b,) distance in pixels from a block's middle to its farthest place.
        firsts: (b + 1,) where each block's places begin.
        actions: the colour actions, numbered by `kinds`.
    """

    points: F32
    cells: I32
    kinds: I32
    middles: F32
    halves: F32
    firsts: I64
    actions: ColourActions
    cell_count: int


def in_blocks(
    points: F32, cells: I32, block: I64, cell_count: int, kinds: I32 | None = None, actions: ColourActions = NO_ACTION
) -> PixelBlocks:
    """Places sorted into blocks.

    Args:
        points: (k, 2) in pixels.
        cells: (k,) of the picture.
        block: (k,) number of the block of each place, of any size and in any order.
        kinds: (k,) numbers of the colour action of each place; the first for all if None.
    """
    kinds = np.zeros(len(cells), np.int32) if kinds is None else kinds
    order = np.argsort(block, kind="stable")
    points, cells, block = points[order], cells[order], block[order]
    starts = np.flatnonzero(np.diff(block, prepend=block[:1] - 1))
    firsts = np.append(starts, len(block)).astype(np.int64)
    low = np.minimum.reduceat(points, starts, axis=0)
    high = np.maximum.reduceat(points, starts, axis=0)
    halves = np.hypot(*(high - low).T) / 2
    return PixelBlocks(
        np.ascontiguousarray(points, np.float32),
        np.ascontiguousarray(cells, np.int32),
        np.ascontiguousarray(kinds[order], np.int32),
        ((low + high) / 2).astype(np.float32),
        halves.astype(np.float32) + np.float32(1e-3),  # rounding must not leave a place out
        firsts,
        actions,
        cell_count,
    )


def pixel_grid(width: int, height: int) -> PixelBlocks:
    """The middles of all pixels of a picture, row by row of blocks."""
    rows, columns = np.divmod(np.arange(width * height, dtype=np.int64), width)
    points = np.stack((columns + 0.5, rows + 0.5), axis=1).astype(np.float32)
    block = (rows // BLOCK_SIDE) * (-(-width // BLOCK_SIDE)) + columns // BLOCK_SIDE
    return in_blocks(points, np.arange(width * height, dtype=np.int32), block, width * height)
