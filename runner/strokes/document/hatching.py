"""Hatching: (shapes of strokes, pens) -> lines that a pen can draw, along each stroke where nothing lies over it.

A pen covers nothing, so every spot must be drawn once: lines run along each stroke at even distances, and break where
a later stroke lies above. A few pens replace the many colours (`palette.choose`); strokes in the paper's colour hide
what is below them and are not drawn.

Convention: as in `strokes.document.document`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from orbifolio.runner.arrays import F32, F64, I32
from orbifolio.runner.strokes.document.outlines import Outlines
from orbifolio.runner.strokes.document.palette import choose
from orbifolio.runner.strokes.document.timelapse_states import LayeredStrokes, resized
from orbifolio.runner.vector.hex_colours import to_hex

SUBPIXELS = 2  # of the map of uppermost strokes, to a side of a pixel
MAX_SIDE = 2048  # pixels of that map
PENS = 12  # of a plot: each is changed by hand; fewer leave colours out
CELL = 0.6  # spacings; lines a whole spacing apart are never in the same cell
MIN_LENGTH = 1.5  # spacings; shorter lines are dots, not worth the travel of a plotter's pen
PAPER_TOLERANCE = 0.06  # distance in sRGB within which a paint counts as the paper
MIN_OPACITY = 0.3  # of a shape; a fainter one hides nothing and is not drawn


@dataclass(frozen=True)
class Above:
    """A map of uppermost strokes.

    Attributes:
        owner: (h, w) number of the uppermost stroke, -1 where the paper shows.
        scale: its pixels per pixel of the picture.
    """

    owner: I32
    scale: float

    def areas(self, count: int) -> F64:
        """(count,) area that shows of each stroke, in pixels of the picture."""
        seen = self.owner[self.owner >= 0]
        return np.bincount(seen, minlength=count).astype(np.float64) / self.scale**2


def above(painting: LayeredStrokes, shapes: Outlines) -> Above:
    """The map of uppermost strokes, with all shapes taken as opaque."""
    scale = min(SUBPIXELS, MAX_SIDE / max(painting.width, painting.height))
    size = (max(1, round(painting.width * scale)), max(1, round(painting.height * scale)))
    canvas = Image.new("I", size, -1)
    tool = ImageDraw.Draw(canvas)
    for number in range(len(painting)):
        if shapes.opacity[number] >= MIN_OPACITY:
            tool.polygon([*map(tuple, (shapes.ring(number) * scale - 0.5).tolist())], fill=number)
    return Above(np.asarray(canvas, np.int32), scale)


def hatch(
    painting: LayeredStrokes, shapes: Outlines, *, spacing: float, pens: int = PENS, picture: F32 | None = None
) -> Mapping[str, list[F64]]:
    """The lines of each pen.

    Args:
        spacing: distance of lines in pixels of the picture.
        pens: maximal number of colours.
        picture: (height, width, 3) from which strokes take the colour that they have where they lie above, for brushes
            that do not cover; None uses the strokes' own colours.

    Returns:
        Colour as `#rrggbb` -> (k, 2) lines; the lightest pen first, as ink is laid from light to dark.
    """
    uppermost = above(painting, shapes)
    areas = uppermost.areas(len(painting))
    colours = painting.colours if picture is None else _seen(painting, uppermost, picture)
    paints, own = choose(colours, areas, pens)
    drawn = (
        np.abs(paints - np.array(painting.paper)).max(axis=1) > PAPER_TOLERANCE if len(paints) else np.zeros(0, bool)
    )
    lines: dict[str, list[F64]] = {to_hex(paint): [] for paint, use in zip(paints, drawn, strict=True) if use}
    for number in range(len(painting)):
        if areas[number] > 0 and drawn[own[number]]:
            lines[to_hex(paints[own[number]])] += _lines(number, shapes, uppermost, spacing)
    return {colour: paths for colour, paths in lines.items() if paths}


def _seen(painting: LayeredStrokes, uppermost: Above, picture: F32) -> F32:
    """(n, 3) mean colour of a picture where each stroke lies above; a hidden stroke keeps its own."""
    height, width = uppermost.owner.shape
    shown = resized(picture, width, height)
    inside = uppermost.owner >= 0
    owner, count = uppermost.owner[inside], len(painting)
    sums = np.stack([np.bincount(owner, shown[inside][:, channel], count) for channel in range(3)], axis=1)
    areas = np.bincount(owner, minlength=count)[:, None]
    means: F32 = np.where(areas > 0, sums / np.maximum(areas, 1), painting.colours).astype(np.float32)
    return means


def _lines(number: int, shapes: Outlines, uppermost: Above, spacing: float) -> list[F64]:
    """A stroke's lines where no later stroke covers them."""
    centres, across = shapes.centres[number], shapes.left[number] - shapes.right[number]
    normals = across / np.maximum(np.hypot(*across.T), 1e-9)[:, None]
    far = ((shapes.left[number] - centres) * normals).sum(1).max()
    near = ((shapes.right[number] - centres) * normals).sum(1).min()
    count = max(1, round(float(far - near) / spacing))
    lines, taken = [], np.zeros(0, np.int64)
    for offset in near + (far - near) * (np.arange(count) + 0.5) / count:
        path = _fine(centres + offset * normals, uppermost.scale)
        rows = np.floor(path[:, 1] * uppermost.scale).astype(np.int64)
        columns = np.floor(path[:, 0] * uppermost.scale).astype(np.int64)
        height, width = uppermost.owner.shape
        inside = (rows >= 0) & (columns >= 0) & (rows < height) & (columns < width)
        seen = np.zeros(len(path), bool)
        seen[inside] = uppermost.owner[rows[inside], columns[inside]] == number
        # In a bend neighbouring lines meet: a line leaves out what an earlier one has drawn.
        cells = np.floor(path / (CELL * spacing)).astype(np.int64) @ np.array([1, 1 << 32])
        seen &= ~np.isin(cells, taken)
        taken = np.concatenate([taken, np.unique(cells[seen])])
        edges = np.flatnonzero(np.diff(np.concatenate([[False], seen, [False]]).astype(np.int8)))
        for begin, end in zip(edges[::2], edges[1::2], strict=True):
            if end - begin > 1 and (end - begin) / uppermost.scale > MIN_LENGTH * spacing:
                lines.append(_plain(path[begin:end]))
    return lines


def _fine(path: F64, scale: float) -> F64:
    """A path resampled at about a pixel of the map."""
    lengths = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    at = np.linspace(0, lengths[-1], max(2, int(lengths[-1] * scale) + 1))
    return np.stack([np.interp(at, lengths, path[:, 0]), np.interp(at, lengths, path[:, 1])], axis=1)


def _plain(path: F64) -> F64:
    """At most a dozen points of a path with its ends, enough for these slight curves."""
    chosen = np.unique(np.linspace(0, len(path) - 1, min(len(path), 12)).astype(np.int64))
    points: F64 = path[chosen]
    return points
