"""Where new strokes begin: (target, canvas, how many, how wide) -> strokes where the error is, along the edges.

The next stroke starts at the largest error that no new stroke covers yet. From there the stroke runs both ways
along the edge (across the gradient, smoothed as a tensor so that opposite gradients do not cancel) for as long as its
colour is nearer to the target than the canvas is. After Hertzmann (1998), whose strokes follow the gradient of one
blurred picture from a fixed grid of points.

Convention: pixels, x to the right, y down, as in `stroke_array`.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.deferred import ndimage
from orbifolio.runner.strokes.stroke_profile import compiled

TAKEN = 0.12  # share of the error that still counts where a new stroke lies; at 1 all would start in one place
COLOUR_TOLERANCE = 0.05  # sRGB; a stroke runs on over differences that small, whatever the canvas


class Seeds(NamedTuple):
    """New strokes, still without radius and pressures.

    Attributes:
        curves: (n, 6) start, via and end in pixels.
        colours: (n, 3) of the target there.
    """

    curves: F32
    colours: F32


class EdgeField(NamedTuple):
    """What a stroke follows and when it stops, all (height, width, ...).

    Attributes:
        calm: (..., 3) the target, blurred.
        canvas: (..., 3).
        across: x of the unit vectors along the edges.
        down: y of them.
    """

    calm: F32
    canvas: F32
    across: F32
    down: F32


def seed_strokes(
    target: F32,
    canvas: F32,
    weights: F32,
    count: int,
    radius: float,
    max_length: float,
    random: np.random.Generator,
    *,
    evenness: float = 0.0,
) -> Seeds:
    """New strokes.

    Args:
        target: (height, width, 3) sRGB.
        canvas: (height, width, 3).
        weights: (height, width) of the error.
        radius: of the brush in pixels.
        max_length: of a stroke in pixels.
        random: breaks ties, and turns strokes where there is no edge.
        evenness: so many times the mean error is added everywhere, so that calm parts get strokes, too.
    """
    height, width = target.shape[:2]
    calm = ndimage.gaussian_filter(target, (radius * 0.5, radius * 0.5, 0), mode="nearest")
    square = np.square(canvas - target).sum(-1)
    square = (square + evenness * square.mean()) * weights
    error = ndimage.gaussian_filter(square, radius * 0.6, mode="nearest").astype(np.float64)
    error *= random.uniform(0.8, 1.25, error.shape)
    across, down = _edges(target, radius, random)
    stride = max(1, int(radius / 2))
    coarse = np.ascontiguousarray(error[stride // 2 :: stride, stride // 2 :: stride])
    seeds = Seeds(np.zeros((count, 6), np.float32), np.zeros((count, 3), np.float32))
    field = EdgeField(calm.astype(np.float32), canvas.astype(np.float32), across, down)
    _grow(coarse, stride, field, radius, max_length, seeds)
    # Within the picture: no error would move what is outside.
    return seeds._replace(curves=np.clip(seeds.curves, 0, np.tile([width, height], 3)).astype(np.float32))


def _edges(target: F32, radius: float, random: np.random.Generator) -> tuple[F32, F32]:
    """(height, width) unit vectors along the edges, of a tensor smoothed over about a brush's width."""
    fine = max(0.7, radius * 0.35)
    right = ndimage.gaussian_filter(target, (fine, fine, 0), order=(0, 1, 0), mode="nearest")
    below = ndimage.gaussian_filter(target, (fine, fine, 0), order=(1, 0, 0), mode="nearest")
    parts = [(right * right).sum(-1), (right * below).sum(-1), (below * below).sum(-1)]
    xx, xy, yy = (
        ndimage.gaussian_filter(part, radius, mode="nearest")
        + 0.15 * ndimage.gaussian_filter(part, 3 * radius, mode="nearest")
        for part in parts
    )
    angle = 0.5 * np.arctan2(2 * xy, xx - yy) + np.pi / 2
    strength = np.hypot(xx - yy, 2 * xy) / (xx + yy + 1e-6)
    free = ndimage.gaussian_filter(random.normal(size=angle.shape), 2 * radius, mode="nearest")
    angle = angle + (1 - strength) * 0.6 * free / (free.std() + 1e-9)
    return np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32)


@compiled
def _walk(x: float, y: float, sign: float, field: EdgeField, step: float, path: F64) -> int:
    """Follow the edge one way and fill in the (steps, 2) path; the number of its points."""
    calm, canvas, across, down = field.calm, field.canvas, field.across, field.down
    height, width = across.shape
    i, j = int(y), int(x)
    red, green, blue = calm[i, j, 0], calm[i, j, 1], calm[i, j, 2]
    dx, dy = sign * across[i, j], sign * down[i, j]
    for number in range(len(path)):
        ux, uy = across[i, j], down[i, j]
        if ux * dx + uy * dy < 0.0:
            ux, uy = -ux, -uy
        dx, dy = 0.5 * dx + 0.5 * ux, 0.5 * dy + 0.5 * uy
        length = np.hypot(dx, dy) + 1e-9
        dx, dy = dx / length, dy / length
        x, y = x + step * dx, y + step * dy
        i, j = int(y), int(x)
        if x < 0.0 or y < 0.0 or i >= height or j >= width:
            return number
        drift = (calm[i, j, 0] - red) ** 2 + (calm[i, j, 1] - green) ** 2 + (calm[i, j, 2] - blue) ** 2
        gap = 0.0
        for c in range(3):
            gap += (canvas[i, j, c] - calm[i, j, c]) ** 2
        if drift > max(gap, COLOUR_TOLERANCE * COLOUR_TOLERANCE):
            return number
        path[number, 0], path[number, 1] = x, y
    return len(path)


@compiled
def _grow(error: F64, stride: int, field: EdgeField, radius: float, max_length: float, seeds: Seeds) -> None:
    """Strokes one after the other, each where the error that is left is largest.

    Args:
        error: of every `stride`-th pixel, lessened where strokes begin.
        stride: pixels from one place of `error` to the next.
        radius: of the brush in pixels.
        max_length: of a stroke in pixels.
        seeds: (n, ...), filled in.
    """
    across, down, lines = field.across, field.down, seeds.curves
    height, width = across.shape
    rows, columns = error.shape
    step = max(radius / 3.0, 0.5)
    steps = max(1, int(0.5 * max_length / step))
    ahead, behind = np.empty((steps, 2)), np.empty((steps, 2))
    whole = np.empty((2 * steps + 1, 2))
    # The largest of each row, so that finding the largest of all need not look everywhere.
    tops, places = np.empty(rows), np.empty(rows, np.int64)
    for i in range(rows):
        places[i] = error[i].argmax()
        tops[i] = error[i, places[i]]
    for n in range(len(lines)):
        i = int(tops.argmax())
        j = int(places[i])
        x, y = min(j * stride + stride // 2 + 0.5, width - 0.5), min(i * stride + stride // 2 + 0.5, height - 0.5)
        before = _walk(x, y, -1.0, field, step, behind)
        after = _walk(x, y, 1.0, field, step, ahead)
        for k in range(before):
            whole[k] = behind[before - 1 - k]
        whole[before, 0], whole[before, 1] = x, y
        for k in range(after):
            whole[before + 1 + k] = ahead[k]
        count = before + after + 1
        middle = count // 2
        lines[n, 0], lines[n, 1] = whole[0, 0], whole[0, 1]
        lines[n, 2], lines[n, 3] = whole[middle, 0], whole[middle, 1]
        lines[n, 4], lines[n, 5] = whole[count - 1, 0], whole[count - 1, 1]
        if count < 3:  # a dab: a little along the edge
            dx, dy = across[int(y), int(x)] * 0.5 * radius, down[int(y), int(x)] * 0.5 * radius
            lines[n, 0], lines[n, 1], lines[n, 4], lines[n, 5] = x - dx, y - dy, x + dx, y + dy
            lines[n, 2], lines[n, 3] = x, y
        seeds.colours[n] = field.calm[int(y), int(x)]
        reach = int(radius / stride) + 1
        for k in range(count):
            row, column = int(whole[k, 1]) // stride, int(whole[k, 0]) // stride
            for a in range(max(0, row - reach), min(rows, row + reach + 1)):
                for b in range(max(0, column - reach), min(columns, column + reach + 1)):
                    px, py = b * stride + stride // 2 + 0.5, a * stride + stride // 2 + 0.5
                    if (px - whole[k, 0]) ** 2 + (py - whole[k, 1]) ** 2 <= radius * radius and error[a, b] > 0.0:
                        error[a, b] = -error[a, b]  # marked, so that it is lessened once
        for k in range(count):
            row, column = int(whole[k, 1]) // stride, int(whole[k, 0]) // stride
            for a in range(max(0, row - reach), min(rows, row + reach + 1)):
                for b in range(max(0, column - reach), min(columns, column + reach + 1)):
                    if error[a, b] < 0.0:
                        error[a, b] *= -TAKEN
        error[i, j] *= TAKEN
        low = max(0, int(whole[:count, 1].min()) // stride - reach)
        high = min(rows, int(whole[:count, 1].max()) // stride + reach + 1)
        for a in range(low, high):
            places[a] = error[a].argmax()
            tops[a] = error[a, places[a]]
