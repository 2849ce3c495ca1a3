"""Styles that draw new lines from nodes or mask: one line through all nodes, a signature, words in boxes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F64, I64, Bools
from orbifolio.runner.gas.drawing.base import DrawingSettings, LineWidth, Scene, Share
from orbifolio.runner.gas.drawing.improve import Improve
from orbifolio.runner.gas.drawing.meshes import edges_of, swelling
from orbifolio.runner.gas.drawing.sheet import Labels, Mark, Polylines
from orbifolio.runner.gas.drawing.skeleton import strokes
from orbifolio.runner.gas.drawing.tour import opened, tour
from orbifolio.runner.gas.graph import Graph
from orbifolio.runner.settings import switched
from orbifolio.runner.vector.hex_colours import Hex, from_hex, to_hex
from orbifolio.runner.vector.nearest import Nearest


class OneLine(DrawingSettings):
    """One short line that visits every node once (a travelling salesman's tour)."""

    kind: Literal["tsp"] = "tsp"
    line: LineWidth = 1.2
    """Width of the line, in thousandths of the drawing's longer side."""
    darkness: Share = 0.0
    """How far the width follows the picture's darkness: 0 for one width, 1 for a hairline to twice the width."""
    closed: bool = False
    """Whether the line returns to where it began; if not, its longest step is left out."""
    rounded: bool = False
    """Draw a smooth curve through the nodes instead of straight steps."""
    cites: ClassVar[tuple[str, ...]] = ("kaplan2005",)

    def prepare(self, graph: Graph, mask: Bools | None) -> Graph:
        """The nodes, joined by the tour's edges."""
        graph = super().prepare(graph, mask)
        if len(graph.nodes) < 2:
            return graph
        order = tour(graph.nodes)
        chain = np.append(order, order[:1]) if self.closed else opened(graph.nodes, order)
        pairs = np.stack([chain[:-1], chain[1:]], axis=-1)
        return Graph.of(graph.nodes, pairs, width=graph.width, height=graph.height)

    def path(self, graph: Graph) -> F64:
        """(k, 2) the one line, from end to end."""
        (chain,) = chains(graph) or [[]]
        points = graph.nodes[np.array(chain, dtype=np.int64)]
        return rounded(points) if self.rounded else points

    def marks(self, scene: Scene) -> tuple[Mark, ...]:
        """The line as one mark, or one mark for each step if the width or the colour changes."""
        path = self.path(scene.graph)
        if len(path) < 2:
            return ()
        steps = np.stack([path[:-1], path[1:]], axis=1)
        seen = scene.along(list(steps))
        widths = self.line * scene.unit * swelling(seen, self.darkness)
        colours = self.colour.pick(seen, scene.ink)
        if np.ptp(widths) < 1e-9 and not np.ptp(colours, axis=0).any():
            return (Polylines([path], widths[:1], colours[:1]),)
        return (Polylines(list(steps), widths, colours),)

    def pen_strokes(self, scene: Scene) -> Mapping[str, list[F64]]:
        """The whole line as one stroke, in the ink."""
        path = self.path(scene.graph)
        return {to_hex(scene.ink): [path]} if len(path) > 1 else {}


def chains(graph: Graph) -> list[list[int]]:
    """The paths and rings of a graph whose nodes have at most two edges.

    Args:
        graph: of degree <= 2; nodes without edges are left out.

    Returns:
        Chains of nodes; a ring ends where it began.
    """
    around: list[list[int]] = [[] for _ in range(len(graph.nodes))]
    for i, j in graph.edges.tolist():
        around[i].append(j)
        around[j].append(i)
    seen: set[int] = set()
    chains: list[list[int]] = []
    for start in sorted(range(len(around)), key=lambda node: (len(around[node]), node)):
        if start in seen or not around[start]:
            continue
        chain = [start]
        seen.add(start)
        while step := [node for node in around[chain[-1]] if node not in seen]:
            chain.append(step[0])
            seen.add(step[0])
        if len(chain) > 2 and start in around[chain[-1]]:
            chain.append(start)
        chains.append(chain)
    return chains


def rounded(points: F64, *, steps: int = 6) -> F64:
    """A curve through points: a cubic spline over the root of the distances (centripetal, without overshoot).

    Args:
        points: (k, 2); closed if it ends where it began.
        steps: of the curve from point to point.

    Returns:
        ((k - 1) * steps + 1, 2) for points that all differ from the one before.
    """
    if len(points) < 3:
        return points
    points = points[np.concatenate([[True], np.hypot(*np.diff(points, axis=0).T) > 1e-9])]
    if len(points) < 3:
        return points
    along = np.concatenate([[0.0], np.cumsum(np.sqrt(np.hypot(*np.diff(points, axis=0).T)))])
    fine = np.interp(np.arange((len(points) - 1) * steps + 1) / steps, np.arange(len(points)), along)
    closed = bool((points[0] == points[-1]).all())
    from scipy.interpolate import CubicSpline  # here: a tenth of a second that other drawings can do without

    curve: F64 = CubicSpline(along, points, bc_type="periodic" if closed else "natural")(fine)
    return curve


class Signature(DrawingSettings):
    """Handwriting as the pen went: smooth strokes along the skeleton, with the gas' nodes as their knots."""

    kind: Literal["signature"] = "signature"
    line: LineWidth = 5.0
    """Width of the line, in thousandths of the drawing's longer side."""
    smoothness: float = Field(1.0, ge=0, le=10)
    """1 smooths wiggles shorter than the pen's width; 0 follows the skeleton's pixels."""
    cites: ClassVar[tuple[str, ...]] = ("zhang1984",)

    def prepare(self, graph: Graph, mask: Bools | None) -> Graph:
        """The nodes, each joined to the next along its stroke: at most two edges a node."""
        if mask is None:
            return graph
        return along_strokes(graph, strokes(mask, smoothness=self.smoothness))

    def marks(self, scene: Scene) -> tuple[Mark, ...]:
        """Smooth curves along the strokes; the gas as it is where there is no mask."""
        if scene.graph.degrees().max(initial=0) > 2:  # without a mask there is no skeleton
            paths, _ = edges_of(scene)
        else:
            paths = [rounded(scene.graph.nodes[chain]) for chain in chains(scene.graph)]
        seen = scene.along(paths)
        widths = np.full(len(paths), self.line * scene.unit)
        return (Polylines(paths, widths, self.colour.pick(seen, scene.ink)),)


def along_strokes(graph: Graph, paths: list[F64]) -> Graph:
    """The nodes of a gas brought onto strokes, in their order along them; ends of strokes are nodes as well.

    Args:
        graph: whose nodes are spread over the strokes.
        paths: (k, 2) points half a pixel apart; closed ones end where they began.
    """
    if not paths or not len(graph.nodes):
        return Graph.of(np.zeros((0, 2)), [], width=graph.width, height=graph.height)
    owner = np.repeat(np.arange(len(paths)), [len(path) for path in paths])
    position = np.concatenate([np.arange(len(path)) for path in paths])
    nearest = Nearest(np.concatenate(paths)).one(graph.nodes)[1]
    spacing = max(4, int(2 * sum(len(path) for path in paths) / len(graph.nodes)))
    nodes: list[F64] = []
    pairs: list[tuple[int, int]] = []
    count = 0
    for number, path in enumerate(paths):
        own = position[nearest[owner[nearest] == number]]
        knots = _spread(np.unique(np.concatenate([[0, len(path) - 1], own])), min_gap=3, max_gap=spacing)
        closed = bool((path[0] == path[-1]).all())
        chain = list(range(count, count + len(knots) - closed))
        pairs += list(zip(chain, chain[1:], strict=False))
        if closed:
            pairs.append((chain[-1], chain[0]))
        nodes.append(path[knots[: len(chain)]])
        count += len(chain)
    return Graph.of(np.concatenate(nodes), pairs, width=graph.width, height=graph.height)


def _spread(knots: I64, *, min_gap: int, max_gap: int) -> list[int]:
    """Knots without those that are too close to the one before, and with new ones in wide gaps; both ends stay."""
    spread = [int(knots[0])]
    for knot in knots[1:].tolist():
        if knot - spread[-1] < min_gap and knot != knots[-1]:
            continue
        if knot == knots[-1] and knot - spread[-1] < min_gap and len(spread) > 1:
            spread.pop()
        pieces = -(-(knot - spread[-1]) // max_gap)
        spread += [spread[-1] + round((knot - spread[-1]) * at / pieces) for at in range(1, pieces + 1)]
    return spread


class Words(DrawingSettings):
    """Objects counted and boxed: each component of the graph is one, numbered in reading order."""

    kind: Literal["words"] = "words"
    line: LineWidth = 0.9
    """Width of the gas' lines, in thousandths of the drawing's longer side."""
    box: Hex = "#d1383d"
    """Colour of boxes and numbers, as `#rrggbb`."""
    numbers: bool = True
    """Write the numbers."""
    smallest: int = Field(3, ge=1, le=10_000)
    """Components with fewer nodes are specks, not objects."""
    improve: switched(Improve) = Improve(rounds=0)  # type: ignore[valid-type]
    """As in every drawing; on by default, since bridges over background would join words. Null turns it off."""

    def marks(self, scene: Scene) -> tuple[Mark, ...]:
        """The edges, a box around each object, and numbers."""
        paths, _ = edges_of(scene)
        seen = scene.along(paths)
        widths = np.full(len(paths), self.line * scene.unit)
        marks: tuple[Mark, ...] = (Polylines(paths, widths, self.colour.pick(seen, scene.ink)),)
        boxes = reading_order(objects(scene.graph, self.smallest))
        if not len(boxes):
            return marks
        around = boxes + np.array([-2.0, -2.0, 2.0, 2.0]) * scene.unit
        rings = [box[[[0, 1], [2, 1], [2, 3], [0, 3], [0, 1]]] for box in around]
        red = np.tile(np.array(from_hex(self.box)), (len(rings), 1))
        marks += (Polylines(rings, np.full(len(rings), 0.8 * self.line * scene.unit), red),)
        if self.numbers:
            size = 11 * scene.unit
            anchors = around[:, :2] - np.array([0.0, 2.0]) * scene.unit
            anchors[:, 1] = np.maximum(anchors[:, 1], size)
            texts = [str(number) for number in range(1, len(rings) + 1)]
            marks += (Labels(anchors, texts, size, from_hex(self.box)),)
        return marks

    def facts(self, scene: Scene) -> Mapping[str, Any]:
        """The number of objects, and their boxes (left, top, right, bottom) in pixels, in reading order."""
        boxes = reading_order(objects(scene.graph, self.smallest))
        return {"objects": len(boxes), "boxes": np.round(boxes, 1).tolist()}


def objects(graph: Graph, smallest: int) -> F64:
    """(m, 4) boxes (left, top, right, bottom) around components of enough nodes, in pixels."""
    label = graph.components()
    boxes = []
    for component in np.nonzero(np.bincount(label, minlength=1) >= smallest)[0]:
        nodes = graph.nodes[label == component]
        boxes.append(np.concatenate([nodes.min(axis=0), nodes.max(axis=0)]))
    return np.array(boxes).reshape(-1, 4)


def reading_order(boxes: F64) -> F64:
    """Boxes line by line from the top, each line from the left; lines may slope.

    From the left, a box belongs to the line whose last box is at its height, the nearest of them.

    Args:
        boxes: (m, 4) left, top, right, bottom.
    """
    middles = boxes[:, [1, 3]].mean(axis=1)
    lines: list[list[int]] = []
    for at in np.argsort(boxes[:, 0], kind="stable").tolist():
        open_lines = [line for line in lines if boxes[line[-1], 1] <= middles[at] <= boxes[line[-1], 3]]
        if open_lines:
            min(open_lines, key=lambda line: abs(float(middles[line[-1]] - middles[at]))).append(at)
        else:
            lines.append([at])
    lines.sort(key=lambda line: float(middles[line].mean()))
    return boxes[[at for line in lines for at in line]]
