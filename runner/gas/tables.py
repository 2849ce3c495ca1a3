"""The tables of a gas: arrays by node, a uniform grid over them, and the law, as named tuples that numba compiles.

A node has a slot. Slots of nodes that died are used again, so a serial number tells which of two nodes is older.
The age of an edge needs no upkeep: it is one more with each win of either end, so

    age(i, j) = wins[i] + wins[j] - stamp[i, j]

and setting it to zero is writing one stamp at both ends. Errors decay in the same way: what is stored is
error * d^-t, so that a presentation touches no node but the winner (lazy decay, after Fiser, Faigl and Kulich 2013).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from orbifolio.runner.arrays import F64, I32, I64

BLOCK = 256  # nodes whose largest error is remembered together: the worst of n is found in n / 256 + 256 looks
ALIVE, UPDATES, SERIAL, FREE, PRESENTED = range(5)  # indices into `NodeTable.counts`
SCALE, TOTAL = range(2)  # indices into `NodeTable.sums`


class NodeTable(NamedTuple):
    """The nodes; `cap` slots, `w` neighbours at most.

    Attributes:
        places: (cap, 2) x and y.
        errors: (cap,) accumulated errors times d^-t; -1 where the slot is free.
        utilities: (cap,) Fritzke's utility times d^-t: how much the error would have grown without the node.
        wins: (cap,) presentations at which the node was nearest.
        serials: (cap,) the order of birth.
        degrees: (cap,) number of edges; -1 where the slot is free.
        neighbours: (cap, w) slots at the other ends of a node's edges.
        stamps: (cap, w) wins of both ends when the age of the edge was zero.
        free: (cap,) stack of free slots.
        largest: (cap / BLOCK,) the largest error of each block.
        counts: nodes alive, updates, next serial, free slots, presentations.
        sums: d^-t, and the sum of distances presented.
    """

    places: F64
    errors: F64
    utilities: F64
    wins: I32
    serials: I64
    degrees: I32
    neighbours: I32
    stamps: I32
    free: I32
    largest: F64
    counts: I64
    sums: F64


class Grid(NamedTuple):
    """A uniform grid of cells; the nodes of a cell are a doubly linked list.

    Attributes:
        heads: (rows * columns,) first node of each cell, -1 for none.
        cells: (cap,) cell of each node.
        next: (cap,) next node of the same cell, -1 for none.
        previous: (cap,) previous node of the same cell, -1 for none.
        x: left edge, in the gas' unit.
        y: top edge, in the gas' unit.
        side_x: width of a cell.
        side_y: height of a cell.
        columns: number of cells across.
        rows: number of cells down.
        period_x: width after which the plane repeats; 0 if it does not.
        period_y: height after which the plane repeats; 0 if it does not.
    """

    heads: I32
    cells: I32
    next: I32
    previous: I32
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
        epsilon_b: share of the way to a point that the winner goes.
        epsilon_n: share of the way that the winner's neighbours go.
        a_max: age at which an edge dies.
        interval: updates between two insertions (lambda).
        alpha: factor of the errors at a split.
        d: factor of all errors at each update.
        nearer: distance below which a presentation is skipped.
        squared: errors accumulate squared distances.
        inherit: a new node takes the split node's error.
        link_first: the edge to the second nearest is made before neighbours move and age (NeuPy), not after (paper).
        utility: largest error / smallest utility at which the least useful node is removed; 0 for never.
        single: places and distances are rounded to single precision after every operation.
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
    single: bool


class PresentationBatch(NamedTuple):
    """Points to present.

    Attributes:
        points: (n, 2) x and y.
        order: numbers of points, in the order of presentation.
        start: index in `order` to begin at.
        max_nodes: nodes that may live.
        regrid: nodes at which the grid should be made anew.
    """

    points: F64
    order: I64
    start: int
    max_nodes: int
    regrid: int


class Winners(NamedTuple):
    """The two nodes that are nearest to a point.

    Attributes:
        first: slot of the nearest node.
        near: squared distance to `first`.
        second: slot of the second nearest node.
        far: squared distance to `second`.
    """

    first: int
    near: float
    second: int
    far: float


def empty_nodes(capacity: int, width: int = 16) -> NodeTable:
    """A table whose slots are all free.

    Args:
        capacity: nodes that it has room for.
        width: neighbours that each slot has room for.
    """
    return NodeTable(
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


def enlarged(nodes: NodeTable, capacity: int, width: int) -> NodeTable:
    """The same nodes in a table with more slots or more room for neighbours.

    Args:
        nodes: a table with at most this room.
        capacity: nodes that the new one has room for.
        width: neighbours that each of its slots has room for.
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
    free = nodes.free[: nodes.counts[FREE]]
    new.free[: len(fresh)] = fresh
    new.free[len(fresh) : len(fresh) + len(free)] = free
    new.counts[FREE] = len(fresh) + len(free)
    return new
