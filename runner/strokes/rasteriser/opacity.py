"""The opacities that strokes leave at their pairs, compiled: (pairs, table slices) -> (k,); and back to the strokes.

Forward, each pair is looked up in its stroke's table of (distance d, pressure p, passing q). Backward, the slope of the
table at the pair is followed to the stroke's nine numbers, by the chain rule

    d opacity = T_d dd + T_p dp + T_q dq + T_r d(log radius)

with the nearest point held fixed along the curve: at the minimum, the distance does not change with a small shift of
it (the envelope theorem), and the pressure hardly does. The derivative of q is that along the straight line through
each end.

Agreement with finite differences, as the mean cosine over the nine columns: 0.98 for a round brush, 0.997 for a flat
one and 0.89 for one that swells, under weights of white noise and steps of 0.1 pixel; 0.97 for `dry_brush` under smooth
weights. The whole derivative of the polyline, whose nearest point moves along it, comes to 0.98, 0.998, 0.90 and 0.99;
what is left then are jumps of the nearest point from one part of a bent curve to another. It was tried on ten paintings
of 150 and 400 strokes, which came out the same on average (-0.01 dB, between -0.4 and +0.25), so it is left out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.strokes.blending import soft_threshold_at
from orbifolio.runner.strokes.geometry import FLOOR
from orbifolio.runner.strokes.mypaint.actions import RAMP
from orbifolio.runner.strokes.rasteriser.brush_table import DISTANCES, PASSINGS, PRESSURES, TableSlices
from orbifolio.runner.strokes.rasteriser.numba_threads import parallel_ranges
from orbifolio.runner.strokes.rasteriser.pixel_blocks import PixelBlocks
from orbifolio.runner.strokes.rasteriser.trace import CHORDS, BrushFootprint, StrokePixelPairs, parabola_weights
from orbifolio.runner.strokes.stroke_array import (
    COLUMNS,
    END_PRESSURE,
    ENTRY_PRESSURE,
    LOG_RADIUS,
    StrokeArray,
)
from orbifolio.runner.strokes.stroke_profile import compiled, fade, swell


def opacities(pairs: StrokePixelPairs, slices: TableSlices, *, opaque: bool = False) -> F32:
    """The opacity of every pair, (k,).

    Args:
        pairs: of n strokes.
        opaque: paint covers or does not: see `soft_threshold`.
    """
    alphas = np.zeros(len(pairs.places), np.float32)
    parallel_ranges(
        lambda first, last: _opacities(first, last, pairs, slices, opaque, alphas), pairs.ends - pairs.starts
    )
    return alphas


class OpacityInputs(NamedTuple):
    """What the opacities of n strokes follow from.

    Attributes:
        pairs: of the strokes with the places of the blocks.
    """

    pairs: StrokePixelPairs
    strokes: StrokeArray
    blocks: PixelBlocks
    footprint: BrushFootprint
    slices: TableSlices
    opaque: bool = False


def opacities_vjp(inputs: OpacityInputs, above: F32) -> F32:
    """The gradient by the strokes' rows, (n, 9), from that by the opacities (vector-Jacobian product).

    Args:
        above: (k,) derivative by each opacity.
    """
    gradient = np.zeros((inputs.strokes.size, COLUMNS))
    parallel_ranges(
        lambda first, last: _opacities_vjp(first, last, inputs, above, gradient),
        inputs.pairs.ends - inputs.pairs.starts,
    )
    return gradient.astype(np.float32)


@compiled
def _cell(
    distance: float, pressure: float, passing: float, max_distance: float
) -> tuple[int, float, int, float, int, float]:
    """The cell of the table that a pair lies in, and the part of the way through it, along each axis."""
    d = min(distance * ((DISTANCES - 1) / max_distance), DISTANCES - 1.001)
    p = min(max(pressure, 0.0) * (PRESSURES - 1), PRESSURES - 1.001)
    q = min(max(passing + 1.0, 0.0) * (0.5 * (PASSINGS - 1)), PASSINGS - 1.001)
    i, j, k = int(d), int(p), int(q)
    return i, d - i, j, p - j, k, q - k


@compiled
def _opacities(first: int, last: int, pairs: StrokePixelPairs, slices: TableSlices, opaque: bool, alphas: F32) -> None:
    for n in range(first, last):
        table = slices.opacities[n]
        for at in range(pairs.starts[n], pairs.ends[n]):
            i, d, j, p, k, q = _cell(pairs.distances[at], pairs.pressures[at], pairs.passings[at], slices.max_distance)
            total = 0.0
            for a in range(2):
                for b in range(2):
                    low, high = table[i + a, j + b, k], table[i + a, j + b, k + 1]
                    total += (d if a else 1.0 - d) * (p if b else 1.0 - p) * (low + q * (high - low))
            alphas[at] = soft_threshold_at(total)[0] if opaque else total


@compiled
def _chord_weights(t: float) -> tuple[float, float, float]:
    """Parts of start, via and end in the polyline's point at a time."""
    chord = min(int(t * CHORDS), CHORDS - 1)
    part = t * CHORDS - chord
    a, _, c = parabola_weights(chord / CHORDS)
    e, _, g = parabola_weights((chord + 1) / CHORDS)
    a, c = (1.0 - part) * a + part * e, (1.0 - part) * c + part * g
    return a, 1.0 - a - c, c


@compiled
def _heading(row: F32, metric: F64, t: float) -> tuple[float, float]:
    """Direction of a curve in the metric, of length 1."""
    a, b, c = 4.0 * t - 3.0, 4.0 - 8.0 * t, 4.0 * t - 1.0
    x, y = a * row[0] + b * row[2] + c * row[4], a * row[1] + b * row[3] + c * row[5]
    x, y = metric[0, 0] * x + metric[0, 1] * y, metric[1, 0] * x + metric[1, 1] * y
    length = np.hypot(x, y) + 1e-9
    return x / length, y / length


class StrokeEnd(NamedTuple):
    """One end of a stroke.

    Attributes:
        column: of its x in a stroke's row.
        x, y: in pixels.
        in_x, in_y: direction from the end into the stroke, in the metric, of length 1.
    """

    column: int
    x: float
    y: float
    in_x: float
    in_y: float


@compiled
def _end_vjp(gradient: F64, end: StrokeEnd, point: F32, metric: F64, by_q: float, radius: float) -> float:
    """Add the derivatives by the coordinates of an end; that by the radius (in pixels), times the radius.

    q has 0.5 fade(s) of each end, s = (place - end) . heading / radius.  So ds / d end = -heading / radius and
    ds / d radius = -s / radius.

    Args:
        gradient: (9,) of the stroke, added to.
        point: (2,) place in pixels.
        metric: (2, 2) of the brush.
        by_q: derivative by q.
        radius: at the nearest point in pixels.
    """
    dx, dy = point[0] - end.x, point[1] - end.y
    dx, dy = metric[0, 0] * dx + metric[0, 1] * dy, metric[1, 0] * dx + metric[1, 1] * dy
    ahead = (dx * end.in_x + dy * end.in_y) / radius
    by_s = 0.5 * by_q * fade(ahead)[1]
    gradient[end.column] -= by_s / radius * (metric[0, 0] * end.in_x + metric[1, 0] * end.in_y)
    gradient[end.column + 1] -= by_s / radius * (metric[0, 1] * end.in_x + metric[1, 1] * end.in_y)
    return float(-by_s * ahead)


@compiled
def _opacities_vjp(first: int, last: int, inputs: OpacityInputs, above: F32, gradient: F64) -> None:
    pairs, strokes, blocks, footprint, slices, opaque = inputs
    points, metric, max_distance = blocks.points, footprint.metric, slices.max_distance
    for n in range(first, last):
        table, slope = slices.opacities[n], slices.slopes[n]
        row, unit, total = strokes.rows[n], strokes.units[n], gradient[n]
        head_x, head_y = _heading(row, metric, 0.0)
        tail_x, tail_y = _heading(row, metric, 1.0)
        start = StrokeEnd(0, row[0], row[1], head_x, head_y)
        end = StrokeEnd(4, row[4], row[5], -tail_x, -tail_y)
        for at in range(pairs.starts[n], pairs.ends[n]):
            weight = above[at]
            if weight == 0.0:
                continue
            i, d, j, p, k, q = _cell(pairs.distances[at], pairs.pressures[at], pairs.passings[at], max_distance)
            by_d, by_p, by_q, by_r, value = 0.0, 0.0, 0.0, 0.0, 0.0
            for a in range(2):
                for b in range(2):
                    low, high = table[i + a, j + b, k], table[i + a, j + b, k + 1]
                    here = low + q * (high - low)
                    wd, wp = (d if a else 1.0 - d), (p if b else 1.0 - p)
                    value += wd * wp * here
                    by_d += (wp if a else -wp) * here
                    by_p += (wd if b else -wd) * here
                    by_q += wd * wp * (high - low)
                    low, high = slope[i + a, j + b, k], slope[i + a, j + b, k + 1]
                    by_r += wd * wp * (low + q * (high - low))
            if opaque:
                weight *= soft_threshold_at(value)[1]
            # From cells of the table to radii and pressures.
            by_d *= weight * ((DISTANCES - 1) / max_distance)
            by_p *= weight * (PRESSURES - 1)
            by_q *= weight * (0.5 * (PASSINGS - 1))
            by_r *= weight
            t, relative = pairs.times[at], pairs.distances[at]
            added, steep = swell(pairs.pressures[at], footprint.swelling)
            # radius = exp(log radius + added) unit + FLOOR unit; only the first part has a derivative.
            bare = np.exp(row[LOG_RADIUS] + added) * unit
            radius = bare + FLOOR * unit
            # d = |M (place - nearest)| / radius, nearest = wa start + wb via + wc end:
            # dd / d nearest = -M' M (place - nearest) / (d radius^2), dd / d log radius = -d bare / radius.
            point = points[pairs.places[at]]
            wa, wb, wc = _chord_weights(t)
            x = point[0] - (wa * row[0] + wb * row[2] + wc * row[4])
            y = point[1] - (wa * row[1] + wb * row[3] + wc * row[5])
            mx, my = metric[0, 0] * x + metric[0, 1] * y, metric[1, 0] * x + metric[1, 1] * y
            scale = -by_d / (relative * radius * radius + 1e-6 * radius)
            gx = scale * (metric[0, 0] * mx + metric[1, 0] * my)
            gy = scale * (metric[0, 1] * mx + metric[1, 1] * my)
            total[0] += wa * gx
            total[1] += wa * gy
            total[2] += wb * gx
            total[3] += wb * gy
            total[4] += wc * gx
            total[5] += wc * gy
            to_log = -by_d * relative * bare / radius
            to_log += _end_vjp(total, start, point, metric, by_q, radius) * bare / radius
            to_log += _end_vjp(total, end, point, metric, by_q, radius) * bare / radius
            total[LOG_RADIUS] += to_log + by_r
            # p = mean + (entry - mean) rising + (end - mean) falling; it also swells the radius.
            by_p += to_log * steep
            rising, falling = max(0.0, 1.0 - t / RAMP), max(0.0, 1.0 - (1.0 - t) / RAMP)
            total[ENTRY_PRESSURE] += by_p * 0.5 * (1.0 + rising - falling)
            total[END_PRESSURE] += by_p * 0.5 * (1.0 - rising + falling)
