"""Hatching: (shapes of strokes, pens) -> lines that a pen can draw, along each stroke where nothing lies over it.

A pen covers nothing, so every spot must be drawn once: lines run along each stroke at even distances, and break where
a later stroke lies above. A few pens replace the many colours (`palette.choose`); strokes in the paper's colour hide
what is below them and are not drawn.

Convention: as in `strokes.document.document`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numba import njit
from PIL import Image, ImageDraw

from orbifolio.runner.arrays import F32, F64, I32, I64
from orbifolio.runner.strokes.document.outlines import Outlines
from orbifolio.runner.strokes.document.palette import choose
from orbifolio.runner.strokes.document.timelapse_states import LayeredStrokes, resized
from orbifolio.runner.vector.hex_colours import to_hex

SUBPIXELS = 2  # of the map of uppermost strokes, to a side of a pixel
MAX_SIDE = 2048  # pixels of that map
PENS = 12  # of a plot: each is changed by hand; fewer leave colours out
CELL = 0.6  # spacings; lines a whole spacing apart are never in the same cell
MAX_POINTS = 12  # of a line: enough for these slight curves
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
    offsets = near + (far - near) * (np.arange(count) + 0.5) / count
    points, ends = _seen_parts(number, centres, normals, offsets, uppermost.owner, uppermost.scale, float(spacing))
    return np.split(points, ends[:-1]) if len(ends) else []


@njit(cache=True, nogil=True)
def _seen_parts(
    number: int, centres: F64, normals: F64, offsets: F64, owner: I32, scale: float, spacing: float
) -> tuple[F64, I64]:
    """The parts of a stroke's lines that are drawn.

    In a bend neighbouring lines meet: a line leaves out what an earlier one has drawn.

    Args:
        number: of the stroke.
        centres: (k, 2) along it.
        normals: (k, 2) of length 1.
        offsets: (m,) of the lines from the centres.
        owner: as in `Above`.
        scale: as in `Above`.
        spacing: distance of lines in pixels of the picture.

    Returns:
        (n, 2) points, and where those of each part end.
    """
    height, width = owner.shape
    taken = {np.int64(-1)}  # of a line outside the picture, which is not drawn
    ends = [np.int64(0)]
    points = np.empty((64, 2))
    lengths = np.zeros(len(centres))
    for offset in offsets:
        corners = centres + offset * normals
        for k in range(1, len(corners)):
            right, down = corners[k, 0] - corners[k - 1, 0], corners[k, 1] - corners[k - 1, 1]
            lengths[k] = lengths[k - 1] + math.hypot(right, down)
        # resampled at about a pixel of the map
        samples = max(2, int(lengths[-1] * scale) + 1)
        step, k = lengths[-1] / (samples - 1), 0
        path, cells = np.empty((samples, 2)), np.empty(samples, np.int64)
        drawn, run = np.zeros(samples, np.bool_), 0
        for i in range(samples + 1):
            seen = False
            if i < samples:
                at = i * step if i < samples - 1 else lengths[-1]
                while k < len(corners) - 2 and lengths[k + 1] <= at:
                    k += 1
                gap = lengths[k + 1] - lengths[k]
                share = (at - lengths[k]) / gap if gap > 0 else 1.0
                path[i] = corners[k] + share * (corners[k + 1] - corners[k])
                row, column = math.floor(path[i, 1] * scale), math.floor(path[i, 0] * scale)
                across = np.int64(math.floor(path[i, 0] / (CELL * spacing)))
                cells[i] = across + (np.int64(math.floor(path[i, 1] / (CELL * spacing))) << 32)
                seen = 0 <= row < height and 0 <= column < width
                seen = seen and owner[row, column] == number and cells[i] not in taken
            if seen:
                drawn[i] = True
                run += 1
                continue
            if run > 1 and run / scale > MIN_LENGTH * spacing:
                chosen, first = min(run, MAX_POINTS), ends[-1]
                if first + chosen > len(points):
                    larger = np.empty((2 * len(points) + chosen, 2))
                    larger[:first] = points[:first]
                    points = larger
                for c in range(chosen):
                    along = run - 1 if c == chosen - 1 else int(c * ((run - 1) / (chosen - 1)))
                    points[first + c] = path[i - run + along]
                ends.append(first + chosen)
            run = 0
        for cell in cells[drawn]:
            taken.add(cell)
    return points[: ends[-1]].copy(), np.array(ends[1:], np.int64)
