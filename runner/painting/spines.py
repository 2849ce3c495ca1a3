"""Spines: from seeds along directions until the picture leaves the stroke's colour; after Hertzmann (1998)."""

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


class SpineRules(NamedTuple):
    """How far strokes go.

    Attributes:
        reach: largest difference from the colour where it began, in OKLab with weighted chroma.
        shortest: in radii; shorter ones are lengthened straight.
        longest: each way, in radii.
        inertia: share of the direction so far at each step, 0 to 1.
    """

    reach: float
    shortest: float
    longest: float
    inertia: float


class SpineField(NamedTuple):
    """What strokes follow, (h, w, ...).

    Attributes:
        angles: radians.
        wanted: (h, w, 3) OKLab that is painted.
        canvas: (h, w, 3) OKLab so far.
    """

    angles: F32
    wanted: F32
    canvas: F32


@njit(cache=True, nogil=True)
def _walk(
    field: SpineField, x: float, y: float, bearing: float, lean: float, radius: float, rules: SpineRules, way: F64
) -> int:
    """Points from a seed in one direction, put into `way`; how many.

    Args:
        field: that is followed.
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
    own = field.wanted[row, column]
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
        row, column = min(high - 1, max(0, int(y))), min(wide - 1, max(0, int(x)))
        here, there = field.wanted[row, column], field.canvas[row, column]
        left = abs(here[0] - own[0]) + CHROMA * (abs(here[1] - own[1]) + abs(here[2] - own[2]))
        missing = abs(here[0] - there[0]) + CHROMA * (abs(here[1] - there[1]) + abs(here[2] - there[2]))
        if left > rules.reach or (left > NEAR * rules.reach and left > missing and k > 1):
            break
        way[taken, 0], way[taken, 1] = x, y
        taken += 1
    return taken


@njit(cache=True, nogil=True)
def trace(field: SpineField, seeds: F64, radii: F64, leans: F64, rules: SpineRules) -> tuple[F32, I64]:
    """The spines of strokes.

    Args:
        field: that they follow.
        seeds: (n, 2) x, y in pixels, within the field.
        radii: (n,) in pixels.
        leans: (n,) radians that they are turned by against the field.
        rules: how far they go.

    Returns:
        (N, 2) points and (n + 1,) where each spine's begin.
    """
    count = len(radii)
    offsets = np.zeros(count + 1, np.int64)
    capacity = 8 * count + 2 * MAX_STEPS + STRAIGHT
    points = np.empty((capacity, 2), np.float32)
    ahead, behind = np.empty((MAX_STEPS, 2)), np.empty((MAX_STEPS, 2))
    for s in range(count):
        x, y, radius = seeds[s, 0], seeds[s, 1], radii[s]
        bearing = field.angles[int(y), int(x)] + leans[s]
        forth = _walk(field, x, y, bearing, leans[s], radius, rules, ahead)
        back = _walk(field, x, y, bearing + math.pi, leans[s], radius, rules, behind)
        first = offsets[s]
        if first + 2 * MAX_STEPS + STRAIGHT + 1 > capacity:
            capacity *= 2
            larger = np.empty((capacity, 2), np.float32)
            larger[:first] = points[:first]
            points = larger
        total = forth + back + 1
        if total < 2 or total * radius * STEP < rules.shortest * radius:
            half = max(0.35 * radius, 0.5 * rules.shortest * radius)
            total = STRAIGHT
            for k in range(STRAIGHT):
                at = (2 * k / (STRAIGHT - 1) - 1) * half
                points[first + k, 0] = x + math.cos(bearing) * at
                points[first + k, 1] = y + math.sin(bearing) * at
        else:
            for k in range(back):
                points[first + k] = behind[back - 1 - k]
            points[first + back, 0], points[first + back, 1] = x, y
            for k in range(forth):
                points[first + back + 1 + k] = ahead[k]
        offsets[s + 1] = first + total
    return points[: offsets[count]].copy(), offsets
