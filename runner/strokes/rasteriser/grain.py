"""Grain: how a brush's hairs leave a stroke uneven, another way in each sample: (pairs, opacities) -> noisy opacities.

    opacity <- clip(opacity (1 + amount n(u, v)))          u along the stroke, v across it, in radii

n is value noise in [-1, 1] of two scales, drawn out along the stroke as hairs draw it. It follows from the seed, the
stroke's number and its own coordinates alone: so at any size a stroke has the same grain, finer where there are pixels
for it, and all images of a stroke under a symmetry have one. A learnt brush paints the mean of a noisy one, which is
smooth (an airbrush); optimised through fresh samples, a painting does not rely on what only the mean can do, such as
two strokes that cancel each other out.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.strokes.blending import soft_threshold_at
from orbifolio.runner.strokes.rasteriser.numba_threads import parallel_ranges
from orbifolio.runner.strokes.rasteriser.pixel_blocks import PixelBlocks
from orbifolio.runner.strokes.rasteriser.trace import StrokePixelPairs, parabola_weights
from orbifolio.runner.strokes.stroke_array import LOG_RADIUS, StrokeArray
from orbifolio.runner.strokes.stroke_profile import compiled

HAIR, RUN = 0.22, 2.6
"""Radii across and along from one value of the coarser noise to the next: about nine hairs to a stroke's width."""
FINER = 0.45  # of these, for the finer noise
FINER_SHARE = 0.4  # its part in the sum


class BrushGrain(NamedTuple):
    """A sample of a brush's unevenness.

    Attributes:
        amount: 0 for the mean; at 1 an opacity may be anything from nothing to twice itself.
        seed: of the sample.
    """

    amount: float
    seed: int


class StrokePlaces(NamedTuple):
    """Where the pairs of strokes lie."""

    pairs: StrokePixelPairs
    strokes: StrokeArray
    blocks: PixelBlocks


def grained(places: StrokePlaces, opacities: F32, grain: BrushGrain, *, opaque: bool) -> tuple[F32, F32]:
    """Noisy opacities of pairs, (k,), and the derivative of each by the opacity without noise.

    Args:
        opacities: (k,), before any threshold.
        opaque: paint covers or does not: see `soft_threshold`.
    """
    noisy, slopes = np.zeros_like(opacities), np.zeros_like(opacities)
    pairs = places.pairs
    parallel_ranges(
        lambda first, last: _grained(first, last, places, opacities, grain, opaque, noisy, slopes),
        pairs.ends - pairs.starts,
    )
    return noisy, slopes


@compiled
def _hashed(x: int, y: int, key: int) -> float:
    """A number in [-1, 1] of a lattice's point."""
    value = (x * 374761393 + y * 668265263 + key * 2147483647) & 0xFFFFFFFF
    value = ((value ^ (value >> 13)) * 1274126177) & 0xFFFFFFFF
    value = ((value ^ (value >> 16)) * 2246822519) & 0xFFFFFFFF
    return float((value ^ (value >> 15)) & 0xFFFFFF) / 8388607.5 - 1.0


@compiled
def _noise(u: float, v: float, key: int) -> float:
    """Value noise, smooth between whole numbers."""
    left, low = int(np.floor(u)), int(np.floor(v))
    a, b = u - left, v - low
    a, b = a * a * (3.0 - 2.0 * a), b * b * (3.0 - 2.0 * b)
    top = _hashed(left, low, key) * (1.0 - a) + _hashed(left + 1, low, key) * a
    bottom = _hashed(left, low + 1, key) * (1.0 - a) + _hashed(left + 1, low + 1, key) * a
    return float(top * (1.0 - b) + bottom * b)


@compiled
def _grained(
    first: int,
    last: int,
    places: StrokePlaces,
    opacities: F32,
    grain: BrushGrain,
    opaque: bool,
    noisy: F32,
    slopes: F32,
) -> None:
    pairs, strokes, blocks = places
    for n in range(first, last):
        row = strokes.rows[n]
        radius = np.exp(row[LOG_RADIUS]) * strokes.units[n]
        length = np.hypot(row[2] - row[0], row[3] - row[1]) + np.hypot(row[4] - row[2], row[5] - row[3])
        key = grain.seed * 7919 + n * 104729
        for at in range(pairs.starts[n], pairs.ends[n]):
            t, point = pairs.times[at], blocks.points[pairs.places[at]]
            a, b, c = parabola_weights(t)
            x = point[0] - (a * row[0] + b * row[2] + c * row[4])
            y = point[1] - (a * row[1] + b * row[3] + c * row[5])
            a, b, c = 4.0 * t - 3.0, 4.0 - 8.0 * t, 4.0 * t - 1.0
            ahead_x, ahead_y = a * row[0] + b * row[2] + c * row[4], a * row[1] + b * row[3] + c * row[5]
            speed = np.hypot(ahead_x, ahead_y) + 1e-9
            ahead_x, ahead_y = ahead_x / speed, ahead_y / speed
            u = (t * length + x * ahead_x + y * ahead_y) / (RUN * radius)
            v = (x * ahead_y - y * ahead_x) / (HAIR * radius)
            coarse = _noise(u, v, key)
            fine = _noise(u / FINER, v / FINER, key + 1)
            factor = 1.0 + grain.amount * ((1.0 - FINER_SHARE) * coarse + FINER_SHARE * fine)
            value = opacities[at] * factor
            if opaque:
                noisy[at], steep = soft_threshold_at(value)
                slopes[at] = factor * steep
            else:
                noisy[at] = min(max(value, 0.0), 1.0)
                slopes[at] = factor if 0.0 <= value <= 1.0 else 0.0
