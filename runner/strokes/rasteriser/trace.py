"""Which places a stroke reaches and how they lie to it, compiled: (strokes, places) -> pairs, stroke by stroke.

A pair knows the time `t` of the nearest point of the stroke's curve and the three numbers that the paint there depends
on (`brush_table`): the distance in radii, the pressure, and how much of the stroke passes by, which is less near its
ends. The curve is a polyline of `CHORDS`; a block of places is tested against it before its places are, and keeps only
the chords that can be nearest.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from orbifolio.runner.arrays import F32, F64, I32, I64
from orbifolio.runner.strokes.brush_models.implicit import MARGIN, ImplicitPainter
from orbifolio.runner.strokes.geometry import FLOOR
from orbifolio.runner.strokes.rasteriser.numba_threads import parallel_ranges
from orbifolio.runner.strokes.rasteriser.pixel_blocks import PixelBlocks
from orbifolio.runner.strokes.stroke_array import END_PRESSURE, ENTRY_PRESSURE, LOG_RADIUS, StrokeArray
from orbifolio.runner.strokes.stroke_profile import compiled, fade, press, swell

CHORDS = 16  # of a curve; the time grows with them. At most 0.05 units from a painting's gentle strokes (`geometry`)


class BrushFootprint(NamedTuple):
    """What the trace needs of a brush, without its network.

    Attributes:
        metric: (2, 2) that places are multiplied by from the left.
        ratio: by which the metric stretches at most; at least 1.
        swelling: (m, 2) pressure and what it adds to the logarithm of the radius; m >= 1.
        reach: of the paint from the curve, in radii.
    """

    metric: F64
    ratio: float
    swelling: F64
    reach: float

    @classmethod
    def of(cls, painter: ImplicitPainter) -> BrushFootprint:
        """The footprint of a learnt brush."""
        traits = painter.traits
        metric = np.eye(2) if traits.metric is None else traits.metric.numpy().copy()
        return cls(metric, max(1.0, traits.ratio), np.array(traits.swelling or ((0.0, 0.0),), np.float64), traits.reach)


class StrokePixelPairs(NamedTuple):
    """Strokes and the places they reach; those of stroke i are [starts[i], ends[i]).

    Attributes:
        starts: (n,).
        ends: (n,).
        places: (k,) numbers of places; entries between ends[i] and starts[i + 1] are undefined.
        times: (k,) of the nearest point, in [0, 1].
        distances: (k,) in radii.
        pressures: (k,) in [0, 1].
        passings: (k,) in [-1, 1]: 1 well inside a stroke, about 0 at its ends.
    """

    starts: I64
    ends: I64
    places: I32
    times: F32
    distances: F32
    pressures: F32
    passings: F32

    def numbers(self) -> I64:
        """Numbers of all pairs, without the gaps between strokes."""
        counts = self.ends - self.starts
        before = np.cumsum(counts) - counts
        numbers: I64 = np.arange(int(counts.sum())) + np.repeat(self.starts - before, counts)
        return numbers

    def owners(self) -> I64:
        """The stroke of each pair that `numbers` lists."""
        return np.repeat(np.arange(len(self.starts)), self.ends - self.starts)


class TraceInputs(NamedTuple):
    """What the compiled loops over strokes read.

    Attributes:
        curves: (n, CHORDS + 1, 4) x and y in the metric, radius, length from the start; `_survey` fills them in.
    """

    strokes: StrokeArray
    footprint: BrushFootprint
    blocks: PixelBlocks
    curves: F64


def trace(strokes: StrokeArray, footprint: BrushFootprint, blocks: PixelBlocks) -> StrokePixelPairs:
    """All pairs of strokes and places within reach."""
    inputs = TraceInputs(strokes, footprint, blocks, np.zeros((strokes.size, CHORDS + 1, 4)))
    sizes = np.zeros(strokes.size, np.int64)
    parallel_ranges(lambda first, last: _survey(first, last, inputs, sizes), np.ones_like(sizes))
    starts = np.concatenate((np.zeros(1, np.int64), np.cumsum(sizes)))
    total = int(starts[-1])
    pairs = StrokePixelPairs(
        starts[:-1].copy(),
        np.zeros(strokes.size, np.int64),
        np.zeros(total, np.int32),
        *(np.empty(total, np.float32) for _ in range(4)),
    )
    parallel_ranges(lambda first, last: _pair(first, last, inputs, pairs), sizes)
    return pairs


@compiled
def parabola_weights(t: float) -> tuple[float, float, float]:
    """Parts of start, via and end in the point of a curve at a time; they sum to 1."""
    return (1.0 - t) * (1.0 - 2.0 * t), 4.0 * t * (1.0 - t), t * (2.0 * t - 1.0)


@compiled
def _polyline(row: F32, unit: float, footprint: BrushFootprint, curve: F64) -> float:
    """Fill in a curve; the largest radius."""
    metric = footprint.metric
    widest = 0.0
    for k in range(CHORDS + 1):
        t = k / CHORDS
        a, b, c = parabola_weights(t)
        x = a * row[0] + b * row[2] + c * row[4]
        y = a * row[1] + b * row[3] + c * row[5]
        curve[k, 0] = metric[0, 0] * x + metric[0, 1] * y
        curve[k, 1] = metric[1, 0] * x + metric[1, 1] * y
        added, _ = swell(press(row[ENTRY_PRESSURE], row[END_PRESSURE], t), footprint.swelling)
        curve[k, 2] = (np.exp(row[LOG_RADIUS] + added) + FLOOR) * unit
        widest = max(widest, curve[k, 2])
        curve[k, 3] = 0.0
        if k > 0:
            curve[k, 3] = curve[k - 1, 3] + np.hypot(curve[k, 0] - curve[k - 1, 0], curve[k, 1] - curve[k - 1, 1])
    return widest


@compiled
def _to_chord(x: float, y: float, curve: F64, k: int) -> tuple[float, float]:
    """Squared distance to a chord, and the foot of the perpendicular in chords, not clamped to [0, 1]."""
    across, down = curve[k + 1, 0] - curve[k, 0], curve[k + 1, 1] - curve[k, 1]
    x -= curve[k, 0]
    y -= curve[k, 1]
    foot = (x * across + y * down) / (across * across + down * down + 1e-12)
    cut = min(max(foot, 0.0), 1.0)
    x -= cut * across
    y -= cut * down
    return x * x + y * y, foot


@compiled
def _touches(x: float, y: float, half: float, box: F64) -> bool:
    """Whether a block touches the box of a curve."""
    return bool(x + half >= box[0] and x - half <= box[2] and y + half >= box[1] and y - half <= box[3])


@compiled
def _box(curve: F64, reach: float, box: F64) -> None:
    box[0], box[1] = curve[:, 0].min() - reach, curve[:, 1].min() - reach
    box[2], box[3] = curve[:, 0].max() + reach, curve[:, 1].max() + reach


@compiled
def _survey(first: int, last: int, inputs: TraceInputs, sizes: I64) -> None:
    """Fill in the curves, and count the places in the blocks that each can reach."""
    strokes, footprint, blocks, curves = inputs
    metric, middles, firsts = footprint.metric, blocks.middles, blocks.firsts
    box = np.empty(4)
    for i in range(first, last):
        curve, unit = curves[i], strokes.units[i]
        limit = footprint.reach * _polyline(strokes.rows[i], unit, footprint, curve) + MARGIN * unit
        _box(curve, limit, box)
        size = 0
        for b in range(len(middles)):
            half = blocks.halves[b] * footprint.ratio
            x = metric[0, 0] * middles[b, 0] + metric[0, 1] * middles[b, 1]
            y = metric[1, 0] * middles[b, 0] + metric[1, 1] * middles[b, 1]
            if not _touches(x, y, half, box):
                continue
            for k in range(CHORDS):
                if _to_chord(x, y, curve, k)[0] <= (limit + half) ** 2:
                    size += firsts[b + 1] - firsts[b]
                    break
        sizes[i] = size


@compiled
def _pair(first: int, last: int, inputs: TraceInputs, pairs: StrokePixelPairs) -> None:
    """Fill in the pairs of strokes [first, last)."""
    strokes, footprint, blocks, curves = inputs
    metric, reach = footprint.metric, footprint.reach
    points, middles, firsts = blocks.points, blocks.middles, blocks.firsts
    box = np.empty(4)
    near_chords = np.empty(CHORDS, np.int64)
    lower = np.empty(CHORDS)
    for i in range(first, last):
        curve, row = curves[i], strokes.rows[i]
        margin = MARGIN * strokes.units[i]
        limit = reach * curve[:, 2].max() + margin
        _box(curve, limit, box)
        at = pairs.starts[i]
        whole = curve[CHORDS, 3]
        for b in range(len(middles)):
            half = blocks.halves[b] * footprint.ratio
            x = metric[0, 0] * middles[b, 0] + metric[0, 1] * middles[b, 1]
            y = metric[1, 0] * middles[b, 0] + metric[1, 1] * middles[b, 1]
            if not _touches(x, y, half, box):
                continue
            # A chord can be nearest to some place of the block only if its least distance from the block, in its
            # largest radius, is within the smallest upper bound of all chords.
            upper, near = np.inf, False
            for k in range(CHORDS):
                away = np.sqrt(_to_chord(x, y, curve, k)[0])
                near = near or away <= limit + half
                thin, thick = min(curve[k, 2], curve[k + 1, 2]), max(curve[k, 2], curve[k + 1, 2])
                lower[k] = max(away - half, 0.0) / thick
                upper = min(upper, (away + half) / thin)
            if not near:
                continue
            count = 0
            for k in range(CHORDS):
                if lower[k] <= upper:
                    near_chords[count] = k
                    count += 1
            for place in range(firsts[b], firsts[b + 1]):
                x = metric[0, 0] * points[place, 0] + metric[0, 1] * points[place, 1]
                y = metric[1, 0] * points[place, 0] + metric[1, 1] * points[place, 1]
                best, chord, along, radius = np.inf, 0, 0.0, 1.0
                for number in range(count):
                    k = near_chords[number]
                    square, foot = _to_chord(x, y, curve, k)
                    cut = min(max(foot, 0.0), 1.0)
                    here = curve[k, 2] + cut * (curve[k + 1, 2] - curve[k, 2])
                    relative = square / (here * here)
                    if relative < best:
                        best, chord, along, radius = relative, k, foot, here
                distance = np.sqrt(best)
                if distance * radius >= reach * radius + margin:
                    continue
                cut = min(max(along, 0.0), 1.0)
                # Beyond an end the length continues as if the curve ran straight on.
                inside = along
                if not (chord == 0 and along < 0.0) and not (chord == CHORDS - 1 and along > 1.0):
                    inside = cut
                passed = curve[chord, 3] + inside * (curve[chord + 1, 3] - curve[chord, 3])
                t = (chord + cut) / CHORDS
                pairs.places[at] = place
                pairs.times[at] = t
                pairs.distances[at] = distance
                pairs.pressures[at] = press(row[ENTRY_PRESSURE], row[END_PRESSURE], t)
                pairs.passings[at] = 0.5 * (fade(passed / radius)[0] + fade((whole - passed) / radius)[0])
                at += 1
        pairs.ends[i] = at
