"""A graph is nodes in a picture's pixels and edges between them; what a gas grows and a drawing draws.

Convention: x to the right, y down, in pixels of the picture, the origin at its top-left corner, so that the centre of
the pixel of row i and column j is (j + 0.5, i + 0.5).
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from orbifolio.runner.arrays import F64, I64, Bools
from orbifolio.runner.deferred import csgraph, sparse
from orbifolio.runner.errors import InputError


@dataclass(frozen=True)
class Graph:
    """Nodes and edges over a picture.

    Attributes:
        nodes: (n, 2) float64, (x, y) in pixels of the picture.
        edges: (m, 2) int64, i < j in each, sorted, each once.
        width: of the picture in pixels.
        height: of the picture in pixels.
        wrap: whether the picture continues over its (top-bottom, left-right) edges; an edge then takes the short way.
        scale: (n,) how large the picture shows things at each node, 1 in its middle; None where it is 1 everywhere.
        threads: rows and columns of a map as chains of nodes; none for a gas.
        colours: (n, 3) OKLab that each node of a map of colours stands for; None where nodes have only a place.
        colour_weight: pixels that a difference of 1 between colours counts as, beside the distance of places.
    """

    nodes: F64
    edges: I64
    width: int
    height: int
    wrap: tuple[bool, bool] = (False, False)
    scale: F64 | None = None
    threads: tuple[tuple[I64, ...], ...] = ()
    colours: F64 | None = None
    colour_weight: float = 0.0

    @classmethod
    def of(
        cls,
        nodes: npt.ArrayLike,
        edges: npt.ArrayLike,
        *,
        width: int,
        height: int,
        wrap: tuple[bool, bool] = (False,) * 2,
        scale: F64 | None = None,
    ) -> Graph:
        """A graph from edges in any order, direction and number.

        Args:
            nodes: (n, 2), (x, y) in pixels.
            edges: (m, 2), numbers of nodes; loops and doubles are left out.
            width: of the picture in pixels.
            height: of the picture in pixels.
            wrap: whether the picture continues over its (top-bottom, left-right) edges.
            scale: (n,) how large the picture shows things at each node; None where it is 1 everywhere.

        Returns:
            The graph in canonical form.

        >>> Graph.of([[0, 0], [1, 0]], [[1, 0], [0, 1], [1, 1]], width=2, height=1).edges.tolist()
        [[0, 1]]
        """
        positions = np.asarray(nodes, dtype=np.float64).reshape(-1, 2)
        pairs = np.sort(np.asarray(edges, dtype=np.int64).reshape(-1, 2), axis=1)
        pairs = np.unique(pairs[pairs[:, 0] != pairs[:, 1]], axis=0)
        return cls(positions, pairs.reshape(-1, 2), width, height, wrap, scale)

    def vectors(self) -> F64:
        """(m, 2): from the first to the second end of each edge, in pixels, the short way round where it wraps."""
        vectors = self.nodes[self.edges[:, 1]] - self.nodes[self.edges[:, 0]]
        for axis, (size, wraps) in enumerate(((self.width, self.wrap[1]), (self.height, self.wrap[0]))):
            if wraps:
                vectors[:, axis] -= size * np.round(vectors[:, axis] / size)
        return vectors

    def lengths(self) -> F64:
        """(m,) lengths of the edges in pixels."""
        across, down = self.vectors().T
        return np.asarray(np.hypot(across, down), dtype=np.float64)

    def degrees(self) -> I64:
        """(n,) number of edges of each node."""
        return np.bincount(self.edges.reshape(-1), minlength=len(self.nodes)).astype(np.int64)

    def components(self) -> I64:
        """(n,) number of the component of each node, counted from 0 in the order of their first nodes."""
        return connected(self.edges, len(self.nodes))[0]

    def triangles(self) -> I64:
        """(t, 3) all cycles of three nodes, i < j < k in each, sorted.

        For each edge (i, j) the common neighbours above j: n log n for the near-planar graphs of a gas.
        """
        above: list[set[int]] = [set() for _ in range(len(self.nodes))]
        for i, j in self.edges.tolist():
            above[i].add(j)
        cycles = [(i, j, k) for i, j in self.edges.tolist() for k in sorted(above[i] & above[j])]
        return np.array(cycles, dtype=np.int64).reshape(-1, 3)

    def subgraph(self, keep: Bools) -> Graph:
        """Some of the nodes, in their order, and the edges among them.

        Args:
            keep: (n,) whether each node stays.
        """
        number = np.cumsum(keep) - 1
        edges = self.edges[keep[self.edges].all(axis=1)]
        scale = None if self.scale is None else self.scale[keep]
        return Graph(self.nodes[keep], number[edges].reshape(-1, 2), self.width, self.height, self.wrap, scale)

    def to_json(self, decimals: int = 4) -> str:
        """`extras/graph.json`: nodes, edges, width, height, and wrap where it wraps.

        Args:
            decimals: digits of the positions after the point.
        """
        values: dict[str, object] = {
            "nodes": np.round(self.nodes, decimals).tolist(),
            "edges": self.edges.tolist(),
            "width": self.width,
            "height": self.height,
        }
        if any(self.wrap):
            values["wrap"] = list(self.wrap)
        return json.dumps(values, separators=(",", ":")) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Graph:
        """Read what `to_json` wrote.

        Raises:
            InputError: the text is not such a file, or an edge names a node that does not exist.
        """
        try:
            values = json.loads(text)
            wrap = tuple(bool(value) for value in values.get("wrap", (False, False)))
            graph = cls.of(
                values["nodes"],
                values["edges"],
                width=int(values["width"]),
                height=int(values["height"]),
                wrap=(wrap[0], wrap[1]),
            )
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise InputError(
                f"graph.json: {error}; a graph has nodes [[x, y], ...], edges [[i, j], ...], width and height; "
                "take a file that a growing neural gas wrote"
            ) from error
        if len(graph.edges) and not 0 <= int(graph.edges.min()) <= int(graph.edges.max()) < len(graph.nodes):
            raise InputError(
                f"graph.json: an edge names a node beyond the {len(graph.nodes)} there are; correct the edges"
            )
        return graph


def connected(pairs: I64, count: int) -> tuple[I64, I64]:
    """Components of things that are linked in pairs, numbered in the order of their first members.

    Args:
        pairs: (m, 2) numbers of linked things.
        count: of all things, linked or not.

    Returns:
        (count,) the component of each thing; and for each component its first member.

    >>> connected(np.array([[3, 0]]), 4)
    (array([0, 1, 2, 0]), array([0, 1, 2]))
    """
    if count == 0:  # SciPy refuses a graph without nodes
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    links = sparse.coo_array((np.ones(len(pairs), dtype=np.int8), (pairs[:, 0], pairs[:, 1])), shape=(count, count))
    _, labels = csgraph.connected_components(links, directed=False)
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int64)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse], np.sort(first).astype(np.int64)


def union(graphs: list[Graph]) -> Graph:
    """Several graphs over one picture as one, nodes in their order.

    Args:
        graphs: at least one, all of the same picture.
    """
    offsets = np.cumsum([0, *(len(graph.nodes) for graph in graphs)])
    edges = [graph.edges + offset for graph, offset in zip(graphs, offsets[:-1], strict=True)]
    first = graphs[0]
    nodes = np.concatenate([graph.nodes for graph in graphs])
    scales = [graph.scale for graph in graphs if graph.scale is not None]
    scale = np.concatenate(scales) if len(scales) == len(graphs) else None
    return Graph(nodes, np.concatenate(edges), first.width, first.height, first.wrap, scale)
