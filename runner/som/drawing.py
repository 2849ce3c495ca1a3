"""What only a map can be drawn as: cloth woven of its rows and columns, and a patchwork of its units' colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.deferred import interpolate, measure, ndimage, transform
from orbifolio.runner.gas.drawing.base import DrawingSettings, LineWidth, Scene, Share
from orbifolio.runner.gas.drawing.meshes import Lines, Nodes, Polygons, Triangles
from orbifolio.runner.gas.drawing.sheet import Areas, Mark, Polylines
from orbifolio.runner.gas.drawing.tonal import TonalLines
from orbifolio.runner.images import oklab
from orbifolio.runner.settings import family
from orbifolio.runner.vector.hex_colours import Hex, from_hex
from orbifolio.runner.vector.nearest import Nearest

PER_MESH = 5  # points of a thread's curve from crossing to crossing: more cannot be seen at the size of a mesh
WIDEST = 0.6  # of the distance to the next thread, which a thread fills at most: a little paper shows in the cloth
HOLDING = 0.44  # of the way to the next crossing, by which a thread ends before one it passes under, at most
PATCH_SIDE = 1100  # pixels of the longer side in which patches are traced
FINEST = 3.0  # times the picture's own pixels, at most: between them colours are a guess
ROUNDING = 0.28  # of a patch's own size, over which its outline is smoothed
BLEED = 24  # pixels around the picture, so that smoothed outlines do not leave its edges
LEAST_OUTLINE = 6  # points of an outline: a smaller patch is a speck


class Weave(DrawingSettings):
    """Cloth: rows and columns are threads that pass over and under each other by turns."""

    kind: Literal["weave"] = "weave"
    line: LineWidth = 1.6
    """Width of the threads, in thousandths of the drawing's longer side; narrower where they lie close."""
    gap: float = Field(0.8, ge=0, le=20)
    """Paper to either side of a thread where another passes under it, in thousandths of the drawing's longer side."""
    darkness: Share = 0.0
    """How far widths follow the picture's darkness: 0 for equal threads, 1 for hairlines to twice the width."""
    weft: Hex | None = None
    """Colour of the rows as `#rrggbb`, where it is not that of the columns."""

    def marks(self, scene: Scene) -> tuple[Mark, ...]:
        """A piece of thread from one crossing that it passes under to the next."""
        nodes, unit = scene.graph.nodes, scene.unit
        size = np.array([scene.graph.width, scene.graph.height])
        high, wide = scene.dark.shape
        columns, rows = np.clip(np.floor(nodes).astype(np.int64), 0, (wide - 1, high - 1)).T
        wanted = self.line * unit * np.maximum(0.1, 1 - self.darkness + 2 * self.darkness * scene.dark[rows, columns])
        weft, warp = scene.graph.threads
        paths: list[F64] = []
        widths: list[float] = []
        across: list[bool] = []
        for turn, (chains, others) in enumerate(((weft, warp), (warp, weft))):
            room = _spacing(nodes, others)
            for number, chain in enumerate(chains):
                thread = Thread(nodes[chain], wanted[chain], room[chain], first=(number + turn) % 2)
                for piece, width in thread.pieces(self.gap * unit):
                    if (piece.max(axis=0) > 0).all() and (piece.min(axis=0) < size).all():
                        paths.append(piece)
                        widths.append(width)
                        across.append(turn == 0)
        if not paths:
            return ()
        colours = self.colour.pick(scene.along(paths), scene.ink)
        if self.weft is not None:
            colours[np.array(across)] = from_hex(self.weft)
        return (Polylines(paths, np.array(widths), colours),)


def _spacing(nodes: F64, chains: Sequence[I64]) -> F64:
    """(n,) the distance of each node to its nearer neighbour along some chains, which is where the next thread lies."""
    room = np.full(len(nodes), np.inf)
    for chain in chains:
        steps = np.hypot(*np.diff(nodes[chain], axis=0).T)
        np.minimum.at(room, chain[:-1], steps)
        np.minimum.at(room, chain[1:], steps)
    return room


@dataclass(frozen=True)
class Thread:
    """A row or a column.

    Attributes:
        crossings: (k, 2) in order, in pixels.
        wanted: (k,) the width there, if there is room.
        room: (k,) distance of the next thread beside it.
        first: 0 if it passes under at the first crossing, 1 if over.
    """

    crossings: F64
    wanted: F64
    room: F64
    first: int

    def pieces(self, gap: float) -> list[tuple[F64, float]]:
        """Curves that end where the thread passes under another, and the width of each.

        Args:
            gap: paper beside the thread above, in pixels.
        """
        count = len(self.crossings)
        along = np.arange(count)
        # a line where there are too few crossings for a curve
        curve = (
            interpolate.CubicSpline(along, self.crossings, axis=0)
            if count > 3
            else interpolate.make_interp_spline(along, self.crossings, k=1)
        )
        steps = np.hypot(*np.diff(self.crossings, axis=0).T)
        around = np.minimum(np.append(steps, np.inf), np.append(np.inf, steps))  # to the nearer crossing
        width = np.minimum(self.wanted, WIDEST * self.room)
        above = np.minimum(self.wanted, WIDEST * around)
        # half the thread above, paper, and the round end of this one
        held = np.minimum((0.5 * above + gap + 0.5 * width) / np.maximum(around, 1e-9), HOLDING)
        under = list(range(self.first, count, 2))
        begins = [(at, at + held[at]) for at in under]
        ends = [(at, at - held[at]) for at in under]
        if self.first:
            begins.insert(0, (0, 0.0))
        else:
            ends.pop(0)
        if under and under[-1] == count - 1:
            begins.pop()
        else:
            ends.append((count - 1, count - 1.0))
        pieces = []
        for (begin, start), (end, stop) in zip(begins, ends, strict=True):
            if stop - start < 1e-6:
                continue
            inner = np.linspace(start, stop, max(2, round((stop - start) * PER_MESH) + 1))
            pieces.append((np.asarray(curve(inner), dtype=np.float64), float(width[(begin + end + 1) // 2])))
        return pieces


class Patchwork(DrawingSettings):
    """Patches: each unit colours the places that are nearest to it, in place and colour."""

    kind: Literal["patchwork"] = "patchwork"
    seam: float = Field(1.2, ge=0, le=50)
    """Width of the seams, in thousandths of the drawing's longer side; 0 for none."""
    rounded: Share = 0.5
    """How far the outlines of patches are smoothed: 0 follows the picture's edges, 1 makes pebbles."""
    smallest: Share = 0.15
    """A part of a patch that is smaller than this share of the mean one is given to its neighbours."""
    coloured: ClassVar[bool] = True
    cites: ClassVar[tuple[str, ...]] = ("ottosson2020",)

    def marks(self, scene: Scene) -> tuple[Mark, ...]:
        """The patches in their units' colours, the largest first, and seams in the ink between them."""
        graph = scene.graph
        if graph.colours is None:
            return ()
        owners, scale = _owners(scene)
        owners = _merged(owners, self.smallest * owners.size / len(graph.nodes))
        rings, numbers = _outlines(owners, len(graph.nodes), self.rounded)
        rings = [(ring - BLEED) / scale for ring in rings]
        colours = np.clip(oklab.to_srgb(graph.colours), 0, 1)[numbers]
        ground = Areas([_page(graph.width, graph.height)], np.array([scene.ink]))
        marks: tuple[Mark, ...] = (ground, Areas(rings, colours))
        if self.seam:
            widths = np.full(len(rings), self.seam * scene.unit)
            closed = [np.concatenate([ring, ring[:1]]) for ring in rings]
            marks += (Polylines(closed, widths, np.tile(np.array(scene.ink), (len(rings), 1))),)
        return marks


def _page(width: float, height: float) -> F64:
    return np.array([[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]])


def _owners(scene: Scene) -> tuple[I64, float]:
    """The unit that wins each pixel of the picture, enlarged for smooth outlines and with a bleed; and by how much."""
    graph = scene.graph
    assert graph.colours is not None
    high, wide = scene.picture.shape[:2]
    scale = min(FINEST, max(1.0, PATCH_SIDE / max(high, wide)))
    shape = (round(high * scale), round(wide * scale))
    picture = transform.resize(scene.picture, (*shape, 3), order=1) if scale > 1 else scene.picture
    lab = oklab.from_srgb(picture.astype(np.float64)).reshape(-1, 3)
    rows, columns = np.divmod(np.arange(shape[0] * shape[1]), shape[1])
    places = np.stack([columns + 0.5, rows + 0.5], axis=-1) / scale
    units = np.concatenate([graph.nodes, graph.colour_weight * graph.colours], axis=1)
    winners = Nearest(units).one(np.concatenate([places, graph.colour_weight * lab], axis=1))[1]
    return np.pad(winners.reshape(shape), BLEED, mode="edge"), scale


def _merged(owners: I64, least: float) -> I64:
    """Connected parts of fewer pixels than `least` given to what is nearest."""
    kept = np.zeros(owners.shape, dtype=bool)
    for unit, box in enumerate(ndimage.find_objects(owners + 1)):
        if box is not None:
            parts, found = ndimage.label(owners[box] == unit)
            sizes = np.bincount(parts.reshape(-1), minlength=found + 1)
            sizes[0] = 0
            kept[box] |= (sizes >= least)[parts]
    if not kept.any():
        return owners
    rows, columns = ndimage.distance_transform_edt(~kept, return_distances=False, return_indices=True)
    merged: I64 = owners[rows, columns]
    return merged


def _outlines(owners: I64, count: int, rounded: float) -> tuple[list[F64], I64]:
    """Outlines of the connected parts of each unit's pixels, the largest first, and the unit of each."""
    rings: list[F64] = []
    numbers: list[int] = []
    areas: list[int] = []
    for unit, box in enumerate(ndimage.find_objects(owners + 1, count)):
        if box is None:
            continue
        parts, found = ndimage.label(owners[box] == unit)
        for part in range(1, found + 1):
            own = parts == part
            lines = measure.find_contours(np.pad(own, 1).astype(np.float64), 0.5)
            outer = max(lines, key=len)[:-1]  # inner outlines are those of other patches, which lie on top
            if len(outer) < LEAST_OUTLINE:
                continue
            if rounded:
                reach = rounded * ROUNDING * np.sqrt(own.sum())
                outer = ndimage.gaussian_filter1d(outer, reach, axis=0, mode="wrap")
            ring = outer[:, ::-1] - 0.5 + np.array([box[1].start, box[0].start])
            rings.append(_thinned(ring))
            numbers.append(unit)
            areas.append(int(own.sum()))
    order = np.argsort(-np.array(areas), kind="stable")
    return [rings[at] for at in order], np.array(numbers, dtype=np.int64)[order]


def _thinned(ring: F64) -> F64:
    """Every other point, where there are enough."""
    return ring[::2] if len(ring) > 4 * LEAST_OUTLINE else ring


MAP_DRAWINGS = (Lines, TonalLines, Nodes, Triangles, Polygons, Weave, Patchwork)
AnyMapDrawing = family(*MAP_DRAWINGS, default=Lines)
