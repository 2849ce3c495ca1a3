"""What a brush's network leaves at pairs that were traced for its table: (pairs, strokes) -> opacities (k,).

The nearest point is known from the trace, so the network is asked at once, without a search for it.
"""

from __future__ import annotations

import numpy as np
import torch

from orbifolio.runner.strokes.brush_models.implicit import ImplicitPainter
from orbifolio.runner.strokes.rasteriser.geometry import SEGMENTS, Strokes
from orbifolio.runner.strokes.rasteriser.numba_threads import Floats, Longs
from orbifolio.runner.strokes.rasteriser.pixel_blocks import Places
from orbifolio.runner.strokes.rasteriser.trace import Pairs

PIECE = 1 << 14  # pairs at once: bounds the memory


def listed(pairs: Pairs) -> Longs:
    """Numbers of all pairs, without the gaps between strokes."""
    counts = pairs.ends - pairs.starts
    before = np.cumsum(counts) - counts
    found: Longs = np.arange(int(counts.sum())) + np.repeat(pairs.starts - before, counts)
    return found


def strokes_of(rows: Floats, units: Floats) -> Strokes:
    """Rows of `tracing` as a painter takes them, in units."""
    held = torch.from_numpy(np.ascontiguousarray(rows, np.float32))
    places = held[:, :6] / torch.from_numpy(np.ascontiguousarray(units, np.float32))[:, None]
    return Strokes(places[:, 0:2], places[:, 2:4], places[:, 4:6], held[:, 6], held[:, 7], held[:, 8])


@torch.no_grad()
def true_alphas(painter: ImplicitPainter, pairs: Pairs, rows: Floats, units: Floats, places: Places) -> Floats:
    """The network's opacities.

    Args:
        painter: on the CPU.
        pairs: of n strokes.
        rows: (n, 9).
        units: (n,) pixels.
        places: that the pairs speak of.

    Returns:
        (k,), 0 in the gaps.
    """
    found = np.zeros(len(pairs.places), np.float32)
    index, count = listed(pairs), len(rows)
    stroke = np.repeat(np.arange(count), pairs.ends - pairs.starts)
    course = painter.track(strokes_of(rows, units))
    for begin in range(0, len(index), PIECE):
        part = index[begin : begin + PIECE]
        mine = torch.from_numpy(stroke[begin : begin + PIECE])
        points = places.points[pairs.places[part]] / units[mine.numpy(), None]
        chords = torch.from_numpy((pairs.times[part] * SEGMENTS).astype(np.int64).clip(max=SEGMENTS - 1))
        seen = painter.place(torch.from_numpy(points))[:, None]
        described = painter.features(course.take(mine), seen, chords[:, None])
        found[part] = painter.respond(*described)[:, 0].numpy()
    return found
