"""In which order strokes are made: (strokes) -> index (n,), with short ways for a hand, and the same picture.

Strokes that touch no common cell may change places; those that do keep theirs.
"""

from __future__ import annotations

import numpy as np

from orbifolio.runner.arrays import F32, I32, I64, Bools
from orbifolio.runner.strokes.fitting.stroke_set import StrokeSet
from orbifolio.runner.strokes.rasteriser.compositing import PairPaint
from orbifolio.runner.strokes.rasteriser.differentiable import Rasteriser
from orbifolio.runner.strokes.stroke_array import StrokeArray
from orbifolio.runner.strokes.stroke_profile import compiled

MIN_OPACITY = 1 / 512  # below it a stroke does not touch a cell: it cannot be seen in eight bits


def chained(strokes: StrokeArray, begin: F32 | None) -> I64:
    """From stroke to stroke, each time to the one that starts nearest; for a connected line.

    Args:
        strokes: n, in any order.
        begin: (2,) where the hand is, or None for the first stroke's start.
    """
    left = np.ones(strokes.size, bool)
    order = np.zeros(strokes.size, np.int64)
    hand = strokes.starts[:1].sum(0) if begin is None else begin
    for number in range(strokes.size):
        away = np.where(left, np.square(strokes.starts - hand).sum(-1), np.inf)
        order[number] = int(away.argmin())
        left[order[number]] = False
        hand = strokes.ends[order[number]]
    return order


def by_hand(rasteriser: Rasteriser, painting: StrokeSet) -> I64:
    """An order that always takes the nearest colour and place among the strokes whose lower neighbours are all painted.

    Args:
        painting: its strokes, undermost first.
    """
    cell_count = rasteriser.blocks.cell_count
    paper = np.zeros((cell_count, 3), np.float32)
    paint = rasteriser.composite(painting.strokes, painting.colours, paper).paint
    under = np.empty((len(paint.cells), 2), np.int64)
    count = _list_under(paint, np.full(cell_count, -1, np.int32), under)
    side = float(np.ptp(rasteriser.blocks.points, axis=0).max()) or 1.0
    later: list[list[int]] = [[] for _ in range(len(painting))]
    waiting = np.zeros(len(painting), np.int64)
    for above, below in np.unique(under[:count], axis=0):
        later[below].append(int(above))
        waiting[above] += 1
    free: Bools = waiting == 0
    order = np.zeros(len(painting), np.int64)
    hand, colour, level = painting.strokes.starts[:1], painting.colours[:1], 0
    for number in range(len(painting)):
        cost = np.abs(painting.colours - colour).sum(-1) + np.hypot(*(painting.strokes.starts - hand).T) / side
        cost = cost + 10 * np.abs(painting.levels - level)
        chosen = int(np.where(free, cost, np.inf).argmin())
        order[number] = chosen
        free[chosen] = False
        one = slice(chosen, chosen + 1)
        hand, colour, level = painting.strokes.ends[one], painting.colours[one], painting.levels[chosen]
        for above in later[chosen]:
            waiting[above] -= 1
            free[above] = waiting[above] == 0
    return order


@compiled
def _list_under(paint: PairPaint, tops: I32, under: I64) -> int:
    """List (stroke, stroke directly below it in some cell), and count them; some come more than once.

    Args:
        tops: (p,) uppermost stroke of each cell so far; -1 at first, changed.
        under: (k, 2), filled.
    """
    count = 0
    for n in range(len(paint.starts)):
        for at in range(paint.starts[n], paint.ends[n]):
            if paint.alphas[at] < MIN_OPACITY:
                continue
            cell = paint.cells[at]
            if tops[cell] >= 0 and tops[cell] != n:
                under[count, 0], under[count, 1] = n, tops[cell]
                count += 1
            tops[cell] = n
    return count
