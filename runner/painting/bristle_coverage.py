"""Which cells strokes cover, and where in their bands: (strokes, tile or places) -> `Covered`, compiled.

Each stroke is a band about its line. A cell of the band has two coordinates: u, how far along the line, in pixels, and
v, how far across, in [-1, 1].
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from orbifolio.runner.arrays import F32, F64, I32, I64
from orbifolio.runner.painting.bristle_strokes import BristleStrokes
from orbifolio.runner.strokes.rasteriser.pixel_blocks import PixelBlocks

CUT_REACH = 2.1  # radii about its points that a stroke may touch: its ends, and the widest of its width
EPSILON = 1e-9
SAME = 1e-5  # of v, within which two images of a stroke are as near: rounding of places must not decide


class CanvasTile(NamedTuple):
    """Where a part of the canvas lies: its pixels are numbered row by row.

    Attributes:
        left: x of its first column.
        top: y of its first row.
        width: in pixels.
        height: in pixels.
    """

    left: int
    top: int
    width: int
    height: int


@njit(inline="always")
def clamped(x: float) -> float:
    """Within [0, 1]."""
    return min(1.0, max(0.0, x))


@njit(cache=True, nogil=True)
def band(points: F32, radius: float) -> tuple[F64, float, float]:
    """The line of a stroke with an end added on either side, and its width.

    Args:
        points: (n, 3) x, y, width.
        radius: in pixels.

    Returns:
        (n + 2, 6): x, y, the unit normal, half the width and u at each point; the line's length without the ends; the
        length of an end.
    """
    n = points.shape[0]
    line = np.empty((n + 2, 6))
    length = 0.0
    for k in range(n):
        if k:
            length += math.hypot(points[k, 0] - points[k - 1, 0], points[k, 1] - points[k - 1, 1])
        line[k + 1, 0], line[k + 1, 1], line[k + 1, 5] = points[k, 0], points[k, 1], length
        line[k + 1, 4] = radius * points[k, 2]
    length += 1e-6
    end = min(0.9 * radius, 0.6 * length + 0.5 * radius)
    for last, near, far in ((0, 1, 2), (n + 1, n, n - 1)):
        dx, dy = line[near, 0] - line[far, 0], line[near, 1] - line[far, 1]
        norm = math.hypot(dx, dy) + EPSILON
        line[last, 0], line[last, 1] = line[near, 0] + dx / norm * end, line[near, 1] + dy / norm * end
        line[last, 4] = line[near, 4]
    line[0, 5], line[n + 1, 5] = -end, length + end
    for k in range(n + 2):
        before, after = max(0, k - 1), min(n + 1, k + 1)
        dx, dy = line[after, 0] - line[before, 0], line[after, 1] - line[before, 1]
        norm = math.hypot(dx, dy) + EPSILON
        line[k, 2], line[k, 3] = -dy / norm, dx / norm
    return line, length, end


class Covered(NamedTuple):
    """Which cells strokes cover, and where in their bands; those of each stroke follow each other.

    Attributes:
        firsts: (n + 1,) where those of each stroke begin.
        cells: (N,) numbers of cells, pixels of a tile.
        along: (N,) number of the line's segment, and how far along it.
        across: (N,) v.
        kinds: (N,) number of the colour action that the cell sees the stroke through.
    """

    firsts: I64
    cells: I32
    along: F32
    across: F32
    kinds: I32


@njit(cache=True, nogil=True)
def with_room(covered: Covered, needed: int) -> Covered:
    """The same with room for so many cells."""
    if needed <= len(covered.cells):
        return covered
    room = max(needed, 2 * len(covered.cells))
    larger = Covered(
        covered.firsts,
        np.empty(room, np.int32),
        np.empty(room, np.float32),
        np.empty(room, np.float32),
        np.zeros(room, np.int32),
    )
    # by element: assigning a slice would compile the message for shapes that differ, for two seconds
    for slot in range(len(covered.cells)):
        larger.cells[slot], larger.kinds[slot] = covered.cells[slot], covered.kinds[slot]
        larger.along[slot], larger.across[slot] = covered.along[slot], covered.across[slot]
    return larger


@njit(cache=True, nogil=True)
def nothing_covered(strokes: int) -> Covered:
    """By so many strokes."""
    return Covered(
        np.zeros(strokes + 1, np.int64),
        np.empty(0, np.int32),
        np.empty(0, np.float32),
        np.empty(0, np.float32),
        np.zeros(0, np.int32),
    )


@njit(inline="always")
def in_segment(line: F64, k: int, px: float, py: float) -> tuple[float, float]:
    """Where a place is in the band's segment from point k to the next.

    Returns:
        How far along, 0 to 1 within; and v, which means something within only.
    """
    ax, ay, anx, any_, aw = line[k, 0], line[k, 1], line[k, 2], line[k, 3], line[k, 4]
    bx, by, bnx, bny, bw = line[k + 1, 0], line[k + 1, 1], line[k + 1, 2], line[k + 1, 3], line[k + 1, 4]
    # between the two ends, whose normals may differ
    before = anx * (py - ay) - any_ * (px - ax)
    behind = bny * (px - bx) - bnx * (py - by)
    whole = before + behind
    t = before / whole if abs(whole) > EPSILON else 0.5
    s = clamped(t)
    nx, ny = anx + s * (bnx - anx), any_ + s * (bny - any_)
    mx, my = ax + s * (bx - ax), ay + s * (by - ay)
    v = ((px - mx) * nx + (py - my) * ny) / (math.sqrt(nx * nx + ny * ny) * (aw + s * (bw - aw)) + EPSILON)
    return t, v


@njit(cache=True, nogil=True)
def misses(points: F32, radius: float, tile: CanvasTile) -> bool:
    """Whether a stroke certainly leaves a tile alone."""
    reach = CUT_REACH * radius
    left, right, top, bottom = 1e18, -1e18, 1e18, -1e18
    for k in range(points.shape[0]):
        left, right = min(left, points[k, 0]), max(right, points[k, 0])
        top, bottom = min(top, points[k, 1]), max(bottom, points[k, 1])
    across = right + reach < tile.left or left - reach > tile.left + tile.width
    return across or bottom + reach < tile.top or top - reach > tile.top + tile.height


@njit(cache=True, nogil=True)
def cover_tile(strokes: BristleStrokes, tile: CanvasTile) -> Covered:
    """The pixels of a tile that strokes cover: the segments of their bands are quadrangles, filled row by row.

    Where a band overlaps itself, a pixel belongs to the segment whose middle is nearer.

    Args:
        strokes: in pixels of the canvas.
        tile: of the canvas.
    """
    wide = tile.width
    # of pixels among those of the stroke that covered them last; in 32 bits a tile stays in the cache
    slots = np.full(tile.width * tile.height, -1, np.int32)
    covered = nothing_covered(len(strokes.radii))
    x, y = np.empty(4), np.empty(4)
    ox, oy = tile.left + 0.5, tile.top + 0.5  # so that centres of pixels are whole numbers
    count = 0
    for stroke in range(len(strokes.radii)):
        covered.firsts[stroke] = count
        points = strokes.points[strokes.offsets[stroke] : strokes.offsets[stroke + 1]]
        if misses(points, strokes.radii[stroke], tile):
            continue
        line, _, _ = band(points, float(strokes.radii[stroke]))
        for k in range(line.shape[0] - 1):
            ax, ay, aw = line[k, 0] - ox, line[k, 1] - oy, line[k, 4]
            bx, by, bw = line[k + 1, 0] - ox, line[k + 1, 1] - oy, line[k + 1, 4]
            x[0], y[0] = ax + line[k, 2] * aw, ay + line[k, 3] * aw
            x[1], y[1] = ax - line[k, 2] * aw, ay - line[k, 3] * aw
            x[2], y[2] = bx - line[k + 1, 2] * bw, by - line[k + 1, 3] * bw
            x[3], y[3] = bx + line[k + 1, 2] * bw, by + line[k + 1, 3] * bw
            first = max(0, math.ceil(min(min(y[0], y[1]), min(y[2], y[3]))))
            last = min(tile.height - 1, math.floor(max(max(y[0], y[1]), max(y[2], y[3]))))
            for row in range(first, last + 1):
                low, top = np.inf, -np.inf
                for s in range(4):
                    r = (s + 1) & 3
                    if min(y[s], y[r]) <= row <= max(y[s], y[r]):
                        if abs(y[r] - y[s]) < EPSILON:
                            low, top = min(low, x[s], x[r]), max(top, x[s], x[r])
                        else:
                            cut = x[s] + (row - y[s]) / (y[r] - y[s]) * (x[r] - x[s])
                            low, top = min(low, cut), max(top, cut)
                begin, end = max(0, math.ceil(low)), min(wide - 1, math.floor(top))
                if count + end - begin + 1 > len(covered.cells):  # asked here: a call for each row would cost as much
                    covered = with_room(covered, count + end - begin + 1)
                for column in range(begin, end + 1):
                    t, v = in_segment(line, k, column + ox, row + oy)
                    if v < -1 or v > 1:
                        continue
                    pixel = row * wide + column
                    slot = slots[pixel]
                    if slot < covered.firsts[stroke]:
                        slot = count
                        slots[pixel] = slot
                        covered.cells[slot] = pixel
                        count += 1
                    elif abs(v) >= abs(covered.across[slot]):
                        continue
                    covered.along[slot], covered.across[slot] = k + clamped(t), v
    covered.firsts[len(strokes.radii)] = count
    return covered


@njit(cache=True, nogil=True)
def cover_places(strokes: BristleStrokes, places: PixelBlocks) -> Covered:
    """The cells that strokes cover, each shown at any number of places: see `PixelBlocks`.

    Where several images of a stroke reach a cell, the one whose middle is nearest lies there; at equal distances that
    farther on. So it is the same one for all images of the cell, and the painting stays symmetric.

    Args:
        strokes: in the pixels of the places.
        places: that show the cells.
    """
    slots = np.full(places.cell_count, -1, np.int64)
    covered = nothing_covered(len(strokes.radii))
    count = 0
    for stroke in range(len(strokes.radii)):
        covered.firsts[stroke] = count
        points = strokes.points[strokes.offsets[stroke] : strokes.offsets[stroke + 1]]
        line, _, _ = band(points, float(strokes.radii[stroke]))
        left, right = line[:, 0].min(), line[:, 0].max()
        top, bottom = line[:, 1].min(), line[:, 1].max()
        widest = line[:, 4].max()
        for block in range(len(places.halves)):
            mx, my, half = places.middles[block, 0], places.middles[block, 1], places.halves[block] + widest
            if mx + half < left or mx - half > right or my + half < top or my - half > bottom:
                continue
            covered = with_room(covered, count + places.firsts[block + 1] - places.firsts[block])
            for k in range(line.shape[0] - 1):
                reach = half + 0.5 * math.hypot(line[k + 1, 0] - line[k, 0], line[k + 1, 1] - line[k, 1])
                ax, ay = 0.5 * (line[k, 0] + line[k + 1, 0]), 0.5 * (line[k, 1] + line[k + 1, 1])
                if (mx - ax) ** 2 + (my - ay) ** 2 > reach * reach:
                    continue
                for place in range(places.firsts[block], places.firsts[block + 1]):
                    t, v = in_segment(line, k, places.points[place, 0], places.points[place, 1])
                    if v < -1 or v > 1 or t < 0 or t > 1:
                        continue
                    cell = places.cells[place]
                    slot = slots[cell]
                    if slot < covered.firsts[stroke]:
                        slot = count
                        slots[cell] = slot
                        covered.cells[slot] = cell
                        count += 1
                    else:
                        nearer = abs(covered.across[slot]) - abs(v)
                        if nearer < -SAME or (nearer < SAME and covered.along[slot] >= k + t):
                            continue
                    covered.along[slot], covered.across[slot] = k + t, v
                    covered.kinds[slot] = places.kinds[place]
    covered.firsts[len(strokes.radii)] = count
    return covered
