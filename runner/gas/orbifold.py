"""A gas with a symmetry: (points of a picture, domain) -> a network whose drawing has the symmetry exactly.

    network = SymmetricNetwork(pixels, domain, law, order);  network.grow(100_000, 300);  network.graph()

It grows as `network.Network` does, and is drawn with all its images.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.spatial import cKDTree

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.gas.graph import Graph, connected
from orbifolio.runner.gas.network import PresentationOrder
from orbifolio.runner.gas.orbifold_kernel import (
    ALIVE,
    TOTAL,
    GroupTables,
    OrbifoldGas,
    OrbitTable,
    mean_image_distance,
    present_images,
    set_place,
)
from orbifolio.runner.gas.tables import Law, PresentationBatch
from orbifolio.runner.symmetry.groups.domain import Domain
from orbifolio.runner.symmetry.isometry_group import IsometryGroup

_MIN_EDGE = 0.8
"""Pixels: mean length of the edges in the smallest images that are drawn; below a pixel they run together."""
_PIECE = 5.0
"""Pixels of a geodesic drawn as one straight piece: longer ones show corners, shorter ones only add nodes."""
_NODE_TOLERANCE = 1e-3
"""Pixels within which the ends of edges are one node: far above rounding, far below what shows."""
_WAY_TOLERANCE = 1e-7
"""Distance within which two images of the centre belong to the same element: above the rounding of two products of
matrices, far below the distance of neighbouring images."""
ERROR_SAMPLES = 3000
"""About how many points the quantisation error is measured on. Each is compared with all images, hence fewer than in
`network.py`."""


def group_of(domain: Domain) -> GroupTables:
    """The tables of the elements around a domain: their inverses, and all ways between their images."""
    elements = np.array([item.matrix for item in domain.around])
    inverses = np.linalg.inv(elements)
    products = np.einsum("aij,bjk->abik", inverses, elements).reshape(-1, 3, 3)
    # the centre is in general position: no two elements take it to the same point
    images = products @ domain.centre
    numbers, firsts = _merge_equal(images / np.maximum(1.0, np.abs(images).max(axis=1, keepdims=True)), _WAY_TOLERANCE)
    ways = products[firsts]
    backs = np.linalg.inv(ways) @ domain.centre
    shown = ways @ domain.centre
    tree = cKDTree(shown / np.maximum(1.0, np.abs(shown).max(axis=1, keepdims=True)))
    _, back = tree.query(backs / np.maximum(1.0, np.abs(backs).max(axis=1, keepdims=True)))
    between = numbers.reshape(len(elements), len(elements))
    curvature = float(domain.group.curvature)
    return GroupTables(curvature, elements, inverses, ways, between, np.asarray(back, dtype=np.int64))


def _merge_equal(points: F64, tolerance: float) -> tuple[I64, I64]:
    """(n,) the class of each point, of points that are equal within a tolerance; and the first point of each class."""
    return connected(cKDTree(points).query_pairs(tolerance, output_type="ndarray"), len(points))


def _empty(capacity: int, elements: int, width: int) -> OrbitTable:
    return OrbitTable(
        places=np.zeros((capacity, 3)),
        images=np.zeros((capacity, elements, 3)),
        errors=np.zeros(capacity),
        wins=np.zeros(capacity, dtype=np.int64),
        degrees=np.zeros(capacity, dtype=np.int64),
        neighbours=np.zeros((capacity, width), dtype=np.int64),
        ways=np.zeros((capacity, width), dtype=np.int64),
        stamps=np.zeros((capacity, width), dtype=np.int64),
        counts=np.zeros(2, dtype=np.int64),
        sums=np.array([1.0, 0.0]),
    )


class SymmetricNetwork:
    """A gas whose nodes and edges are orbits of a group."""

    def __init__(self, pixels: F64, domain: Domain, law: Law, order: PresentationOrder, *, start: int = 2) -> None:
        """A gas of the first nodes only.

        Args:
            pixels: (n, 2) points in pixels of the artwork, all within `domain`.
            domain: the surface's part that the nodes are kept for.
            law: the numbers of the rules; lengths are in pixels about the domain's centre.
            order: which points the first nodes take, and in which order each epoch presents all.
            start: nodes at the start, at least 2.
        """
        self.domain, self.order = domain, order
        self.points = np.ascontiguousarray(domain.group.look(pixels)[0])
        self.pixel = _pixel(domain)
        self.law = law
        self.group = group_of(domain)
        self.presented = 0
        self._epoch: tuple[int, I64] | None = None
        self.orbits = _empty(max(64, start), len(self.group.elements), 16)
        for node, number in enumerate(order.start(len(self.points), start)):
            x, y, z = self.points[number]
            set_place(node, x, y, z, self._gas)
        self.orbits.counts[ALIVE] = start

    @property
    def _gas(self) -> OrbifoldGas:
        return OrbifoldGas(self.law, self.orbits, self.group)

    @property
    def alive(self) -> int:
        """The number of nodes in the fundamental domain."""
        return int(self.orbits.counts[ALIVE])

    @property
    def edges(self) -> int:
        """The number of orbits of edges; an edge that is its own reverse counts half."""
        return int(self.orbits.degrees[: self.alive].sum()) // 2

    def grow(self, presentations: int, max_nodes: int) -> float:
        """Present points, epoch after epoch: see `network.Network.grow`.

        Args:
            presentations: number of points, over all epochs.
            max_nodes: nodes of the fundamental domain that may live.

        Returns:
            The mean distance in pixels from the points to their winners.
        """
        goal, before = self.presented + presentations, self.presented
        self._make_room(max_nodes + 1, self.orbits.neighbours.shape[1])
        self.orbits.sums[TOTAL] = 0.0
        while self.presented < goal:
            number, position = divmod(self.presented, len(self.points))
            if self._epoch is None or self._epoch[0] != number:
                self._epoch = (number, self.order.epoch(len(self.points), number))
            end = min(len(self.points), position + goal - self.presented)
            order = self._epoch[1][:end]
            while position < end:
                position, wider = present_images(
                    PresentationBatch(self.points, order, position, max_nodes, 0), self._gas
                )
                if wider:
                    self._make_room(max_nodes + 1, 2 * self.orbits.neighbours.shape[1])
            self.presented = number * len(self.points) + end
        return float(self.orbits.sums[TOTAL]) / self.pixel / max(1, goal - before)

    def _make_room(self, capacity: int, width: int) -> None:
        old = self.orbits
        capacity = max(capacity, len(old.places))
        if capacity == len(old.places) and width == old.neighbours.shape[1]:
            return
        new = _empty(capacity, len(self.group.elements), width)
        for name in ("places", "images", "errors", "wins", "degrees"):
            getattr(new, name)[: len(old.places)] = getattr(old, name)
        for name in ("neighbours", "ways", "stamps"):
            getattr(new, name)[: len(old.places), : old.neighbours.shape[1]] = getattr(old, name)
        new.counts[:], new.sums[:] = old.counts, old.sums
        self.orbits = new

    def quantisation_error(self) -> float:
        """The mean distance in pixels of the points to the nearest image of a node; of many points a sample."""
        stride = max(1, len(self.points) // ERROR_SAMPLES)
        return float(mean_image_distance(self.points, stride, self._gas)) / self.pixel

    def graph(self) -> Graph:
        """The graph of all images over the artwork; geodesics of curved surfaces are chains of short pieces."""
        group = self.domain.group
        starts, ends = self._edges()
        pieces: list[F64] = []
        length = float(group.distance(starts, ends).mean()) if len(starts) else self.domain.radius
        reach, about = _reach(self.domain, length)
        for item in group.elements(self.domain.centre, reach, about):
            pieces.extend(_drawn(group, starts @ item.matrix.T, ends @ item.matrix.T))
        return _joined(group, np.concatenate(pieces) if pieces else np.zeros((0, 4)))

    def _edges(self) -> tuple[F64, F64]:
        """(m, 3) both ends of one edge of each orbit of edges."""
        starts, ends = [], []
        for node in range(self.alive):
            for k in range(int(self.orbits.degrees[node])):
                other, way = int(self.orbits.neighbours[node, k]), int(self.orbits.ways[node, k])
                if node < other or (node == other and way <= self.group.back[way]):
                    starts.append(self.orbits.places[node])
                    ends.append(self.group.ways[way] @ self.orbits.places[other])
        return np.reshape(starts, (-1, 3)), np.reshape(ends, (-1, 3))

    def save(self) -> dict[str, Any]:
        """The state as arrays by name, without points, order and group, which follow from the recipe."""
        return {**{name: value.copy() for name, value in self.orbits._asdict().items()}, "presented": self.presented}

    def load(self, saved: Mapping[str, Any]) -> None:
        """Take a saved state; growing continues as if it had never stopped.

        Args:
            saved: what `save` returned, of a network of the same points, domain, law and order.
        """
        self.orbits = OrbitTable(**{name: np.array(saved[name]) for name in OrbitTable._fields})
        self.presented = int(saved["presented"])


def _pixel(domain: Domain) -> float:
    """Length of a pixel on the surface at the domain's centre."""
    group = domain.group
    there = group.place(domain.centre[None])
    beside, _ = group.look(np.concatenate([there, there + [0.01, 0.0], there + [0.0, 0.01]]))
    across, down = group.distance(beside[1:], beside[0])
    return float(math.sqrt(across * down)) * 100


def _reach(domain: Domain, length: float) -> tuple[float, F64]:
    """How far images of the domain are drawn, from where: over the picture, or until edges are too short to see."""
    group = domain.group
    if group.curvature < 0:
        # in the disk a length l at radius r shows as l (1 - r^2) / 2 half widths
        seen = 4 * _MIN_EDGE / (length * min(group.width, group.height))
        return 2 / math.sqrt(min(1.0, seen)), np.array([0.0, 0.0, 1.0])
    corners, _ = group.look(np.array([[0, 0], [group.width, 0], [0, group.height], [group.width, group.height]], float))
    # nodes may stray from the domain, by less than its radius
    flat = float(group.distance(corners, domain.centre).max()) + 2 * domain.radius
    return 2.1 if group.curvature else flat, domain.centre


def _drawn(group: IsometryGroup, starts: F64, ends: F64) -> list[F64]:
    """(pieces, 4) of edges: x and y of both ends in pixels, for those of which a part is in the picture."""
    count = 1
    if group.curvature:
        length = np.hypot(*(group.place(starts) - group.place(ends)).T)
        count = int(min(12, max(1, np.ceil(np.max(length, initial=0.0) / _PIECE))))
    parts = np.linspace(0.0, 1.0, count + 1)[:, None, None]
    along = starts * (1 - parts) + ends * parts
    if group.curvature:
        # points of the chord, scaled back onto the surface as in `set_place`
        size = along[..., 2] ** 2 + group.curvature * (along[..., :2] ** 2).sum(-1)
        along = along / np.sqrt(np.maximum(size, 1e-300))[..., None]
    pixels = group.place(along.reshape(-1, 3)).reshape(count + 1, -1, 2)
    inside = np.asarray(((pixels >= -1e-6) & (pixels < [group.width, group.height])).all(axis=-1)).reshape(
        count + 1, -1
    )
    shown = []
    for before, after, here, there in zip(pixels[:-1], pixels[1:], inside[:-1], inside[1:], strict=True):
        shown.append(np.concatenate([before, after], axis=1)[here | there])
    return shown


def _joined(group: IsometryGroup, pieces: F64) -> Graph:
    """A graph of pieces: ends at one point are one node, over the picture's edges too."""
    ends = pieces.reshape(-1, 2).copy()
    for axis, (size, wraps) in enumerate(((group.width, group.wrap[1]), (group.height, group.wrap[0]))):
        if wraps:
            ends[:, axis] %= size
            ends[ends[:, axis] > size - _NODE_TOLERANCE, axis] = 0.0
    if not len(ends):
        return Graph.of(ends, np.zeros((0, 2)), width=group.width, height=group.height, wrap=group.wrap)
    numbers, firsts = _merge_equal(ends, _NODE_TOLERANCE)
    nodes, edges = ends[firsts], numbers.reshape(-1, 2)
    return Graph.of(nodes, edges, width=group.width, height=group.height, wrap=group.wrap, scale=group.scale(nodes))
