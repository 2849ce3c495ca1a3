"""The edges of a hyperbolic tiling as arcs: (triangle) -> SVG of the Poincare disk, down to the smallest visible ones.

The images of the triangle are visited breadth first: each is a product of mirrors, and its neighbours are one
mirror further. An image too small for the eye is left out, with all that lies behind it. Lines of the plane are
arcs that meet the rim at right angles, which SVG draws exactly.

Convention: the disk has radius 500 about the middle of the drawing; line widths follow the edges' lengths.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.symmetry.groups.triangle import Triangle

RADIUS = 500.0  # of the disk, in units of the drawing: coordinates need two decimals then
MIN_EDGE = 3.0  # length of an edge that is drawn, in the same units: halving it draws about twice as many
_MAX_IMAGES = 60_000  # visited: a guard against tilings too fine to draw
_WIDTHS = 6  # pens, each for edges half as long as the one before


def disk(points: F64) -> F64:
    """Points of the hyperboloid, (..., 3), in the Poincare disk, (..., 2)."""
    in_disk: F64 = points[..., :2] / (1 + points[..., 2:])
    return in_disk


def edge(triangle: Triangle) -> F64:
    """(2, 3) the ends of an edge of the tiles around P: from corner to corner, or to R where the edge ends there."""
    corner, middle = triangle.corners[1], triangle.corners[2]
    if triangle.r == 2:  # the edge is straight at R: its other half is the mirror image in the side PR
        return np.array([corner, triangle.reflection(1) @ corner])
    return np.array([corner, middle])


def images(triangle: Triangle, *, min_edge: float) -> Iterator[F64]:
    """Matrices of the reflection group, nearest first, (N, 3, 3) at a time.

    Args:
        triangle: of the hyperbolic plane.
        min_edge: length in the disk below which an image of an edge is left out, and what lies behind it.
    """
    mirrors = np.array([triangle.reflection(number) for number in range(3)])
    centre = triangle.normalised(triangle.corners.sum(0))
    ends = edge(triangle)
    visited: set[tuple[int, int]] = set()
    layer = np.eye(3)[None]
    while len(layer) and len(visited) < _MAX_IMAGES:
        keys = np.rint(disk(layer @ centre) * 1e7).astype(np.int64)  # images lie far further apart
        fresh = []
        for number, key in enumerate(map(tuple, keys.tolist())):
            if key not in visited:
                visited.add(key)
                fresh.append(number)
        layer = layer[fresh]
        chords = disk(np.einsum("nij,kj->nki", layer, ends))
        large = np.linalg.norm(chords[:, 0] - chords[:, 1], axis=1) >= min_edge
        layer = layer[large]
        if len(layer):
            yield layer
        layer = np.einsum("nij,mjk->nmik", layer, mirrors).reshape(-1, 3, 3)


def edges(triangle: Triangle, *, min_edge: float = MIN_EDGE / RADIUS) -> F64:
    """(N, 2, 2) ends of all edges that can be seen, in the disk, each once, large ones first."""
    ends = edge(triangle)
    chords = [disk(np.einsum("nij,kj->nki", layer, ends)) for layer in images(triangle, min_edge=min_edge)]
    every = np.concatenate(chords)
    _, first = np.unique(np.rint(every.mean(1) * 1e7), axis=0, return_index=True)
    every = every[np.sort(first)]
    length = np.linalg.norm(every[:, 0] - every[:, 1], axis=1)
    ordered: F64 = every[np.argsort(-length, kind="stable")]
    return ordered


def arc(start: F64, end: F64) -> str:
    """The line between two points of the disk as SVG path commands.

    Its circle is orthogonal to the rim: |centre|^2 = 1 + radius^2, so 2 centre . x = 1 + |x|^2 at both ends.
    """
    cross = float(start[0] * end[1] - start[1] * end[0])
    x, y = RADIUS * end[0], -RADIUS * end[1]
    begin = f"M{_short(RADIUS * start[0])} {_short(-RADIUS * start[1])}"
    if abs(cross) < 1e-9:
        return f"{begin}L{_short(x)} {_short(y)}"
    one, two = (1 + float(start @ start)) / 2, (1 + float(end @ end)) / 2
    centre = ((one * end[1] - two * start[1]) / cross, (two * start[0] - one * end[0]) / cross)
    radius = RADIUS * math.sqrt(max(centre[0] ** 2 + centre[1] ** 2 - 1, 0.0))
    # the short way round, bending towards the middle of the disk; y is turned over
    return f"{begin}A{_short(radius)} {_short(radius)} 0 0 {int(cross > 0)} {_short(x)} {_short(y)}"


def _short(value: float) -> str:
    """At most two decimals: a hundredth of a unit is finer than any printer."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def outline(triangle: Triangle, *, title: str) -> bytes:
    """The whole drawing as SVG.

    Args:
        triangle: of the hyperbolic plane.
        title: for screen readers; must need no escaping in XML.
    """
    chords = edges(triangle)
    length = np.linalg.norm(chords[:, 0] - chords[:, 1], axis=1)
    pens = np.minimum(np.floor(np.log2(length[0] / length)), _WIDTHS - 1).astype(int)
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="-510 -510 1020 1020" role="img" aria-label="'
        f'{title}"><title>{title}</title>',
        '<g fill="none" stroke="#000" stroke-linecap="round">',
        f'<circle r="{RADIUS:g}" stroke-width="1"/>',
    ]
    for pen in range(_WIDTHS):
        path = "".join(arc(start, end) for start, end in chords[pens == pen])
        if path:
            lines.append(f'<path stroke-width="{_short(max(3.2 * 0.6**pen, 0.3))}" d="{path}"/>')
    return "\n".join([*lines, "</g></svg>", ""]).encode("ascii")
