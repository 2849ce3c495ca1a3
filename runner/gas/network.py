"""A growing gas: points -> a network whose `grow(presentations)` continues from its present state, bit for bit.

network = Network(points, law, order);  network.grow(100_000, max_nodes=2400);  network.graph(width, height)
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.gas.graph import Graph
from orbifolio.runner.gas.grid import link_all
from orbifolio.runner.gas.kernel import DONE, MORE, REGRID, RESCALE, WIDER, add_node, mean_distance, present
from orbifolio.runner.gas.tables import (
    ALIVE,
    PRESENTED,
    SCALE,
    TOTAL,
    Grid,
    Law,
    NodeTable,
    PresentationBatch,
    empty_nodes,
    enlarged,
)

ERROR_SAMPLES = 20_000
"""About how many points the quantisation error is measured on: its standard error is then well below 1 %."""
MAX_AREA_CELLS = 512
"""Cells along each side when the area that has points is measured, which only decides how fine the grid is: more would
take longer to count, fewer hide small gaps."""


class PresentationOrder(Protocol):
    """Which points the first nodes take, and in which order each epoch presents all points."""

    def start(self, points: int, nodes: int) -> I64:
        """(nodes,) numbers of the points where the first nodes are put; each below `points`."""

    def epoch(self, points: int, number: int) -> I64:
        """(points,) a permutation; the same whenever it is called for the same epoch."""


class Network:
    """A gas: its nodes, the grid over them, and how far the presentation has come."""

    def __init__(
        self,
        points: F64,
        law: Law,
        order: PresentationOrder,
        *,
        start: int = 2,
        unit: float = 1.0,
        origin: float = 0.0,
        period: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """A gas of the first nodes only.

        Args:
            points: (n, 2) in pixels.
            law: the numbers of the rules.
            order: which points the first nodes take, and in which order each epoch presents all.
            start: nodes at the start, at least 2.
            unit: the gas' own length of one pixel; the law's lengths are in it.
            origin: (x and y) in pixels of the point that the gas' own coordinates start from.
            period: (x, y) in pixels after which the plane repeats; 0 where it does not.
        """
        self.points = np.ascontiguousarray((points - origin) * unit)
        if law.single:
            self.points = self.points.astype(np.float32).astype(np.float64)
        self.law, self.order, self.unit, self.origin = law, order, unit, origin
        self.period = (period[0] * unit, period[1] * unit)
        self._low, self._size, self._share = self._extent()
        self.nodes = empty_nodes(1024)
        self.grid = self._empty_grid(start)
        self.regrid = 4 * start
        self._epoch: tuple[int, I64] | None = None
        for number in order.start(len(points), start):
            add_node(self.points[number, 0], self.points[number, 1], 0.0, 0.0, self.nodes, self.grid)

    def _extent(self) -> tuple[F64, F64, float]:
        """Corner and size of the grid, and the share of it that has points."""
        low, high = self.points.min(axis=0), self.points.max(axis=0)
        size = np.maximum(high - low, 1e-9 * max(self.unit, float(np.abs(high).max())))
        for axis in (0, 1):
            if self.period[axis] > 0:
                low[axis], size[axis] = 0.0, self.period[axis]
        cells = max(1, min(MAX_AREA_CELLS, math.isqrt(len(self.points)) // 2))
        cell = np.minimum(((self.points - low) / size * cells).astype(np.int64), cells - 1)
        return low, size, len(np.unique(cell[:, 0] * cells + cell[:, 1])) / cells**2

    def _empty_grid(self, nodes: int) -> Grid:
        """A grid with about one node in each cell that has points, when there are half as many again."""
        side = math.sqrt(float(self._size[0] * self._size[1]) * self._share / (1.4 * nodes))
        columns, rows = (max(1, min(4096, int(size / side))) for size in self._size)
        capacity = len(self.nodes.degrees)
        return Grid(
            np.full(columns * rows, -1, dtype=np.int32),
            np.full(capacity, -1, dtype=np.int32),
            np.full(capacity, -1, dtype=np.int32),
            np.full(capacity, -1, dtype=np.int32),
            float(self._low[0]),
            float(self._low[1]),
            float(self._size[0] / columns),
            float(self._size[1] / rows),
            columns,
            rows,
            self.period[0],
            self.period[1],
        )

    @property
    def alive(self) -> int:
        """The number of nodes."""
        return int(self.nodes.counts[ALIVE])

    @property
    def edges(self) -> int:
        """The number of edges."""
        return int(self.nodes.degrees[self.nodes.degrees > 0].sum()) // 2

    @property
    def presented(self) -> int:
        """The number of presentations so far."""
        return int(self.nodes.counts[PRESENTED])

    def grow(self, presentations: int, max_nodes: int) -> float:
        """Present points, epoch after epoch.

        Args:
            presentations: number of points, over all epochs.
            max_nodes: nodes that may live.

        Returns:
            The mean distance in pixels from the points to their winners.
        """
        goal, before = self.presented + presentations, self.presented
        self.nodes.sums[TOTAL] = 0.0
        while self.presented < goal:
            number, position = divmod(self.presented, len(self.points))
            if self._epoch is None or self._epoch[0] != number:
                self._epoch = (number, self.order.epoch(len(self.points), number))
            end = min(len(self.points), position + goal - self.presented)
            self._present(self._epoch[1][:end], position, max_nodes)
        return float(self.nodes.sums[TOTAL]) / self.unit / max(1, goal - before)

    def _present(self, order: I64, position: int, max_nodes: int) -> None:
        why = -1
        while why != DONE:
            batch = PresentationBatch(self.points, order, position, max_nodes, self.regrid)
            position, why = present(batch, self.law, self.nodes, self.grid)
            if why == RESCALE:
                self._rescale()
            elif why != DONE:
                self._make_room(why, max_nodes)

    def _make_room(self, why: int, max_nodes: int) -> None:
        capacity, width = self.nodes.neighbours.shape
        if why == WIDER:
            width *= 2
        elif why == MORE:
            capacity = min(2 * capacity, max(max_nodes, capacity + 1))
        if why != REGRID:
            self.nodes = enlarged(self.nodes, capacity, width)
        self.regrid = max(8, 2 * self.alive)
        self._regrid()

    def _regrid(self) -> None:
        self.grid = self._empty_grid(self.regrid // 2)
        link_all(self.nodes, self.grid)

    def _rescale(self) -> None:
        """Write errors and utilities as they are, so that d^-t begins at 1 again."""
        scale = self.nodes.sums[SCALE]
        alive = self.nodes.degrees >= 0
        self.nodes.errors[alive] /= scale
        self.nodes.utilities[alive] /= scale
        self.nodes.largest[self.nodes.largest > 0] /= scale
        self.nodes.sums[SCALE] = 1.0

    def quantisation_error(self) -> float:
        """The mean distance in pixels of the points to their nearest node; of many points a sample is measured."""
        stride = max(1, len(self.points) // ERROR_SAMPLES)
        return float(mean_distance(self.points, stride, self.nodes, self.grid)) / self.unit

    def graph(self, width: int, height: int) -> Graph:
        """The graph over a picture, the oldest node first.

        Args:
            width: of the picture in pixels.
            height: of the picture in pixels.
        """
        slots = np.flatnonzero(self.nodes.degrees >= 0)
        slots = slots[np.argsort(self.nodes.serials[slots])]
        number = np.zeros(len(self.nodes.degrees), dtype=np.int64)
        number[slots] = np.arange(len(slots))
        used = np.arange(self.nodes.neighbours.shape[1]) < self.nodes.degrees[slots, None]
        ends = number[self.nodes.neighbours[slots][used]]
        begins = np.repeat(np.arange(len(slots)), self.nodes.degrees[slots])
        wrap = (self.period[1] > 0, self.period[0] > 0)
        pairs = np.stack([begins, ends], axis=1)
        return Graph.of(
            self.nodes.places[slots] / self.unit + self.origin, pairs, width=width, height=height, wrap=wrap
        )

    def save(self) -> dict[str, Any]:
        """The state as arrays by name, without the points and their order, which follow from the recipe."""
        return {**{name: value.copy() for name, value in self.nodes._asdict().items()}, "regrid": self.regrid}

    def load(self, saved: Mapping[str, Any]) -> None:
        """Take a saved state; growing continues as if it had never stopped.

        Args:
            saved: what `save` returned, of a network of the same points, law and order.
        """
        self.nodes = NodeTable(**{name: np.array(saved[name]) for name in NodeTable._fields})
        self.regrid = int(saved["regrid"])
        self._regrid()
