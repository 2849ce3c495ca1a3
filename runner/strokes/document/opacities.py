"""Opacities stroke by stroke: (painting, learnt brush or real program) -> iterator of (box, opacity), undermost first.

Layers, film and steps are made from this stream, and never hold all of it. A learnt brush knows nothing finer than its
unit, so large strokes are computed at fewer places and interpolated: a third of the time for a difference that eight
bits do not show.

Convention: as in `strokes.document.document`; a box is (left, top, right, bottom) in pixels, the last two excluded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from PIL import Image

from orbifolio.runner.arrays import F32, I64
from orbifolio.runner.deferred import torch
from orbifolio.runner.strokes.blending import soft_threshold
from orbifolio.runner.strokes.brush_models.implicit import ImplicitPainter
from orbifolio.runner.strokes.document.document import LENGTHS, UNIT, Painting
from orbifolio.runner.strokes.document.mypaint_redraw import Paper
from orbifolio.runner.strokes.mypaint.brush_file import BrushFile
from orbifolio.runner.strokes.mypaint.brush_sheet import Box
from orbifolio.runner.strokes.stroke_array import CURVE, LOG_RADIUS

BATCH_PIXELS = 2_000_000  # of boxes that are computed at once: bounds the memory
MAX_SPACING = 0.7  # units between computed places: 55 dB from computing every pixel


def learnt_opacities(
    painter: ImplicitPainter, painting: Painting, *, device: str = "cpu", coarse: float = MAX_SPACING
) -> Iterator[tuple[Box, F32]]:
    """The stream of a learnt brush.

    Args:
        device: that the painter is on.
        coarse: units between computed places, at most; 0 computes every pixel.

    Yields:
        For each stroke the box of the picture with all its paint, and (height, width) opacity in [0, 1].
    """
    steps = np.maximum(1, np.floor(painting.strokes[:, UNIT] * coarse + 1e-4)).astype(int)
    begin = 0
    for end in _bunches(painting, steps):
        step, part = int(steps[begin]), painting.take(slice(begin, end))
        begin = end
        if step == 1:
            drawn = _at_every_pixel(painter, part, device)
        else:
            small = _at_every_pixel(painter, _reduced(part, step), device)
            drawn = (_enlarged(*one, step, painting) for one in small)
        for box, opacity in drawn:
            yield box, soft_threshold(opacity) if painting.opaque else opacity


def real_opacities(painting: Painting, brush: BrushFile | None = None) -> Iterator[tuple[Box, F32]]:
    """The stream of the paint program; see `Paper.opacity`.

    Raises:
        MissingProgram: the program is not on this machine.
        InputError: it has no such brush.
    """
    paper = Paper(painting, brush)
    for stroke in painting.strokes:
        yield paper.opacity(stroke)


def _at_every_pixel(painter: ImplicitPainter, painting: Painting, device: str) -> Iterator[tuple[Box, F32]]:
    """Boxes and opacities of all strokes, computed at once."""
    rows, unit = painting.geometry(device)
    with torch.no_grad():
        near = painter.near(rows, painting.width, painting.height, unit)
        values = painter.values(rows, near, painting.width, unit).cpu().numpy()
    ends = np.searchsorted(near.stroke.cpu().numpy(), np.arange(len(painting)), side="right")
    pixels = near.pixel.cpu().numpy()
    first = 0
    for last in ends.tolist():
        yield _window(pixels[first:last], values[first:last], painting.width)
        first = last


def _reduced(painting: Painting, step: int) -> Painting:
    """A painting `step` times smaller, with a pixel around it: what lies beyond the edges shows when it is enlarged."""
    strokes = painting.strokes.copy()
    strokes[:, LENGTHS] /= np.float32(step)
    strokes[:, :6] += 1
    return replace(
        painting, width=-(-painting.width // step) + 2, height=-(-painting.height // step) + 2, strokes=strokes
    )


def _enlarged(box: Box, opacity: F32, step: int, painting: Painting) -> tuple[Box, F32]:
    """A reduced stroke as large as it is, linear in between, cut at the picture's edges."""
    if not opacity.size:
        return (0, 0, 0, 0), opacity
    wide = np.pad(opacity, 1)  # fades to nothing around
    size = (wide.shape[1] * step, wide.shape[0] * step)
    large = np.asarray(Image.fromarray(wide).resize(size, Image.Resampling.BILINEAR))
    left, top = ((side - 2) * step for side in box[:2])  # less the pixel around the picture and that around the stroke
    shown_left, shown_top = max(left, 0), max(top, 0)
    right, bottom = min(left + size[0], painting.width), min(top + size[1], painting.height)
    if right <= shown_left or bottom <= shown_top:
        return (0, 0, 0, 0), np.zeros((0, 0), np.float32)
    shown = large[shown_top - top : bottom - top, shown_left - left : right - left]
    return (shown_left, shown_top, right, bottom), shown


def _bunches(painting: Painting, steps: I64) -> list[int]:
    """Where to cut the strokes so that each bunch has one step and fits in memory."""
    if not len(painting):
        return []
    rows = painting.geometry()[0]
    spread = rows[:, CURVE].reshape(-1, 3, 2)
    sides = (spread.amax(1) - spread.amin(1) + 8 * rows[:, LOG_RADIUS].exp()[:, None] + 8).numpy()
    sides = np.minimum(sides * painting.strokes[:, UNIT:], (painting.width, painting.height)) / steps[:, None]
    bunch = np.floor(np.cumsum(sides.prod(1)) / BATCH_PIXELS)
    return [*(np.flatnonzero((np.diff(bunch) > 0) | (np.diff(steps) != 0)) + 1).tolist(), len(painting)]


def _window(pixels: I64, values: F32, width: int) -> tuple[Box, F32]:
    """Scattered values as a box."""
    if not len(pixels):
        return (0, 0, 0, 0), np.zeros((0, 0), np.float32)
    rows, columns = np.divmod(pixels, width)
    left, top = int(columns.min()), int(rows.min())
    right, bottom = int(columns.max()) + 1, int(rows.max()) + 1
    opacity = np.zeros((bottom - top, right - left), np.float32)
    opacity[rows - top, columns - left] = values
    return (left, top, right, bottom), opacity
