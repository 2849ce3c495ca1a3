"""Hatching: (shapes of strokes, pens) -> lines that a pen can draw, along each stroke, where nothing lies over it.

A pen covers nothing, so every spot must be drawn once: lines run along each stroke at even distances, and are broken
where a later stroke lies above. Few pens stand for the many colours (`paints.choose`); strokes in the
paper's colour hide what is below them and are not drawn.

Convention: as in `orbifolio.runner.strokes.document.document`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from orbifolio.runner.arrays import F32, F64, I32
from orbifolio.runner.gas.drawing.colours import spell
from orbifolio.runner.strokes.document.document import Painting
from orbifolio.runner.strokes.document.outlines import Outlines
from orbifolio.runner.strokes.document.palette import choose
from orbifolio.runner.strokes.document.timelapse_states import resized

FINER = 2  # subpixels of the map of who lies above
LARGEST = 2048  # pixels of its longer side at most
PENS = 12
CELL = 0.6  # spacings; lines a whole one apart are never in the same cell
SHORTEST = 1.5  # spacings; shorter lines are dots that a plotter should not bother with
ALIKE = 0.06  # distance in sRGB within which a paint is the paper's
SHOWN = 0.3  # a fainter shape does not hide what is below it, and is not drawn


@dataclass(frozen=True)
class Above:
    """Which stroke lies above.

    Attributes:
        owner: (h, w) number of the uppermost stroke, -1 where the paper shows.
        scale: pixels of it to a pixel of the picture.
    """

    owner: I32
    scale: float

    def areas(self, count: int) -> F64:
        """(count,) pixels of the picture that each stroke shows."""
        seen = self.owner[self.owner >= 0]
        return np.bincount(seen, minlength=count).astype(np.float64) / self.scale**2


def above(painting: Painting, shapes: Outlines) -> Above:
    """The map of uppermost strokes, all shapes taken for opaque."""
    scale = min(FINER, LARGEST / max(painting.width, painting.height))
    size = (max(1, round(painting.width * scale)), max(1, round(painting.height * scale)))
    canvas = Image.new("I", size, -1)
    tool = ImageDraw.Draw(canvas)
    for number in range(len(painting)):
        if shapes.opacity[number] >= SHOWN:
            tool.polygon([*map(tuple, (shapes.ring(number) * scale - 0.5).tolist())], fill=number)
    return Above(np.asarray(canvas, np.int32), scale)


def hatch(
    painting: Painting, shapes: Outlines, *, spacing: float, pens: int = PENS, picture: F32 | None = None
) -> Mapping[str, list[F64]]:
    """The lines of each pen.

    Args:
        painting: the document.
        shapes: of its strokes.
        spacing: between lines, in pixels of the picture.
        pens: at most.
        picture: (height, width, 3) that shows what colour a stroke has where it lies above, for brushes that let
            through what is below them; None takes the strokes' own colours.

    Returns:
        Colour as `#rrggbb` -> (k, 2) lines; the lightest pen first, as ink is laid from light to dark.
    """
    held = above(painting, shapes)
    areas = held.areas(len(painting))
    colours = painting.colours if picture is None else _seen(painting, held, picture)
    paints, own = choose(colours, areas, pens)
    drawn = np.abs(paints - np.array(painting.paper)).max(axis=1) > ALIKE if len(paints) else np.zeros(0, bool)
    lines: dict[str, list[F64]] = {spell(paint): [] for paint, use in zip(paints, drawn, strict=True) if use}
    for number in range(len(painting)):
        if areas[number] > 0 and drawn[own[number]]:
            lines[spell(paints[own[number]])] += _lines(number, shapes, held, spacing)
    return {colour: paths for colour, paths in lines.items() if paths}


def _seen(painting: Painting, held: Above, picture: F32) -> F32:
    """(n, 3) mean colour of a picture where each stroke lies above; its own where it does not."""
    height, width = held.owner.shape
    shown = resized(picture, width, height)
    inside = held.owner >= 0
    owner, count = held.owner[inside], len(painting)
    sums = np.stack([np.bincount(owner, shown[inside][:, channel], count) for channel in range(3)], axis=1)
    areas = np.bincount(owner, minlength=count)[:, None]
    found: F32 = np.where(areas > 0, sums / np.maximum(areas, 1), painting.colours).astype(np.float32)
    return found


def _lines(number: int, shapes: Outlines, held: Above, spacing: float) -> list[F64]:
    """A stroke's lines where nothing lies above it."""
    centres, across = shapes.centres[number], shapes.left[number] - shapes.right[number]
    normals = across / np.maximum(np.hypot(*across.T), 1e-9)[:, None]
    far = ((shapes.left[number] - centres) * normals).sum(1).max()
    near = ((shapes.right[number] - centres) * normals).sum(1).min()
    count = max(1, round(float(far - near) / spacing))
    found, taken = [], np.zeros(0, np.int64)
    for offset in near + (far - near) * (np.arange(count) + 0.5) / count:
        path = _fine(centres + offset * normals, held.scale)
        rows = np.floor(path[:, 1] * held.scale).astype(np.int64)
        columns = np.floor(path[:, 0] * held.scale).astype(np.int64)
        height, width = held.owner.shape
        inside = (rows >= 0) & (columns >= 0) & (rows < height) & (columns < width)
        seen = np.zeros(len(path), bool)
        seen[inside] = held.owner[rows[inside], columns[inside]] == number
        # In a bend neighbouring lines meet: what one has drawn the next leaves out.
        cells = np.floor(path / (CELL * spacing)).astype(np.int64) @ np.array([1, 1 << 32])
        seen &= ~np.isin(cells, taken)
        taken = np.concatenate([taken, np.unique(cells[seen])])
        edges = np.flatnonzero(np.diff(np.concatenate([[False], seen, [False]]).astype(np.int8)))
        for begin, end in zip(edges[::2], edges[1::2], strict=True):
            if end - begin > 1 and (end - begin) / held.scale > SHORTEST * spacing:
                found.append(_plain(path[begin:end]))
    return found


def _fine(path: F64, scale: float) -> F64:
    """A path with points about a pixel of the map apart."""
    lengths = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    at = np.linspace(0, lengths[-1], max(2, int(lengths[-1] * scale) + 1))
    return np.stack([np.interp(at, lengths, path[:, 0]), np.interp(at, lengths, path[:, 1])], axis=1)


def _plain(path: F64) -> F64:
    """At most a dozen points of a path, its ends among them: the curves are slight."""
    chosen = np.unique(np.linspace(0, len(path) - 1, min(len(path), 12)).astype(np.int64))
    found: F64 = path[chosen]
    return found
