"""Styles that show the graph's mesh: its lines, nodes, triangles and polygons."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F64
from orbifolio.runner.gas.drawing.base import DrawingSettings, LineWidth, Scene, Share
from orbifolio.runner.gas.drawing.colours import darkness, under
from orbifolio.runner.gas.drawing.sheet import Areas, Dots, Mark, Polylines, unrolled
from orbifolio.runner.gas.drawing.trails import trails
from orbifolio.runner.gas.graph import Graph
from orbifolio.runner.vector.hex_colours import to_hex


def swelling(seen: F64, strength: float) -> F64:
    """(m,) factors of widths: 1 without strength; with full strength 0.1 in the light, 2 in the dark."""
    return np.maximum(0.1, 1 - strength + 2 * strength * darkness(seen))


def edges_of(scene: Scene) -> tuple[list[F64], F64]:
    """The edges as paths, and the scale of the picture at each; where the picture wraps, all copies that show."""
    graph = scene.graph
    scale = np.ones(len(graph.edges)) if graph.scale is None else graph.scale[graph.edges].mean(axis=1)
    if not any(graph.wrap):
        return list(graph.nodes[graph.edges]), scale
    paths, owners = unrolled(graph, graph.edges.tolist())
    return paths, scale[owners]


class Lines(DrawingSettings):
    """The edges as lines: the gas as it is."""

    kind: Literal["lines"] = "lines"
    line: LineWidth = 1.2
    """Width of the lines, in thousandths of the drawing's longer side."""
    darkness: Share = 0.0
    """How far widths follow the picture's darkness: 0 for equal widths, 1 for hairlines to twice the width."""
    dots: float = Field(0.0, ge=0, le=100)
    """Radius of a dot at each node, in thousandths of the drawing's longer side; 0 for none."""

    def marks(self, scene: Scene) -> tuple[Mark, ...]:
        """The edges, and dots on top."""
        paths, scale = edges_of(scene)
        seen = scene.along(paths)
        widths = self.line * scene.unit * scale * swelling(seen, self.darkness)
        marks: tuple[Mark, ...] = (Polylines(paths, widths, self.colour.pick(seen, scene.ink)),)
        if self.dots:
            nodes = scene.graph.nodes
            seen = under(scene.picture, nodes[:, None])
            radii = self.dots * scene.unit * scene.scale * swelling(seen, self.darkness)
            marks += (Dots(nodes, radii, self.colour.pick(seen, scene.ink)),)
        return marks

    def pen_strokes(self, scene: Scene) -> Mapping[str, Sequence[F64]]:
        """The edges of each colour, joined into as few strokes as possible, each edge drawn once."""
        graph = scene.graph
        if not len(graph.edges):
            return {}
        colours = self.colour.pick(scene.along(_straight(graph)), scene.ink)
        names = np.array([to_hex(colour) for colour in colours])
        layers: dict[str, Sequence[F64]] = {}
        for name in sorted(set(names.tolist())):
            part = Graph(graph.nodes, graph.edges[names == name], graph.width, graph.height, graph.wrap)
            layers[name] = unrolled(part, trails(part))[0]
        return layers


def _straight(graph: Graph) -> list[F64]:
    """Each edge once, from its first node, the short way round."""
    start = graph.nodes[graph.edges[:, 0]]
    return list(np.stack([start, start + graph.vectors()], axis=1))


class Nodes(DrawingSettings):
    """The nodes alone as dots: a stippling, with dots of one size or dots that swell with the darkness."""

    kind: Literal["nodes"] = "nodes"
    radius: LineWidth = 2.0
    """Radius of the dots, in thousandths of the drawing's longer side."""
    darkness: Share = 0.0
    """How far radii follow the picture's darkness: 0 for equal dots, 1 for specks to twice the radius."""
    cites: ClassVar[tuple[str, ...]] = ("secord2002",)

    def marks(self, scene: Scene) -> tuple[Mark, ...]:
        """A dot at each node."""
        seen = under(scene.picture, scene.graph.nodes[:, None])
        radii = self.radius * scene.unit * scene.scale * swelling(seen, self.darkness)
        return (Dots(scene.graph.nodes, radii, self.colour.pick(seen, scene.ink)),)

    def pen_strokes(self, scene: Scene) -> Mapping[str, Sequence[F64]]:
        """A circle for each dot."""
        layers: dict[str, list[F64]] = {}
        angles = np.linspace(0, 2 * np.pi, 17)
        circle = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
        for mark in self.marks(scene):
            if isinstance(mark, Dots):
                for centre, radius, colour in zip(mark.centres, mark.radii, mark.colours, strict=True):
                    layers.setdefault(to_hex(colour), []).append(centre + radius * circle)
        return layers


class Triangles(DrawingSettings):
    """The graph's triangles as areas, with its lines on top if wanted."""

    kind: Literal["triangles"] = "triangles"
    line: float = Field(0.0, ge=0, le=100)
    """Width of lines over the areas, in thousandths of the drawing's longer side; 0 for none."""

    def rings(self, graph: Graph) -> Sequence[Sequence[int]]:
        """The corners of each area as numbers of nodes."""
        return list(graph.triangles().tolist())

    def marks(self, scene: Scene) -> tuple[Mark, ...]:
        """The areas, and lines in the ink on top."""
        rings, _ = unrolled(scene.graph, self.rings(scene.graph), closed=True)
        seen = under(scene.picture, _inside(rings))
        lines, scale = edges_of(scene)
        marks: tuple[Mark, ...] = (Areas(rings, self.colour.pick(seen, scene.ink)),)
        if self.line:
            ink = np.tile(np.array(scene.ink), (len(lines), 1))
            marks += (Polylines(lines, self.line * scene.unit * scale, ink),)
        return marks

    def pen_strokes(self, scene: Scene) -> Mapping[str, Sequence[F64]]:
        """The lines between the areas, which a pen cannot fill."""
        return Lines(colour=self.colour).pen_strokes(scene)


def _inside(rings: Sequence[F64]) -> F64:
    """(m, 7, 2) places in each ring: its middle, and six on the way to its corners."""
    if not rings:
        return np.zeros((0, 7, 2))
    samples = []
    for ring in rings:
        middle = ring.mean(axis=0)
        corners = ring[np.arange(6) * len(ring) // 6]
        samples.append(np.concatenate([middle[None], middle + 0.5 * (corners - middle)]))
    return np.array(samples)


class Polygons(Triangles):
    """All faces of the graph as areas, not only its triangles: few holes, even without improvement."""

    kind: Literal["polygons"] = "polygons"  # type: ignore[assignment]
    sides: int = Field(8, ge=3, le=64)
    """Maximum number of sides of an area; a face with more is left as a hole."""

    def rings(self, graph: Graph) -> Sequence[Sequence[int]]:
        """The corners of the graph's faces as numbers of nodes."""
        return faces(graph, self.sides)


def faces(graph: Graph, sides: int) -> list[tuple[int, ...]]:
    """The faces of a graph drawn in the plane, without the outer one of each component.

    A face is traced by turning, at each node, from the edge that led there to the next one in the order of angles.
    Where edges cross (a gas is only nearly planar) a face may overlap its neighbour.

    Args:
        graph: the angles of its edges give their order around each node.
        sides: maximum number of corners of a face.

    Returns:
        Rings of nodes, each with its smallest first, sorted.
    """
    around: list[list[tuple[float, int]]] = [[] for _ in range(len(graph.nodes))]
    for (i, j), (x, y) in zip(graph.edges.tolist(), graph.vectors().tolist(), strict=True):
        around[i].append((math.atan2(y, x), j))
        around[j].append((math.atan2(-y, -x), i))
    after: dict[tuple[int, int], int] = {}
    for node, spokes in enumerate(around):
        spokes.sort()
        for at, (_, j) in enumerate(spokes):
            after[j, node] = spokes[at - 1][1]
    rings: set[tuple[int, ...]] = set()
    seen: set[tuple[int, int]] = set()
    for start in sorted(after):
        ring: list[int] = []
        step = start
        while step not in seen:
            seen.add(step)
            ring.append(step[0])
            step = (step[1], after[step])
        if 3 <= len(ring) <= sides and len(set(ring)) == len(ring) and _area(graph, ring) > 0:
            first = ring.index(min(ring))
            rings.add(tuple(ring[first:] + ring[:first]))
    return sorted(rings)


def _area(graph: Graph, ring: Sequence[int]) -> float:
    """Twice the signed area, positive for faces as they are traced here and negative for the outside."""
    (points,), _ = unrolled(Graph(graph.nodes, graph.edges, graph.width, graph.height), [ring])
    if any(graph.wrap):
        points = unrolled(graph, [ring])[0][0]
    x, y = (points - points[0]).T
    return float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum())
