"""The compiled heart of painting: (strokes, what they cover, brush) -> paint on the cells of any surface.

Bristles run along a stroke's u at fixed v (see `bristle_coverage`); each has its own load of paint, tone, beginning and
end, and runs dry in its own places. So a stroke is as sharp as the canvas, whatever its size.

What is random comes from a hash of the stroke's seed, so that a tile needs nothing of another one: a painting has the
same bytes for any number of threads.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.painting.bristle_coverage import Covered, band, clamped
from orbifolio.runner.painting.bristle_strokes import BristleStrokes
from orbifolio.runner.strokes.rasteriser.colour_actions import ColourActions

LANES = 5  # across a stroke in which paint is picked up: fewer smear evenly, more are noise
LANE_GAP = 0.42  # radii between them
CLEAN = 0.15  # difference of a channel at which half as much is picked up
SMEAR = 0.72  # of what a lane carries on to the next point
STREAK = 0.8  # radii, length of the places where bristles run dry
CLUMPS = (3, 7)  # neighbouring bristles that stick together
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
    plain = len(actions.signs) == 1  # the identity alone
    for s in range(len(strokes.radii)):
        if covered.firsts[s] == covered.firsts[s + 1]:
            continue
        points = strokes.points[strokes.offsets[s] : strokes.offsets[s + 1]]
        radius = float(strokes.radii[s])
        line, length, end = band(points, radius)
        traits, dry = of_stroke(strokes.seeds[s], radius, length, end, brush)
        taken = picked_up(line, radius, strokes.colours[s], snapshot) if brush.pickup > 0 else np.empty((LANES, 0, 3))
        body = brush.body * strokes.bodies[s] * min(1.6, math.sqrt(radius / 9))
        streaks = brush.streaks * min(1.0, strokes.bodies[s])  # thin paint is even
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
                mixed = own + 0.1 * streaks * laid.tone * (0.65 + 0.5 * own)
                mixed += 0.05 * streaks * (laid.dry - 0.5) * (0.3 + own)
                if share > 0:
                    before = _mixed(taken[low, k, c], taken[low + 1, k, c], lane - low)
                    behind = _mixed(taken[low, k + 1, c], taken[low + 1, k + 1, c], lane - low)
                    mixed = _mixed(mixed, _mixed(before, behind, t), share)
                shade[c] = clamped(mixed) - 0.5
            for c in range(3):
                seen = shade[c] + 0.5
                if not plain:
                    seen = shade[actions.channels[kind, c]] * actions.signs[kind, c] + 0.5
                paint.colours[cell, c] = _mixed(paint.colours[cell, c], seen, laid.opacity)
            # paint gathers at the sides of a stroke and where it stops
            ridge = 0.45 * v**4
            if laid.progress > 0.5:
                ridge += 0.55 * math.exp(-((laid.rim / (0.45 * radius)) ** 2))
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
