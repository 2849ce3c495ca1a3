"""Improving is a function (graph, mask) -> graph with the same number of nodes that keeps to the mask's contour.

A gas ends half a cell inside the contour, leaves holes of four and more sides, and bridges narrow gaps. Three steps:

1. nodes settle: each moves to the middle of its cell of the mask (Lloyd 1982), nodes that are hardly missed go where
   cells are too large (islands without a node, too), and those whose cell touches the contour go towards it;
2. the mesh closes: all edges of the Delaunay triangulation that keep to the mask;
3. so bridges over background are gone, and edges along the contour are there.

Departure: the triangulation is not forced along the contour (no constrained Delaunay); its edges are chosen by how much
of them lies over background instead, which at the spacing of a gas measured as good and cannot fail.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy.ndimage import distance_transform_edt
from scipy.spatial import Delaunay, QhullError
from skimage.measure import find_contours

from orbifolio.runner.gas.drawing.fidelity import border, centres, coverage
from orbifolio.runner.gas.drawing.nearest import Nearest
from orbifolio.runner.gas.drawing.sheet import Floats, Mask
from orbifolio.runner.gas.graph import Graph, Pairs, Positions
from orbifolio.runner.settings import Settings

MOVED = 0.02
"""Share of the nodes that may move elsewhere in a round."""
QUIET_ROUNDS, CONTOUR_ROUNDS = 12, 4
"""Of the last rounds: those without moves elsewhere, and those that draw the outer nodes to the contour."""


SLIVER_ROUNDS = 4
FLAT = -0.9
"""Cosine of the widest corner below which a triangle at the hull is a sliver (about 154 degrees)."""


class Improve(Settings):
    """Bring the outer nodes to the contour, close the mesh, remove bridges over background."""

    rounds: int = Field(34, ge=0, le=200)
    """How often the nodes settle; 0 leaves them where they are and only mends the mesh."""
    snap: float = Field(0.5, ge=0, le=1)
    """How far the outer nodes go to the contour: 1 all the way, which follows it best; less keeps their cells rounder
    and so the quantisation error small."""
    inset: float = Field(0.3, ge=0, le=5)
    """How far inside the contour the outer nodes come to lie, in pixels."""
    background: float = Field(0.12, ge=0, le=1)
    """The share of an edge that may lie over background; 1 closes everything, 0 nothing that leaves the mask."""
    cites: ClassVar[tuple[str, ...]] = ("lloyd1982",)

    def __call__(self, graph: Graph, mask: Mask) -> Graph:
        """The improved graph; see the module's docstring.

        Args:
            graph: that does not wrap.
            mask: (height, width) of its picture.
        """
        if not mask.any() or len(graph.nodes) < 2 or any(graph.wrap):
            return graph
        nodes = _settled(graph.nodes, mask, self)
        return Graph.of(nodes, _closed(nodes, mask, self.background), width=graph.width, height=graph.height)


def _settled(nodes: Positions, mask: Mask, settings: Improve) -> Positions:
    """Nodes in the middle of their cells, idle ones moved to busy places, the outer ones drawn to the contour."""
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
            idle, place = _moves(gaps, owner, len(nodes))
            middles[idle] = pixels[place]
        elif left <= CONTOUR_ROUNDS and tree is not None:
            touching = np.bincount(owner[outer], minlength=len(nodes)) > 0
            # the border's pixels decide where along the contour an outer node stands
            target = rim[tree.one(_means(nodes, owner[outer], pixels[outer])[touching])[1]]
            middles[touching] += settings.snap * (target - middles[touching])
        nodes = middles
    return nodes


def _moves(gaps: Floats, owner: Pairs, n: int) -> tuple[Pairs, Pairs]:
    """Nodes that are hardly missed, and for each the pixel that most misses a node.

    Args:
        gaps: (p, 2) from each pixel to its two nearest nodes.
        owner: (p,) the nearest.
        n: nodes.
    """
    error = np.bincount(owner, weights=gaps[:, 0], minlength=n)
    loss = np.bincount(owner, weights=gaps[:, 1] - gaps[:, 0], minlength=n)
    most = max(1, int(MOVED * n))
    idle = np.argsort(loss, kind="stable")[:most]
    busy = np.argsort(-error, kind="stable")[:most]
    worth = loss[idle] < 0.5 * error[busy]
    order = np.lexsort((-gaps[:, 0], owner))  # each node's farthest pixel first
    return idle[worth], order[np.searchsorted(owner[order], busy[worth])]


def _means(nodes: Positions, owner: Pairs, pixels: Positions) -> Positions:
    """(n, 2) the mean of each node's pixels; the node itself where it has none."""
    counts = np.bincount(owner, minlength=len(nodes))
    sums = np.stack([np.bincount(owner, weights=axis, minlength=len(nodes)) for axis in pixels.T], axis=-1)
    return np.where(counts[:, None] > 0, sums / np.maximum(counts, 1)[:, None], nodes)


def _inside(nodes: Positions, mask: Mask) -> Positions:
    """Nodes over background moved to the centre of the nearest pixel of the mask."""
    height, width = mask.shape
    place = np.clip(np.floor(nodes).astype(np.int64), 0, (width - 1, height - 1))
    nearest = distance_transform_edt(~mask, return_distances=False, return_indices=True)
    rows, columns = nearest[:, place[:, 1], place[:, 0]]
    away = ~mask[place[:, 1], place[:, 0]]
    return np.where(away[:, None], np.stack([columns + 0.5, rows + 0.5], axis=-1), nodes)


def contour(mask: Mask, inset: float, *, step: float = 0.1) -> Positions:
    """Points along the mask's contour, a little inside it.

    The distance inside (to the centre of the nearest pixel of background) is 0.5 on the line between two pixels.

    Args:
        mask: (height, width).
        inset: how far inside, in pixels.
        step: between points.

    Returns:
        (n, 2); none where the mask fills the picture.
    """
    padded = np.pad(mask, 1, mode="edge")
    depth: Floats = distance_transform_edt(padded) - distance_transform_edt(~padded)
    # depth jumps from -1 to 1 between two pixels: half a pixel to either side of the contour
    found = []
    field = np.clip(depth, -1, None) / 2 if inset <= 0.5 else depth - 0.5
    for line in find_contours(field, inset):
        gaps = np.hypot(*np.diff(line, axis=0).T)
        length = np.concatenate([[0.0], np.cumsum(gaps)])
        even = np.linspace(0, length[-1], max(2, int(np.ceil(length[-1] / step))))
        found.append(
            np.stack([np.interp(even, length, line[:, 1]), np.interp(even, length, line[:, 0])], axis=-1) - 0.5
        )
    return np.concatenate(found) if found else np.zeros((0, 2))


def _closed(nodes: Positions, mask: Mask, background: float) -> Pairs:
    """(m, 2) edges of the Delaunay triangulation that keep to the mask, without slivers along the contour."""
    try:
        corners = Delaunay(nodes).simplices.astype(np.int64)
    except (QhullError, ValueError):  # fewer than three nodes, or all on a line
        chain = np.lexsort(nodes.T)
        return _kept(nodes, np.sort(np.stack([chain[:-1], chain[1:]], axis=-1), axis=1), mask, background)
    for _ in range(SLIVER_ROUNDS):
        corners = corners[~_slivers(nodes, corners)]
    return _kept(nodes, _sides(corners).reshape(-1, 2), mask, background)


def _kept(nodes: Positions, pairs: Pairs, mask: Mask, background: float) -> Pairs:
    """Those pairs, each once, that are joined over the mask."""
    pairs = np.unique(pairs, axis=0)
    start = nodes[pairs[:, 0]]
    return pairs[1 - coverage(mask, start, nodes[pairs[:, 1]] - start, step=0.1) <= background]


def _sides(corners: Pairs) -> Pairs:
    """(t, 3, 2) the sides of triangles, each opposite to its corner."""
    return np.sort(np.stack([corners[:, [1, 2]], corners[:, [2, 0]], corners[:, [0, 1]]], axis=1), axis=2)


def _slivers(nodes: Positions, corners: Pairs) -> npt.NDArray[np.bool_]:
    """(t,) flat triangles at the hull, whose long side would lie beside the line through its other two."""
    sides = _sides(corners)
    vectors = nodes[sides[..., 1]] - nodes[sides[..., 0]]
    squares = (vectors**2).sum(axis=-1)
    longest = squares.argmax(axis=1)
    others = squares.sum(axis=1) - squares.max(axis=1)
    product = np.sqrt(np.maximum(np.prod(np.sort(squares, axis=1)[:, :2], axis=1), 1e-300))
    flat = (others - squares.max(axis=1)) / (2 * product) < FLAT
    names = sides[..., 0] * len(nodes) + sides[..., 1]
    _, inverse, counts = np.unique(names, return_inverse=True, return_counts=True)
    lone = counts[inverse.reshape(names.shape)] == 1
    found: npt.NDArray[np.bool_] = flat & lone[np.arange(len(corners)), longest]
    return found
