"""A sheet is paper with marks on it, in pixels of the picture; `draw`, `svg` and `pdf` bring it to any size.

Convention: marks lie in the coordinates of the graph (x to the right, y down, picture pixels), colours are sRGB in
[0, 1], widths and radii are in picture pixels. Marks are drawn in their order, later ones on top.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.gas.graph import Graph
from orbifolio.runner.vector.hex_colours import Colour


@dataclass(frozen=True)
class Polylines:
    """Lines with round ends.

    Attributes:
        paths: m arrays of (k, 2) points, k >= 2.
        widths: (m,) one for each path.
        colours: (m, 3) one for each path.
    """

    paths: Sequence[F64]
    widths: F64
    colours: F64


@dataclass(frozen=True)
class Dots:
    """m filled circles, by centre (m, 2), radius (m,) and colour (m, 3)."""

    centres: F64
    radii: F64
    colours: F64


@dataclass(frozen=True)
class Areas:
    """Filled polygons without outlines.

    Attributes:
        rings: m arrays of (k, 2) corners, k >= 3.
        colours: (m, 3) one for each ring.
    """

    rings: Sequence[F64]
    colours: F64


@dataclass(frozen=True)
class Labels:
    """m short texts.

    Attributes:
        anchors: (m, 2) left ends of the baselines.
        texts: one for each anchor.
        size: of the font in picture pixels.
        colour: one for all texts.
    """

    anchors: F64
    texts: Sequence[str]
    size: float
    colour: Colour


Mark = Polylines | Dots | Areas | Labels


@dataclass(frozen=True)
class DrawingSheet:
    """Paper of one colour with marks on it, in the order of drawing; width and height are in picture pixels."""

    width: float
    height: float
    paper: Colour
    marks: tuple[Mark, ...]


def unrolled(graph: Graph, chains: Iterable[Sequence[int]], *, closed: bool = False) -> tuple[list[F64], list[int]]:
    """The points along chains of nodes; where the picture wraps, every copy that shows.

    Args:
        graph: whose nodes the chains name.
        chains: numbers of nodes, each chain >= 2 long.
        closed: the chains are rings, whose inside counts as well.

    Returns:
        (k, 2) arrays, and for each the number of its chain.
    """
    size = np.array([graph.width, graph.height], dtype=np.float64)
    wraps = np.array([graph.wrap[1], graph.wrap[0]])
    paths: list[F64] = []
    owners: list[int] = []
    for number, chain in enumerate(chains):
        points = graph.nodes[np.asarray(chain, dtype=np.int64)]
        if not wraps.any():
            paths.append(points)
            owners.append(number)
            continue
        steps = np.diff(points, axis=0)
        steps -= np.where(wraps, size * np.round(steps / size), 0)
        points = np.concatenate([points[:1], points[:1] + np.cumsum(steps, axis=0)])
        low, high = points.min(axis=0), points.max(axis=0)
        for shift in product(*(((-1, 0, 1) if wrap else (0,)) for wrap in wraps)):
            moved = np.array(shift) * size
            if ((high + moved > 0) & (low + moved < size)).all():
                paths.append(points + moved)
                owners.append(number)
    return paths, owners
