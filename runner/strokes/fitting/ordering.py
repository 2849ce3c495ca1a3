"""In which order strokes are made: (strokes) -> index (n,), with short ways for a hand, and the same picture.

Strokes that touch no common cell may change places; those that do keep theirs.
"""

from __future__ import annotations

import numpy as np

from orbifolio.runner.strokes.fitting.stroke_set import Pile
from orbifolio.runner.strokes.rasteriser.differentiable import Brushwork
from orbifolio.runner.strokes.rasteriser.numba_threads import Floats, Integers, Longs
from orbifolio.runner.strokes.rasteriser.stroke_profile import compiled

VISIBLE = 1 / 512  # opacity below which a stroke does not touch a cell


def chained(rows: Floats, begin: Floats | None) -> Longs:
    """From stroke to stroke, each time to the one that starts nearest; for a connected line.

    Args:
        rows: (n, 9).
        begin: (2,) where the hand is, or None for the first stroke's start.
    """
    left = np.ones(len(rows), bool)
    order = np.zeros(len(rows), np.int64)
    place = rows[:1, 0:2].sum(0) if begin is None else begin
    for number in range(len(rows)):
        away = np.where(left, np.square(rows[:, 0:2] - place).sum(-1), np.inf)
        order[number] = int(away.argmin())
        left[order[number]] = False
        place = rows[order[number], 4:6]
    return order


def by_hand(work: Brushwork, pile: Pile) -> Longs:
    """Of the strokes that nothing waiting must lie under, always the one of the nearest colour and place.

    Args:
        work: brush and places.
        pile: undermost first.
    """
    paper = np.zeros((work.places.count, 3), np.float32)
    laid = work.lay(pile.rows, pile.units, pile.colours, paper)
    tops = np.full(work.places.count, -1, np.int32)
    earlier = _under(laid.pairs.starts, laid.pairs.ends, laid.cells, laid.alphas, tops)
    side = float(np.ptp(work.places.points, axis=0).max()) or 1.0
    later: list[list[int]] = [[] for _ in range(len(pile))]
    waiting = np.zeros(len(pile), np.int64)
    for above, below in earlier:
        later[below].append(int(above))
        waiting[above] += 1
    free = waiting == 0
    order = np.zeros(len(pile), np.int64)
    place, colour, level = pile.rows[:1, 0:2], pile.colours[:1], 0
    for number in range(len(pile)):
        cost = np.abs(pile.colours - colour).sum(-1) + np.hypot(*(pile.rows[:, 0:2] - place).T) / side
        cost = cost + 10 * np.abs(pile.levels - level)
        chosen = int(np.where(free, cost, np.inf).argmin())
        order[number] = chosen
        free[chosen] = False
        place, colour, level = (
            pile.rows[chosen : chosen + 1, 4:6],
            pile.colours[chosen : chosen + 1],
            pile.levels[chosen],
        )
        for above in later[chosen]:
            waiting[above] -= 1
            free[above] = waiting[above] == 0
    return order


def _under(starts: Longs, ends: Longs, cells: Integers, alphas: Floats, tops: Integers) -> Longs:
    """(m, 2) pairs (above, directly below it in some cell), each once."""
    found = np.empty((len(cells), 2), np.int64)
    count = _list_under(starts, ends, cells, alphas, tops, found)
    return np.unique(found[:count], axis=0)


@compiled
def _list_under(starts: Longs, ends: Longs, cells: Integers, alphas: Floats, tops: Integers, found: Longs) -> int:
    count = 0
    for n in range(len(starts)):
        for at in range(starts[n], ends[n]):
            if alphas[at] < VISIBLE:
                continue
            cell = cells[at]
            if tops[cell] >= 0 and tops[cell] != n:
                found[count, 0], found[count, 1] = n, tops[cell]
                count += 1
            tops[cell] = n
    return count
