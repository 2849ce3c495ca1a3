"""What only a map can be drawn as: cloth woven of its rows and columns, and a patchwork of its units' colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
from pydantic import Field
from scipy import ndimage
from scipy.interpolate import CubicSpline
from skimage.measure import find_contours
from skimage.transform import resize

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.gas.drawing.base import DrawingSettings, LineWidth, Scene, Share
from orbifolio.runner.gas.drawing.meshes import Lines, Nodes, Polygons, Triangles
from orbifolio.runner.gas.drawing.sheet import Areas, Mark, Polylines
from orbifolio.runner.gas.drawing.tonal import TonalLines
from orbifolio.runner.images import oklab
from orbifolio.runner.settings import family
from orbifolio.runner.vector.hex_colours import Hex, from_hex
from orbifolio.runner.vector.nearest import Nearest

PER_MESH = 5  # points of a thread's curve from crossing to crossing: more cannot be seen at the size of a mesh
WIDEST = 0.62  # of the distance to the next thread, which a thread fills at most: a little paper shows in the cloth
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
        paths: list[F64] = []
        widths: list[float] = []
        families: list[int] = []
        for family_number, (chains, others) in enumerate(
            zip(scene.graph.threads, scene.graph.threads[::-1], strict=True)
        ):
            room = _spacing(nodes, others)
            for number, chain in enumerate(chains):
                for piece, width in _pieces(
                    nodes[chain], room[chain], (number + family_number) % 2, (self.line * unit, self.gap * unit)
                ):
                    if (piece.max(axis=0) > 0).all() and (piece.min(axis=0) < size).all():
                        paths.append(piece)
                        widths.append(width)
                        families.append(family_number)
        if not paths:
            return ()
        seen = scene.along(paths)
        colours = self.colour.pick(seen, scene.ink)
        if self.weft is not None:
            colours[np.array(families) == 0] = from_hex(self.weft)
        middles = np.array([path[len(path) // 2] for path in paths])
        high, wide = scene.dark.shape
        columns, rows = np.clip(np.floor(middles).astype(np.int64), 0, (wide - 1, high - 1)).T
        swell = np.maximum(0.1, 1 - self.darkness + 2 * self.darkness * scene.dark[rows, columns])
        return (Polylines(paths, np.array(widths) * swell, colours),)


def _spacing(nodes: F64, chains: Sequence[I64]) -> F64:
    """(n,) the distance of each node to its nearer neighbour along some chains, which is where the next thread lies."""
    room = np.full(len(nodes), np.inf)
    for chain in chains:
        steps = np.hypot(*np.diff(nodes[chain], axis=0).T)
        np.minimum.at(room, chain[:-1], steps)
        np.minimum.at(room, chain[1:], steps)
    return room


def _pieces(points: F64, room: F64, first: int, wanted: tuple[float, float]) -> list[tuple[F64, float]]:
    """A thread in pieces that end where it passes under another.

    Args:
        points: (k, 2) crossings in order.
        room: (k,) distance of the next thread beside this one.
        first: 0 if the thread passes under the first crossing, 1 if over.
        wanted: width of the thread and of the paper beside the one above it, in pixels.

    Returns:
        (p, 2) curves, and the width of each.
    """
    count = len(points)
    curve = CubicSpline(np.arange(count), points, axis=0) if count > 3 else None
    steps = np.hypot(*np.diff(points, axis=0).T)
    around = np.minimum(np.append(steps, np.inf), np.append(np.inf, steps))  # to the nearer crossing along the thread
    width = np.minimum(wanted[0], WIDEST * room)
    across = np.minimum(wanted[0], WIDEST * around)  # of the thread above
    # the thread above, paper, and the round end of this one
    held = np.minimum((0.5 * across + wanted[1] + 0.5 * width) / np.maximum(around, 1e-9), HOLDING)
    under = list(range(first, count, 2))
    stops = [*under] if under and under[0] == 0 else [-1, *under]
    if not stops or stops[-1] != count - 1:
        stops.append(count)
    pieces = []
    for begin, end in zip(stops, stops[1:], strict=False):
        start = 0.0 if begin < 0 else begin + held[begin]
        stop = count - 1.0 if end >= count else end - held[end]
        if stop - start < 1e-6:
            continue
        inner = np.linspace(start, stop, max(2, round((stop - start) * PER_MESH) + 1))
        if curve is not None:
            piece = np.asarray(curve(inner), dtype=np.float64)
        else:
            piece = np.stack([np.interp(inner, np.arange(count), axis) for axis in points.T], axis=-1)
        middle = min(count - 1, max(0, round((start + stop) / 2)))
        pieces.append((piece, float(width[middle])))
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
    picture = resize(scene.picture, (*shape, 3), order=1) if scale > 1 else scene.picture
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
            lines = find_contours(np.pad(own, 1).astype(np.float64), 0.5)
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
