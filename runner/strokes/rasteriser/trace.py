"""Which places a stroke reaches and how they lie to it, compiled: (strokes, places) -> pairs, stroke by stroke.

A pair knows the time `t` of the nearest point of the stroke's curve and the three numbers that the paint there depends
on (`response`): the distance in radii, the pressure, and how much of the stroke passes by, which is less near its ends.
The curve is a polyline of `CHORDS`; a block of places is tested against it before its places are, and keeps only the
chords that can be nearest.

Convention: a stroke is a row of nine numbers: start x, start y, via x, via y, end x, end y in pixels, the logarithm of
the radius in units, the pressures at entry and end in [0, 1]; and its unit in pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orbifolio.runner.strokes.brush_models.implicit import MARGIN, ImplicitPainter
from orbifolio.runner.strokes.rasteriser.geometry import FLOOR
from orbifolio.runner.strokes.rasteriser.numba_threads import Doubles, Floats, Integers, Longs, deal
from orbifolio.runner.strokes.rasteriser.pixel_blocks import Places
from orbifolio.runner.strokes.rasteriser.stroke_profile import compiled, fade, press, swell

CHORDS = 16
NUMBERS = 9


@dataclass(frozen=True)
class Tip:
    """What is known of a brush.

    Attributes:
        metric: (2, 2) that places are multiplied by from the left.
        ratio: by which the metric stretches at most.
        swelling: (m, 2) pressure and what it adds to the logarithm of the radius; m >= 1.
        reach: in radii.
    """

    metric: Doubles
    ratio: float
    swelling: Doubles
    reach: float

    @classmethod
    def of(cls, painter: ImplicitPainter) -> Tip:
        """That of a learnt brush."""
        known = painter.known
        metric = np.eye(2) if known.metric is None else known.metric.numpy().copy()
        return cls(metric, max(1.0, known.ratio), np.array(known.swelling or ((0.0, 0.0),), np.float64), known.reach)


@dataclass(frozen=True)
class Pairs:
    """Strokes and the places they reach; those of stroke i are [starts[i], ends[i]).

    Attributes:
        starts: (n,).
        ends: (n,).
        places: (k,) numbers of places; between ends[i] and starts[i + 1] nothing is said.
        times: (k,) of the nearest point, in [0, 1].
        distances: (k,) in radii.
        pressures: (k,) in [0, 1].
        passings: (k,) in [-1, 1]: 1 well inside a stroke, about 0 at its ends.
    """

    starts: Longs
    ends: Longs
    places: Integers
    times: Floats
    distances: Floats
    pressures: Floats
    passings: Floats


def trace(rows: Floats, units: Floats, tip: Tip, places: Places) -> Pairs:
    """All pairs.

    Args:
        rows: (n, 9), see the module's docstring.
        units: (n,) pixels.
        tip: of the brush.
        places: of the picture.
    """
    count = len(rows)
    curves = np.zeros((count, CHORDS + 1, 4))  # x, y in the metric, radius, length from the start
    sizes = np.zeros(count, np.int64)
    held = (tip.metric, tip.ratio, tip.swelling, tip.reach)
    blocks = (places.middles, places.halves, places.firsts)
    deal(lambda first, last: _survey(first, last, rows, units, *held, *blocks, curves, sizes), np.ones(count, np.int64))
    starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes)))
    total = int(starts[-1])
    found = Pairs(
        starts[:-1].copy(),
        np.zeros(count, np.int64),
        np.zeros(total, np.int32),
        *(np.empty(total, np.float32) for _ in range(4)),
    )
    deal(
        lambda first, last: _pair(
            first,
            last,
            rows,
            units,
            tip.metric,
            tip.ratio,
            tip.reach,
            *blocks,
            places.points,
            curves,
            found.starts,
            found.ends,
            found.places,
            found.times,
            found.distances,
            found.pressures,
            found.passings,
        ),
        sizes,
    )
    return found


@compiled
def _curve(row: Floats, unit: float, metric: Doubles, swelling: Doubles, curve: Doubles) -> float:
    """Fill in a polyline; the largest radius."""
    largest = 0.0
    for k in range(CHORDS + 1):
        t = k / CHORDS
        a, b, c = (1.0 - t) * (1.0 - 2.0 * t), 4.0 * t * (1.0 - t), t * (2.0 * t - 1.0)
        x = a * row[0] + b * row[2] + c * row[4]
        y = a * row[1] + b * row[3] + c * row[5]
        curve[k, 0] = metric[0, 0] * x + metric[0, 1] * y
        curve[k, 1] = metric[1, 0] * x + metric[1, 1] * y
        added, _ = swell(press(row[7], row[8], t), swelling)
        curve[k, 2] = (np.exp(row[6] + added) + FLOOR) * unit
        largest = max(largest, curve[k, 2])
        curve[k, 3] = 0.0
        if k > 0:
            curve[k, 3] = curve[k - 1, 3] + np.hypot(curve[k, 0] - curve[k - 1, 0], curve[k, 1] - curve[k - 1, 1])
    return largest


@compiled
def _away(x: float, y: float, curve: Doubles, k: int) -> tuple[float, float]:
    """Squared distance to a chord, and the foot of the perpendicular in chords, not cut off."""
    across, down = curve[k + 1, 0] - curve[k, 0], curve[k + 1, 1] - curve[k, 1]
    x -= curve[k, 0]
    y -= curve[k, 1]
    foot = (x * across + y * down) / (across * across + down * down + 1e-12)
    cut = min(max(foot, 0.0), 1.0)
    x -= cut * across
    y -= cut * down
    return x * x + y * y, foot


@compiled
def _boxed(x: float, y: float, half: float, curve: Doubles, box: Doubles) -> bool:
    """Whether a block touches the box of a curve."""
    return bool(x + half >= box[0] and x - half <= box[2] and y + half >= box[1] and y - half <= box[3])


@compiled
def _box(curve: Doubles, reach: float, box: Doubles) -> None:
    box[0], box[1] = curve[:, 0].min() - reach, curve[:, 1].min() - reach
    box[2], box[3] = curve[:, 0].max() + reach, curve[:, 1].max() + reach


@compiled
def _survey(
    first: int,
    last: int,
    rows: Floats,
    units: Floats,
    metric: Doubles,
    ratio: float,
    swelling: Doubles,
    reach: float,
    middles: Floats,
    halves: Floats,
    firsts: Longs,
    curves: Doubles,
    sizes: Longs,
) -> None:
    """Curves, and how many places are in the blocks that each can reach."""
    box = np.empty(4)
    for i in range(first, last):
        curve = curves[i]
        limit = reach * _curve(rows[i], units[i], metric, swelling, curve) + MARGIN * units[i]
        _box(curve, limit, box)
        size = 0
        for b in range(len(middles)):
            half = halves[b] * ratio
            x = metric[0, 0] * middles[b, 0] + metric[0, 1] * middles[b, 1]
            y = metric[1, 0] * middles[b, 0] + metric[1, 1] * middles[b, 1]
            if not _boxed(x, y, half, curve, box):
                continue
            for k in range(CHORDS):
                if _away(x, y, curve, k)[0] <= (limit + half) ** 2:
                    size += firsts[b + 1] - firsts[b]
                    break
        sizes[i] = size


@compiled
def _pair(
    first: int,
    last: int,
    rows: Floats,
    units: Floats,
    metric: Doubles,
    ratio: float,
    reach: float,
    middles: Floats,
    halves: Floats,
    firsts: Longs,
    points: Floats,
    curves: Doubles,
    starts: Longs,
    ends: Longs,
    found: Integers,
    times: Floats,
    distances: Floats,
    pressures: Floats,
    passings: Floats,
) -> None:
    """The pairs of strokes [first, last)."""
    box = np.empty(4)
    keen = np.empty(CHORDS, np.int64)
    lower = np.empty(CHORDS)
    for i in range(first, last):
        curve = curves[i]
        margin = MARGIN * units[i]
        limit = reach * curve[:, 2].max() + margin
        _box(curve, limit, box)
        at = starts[i]
        whole = curve[CHORDS, 3]
        for b in range(len(middles)):
            half = halves[b] * ratio
            x = metric[0, 0] * middles[b, 0] + metric[0, 1] * middles[b, 1]
            y = metric[1, 0] * middles[b, 0] + metric[1, 1] * middles[b, 1]
            if not _boxed(x, y, half, curve, box):
                continue
            upper, near = np.inf, False
            for k in range(CHORDS):
                away = np.sqrt(_away(x, y, curve, k)[0])
                near = near or away <= limit + half
                thin, thick = min(curve[k, 2], curve[k + 1, 2]), max(curve[k, 2], curve[k + 1, 2])
                lower[k] = max(away - half, 0.0) / thick
                upper = min(upper, (away + half) / thin)
            if not near:
                continue
            some = 0
            for k in range(CHORDS):
                if lower[k] <= upper:
                    keen[some] = k
                    some += 1
            for place in range(firsts[b], firsts[b + 1]):
                x = metric[0, 0] * points[place, 0] + metric[0, 1] * points[place, 1]
                y = metric[1, 0] * points[place, 0] + metric[1, 1] * points[place, 1]
                best, chord, along, radius = np.inf, 0, 0.0, 1.0
                for number in range(some):
                    k = keen[number]
                    square, foot = _away(x, y, curve, k)
                    cut = min(max(foot, 0.0), 1.0)
                    here = curve[k, 2] + cut * (curve[k + 1, 2] - curve[k, 2])
                    relative = square / (here * here)
                    if relative < best:
                        best, chord, along, radius = relative, k, foot, here
                distance = np.sqrt(best)
                if distance * radius >= reach * radius + margin:
                    continue
                cut = min(max(along, 0.0), 1.0)
                inside = along
                if not (chord == 0 and along < 0.0) and not (chord == CHORDS - 1 and along > 1.0):
                    inside = cut
                passed = curve[chord, 3] + inside * (curve[chord + 1, 3] - curve[chord, 3])
                t = (chord + cut) / CHORDS
                found[at] = place
                times[at] = t
                distances[at] = distance
                pressures[at] = press(rows[i, 7], rows[i, 8], t)
                passings[at] = 0.5 * (fade(passed / radius)[0] + fade((whole - passed) / radius)[0])
                at += 1
        ends[i] = at
