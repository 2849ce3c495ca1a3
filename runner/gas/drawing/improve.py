"""Improving is a function (graph, mask) -> graph with the same number of nodes that keeps to the mask's contour.

A gas ends half a cell inside the contour, leaves holes of four and more sides, and bridges narrow gaps. Three steps:

1. nodes settle: each moves to the centroid of its cell of the mask (Lloyd 1982), nodes that would hardly be missed
   are relocated to where cells are too large (also to islands without a node), and those whose cell touches the
   contour move towards it;
2. the mesh closes: it becomes all edges of the Delaunay triangulation that keep to the mask;
3. so bridges over background are gone, and there are edges along the contour.

Departure: the triangulation is not forced along the contour (no constrained Delaunay); its edges are chosen by how much
of them lies over background instead, which at the spacing of a gas measured as good and cannot fail.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F64, I64, Bools
from orbifolio.runner.deferred import measure, ndimage, spatial
from orbifolio.runner.gas.drawing.fidelity import border, centres, coverage
from orbifolio.runner.gas.graph import Graph
from orbifolio.runner.settings import Settings
from orbifolio.runner.vector.nearest import Nearest

RELOCATED_SHARE = 0.02
"""Share of the nodes that may be relocated in a round: all are chosen by the errors before it, so with more of them the
last ones go where another has just helped. On a word of 500 nodes results from 0 to 0.3 differ by less than 2 %."""
QUIET_ROUNDS, CONTOUR_ROUNDS = 12, 4
"""Of the last rounds: those without relocations, and those that draw the outer nodes to the contour. Of a word of 500
nodes the contour lies 2.7 pixels from the edges without the latter, 1.6 with 2 of them, 1.4 with 8."""
SLIVER_ROUNDS = 4
"""Rounds of removing slivers: without one, the triangle behind it may be a sliver at the hull in turn."""
SLIVER_COSINE = -0.9
"""Cosine of the widest corner below which a triangle at the hull is a sliver (about 154 degrees)."""


class Improve(Settings):
    """Bring the outer nodes to the contour, close the mesh, remove bridges over background."""

    rounds: int = Field(34, ge=0, le=200)
    """How often the nodes settle; 0 leaves them where they are and only repairs the mesh."""
    snap: float = Field(0.5, ge=0, le=1)
    """How far the outer nodes move to the contour: 1 all the way, which follows it best; less keeps their cells rounder
    and so the quantisation error smaller."""
    inset: float = Field(0.3, ge=0, le=5)
    """How far inside the contour the outer nodes end, in pixels."""
    background: float = Field(0.12, ge=0, le=1)
    """The share of an edge that may lie over background; 1 keeps every edge, 0 none that leaves the mask."""
    cites: ClassVar[tuple[str, ...]] = ("lloyd1982",)

    def __call__(self, graph: Graph, mask: Bools) -> Graph:
        """The improved graph; see the module's docstring.

        Args:
            graph: that does not wrap.
            mask: (height, width) of its picture, True where the picture is to be drawn.
        """
        if not mask.any() or len(graph.nodes) < 2 or any(graph.wrap):
            return graph
        nodes = _settled(graph.nodes, mask, self)
        return Graph.of(nodes, _closed(nodes, mask, self.background), width=graph.width, height=graph.height)


def _settled(nodes: F64, mask: Bools, settings: Improve) -> F64:
    """Nodes at the centroids of their cells, idle ones relocated, the outer ones drawn to the contour."""
    nodes = _inside(nodes, mask)
    pixels = centres(mask)
    outer = border(mask)[mask]
    rim = contour(mask, settings.inset)
    tree = Nearest(rim) if len(rim) else None
    for left in range(settings.rounds, 0, -1):
        gaps, owners = Nearest(nodes).some(pixels, 2)
        owner = owners[:, 0]
        middles = _means(nodes, owner, pixels)
        if left > QUIET_ROUNDS:
            idle, targets = _relocations(gaps, owner, len(nodes))
            middles[idle] = pixels[targets]
        elif left <= CONTOUR_ROUNDS and tree is not None:
            touching = np.bincount(owner[outer], minlength=len(nodes)) > 0
            # the mean of a node's border pixels decides where along the contour it comes to lie
            target = rim[tree.one(_means(nodes, owner[outer], pixels[outer])[touching])[1]]
            middles[touching] += settings.snap * (target - middles[touching])
        nodes = middles
    return nodes


def _relocations(gaps: F64, owner: I64, n: int) -> tuple[I64, I64]:
    """Nodes that would hardly be missed, and for each the pixel that a node is most missed at.

    Without a node, each of its pixels would be as far from a node as its second nearest is: the sum of these
    differences is the loss. It is worth moving where another cell's error is more than twice that.

    Args:
        gaps: (p, 2) from each pixel to its two nearest nodes.
        owner: (p,) the nearest node of each pixel.
        n: number of nodes, those without pixels too.
    """
    error = np.bincount(owner, weights=gaps[:, 0], minlength=n)
    loss = np.bincount(owner, weights=gaps[:, 1] - gaps[:, 0], minlength=n)
    count = max(1, int(RELOCATED_SHARE * n))
    idle = np.argsort(loss, kind="stable")[:count]
    busy = np.argsort(-error, kind="stable")[:count]
    worth = loss[idle] < 0.5 * error[busy]
    order = np.lexsort((-gaps[:, 0], owner))  # each node's farthest pixel first
    return idle[worth], order[np.searchsorted(owner[order], busy[worth])]


def _means(nodes: F64, owner: I64, pixels: F64) -> F64:
    """(n, 2) the mean of each node's pixels; the node itself where it has none."""
    counts = np.bincount(owner, minlength=len(nodes))
    sums = np.stack([np.bincount(owner, weights=axis, minlength=len(nodes)) for axis in pixels.T], axis=-1)
    return np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], nodes)


def _inside(nodes: F64, mask: Bools) -> F64:
    """Nodes over background moved to the centre of the nearest pixel of the mask."""
    height, width = mask.shape
    pixel = np.clip(np.floor(nodes).astype(np.int64), 0, (width - 1, height - 1))
    nearest = ndimage.distance_transform_edt(~mask, return_distances=False, return_indices=True)
    rows, columns = nearest[:, pixel[:, 1], pixel[:, 0]]
    away = ~mask[pixel[:, 1], pixel[:, 0]]
    return np.where(away[:, None], np.stack([columns + 0.5, rows + 0.5], axis=-1), nodes)


def contour(mask: Bools, inset: float, *, step: float = 0.1) -> F64:
    """Points along the mask's contour, a little inside it.

    The distance inside (to the centre of the nearest pixel of background) is 0.5 on the line between two pixels.

    Args:
        mask: (height, width).
        inset: how far inside, in pixels.
        step: between neighbouring points, in pixels.

    Returns:
        (n, 2); none where the mask fills the picture.
    """
    if mask.all():
        return np.zeros((0, 2))
    padded = np.pad(mask, 1, mode="edge")
    depth: F64 = ndimage.distance_transform_edt(padded) - ndimage.distance_transform_edt(~padded)
    # depth jumps from -1 to 1 between two pixels: half a pixel to either side of the contour
    lines = []
    field = np.clip(depth, -1, None) / 2 if inset <= 0.5 else depth - 0.5
    for line in measure.find_contours(field, inset):
        gaps = np.hypot(*np.diff(line, axis=0).T)
        length = np.concatenate([[0.0], np.cumsum(gaps)])
        even = np.linspace(0, length[-1], max(2, int(np.ceil(length[-1] / step))))
        lines.append(
            np.stack([np.interp(even, length, line[:, 1]), np.interp(even, length, line[:, 0])], axis=-1) - 0.5
        )
    return np.concatenate(lines) if lines else np.zeros((0, 2))


def _closed(nodes: F64, mask: Bools, background: float) -> I64:
    """(m, 2) edges of the Delaunay triangulation that keep to the mask, without slivers along the contour."""
    try:
        corners = spatial.Delaunay(nodes).simplices.astype(np.int64)
    except (spatial.QhullError, ValueError):  # fewer than three nodes, or all on a line
        chain = np.lexsort(nodes.T)
        return _kept(nodes, np.sort(np.stack([chain[:-1], chain[1:]], axis=-1), axis=1), mask, background)
    for _ in range(SLIVER_ROUNDS):
        corners = corners[~_slivers(nodes, corners)]
    return _kept(nodes, _sides(corners).reshape(-1, 2), mask, background)


def _kept(nodes: F64, pairs: I64, mask: Bools, background: float) -> I64:
    """Those pairs, each once, that are joined over the mask."""
    pairs = np.unique(pairs, axis=0)
    start = nodes[pairs[:, 0]]
    return pairs[1 - coverage(mask, start, nodes[pairs[:, 1]] - start, step=0.1) <= background]


def _sides(corners: I64) -> I64:
    """(t, 3, 2) the sides of triangles, each opposite to its corner."""
    return np.sort(np.stack([corners[:, [1, 2]], corners[:, [2, 0]], corners[:, [0, 1]]], axis=1), axis=2)


def _slivers(nodes: F64, corners: I64) -> Bools:
    """(t,) flat triangles at the hull, whose long side would lie beside the line through its other two."""
    sides = _sides(corners)
    vectors = nodes[sides[..., 1]] - nodes[sides[..., 0]]
    squares = (vectors**2).sum(axis=-1)
    longest = squares.argmax(axis=1)
    others = squares.sum(axis=1) - squares.max(axis=1)
    product = np.sqrt(np.maximum(np.prod(np.sort(squares, axis=1)[:, :2], axis=1), 1e-300))
    # the law of cosines at the corner opposite to the longest side: cos C = (a^2 + b^2 - c^2) / 2ab
    flat = (others - squares.max(axis=1)) / (2 * product) < SLIVER_COSINE
    names = sides[..., 0] * len(nodes) + sides[..., 1]
    _, inverse, counts = np.unique(names, return_inverse=True, return_counts=True)
    lone = counts[inverse.reshape(names.shape)] == 1
    slivers: Bools = flat & lone[np.arange(len(corners)), longest]
    return slivers
