"""Where a picture is looked at: places (k, 2) in pixels, each shown by one cell of the picture, in compact blocks.

    grid(width, height) -> Places          the middle of every pixel, in blocks of 8 by 8

Nothing else here or in the rest of the room knows that a picture is a grid: a symmetry may hand over any places, as
long as neighbours share blocks. Several places may be shown by one cell.

Convention: x to the right, y down, in pixels; the middle of pixel (row i, column j) is (j + 0.5, i + 0.5) and its cell
i * width + j.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orbifolio.runner.strokes.fitting.colour_actions import PLAIN, Turns
from orbifolio.runner.strokes.rasteriser.numba_threads import Floats, Integers, Longs

SIDE = 8  # of a block: one distance to a curve then decides for 64 places


@dataclass(frozen=True)
class Places:
    """Places in blocks.

    Attributes:
        points: (k, 2) in pixels, block by block.
        cells: (k,) of the picture, that show them.
        middles: (b, 2) of the blocks.
        halves: (b,) distance in pixels from a block's middle to its farthest place.
        firsts: (b + 1,) where each block's places begin.
        count: of the cells of the picture.
        kinds: (k,) which of the turns a stroke's colour takes on the way to the cell.
        turns: of colours.
    """

    points: Floats
    cells: Integers
    middles: Floats
    halves: Floats
    firsts: Longs
    count: int
    kinds: Integers
    turns: Turns = PLAIN


def in_blocks(
    points: Floats, cells: Integers, block: Longs, count: int, kinds: Integers | None = None, turns: Turns = PLAIN
) -> Places:
    """Places sorted into blocks.

    Args:
        points: (k, 2) in pixels.
        cells: (k,) of the picture.
        block: (k,) number of the block of each place, of any size and in any order.
        count: of the cells of the picture.
        kinds: (k,) numbers of the turns of each place; the first for all if None.
        turns: of colours.
    """
    kinds = np.zeros(len(cells), np.int32) if kinds is None else kinds
    order = np.argsort(block, kind="stable")
    points, cells, block = points[order], cells[order], block[order]
    starts = np.flatnonzero(np.diff(block, prepend=block[:1] - 1))
    firsts = np.append(starts, len(block)).astype(np.int64)
    low = np.minimum.reduceat(points, starts, axis=0)
    high = np.maximum.reduceat(points, starts, axis=0)
    halves = np.hypot(*(high - low).T) / 2
    return Places(
        np.ascontiguousarray(points, np.float32),
        np.ascontiguousarray(cells, np.int32),
        ((low + high) / 2).astype(np.float32),
        halves.astype(np.float32) + np.float32(1e-3),
        firsts,
        count,
        np.ascontiguousarray(kinds[order], np.int32),
        turns,
    )


def grid(width: int, height: int) -> Places:
    """The middles of all pixels of a picture, row by row of blocks."""
    rows, columns = np.divmod(np.arange(width * height, dtype=np.int64), width)
    points = np.stack((columns + 0.5, rows + 0.5), axis=1).astype(np.float32)
    block = (rows // SIDE) * (-(-width // SIDE)) + columns // SIDE
    return in_blocks(points, np.arange(width * height, dtype=np.int32), block, width * height)
