"""What a gas is made of: arrays by node and a uniform grid over them, as two named tuples that numba compiles.

A node has a slot. Slots of nodes that died are used again, so a serial number tells which of two nodes is older.
The age of an edge needs no upkeep: it is one more with each win of either end, so

    age(i, j) = wins[i] + wins[j] - stamp[i, j]

and setting it to zero is writing one stamp at both ends. Errors decay in the same way: what is stored is
error * d^-t, so that a presentation touches no node but the winner (lazy decay, after Fiser, Faigl and Kulich 2013).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]
Longs = npt.NDArray[np.int64]

BLOCK = 256  # nodes whose largest error is remembered together
ALIVE, UPDATES, SERIAL, FREE, PRESENTED = range(5)  # places in `Nodes.counts`
SCALE, TOTAL = range(2)  # places in `Nodes.sums`


class Nodes(NamedTuple):
    """Everything about the nodes; `cap` slots, `w` neighbours at most.

    Attributes:
        places: (cap, 2) positions.
        errors: (cap,) accumulated errors times d^-t; -1 where the slot is free.
        utilities: (cap,) the same for Fritzke's utility.
        wins: (cap,) presentations won.
        serials: (cap,) the order of birth.
        degrees: (cap,) number of edges; -1 where the slot is free.
        neighbours: (cap, w) slots.
        stamps: (cap, w) see the module.
        free: (cap,) stack of free slots.
        largest: (cap / BLOCK,) the largest error of each block.
        counts: nodes alive, updates, next serial, free slots, presentations.
        sums: d^-t, and the sum of distances presented.
    """

    places: Floats
    errors: Floats
    utilities: Floats
    wins: Ints
    serials: Longs
    degrees: Ints
    neighbours: Ints
    stamps: Ints
    free: Ints
    largest: Floats
    counts: Longs
    sums: Floats


class Grid(NamedTuple):
    """A uniform grid of cells; the nodes of a cell are a linked list.

    Attributes:
        heads: (rows * columns,) first node of each cell, -1 for none.
        cells: (cap,) cell of each node.
        next: (cap,) next node of the same cell.
        previous: (cap,) previous node of the same cell.
        x: left edge.
        y: top edge.
        side_x: width of a cell.
        side_y: height of a cell.
        columns: number of cells across.
        rows: number of cells down.
        period_x: after which the plane repeats across; 0 if it does not.
        period_y: the same down.
    """

    heads: Ints
    cells: Ints
    next: Ints
    previous: Ints
    x: float
    y: float
    side_x: float
    side_y: float
    columns: int
    rows: int
    period_x: float
    period_y: float


class Law(NamedTuple):
    """The numbers and choices of one set of rules; see `orbifolio.runner.gas.rules`.

    Attributes:
        epsilon_b: share of the way that the winner goes.
        epsilon_n: share of the way that its neighbours go.
        a_max: age at which an edge dies.
        interval: updates between two insertions (lambda).
        alpha: factor of the errors at a split.
        d: factor of all errors at each update.
        nearer: distance below which a presentation is skipped.
        squared: errors accumulate squared distances.
        inherit: a new node takes the split node's error.
        link_first: the edge to the second nearest is made before neighbours move and age (NeuPy), not after (paper).
        utility: largest error / smallest utility at which the least useful node is removed; 0 for never.
    """

    epsilon_b: float
    epsilon_n: float
    a_max: int
    interval: int
    alpha: float
    d: float
    nearer: float
    squared: bool
    inherit: bool
    link_first: bool
    utility: float


def empty_nodes(capacity: int, width: int = 16) -> Nodes:
    """Slots, all free.

    Args:
        capacity: how many.
        width: neighbours that each has room for.
    """
    return Nodes(
        places=np.zeros((capacity, 2)),
        errors=np.full(capacity, -1.0),
        utilities=np.zeros(capacity),
        wins=np.zeros(capacity, dtype=np.int32),
        serials=np.zeros(capacity, dtype=np.int64),
        degrees=np.full(capacity, -1, dtype=np.int32),
        neighbours=np.full((capacity, width), -1, dtype=np.int32),
        stamps=np.zeros((capacity, width), dtype=np.int32),
        free=np.arange(capacity - 1, -1, -1, dtype=np.int32),
        largest=np.full(capacity // BLOCK + 1, -1.0),
        counts=np.array([0, 0, 0, capacity, 0], dtype=np.int64),
        sums=np.array([1.0, 0.0]),
    )


def enlarged(nodes: Nodes, capacity: int, width: int) -> Nodes:
    """The same nodes with more room.

    Args:
        nodes: at most as many slots and neighbours as wanted.
        capacity: slots wanted.
        width: neighbours wanted.
    """
    new = empty_nodes(capacity, width)
    old, old_width = nodes.neighbours.shape
    for name in ("places", "errors", "utilities", "wins", "serials", "degrees"):
        getattr(new, name)[:old] = getattr(nodes, name)
    new.neighbours[:old, :old_width] = nodes.neighbours
    new.stamps[:old, :old_width] = nodes.stamps
    new.largest[: len(nodes.largest)] = nodes.largest
    new.counts[:] = nodes.counts
    new.sums[:] = nodes.sums
    # the older free slots are taken first, as they would have been without the new room
    fresh = np.arange(capacity - 1, old - 1, -1, dtype=np.int32)
    kept = nodes.free[: nodes.counts[FREE]]
    new.free[: len(fresh)] = fresh
    new.free[len(fresh) : len(fresh) + len(kept)] = kept
    new.counts[FREE] = len(fresh) + len(kept)
    return new
