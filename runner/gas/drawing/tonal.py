"""Lines whose widths carry the tone: seen from afar the net is as dark as the picture, place by place.

A cell of a net whose inscribed circle has the radius r has lines of length 1 / r for each unit of area. Lines of width
w leave the share (1 - w / 2r)^2 of it white, so with c = w / r, the area of all lines side by side, the ink covers
1 - (1 - c / 2)^2. The widths are found by going to and fro between what is covered and what is wanted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.deferred import ndimage
from orbifolio.runner.gas.drawing.base import DrawingSettings, LineWidth, Scene
from orbifolio.runner.gas.drawing.meshes import edges_of
from orbifolio.runner.gas.drawing.sheet import Mark, Polylines
from orbifolio.runner.gas.drawing.trails import trails
from orbifolio.runner.gas.graph import Graph, connected
from orbifolio.runner.vector.hex_colours import to_hex

ROUNDS = 12
"""Of finding the widths. On a portrait of 15,000 nodes the mean error of the tone is 0.045 after six, and no less after
twenty."""
CHANGE = (0.3, 2.0)
"""Factors of a width in one round, at least and at most, so that no width swings."""
TINY = 1e-3  # of coverage, which keeps the division of nothing by nothing near 1
DETAIL = 0.5  # of the sight, by which the wanted tone is softened: less than what is covered, so that a lid stays


@dataclass(frozen=True)
class PathSamples:
    """Places along lines, about a pixel apart.

    Attributes:
        pixels: (s,) number of the pixel that each lies in, row by row.
        owners: (s,) the line that each lies on.
        lengths: (s,) of line that each stands for, in pixels.
        counts: (m,) of each line.
    """

    pixels: I64
    owners: I64
    lengths: F64
    counts: I64

    @classmethod
    def along(cls, paths: Sequence[F64], shape: tuple[int, int]) -> PathSamples:
        """Sample straight lines.

        Args:
            paths: m arrays of 2 points.
            shape: height and width of the picture in pixels.
        """
        ends = np.array(paths).reshape(-1, 2, 2)
        lengths = np.hypot(*(ends[:, 1] - ends[:, 0]).T)
        counts = np.maximum(1, np.ceil(lengths)).astype(np.int64)
        owners = np.repeat(np.arange(len(ends)), counts)
        first = np.cumsum(counts) - counts
        shares = (np.arange(len(owners)) - first[owners] + 0.5) / counts[owners]
        places = ends[owners, 0] + (ends[owners, 1] - ends[owners, 0]) * shares[:, None]
        columns, rows = np.clip(np.floor(places).astype(np.int64), 0, (shape[1] - 1, shape[0] - 1)).T
        return cls(rows * shape[1] + columns, owners, lengths[owners] / counts[owners], counts)

    def mean(self, field: F64) -> F64:
        """(m,) the mean of a (h, w) field along each line."""
        values = field.reshape(-1)[self.pixels]
        mean: F64 = np.bincount(self.owners, weights=values, minlength=len(self.counts)) / self.counts
        return mean

    def covered(self, widths: F64, shape: tuple[int, int], sight: float) -> F64:
        """(h, w) the share of ink about each place, for (m,) widths of the lines."""
        ink = np.bincount(self.pixels, weights=widths[self.owners] * self.lengths, minlength=shape[0] * shape[1])
        side_by_side = np.minimum(ndimage.gaussian_filter(ink.reshape(shape), sight, mode="nearest"), 2)
        share: F64 = 1 - (1 - side_by_side / 2) ** 2
        return share


def tonal_widths(paths: Sequence[F64], dark: F64, *, sight: float, thickest: float) -> F64:
    """Widths with which lines are as dark as a picture.

    Args:
        paths: m arrays of 2 points, in pixels of the picture.
        dark: (h, w) in [0, 1], the wanted share of ink.
        sight: deviation in pixels of the eye that does not see single lines.
        thickest: width in pixels that no line exceeds.

    Returns:
        (m,) widths in pixels.
    """
    shape = (dark.shape[0], dark.shape[1])
    samples = PathSamples.along(paths, shape)
    wanted = samples.mean(ndimage.gaussian_filter(dark, DETAIL * sight, mode="nearest"))
    widths = np.full(len(paths), 0.5 * thickest)
    for _ in range(ROUNDS):
        found = samples.mean(samples.covered(widths, shape, sight))
        widths = np.minimum(widths * np.clip((wanted + TINY) / (found + TINY), *CHANGE), thickest)
    return widths


class TonalLines(DrawingSettings):
    """The edges as lines that are as wide as the picture is dark: a portrait that lives from afar and from near."""

    kind: Literal["tonal"] = "tonal"
    thickest: LineWidth = 3.0
    """Largest width of a line, in thousandths of the drawing's longer side."""
    thinnest: float = Field(0.12, ge=0, le=10)
    """A line that would be thinner is left out, in thousandths of the drawing's longer side: the paper stays clean."""
    sight: float = Field(2.5, gt=0, le=50)
    """How far the eye blurs where ink and picture are to agree, in thousandths of the drawing's longer side: smaller
    shows more of the picture, larger more of the net. Meshes wider than that are lighter than the picture."""

    smallest: int = Field(60, ge=1, le=10_000)
    """A net of fewer lines, apart from the rest, is a speck and left out."""

    def _lines(self, scene: Scene) -> tuple[list[F64], F64, F64]:
        """The lines that are drawn, their widths in pixels and colours."""
        paths, _ = edges_of(scene)
        if not paths:
            return [], np.zeros(0), np.zeros((0, 3))
        unit = scene.unit
        widths = tonal_widths(paths, scene.dark, sight=self.sight * unit, thickest=self.thickest * unit)
        kept = np.flatnonzero(widths >= self.thinnest * unit)
        kept = kept[_net_sizes([paths[number] for number in kept]) >= self.smallest]
        paths = [paths[number] for number in kept]
        return paths, widths[kept], self.colour.pick(scene.along(paths), scene.ink)

    def marks(self, scene: Scene) -> tuple[Mark, ...]:
        """The lines, the thin ones on top."""
        paths, widths, colours = self._lines(scene)
        order = np.argsort(-widths, kind="stable")
        return (Polylines([paths[number] for number in order], widths[order], colours[order]),)

    def pen_strokes(self, scene: Scene) -> Mapping[str, Sequence[F64]]:
        """The lines joined into as few strokes as possible; where one is wider than the pen, it goes to and fro."""
        paths, widths, colours = self._lines(scene)
        if not paths:
            return {}
        size, plotter = (scene.graph.width, scene.graph.height), self.plotter
        pen = plotter.pen / plotter.fit(*size)[2]
        # an odd number of passes ends where the next line of the stroke begins
        passes = 1 + 2 * np.round(np.maximum(widths / pen - 1, 0) / 2).astype(np.int64)
        names = np.array([to_hex(colour) for colour in colours])
        return {
            name: joined([paths[number] for number in np.flatnonzero(names == name)], passes[names == name], pen, size)
            for name in sorted(set(names.tolist()))
        }


def _ends(paths: Sequence[F64]) -> tuple[F64, I64]:
    """Places where lines end, each once, and (m, 2) the numbers of each line's two."""
    places, numbers = np.unique(np.round(np.concatenate(paths), 6), axis=0, return_inverse=True)
    return np.asarray(places, dtype=np.float64), numbers.reshape(-1, 2).astype(np.int64)


def _net_sizes(paths: Sequence[F64]) -> I64:
    """(m,) of each line, the number of lines that hang together with it."""
    if not paths:
        return np.zeros(0, dtype=np.int64)
    places, ends = _ends(paths)
    label = connected(ends, len(places))[0][ends[:, 0]]
    sizes: I64 = np.bincount(label)[label]
    return sizes


def to_and_fro(ends: F64, passes: int, pen: float) -> F64:
    """A line as one stroke of several passes side by side.

    Args:
        ends: (2, 2).
        passes: odd, at least 1.
        pen: distance between them.

    Returns:
        (2 passes, 2), from near the first end to near the last.
    """
    along = ends[1] - ends[0]
    across = np.array([-along[1], along[0]]) / max(float(np.hypot(*along)), 1e-9)
    shifts = (np.arange(passes) - (passes - 1) / 2) * pen
    turns = [ends if number % 2 == 0 else ends[::-1] for number in range(passes)]
    return np.concatenate([turn + shift * across for turn, shift in zip(turns, shifts, strict=True)])


def joined(paths: Sequence[F64], passes: I64, pen: float, size: tuple[int, int]) -> list[F64]:
    """Straight lines as few strokes: what ends where another begins is drawn in one go.

    Args:
        paths: m arrays of 2 points.
        passes: (m,) odd, how often the pen goes over each.
        pen: distance of the passes.
        size: width and height of the picture in pixels.
    """
    places, ends = _ends(paths)
    pairs = np.sort(ends, axis=1)
    often = {(i, j): count for (i, j), count in zip(pairs.tolist(), passes.tolist(), strict=True)}
    graph = Graph.of(places, pairs, width=size[0], height=size[1])
    return [
        np.concatenate(
            [
                to_and_fro(places[[i, j]], often[min(i, j), max(i, j)], pen)
                for i, j in zip(chain, chain[1:], strict=False)
            ]
        )
        for chain in trails(graph)
    ]
