"""What a brush's network leaves at pairs that were traced for its table: (pairs, strokes) -> opacities (k,).

The trace has the nearest points already, so none is searched for.
"""

from __future__ import annotations

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.deferred import torch
from orbifolio.runner.strokes.brush_models.implicit import ImplicitPainter
from orbifolio.runner.strokes.geometry import SEGMENTS
from orbifolio.runner.strokes.rasteriser.pixel_blocks import PixelBlocks
from orbifolio.runner.strokes.rasteriser.trace import StrokePixelPairs
from orbifolio.runner.strokes.stroke_array import StrokeArray

BATCH = 1 << 14  # pairs at once: bounds the memory


@torch.no_grad()
def network_opacities(
    painter: ImplicitPainter, pairs: StrokePixelPairs, strokes: StrokeArray, blocks: PixelBlocks
) -> F32:
    """The network's opacities.

    Args:
        painter: on the CPU.
        pairs: of the strokes with the places of the blocks.
        strokes: n of them.
        blocks: with k places.

    Returns:
        (k,), 0 in the gaps between strokes.
    """
    opacities = np.zeros(len(pairs.places), np.float32)
    numbers, owners = pairs.numbers(), pairs.owners()
    course = painter.track(strokes.in_units())
    for begin in range(0, len(numbers), BATCH):
        part, stroke = numbers[begin : begin + BATCH], owners[begin : begin + BATCH]
        points = blocks.points[pairs.places[part]] / strokes.units[stroke, None]
        chords = torch.from_numpy((pairs.times[part] * SEGMENTS).astype(np.int64).clip(max=SEGMENTS - 1))
        places = painter.place(torch.from_numpy(points))[:, None]
        described = painter.features(course.take(torch.from_numpy(stroke)), places, chords[:, None])
        opacities[part] = painter.respond(*described)[:, 0].numpy()
    return opacities
