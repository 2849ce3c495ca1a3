"""The paint that strokes leave at their pairs, compiled: (pairs, own tables) -> opacities; and back to the strokes.

Forward, each pair is looked up in its stroke's table of (distance, pressure, passing). Backward, the slope of the table
at the pair is followed to the stroke's nine numbers. The nearest point is taken to stay where it is along the curve: a
distance that is least does not feel a small shift of it, and the pressure hardly does.
"""

from __future__ import annotations

import numpy as np

from orbifolio.runner.strokes.rasteriser.brush_table import DISTANCES, PASSINGS, PRESSURES, Response
from orbifolio.runner.strokes.rasteriser.geometry import FLOOR
from orbifolio.runner.strokes.rasteriser.numba_threads import Doubles, Floats, Integers, Longs, deal
from orbifolio.runner.strokes.rasteriser.pixel_blocks import Places
from orbifolio.runner.strokes.rasteriser.stroke_profile import RAMP, compiled, fade, swell
from orbifolio.runner.strokes.rasteriser.trace import CHORDS, NUMBERS, Pairs

HARD = 8.0  # slope of an opaque stroke's edge


def answer(pairs: Pairs, own: Floats, response: Response, *, opaque: bool = False) -> Floats:
    """The opacity of every pair, (k,).

    Args:
        pairs: of n strokes.
        own: (n, DISTANCES, PRESSURES, PASSINGS), of `Response.own`.
        response: of the brush.
        opaque: paint covers or does not: opacities are steepened about one half.
    """
    alphas = np.zeros(len(pairs.places), np.float32)
    deal(
        lambda first, last: _answer(
            first,
            last,
            pairs.starts,
            pairs.ends,
            pairs.distances,
            pairs.pressures,
            pairs.passings,
            own,
            response.farthest,
            opaque,
            alphas,
        ),
        pairs.ends - pairs.starts,
    )
    return alphas


def answer_back(
    pairs: Pairs,
    rows: Floats,
    units: Floats,
    places: Places,
    own: Floats,
    slopes: Floats,
    response: Response,
    above: Floats,
    *,
    opaque: bool = False,
) -> Floats:
    """The gradient by the strokes' numbers, (n, 9), from that by the opacities.

    Args:
        pairs: of n strokes.
        rows: (n, 9).
        units: (n,) pixels.
        places: of the picture.
        own: of `Response.own`.
        slopes: likewise.
        response: of the brush.
        above: (k,) derivative by each opacity.
        opaque: as forward.
    """
    found = np.zeros((len(rows), NUMBERS))
    tip = response.tip
    deal(
        lambda first, last: _back(
            first,
            last,
            pairs.starts,
            pairs.ends,
            pairs.places,
            pairs.times,
            pairs.distances,
            pairs.pressures,
            pairs.passings,
            rows,
            units,
            places.points,
            tip.metric,
            tip.swelling,
            own,
            slopes,
            response.farthest,
            opaque,
            above,
            found,
        ),
        pairs.ends - pairs.starts,
    )
    return found.astype(np.float32)


def harden(alphas: Floats) -> Floats:
    """Paint that covers or does not, with an edge that is not jagged; as `strokes.document.document` has it."""
    found: Floats = np.clip((alphas - 0.5) * HARD + 0.5, 0, 1).astype(np.float32)
    return found


@compiled
def steepen(alpha: float) -> tuple[float, float]:
    """`harden` of one opacity, and its derivative."""
    x = (alpha - 0.5) * HARD + 0.5
    if x <= 0.0:
        return 0.0, 0.0
    return (1.0, 0.0) if x >= 1.0 else (x, HARD)


@compiled
def _knots(
    distance: float, pressure: float, passing: float, farthest: float
) -> tuple[int, float, int, float, int, float]:
    d = min(distance * ((DISTANCES - 1) / farthest), DISTANCES - 1.001)
    p = min(max(pressure, 0.0) * (PRESSURES - 1), PRESSURES - 1.001)
    q = min(max(passing + 1.0, 0.0) * (0.5 * (PASSINGS - 1)), PASSINGS - 1.001)
    i, j, k = int(d), int(p), int(q)
    return i, d - i, j, p - j, k, q - k


@compiled
def _weights(t: float) -> tuple[float, float, float]:
    """Parts of start, via and end in the polyline's point at a time."""
    chord = min(int(t * CHORDS), CHORDS - 1)
    part = t * CHORDS - chord
    s, u = chord / CHORDS, (chord + 1) / CHORDS
    a = (1.0 - part) * (1.0 - s) * (1.0 - 2.0 * s) + part * (1.0 - u) * (1.0 - 2.0 * u)
    c = (1.0 - part) * s * (2.0 * s - 1.0) + part * u * (2.0 * u - 1.0)
    return a, 1.0 - a - c, c


@compiled
def _heading(row: Floats, metric: Doubles, t: float) -> tuple[float, float]:
    """Direction of a curve in the metric, of length 1."""
    a, b, c = 4.0 * t - 3.0, 4.0 - 8.0 * t, 4.0 * t - 1.0
    x, y = a * row[0] + b * row[2] + c * row[4], a * row[1] + b * row[3] + c * row[5]
    x, y = metric[0, 0] * x + metric[0, 1] * y, metric[1, 0] * x + metric[1, 1] * y
    length = np.hypot(x, y) + 1e-9
    return x / length, y / length


@compiled
def _end(
    total: Doubles,
    column: int,
    point: Floats,
    x: float,
    y: float,
    in_x: float,
    in_y: float,
    metric: Doubles,
    by_q: float,
    radius: float,
    bare: float,
) -> float:
    """Adds what is felt of one end to its coordinates; what is felt of the radius' logarithm.

    (x, y) is the end, (in_x, in_y) the direction from it into the stroke, in the metric.
    """
    dx, dy = point[0] - x, point[1] - y
    dx, dy = metric[0, 0] * dx + metric[0, 1] * dy, metric[1, 0] * dx + metric[1, 1] * dy
    ahead = (dx * in_x + dy * in_y) / radius
    felt = 0.5 * by_q * fade(ahead)[1]
    total[column] -= felt / radius * (metric[0, 0] * in_x + metric[1, 0] * in_y)
    total[column + 1] -= felt / radius * (metric[0, 1] * in_x + metric[1, 1] * in_y)
    return float(-felt * ahead * bare / radius)


@compiled
def _answer(
    first: int,
    last: int,
    starts: Longs,
    ends: Longs,
    distances: Floats,
    pressures: Floats,
    passings: Floats,
    own: Floats,
    farthest: float,
    opaque: bool,
    alphas: Floats,
) -> None:
    for n in range(first, last):
        table = own[n]
        for at in range(starts[n], ends[n]):
            i, d, j, p, k, q = _knots(distances[at], pressures[at], passings[at], farthest)
            total = 0.0
            for a in range(2):
                for b in range(2):
                    low, high = table[i + a, j + b, k], table[i + a, j + b, k + 1]
                    total += (d if a else 1.0 - d) * (p if b else 1.0 - p) * (low + q * (high - low))
            alphas[at] = steepen(total)[0] if opaque else total


@compiled
def _back(
    first: int,
    last: int,
    starts: Longs,
    ends: Longs,
    found: Integers,
    times: Floats,
    distances: Floats,
    pressures: Floats,
    passings: Floats,
    rows: Floats,
    units: Floats,
    points: Floats,
    metric: Doubles,
    swelling: Doubles,
    own: Floats,
    slopes: Floats,
    farthest: float,
    opaque: bool,
    above: Floats,
    gradient: Doubles,
) -> None:
    for n in range(first, last):
        table, slope = own[n], slopes[n]
        row, unit, total = rows[n], units[n], gradient[n]
        # Directions of the curve at its ends, in the metric, for what is felt of an end.
        head_x, head_y = _heading(row, metric, 0.0)
        tail_x, tail_y = _heading(row, metric, 1.0)
        for at in range(starts[n], ends[n]):
            weight = above[at]
            if weight == 0.0:
                continue
            i, d, j, p, k, q = _knots(distances[at], pressures[at], passings[at], farthest)
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
                weight *= steepen(value)[1]
            by_d *= weight * ((DISTANCES - 1) / farthest)
            by_p *= weight * (PRESSURES - 1)
            by_q *= weight * (0.5 * (PASSINGS - 1))
            by_r *= weight
            t, relative = times[at], distances[at]
            pressure = pressures[at]
            added, steep = swell(pressure, swelling)
            bare = np.exp(row[6] + added) * unit
            radius = bare + FLOOR * unit
            # Distance: through the nearest point and through the radius there.
            place = found[at]
            wa, wb, wc = _weights(t)
            x = points[place, 0] - (wa * row[0] + wb * row[2] + wc * row[4])
            y = points[place, 1] - (wa * row[1] + wb * row[3] + wc * row[5])
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
            # Passing: through the distances to both ends, along the curve there.
            to_log += _end(total, 0, points[place], row[0], row[1], head_x, head_y, metric, by_q, radius, bare)
            to_log += _end(total, 4, points[place], row[4], row[5], -tail_x, -tail_y, metric, by_q, radius, bare)
            total[6] += to_log + by_r
            by_p += to_log * steep
            rising, falling = max(0.0, 1.0 - t / RAMP), max(0.0, 1.0 - (1.0 - t) / RAMP)
            total[7] += by_p * 0.5 * (1.0 + rising - falling)
            total[8] += by_p * 0.5 * (1.0 - rising + falling)
