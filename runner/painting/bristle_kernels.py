"""The compiled heart of painting: (strokes, brush) -> paint on the pixels of a tile, or on the cells of any surface.

Each stroke is a band about its line. A pixel of the band has two coordinates: u, how far along the line, in pixels, and
v, how far across, in [-1, 1]. Bristles run along u at fixed v; each has its own load of paint, tone, beginning and end,
and runs dry in its own places. So a stroke is as sharp as the canvas, whatever its size.

What is random comes from a hash of the stroke's seed, so that a tile needs nothing of another one: a painting has the
same bytes for any number of threads.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from orbifolio.runner.arrays import F32, F64, I32, I64
from orbifolio.runner.painting.bristle_strokes import BristleStrokes
from orbifolio.runner.strokes.rasteriser.colour_actions import ColourActions
from orbifolio.runner.strokes.rasteriser.pixel_blocks import PixelBlocks

LANES = 5  # across a stroke in which paint is picked up: fewer smear evenly, more are noise
LANE_GAP = 0.42  # radii between them
CLEAN = 0.15  # difference of a channel at which half as much is picked up
SMEAR = 0.72  # of what a lane carries on to the next point
CUT_REACH = 2.1  # radii about its points that a stroke may touch: its ends, and the widest of its width
STREAK = 0.8  # radii, length of the places where bristles run dry
CLUMPS = (3, 7)  # neighbouring bristles that stick together
EPSILON = 1e-9
SAME = 1e-5  # of v, within which two images of a stroke are as near: rounding of places must not decide
MIN_LIGHT = 0.02  # of a wash's channels: black paint on paper still shines, and its logarithm is finite
LIFTED = 0.45  # of the opacity with which a wash makes lighter: wet paint takes a little of the dry with it


class BristleBrush(NamedTuple):
    """What all strokes of a painting have in common.

    Attributes:
        dryness: how soon a stroke runs out of paint, 0 never.
        ragged: how unequal its ends are, 0 to 1.
        edge: pixels over which its sides fade.
        opacity: of its paint, 0 to 1.
        streaks: how much the tones of bristles differ.
        pickup: how much wet paint below is taken along, 0 to 1.
        body: height of its paint.
        spacing: pixels from bristle to bristle.
    """

    dryness: float
    ragged: float
    edge: float
    opacity: float
    streaks: float
    pickup: float
    body: float
    spacing: float


class Paint(NamedTuple):
    """What lies on p cells; strokes change it.

    Attributes:
        colours: (p, 3) sRGB in [0, 1].
        heights: (p,) of the paint.
        grain: (p,) of the ground in [0, 1], 1 its tops.
    """

    colours: F32
    heights: F32
    grain: F32


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


class CanvasSnapshot(NamedTuple):
    """The canvas before the strokes, that they pick up paint from.

    Attributes:
        colours: (h, w, 3), of any size.
        scale: its pixels for one of the canvas.
    """

    colours: F32
    scale: float


@njit(inline="always")
def hashed(first: int, second: int, third: int) -> float:
    """A number in [0, 1) that follows from three whole ones; multipliers after MurmurHash and PCG."""
    x = np.uint32(first * 374761393 + second * 668265263 + third * 2147483647 + 1013904223)
    x = (x ^ (x >> np.uint32(13))) * np.uint32(1274126177)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(2246822519)
    x = x ^ (x >> np.uint32(16))
    return (x & np.uint32(0xFFFFFF)) / 16777216.0


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


@njit(cache=True, nogil=True)
def bristles(seed: int, count: int, length: float, end: float, ragged: float, cells: int) -> tuple[F64, F64]:
    """What the bristles of a stroke are like.

    Args:
        seed: of the stroke.
        count: of the bristles.
        length: of the line in pixels.
        end: length of an end.
        ragged: see `BristleBrush`.
        cells: along the stroke, of its dry places.

    Returns:
        (count, 4) load, tone, and u where each begins and ends; (count, cells) dryness in [0, 1].
    """
    traits = np.empty((count, 4))
    dry = np.empty((count, cells))
    small, large = CLUMPS
    for k in range(count):
        v = 2 * k / (count - 1) - 1
        traits[k, 0] = 0.7 + 0.6 * hashed(seed, k, 1)
        clump = 0.5 * (hashed(seed, k // small, 2) - 0.5) + 0.5 * (hashed(seed, k // large, 3) - 0.5)
        traits[k, 1] = hashed(seed, k, 4) - 0.5 + clump
        round_off = end * 0.62 * (1 - math.sqrt(max(0.0, 1 - v * v)))
        begins = 0.45 * hashed(seed, k, 5) + 0.35 * hashed(seed, k // small, 6)
        stops = 0.9 * hashed(seed, k, 7) + 0.7 * hashed(seed, k // 4, 8)
        traits[k, 2] = -0.75 * end + round_off + ragged * end * begins
        traits[k, 3] = length + 0.75 * end - round_off - ragged * end * stops
        for cell in range(cells):
            alone, together = hashed(seed, k * 131 + cell, 9), hashed(seed, (k // small) * 131 + cell, 10)
            dry[k, cell] = 0.6 * alone + 0.4 * together
    return traits, dry


@njit(cache=True, nogil=True)
def picked_up(line: F64, radius: float, colour: F32, snapshot: CanvasSnapshot) -> F64:
    """(LANES, points, 3) the paint that a stroke takes along: what lay there, smeared along the line.

    Paint of quite another colour is hardly taken, as by a painter who wipes the brush: or each silhouette would smear.
    """
    high, wide = snapshot.colours.shape[:2]
    taken = np.empty((LANES, line.shape[0], 3))
    for lane in range(LANES):
        aside = radius * LANE_GAP * (lane - LANES // 2)
        for k in range(line.shape[0]):
            x = int(math.floor((line[k, 0] + line[k, 2] * aside) * snapshot.scale))
            y = int(math.floor((line[k, 1] + line[k, 3] * aside) * snapshot.scale))
            x, y = min(wide - 1, max(0, x)), min(high - 1, max(0, y))
            apart = 0.0
            for c in range(3):
                apart = max(apart, abs(snapshot.colours[y, x, c] - colour[c]))
            alike = 1 / (1 + (apart / CLEAN) ** 2)
            for c in range(3):
                below = colour[c] + alike * (snapshot.colours[y, x, c] - colour[c])
                taken[lane, k, c] = below if k == 0 else SMEAR * taken[lane, k - 1, c] + (1 - SMEAR) * below
    return taken


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
    cells: I64
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
        np.empty(room, np.int64),
        np.empty(room, np.float32),
        np.empty(room, np.float32),
        np.zeros(room, np.int32),
    )
    count = len(covered.cells)
    larger.cells[:count] = covered.cells
    larger.along[:count] = covered.along
    larger.across[:count] = covered.across
    larger.kinds[:count] = covered.kinds
    return larger


@njit(cache=True, nogil=True)
def nothing_covered(strokes: int) -> Covered:
    """By so many strokes."""
    return Covered(
        np.zeros(strokes + 1, np.int64),
        np.empty(0, np.int64),
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
    slots = np.full(
        tile.width * tile.height, -1, np.int64
    )  # of pixels among those of the stroke that covered them last
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
                covered = with_room(covered, count + max(0, end - begin + 1))
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


class Laid(NamedTuple):
    """Where a pixel lies in a stroke, and what its bristles leave there; numbers only.

    Attributes:
        opacity: in [0, 1].
        tone: of the bristle.
        load: of the bristle, about 1.
        dry: in [0, 1].
        progress: along the stroke, 0 to 1.
        rim: pixels to the nearest end of the bristle.
    """

    opacity: float
    tone: float
    load: float
    dry: float
    progress: float
    rim: float


@njit(inline="always")
def _mixed(low: float, high: float, share: float) -> float:
    return low + share * (high - low)


@njit(cache=True, nogil=True)
def lay(
    u: float,
    v: float,
    width: float,
    shape: tuple[float, float, float],
    traits: F64,
    dry: F64,
    grain: tuple[float, float],
    brush: BristleBrush,
) -> Laid:
    """What bristles leave on a pixel.

    Args:
        u: along the band in pixels.
        v: across, in [-1, 1].
        width: half the band's there, in pixels.
        shape: the stroke's radius and length, and the length of its ends.
        traits: from `bristles`.
        dry: from `bristles`.
        grain: of the ground there, and how much it counts.
        brush: that paints.
    """
    radius, length, end = shape
    place = (v + 1) * 0.5 * (traits.shape[0] - 1)
    k = min(traits.shape[0] - 2, int(place))
    f = place - k
    f = f * f * (3 - 2 * f)
    at = (u + end) / (radius * STREAK)
    cell = min(dry.shape[1] - 2, max(0, int(at)))
    g = at - cell
    load = _mixed(traits[k, 0], traits[k + 1, 0], f)
    tone = _mixed(traits[k, 1], traits[k + 1, 1], f)
    from_start = u - _mixed(traits[k, 2], traits[k + 1, 2], f)
    to_stop = _mixed(traits[k, 3], traits[k + 1, 3], f) - u
    dryness = _mixed(_mixed(dry[k, cell], dry[k + 1, cell], f), _mixed(dry[k, cell + 1], dry[k + 1, cell + 1], f), g)
    progress = clamped((u + end) / (length + 2 * end))
    opacity = clamped(from_start / (0.16 * radius + 1)) * clamped(to_stop / (0.3 * radius * brush.ragged + 1))
    left = load * (1.25 - 0.75 * brush.dryness * progress * progress)
    lost = brush.dryness * dryness * (0.35 + 0.85 * progress) + 0.25 * brush.dryness * abs(v) ** 3 + 0.12
    opacity *= clamped((left - lost) * 2.6) * clamped((1 - abs(v)) * width / brush.edge)
    if grain[1] > 0:
        pressure = load * (0.95 - 0.35 * progress) * (1 - 0.35 * v * v)
        opacity *= 1 - grain[1] + grain[1] * clamped((pressure - 1.02 * (1 - grain[0]) - 0.06) * 5)
    rim = max(0.0, min(from_start, to_stop))
    return Laid(opacity * brush.opacity, tone, load, dryness, progress, rim)


@njit(cache=True, nogil=True)
def of_stroke(seed: int, radius: float, length: float, end: float, brush: BristleBrush) -> tuple[F64, F64]:
    """The bristles of a stroke, as many as fit across it: see `bristles`."""
    count = max(4, int(2 * radius / brush.spacing) + 2)
    cells = int((length + 2 * end) / (radius * STREAK)) + 4
    return bristles(seed, count, length, end, brush.ragged, cells)


@njit(cache=True, nogil=True)
def paint_opaque(
    strokes: BristleStrokes,
    covered: Covered,
    paint: Paint,
    brush: BristleBrush,
    snapshot: CanvasSnapshot,
    actions: ColourActions,
) -> None:
    """Paint that covers, with body: oil, gouache, pastel, ink.

    Args:
        strokes: in pixels of the canvas.
        covered: where they lie.
        paint: on the cells, changed.
        brush: of all strokes.
        snapshot: of the canvas before these strokes.
        actions: on colours, between strokes and cells.
    """
    shade = np.empty(3)
    for s in range(len(strokes.radii)):
        if covered.firsts[s] == covered.firsts[s + 1]:
            continue
        points = strokes.points[strokes.offsets[s] : strokes.offsets[s + 1]]
        radius = float(strokes.radii[s])
        line, length, end = band(points, radius)
        traits, dry = of_stroke(strokes.seeds[s], radius, length, end, brush)
        taken = picked_up(line, radius, strokes.colours[s], snapshot) if brush.pickup > 0 else np.empty((LANES, 0, 3))
        body = brush.body * strokes.bodies[s] * min(1.6, math.sqrt(radius / 9))
        shape = (radius, length, end)
        for slot in range(covered.firsts[s], covered.firsts[s + 1]):
            cell, kind, v = covered.cells[slot], covered.kinds[slot], float(covered.across[slot])
            k = min(line.shape[0] - 2, int(covered.along[slot]))
            t = covered.along[slot] - k
            u = _mixed(line[k, 5], line[k + 1, 5], t)
            width = _mixed(line[k, 4], line[k + 1, 4], t)
            laid = lay(u, v, width, shape, traits, dry, (paint.grain[cell], strokes.tooth[s]), brush)
            if laid.opacity <= 0:
                continue
            lane = (v * 0.5 + 0.5) * (LANES - 1)
            low = min(LANES - 2, int(lane))
            share = min(0.85, brush.pickup * (0.25 + 0.75 * laid.progress) * (0.6 + 0.8 * laid.dry))
            for c in range(3):
                own = strokes.colours[s, c]
                mixed = own + 0.1 * brush.streaks * laid.tone * (0.35 + own)
                mixed += 0.05 * brush.streaks * (laid.dry - 0.5) * (0.3 + own)
                if share > 0:
                    before = _mixed(taken[low, k, c], taken[low + 1, k, c], lane - low)
                    behind = _mixed(taken[low, k + 1, c], taken[low + 1, k + 1, c], lane - low)
                    mixed = _mixed(mixed, _mixed(before, behind, t), share)
                shade[c] = clamped(mixed) - 0.5
            for c in range(3):
                seen = shade[actions.channels[kind, c]] * actions.signs[kind, c] + 0.5
                paint.colours[cell, c] = _mixed(paint.colours[cell, c], seen, laid.opacity)
            # paint gathers at the sides of a stroke and where it stops
            ridge = 0.45 * v**4 + 0.55 * math.exp(-((laid.rim / (0.45 * radius)) ** 2)) * (laid.progress > 0.5)
            height = body * (0.55 * laid.load + 0.3 * (1 - laid.dry) + ridge)
            kept = 1 - 0.8 * laid.opacity
            paint.heights[cell] = paint.heights[cell] * kept + laid.opacity * height


@njit(cache=True, nogil=True)
def paint_wash(
    strokes: BristleStrokes,
    covered: Covered,
    paint: Paint,
    brush: BristleBrush,
    snapshot: CanvasSnapshot,
    actions: ColourActions,
) -> None:
    """Paint that the ground shines through: densities add up, pigment gathers at rims, and little is lifted again.

    Args: as `paint_opaque`; nothing is picked up, and no height is left.
    """
    for s in range(len(strokes.radii)):
        if covered.firsts[s] == covered.firsts[s + 1]:
            continue
        points = strokes.points[strokes.offsets[s] : strokes.offsets[s + 1]]
        radius = float(strokes.radii[s])
        line, length, end = band(points, radius)
        traits, dry = of_stroke(strokes.seeds[s], radius, length, end, brush)
        shape = (radius, length, end)
        for slot in range(covered.firsts[s], covered.firsts[s + 1]):
            cell, kind, v = covered.cells[slot], covered.kinds[slot], float(covered.across[slot])
            k = min(line.shape[0] - 2, int(covered.along[slot]))
            t = covered.along[slot] - k
            u = _mixed(line[k, 5], line[k + 1, 5], t)
            width = _mixed(line[k, 4], line[k + 1, 4], t)
            laid = lay(u, v, width, shape, traits, dry, (paint.grain[cell], strokes.tooth[s]), brush)
            opacity = laid.opacity * (0.92 + 0.16 * laid.dry)
            if opacity <= 0:
                continue
            rim = min((1 - abs(v)) * width, laid.rim)
            gathered = 0.94 + 0.5 * math.exp(-rim / (1.3 * brush.edge))
            for c in range(3):
                there = math.log(max(MIN_LIGHT, paint.colours[cell, c]))
                seen = (strokes.colours[s, actions.channels[kind, c]] - 0.5) * actions.signs[kind, c] + 0.5
                own = math.log(max(MIN_LIGHT, seen))
                weight = opacity if own < there else LIFTED * opacity
                paint.colours[cell, c] = math.exp(_mixed(there, own * gathered, weight))
