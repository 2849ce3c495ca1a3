"""Spines: from seeds along directions until the picture leaves the stroke's colour; after Hertzmann (1998).

Unlike his, strokes keep to their side of an edge: one that would reach over it is laid beside it, and narrower.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from orbifolio.runner.arrays import F32, F64, I64

STEP = 0.6  # radii from point to point: a bend of half a radius is still round
MAX_STEPS = 200  # each way; longer ones would be lines around the picture
CHROMA = 1.6  # weight of chroma beside lightness
NEAR = 0.35  # share of the reach within which a stroke goes on even where it makes the canvas worse
STRAIGHT = 4  # points of a stroke that is lengthened straight
HELD = 0.7  # of the reach, on smooth surfaces: what is left is a step from stroke to stroke that is hardly seen
LANES = 4  # on either side of a spine, where its band is compared with the picture


class SpineRules(NamedTuple):
    """How far strokes go.

    Attributes:
        reach: largest difference from the colour where it began, in OKLab with weighted chroma.
        shortest: in radii; shorter ones are lengthened straight.
        longest: each way, in radii.
        inertia: share of the direction so far at each step, 0 to 1.
        mended: share of what a stroke mends where it begins by which it may make the canvas worse elsewhere, or a faint
            star would become a streak; 0 for Hertzmann's own rule.
        left_wrong: share of the canvas's error elsewhere that its own may be, or it would lay one wrong colour over
            another; 1 for Hertzmann's own rule.
        tip: radii that its paint reaches beyond its spine, whose colour counts as well.
        slimmest: share of its radius that it keeps at least where it has little room along it, and again where edges
            leave little beside it; 1 to ignore them.
        held: share of the reach that smooth surfaces take away, where a stroke across a soft shadow would be a step.
    """

    reach: float
    shortest: float
    longest: float
    inertia: float
    mended: float = 0.5
    left_wrong: float = 0.8
    tip: float = 0.5
    slimmest: float = 0.5
    held: float = HELD


class SpineField(NamedTuple):
    """What strokes follow, (h, w, ...).

    Attributes:
        angles: radians.
        wanted: (h, w, 3) OKLab that is painted.
        canvas: (h, w, 3) OKLab so far.
        smoothness: (h, w) in [0, 1], how even the surfaces are that places belong to.
    """

    angles: F32
    wanted: F32
    canvas: F32
    smoothness: F32


@njit(inline="always")
def _apart(first: F32, second: F32) -> float:
    apart: float = abs(first[0] - second[0]) + CHROMA * (abs(first[1] - second[1]) + abs(first[2] - second[2]))
    return apart


@njit(cache=True, nogil=True)
def _walk(
    field: SpineField,
    own: F32,
    x: float,
    y: float,
    bearing: float,
    lean: float,
    radius: float,
    rules: SpineRules,
    way: F64,
) -> int:
    """Points from a seed in one direction, put into `way`; how many.

    Args:
        field: that is followed.
        own: (3,) the stroke's colour.
        x: of the seed, in pixels.
        y: of the seed.
        bearing: radians, where to begin.
        lean: radians that all directions are turned by.
        radius: in pixels.
        rules: how far.
        way: (MAX_STEPS, 2), filled.
    """
    high, wide = field.angles.shape
    row, column = min(high - 1, max(0, int(y))), min(wide - 1, max(0, int(x)))
    reach = rules.reach * (1 - rules.held * field.smoothness[row, column])
    tolerated = min(NEAR * reach, rules.mended * _apart(own, field.canvas[row, column]))
    step = radius * STEP
    most = min(MAX_STEPS, max(1, int(rules.longest * radius / step)))
    dx, dy = math.cos(bearing), math.sin(bearing)
    taken = 0
    for k in range(most):
        row, column = min(high - 1, max(0, int(y))), min(wide - 1, max(0, int(x)))
        ux, uy = math.cos(field.angles[row, column] + lean), math.sin(field.angles[row, column] + lean)
        if ux * dx + uy * dy < 0:
            ux, uy = -ux, -uy
        dx, dy = rules.inertia * dx + (1 - rules.inertia) * ux, rules.inertia * dy + (1 - rules.inertia) * uy
        norm = math.hypot(dx, dy) + 1e-9
        dx, dy = dx / norm, dy / norm
        x, y = x + dx * step, y + dy * step
        if x < -radius or y < -radius or x > wide + radius or y > high + radius:
            break
        tip_x, tip_y = x + dx * rules.tip * radius, y + dy * rules.tip * radius
        row, column = min(high - 1, max(0, int(tip_y))), min(wide - 1, max(0, int(tip_x)))
        here = field.wanted[row, column]
        left = _apart(here, own)
        wrong = left > tolerated and left > rules.left_wrong * _apart(here, field.canvas[row, column])
        if left > reach or (wrong and k > 1):
            break
        way[taken, 0], way[taken, 1] = x, y
        taken += 1
    return taken


@njit(cache=True, nogil=True)
def _keep_to_its_side(field: SpineField, own: F32, radius: float, rules: SpineRules, spine: F32) -> float:
    """Move a spine aside where its band would reach over an edge; the radius that is left.

    Args:
        field: that it follows.
        own: (3,) the stroke's colour.
        radius: in pixels.
        rules: how far it may differ, and the least width.
        spine: (n, 2), changed.
    """
    high, wide = field.angles.shape
    count = len(spine)
    reach = 0.0
    for k in range(count):
        row, column = min(high - 1, max(0, int(spine[k, 1]))), min(wide - 1, max(0, int(spine[k, 0])))
        reach += rules.reach * (1 - rules.held * field.smoothness[row, column])
    normals = np.empty((count, 2))
    for k in range(count):
        before, after = max(0, k - 1), min(count - 1, k + 1)
        dx, dy = spine[after, 0] - spine[before, 0], spine[after, 1] - spine[before, 1]
        norm = math.hypot(dx, dy) + 1e-9
        normals[k, 0], normals[k, 1] = -dy / norm, dx / norm
    room = np.zeros(2)
    for side in range(2):
        for lane in range(1, LANES + 1):
            aside = (2 * side - 1) * radius * lane / LANES
            apart = 0.0
            for k in range(count):
                x, y = spine[k, 0] + aside * normals[k, 0], spine[k, 1] + aside * normals[k, 1]
                row, column = min(high - 1, max(0, int(y))), min(wide - 1, max(0, int(x)))
                apart += _apart(field.wanted[row, column], own)
            if apart > reach:
                break
            room[side] = lane / LANES
    kept: float = radius * max(rules.slimmest, 0.5 * (room[0] + room[1]))
    aside = 0.5 * (room[1] - room[0]) * radius
    for k in range(count):
        spine[k, 0] += aside * normals[k, 0]
        spine[k, 1] += aside * normals[k, 1]
    return kept


@njit(cache=True, nogil=True)
def trace(field: SpineField, seeds: F64, owns: F32, radii: F64, leans: F64, rules: SpineRules) -> tuple[F32, I64, F64]:
    """The spines of strokes.

    Args:
        field: that they follow.
        seeds: (n, 2) x, y in pixels, within the field.
        owns: (n, 3) OKLab of their paint.
        radii: (n,) in pixels.
        leans: (n,) radians that they are turned by against the field.
        rules: how far they go.

    Returns:
        (N, 2) points, (n + 1,) where each spine's begin, and (n,) the radii that strokes have room for.
    """
    count = len(radii)
    offsets = np.zeros(count + 1, np.int64)
    capacity = 8 * count + 2 * MAX_STEPS + STRAIGHT
    points = np.empty((capacity, 2), np.float32)
    ahead, behind = np.empty((MAX_STEPS, 2)), np.empty((MAX_STEPS, 2))
    kept = np.empty(count)
    for s in range(count):
        x, y, radius = seeds[s, 0], seeds[s, 1], radii[s]
        bearing = field.angles[int(y), int(x)] + leans[s]
        forth = _walk(field, owns[s], x, y, bearing, leans[s], radius, rules, ahead)
        back = _walk(field, owns[s], x, y, bearing + math.pi, leans[s], radius, rules, behind)
        first = offsets[s]
        if first + 2 * MAX_STEPS + STRAIGHT + 1 > capacity:
            capacity *= 2
            larger = np.empty((capacity, 2), np.float32)
            # by element, as in `bristle_coverage.with_room`
            for k in range(first):
                larger[k, 0], larger[k, 1] = points[k, 0], points[k, 1]
            points = larger
        total = forth + back + 1
        if total < 2 or total * radius * STEP < rules.shortest * radius:
            # lengthened, but no farther than a narrower brush needs to, and from the middle of the room there is
            room = (forth + back) * radius * STEP
            if rules.slimmest < 1:
                middle = 0.5 * (forth - back) * radius * STEP
                x, y = x + math.cos(bearing) * middle, y + math.sin(bearing) * middle
            radius = max(rules.slimmest * radius, min(radius, room / max(1e-9, rules.shortest)))
            half = max(0.35 * radius, 0.5 * rules.shortest * radius)
            total = STRAIGHT
            for k in range(STRAIGHT):
                at = (2 * k / (STRAIGHT - 1) - 1) * half
                points[first + k, 0] = x + math.cos(bearing) * at
                points[first + k, 1] = y + math.sin(bearing) * at
        else:
            for k in range(back):
                points[first + k, 0], points[first + k, 1] = behind[back - 1 - k, 0], behind[back - 1 - k, 1]
            points[first + back, 0], points[first + back, 1] = x, y
            for k in range(forth):
                points[first + back + 1 + k, 0], points[first + back + 1 + k, 1] = ahead[k, 0], ahead[k, 1]
        offsets[s + 1] = first + total
        kept[s] = radius
        if rules.slimmest < 1:
            kept[s] = _keep_to_its_side(field, owns[s], radius, rules, points[first : first + total])
    return points[: offsets[count]].copy(), offsets, kept
