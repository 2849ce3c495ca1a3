"""Synthetic scenes that a stroke predictor learns from: random shapes over each other, and random strokes upon them.

Pictures of things are much like dead leaves: shapes of all sizes, the larger ones undermost, each of about one colour
(Lee, Mumford and Huang 2001). No photograph is needed.

    lesson A   canvas: leaves;  target: the same with strokes upon it, whose numbers are known
    lesson B   canvas: bare, coarse or blurred;  target: leaves, whose best strokes nobody knows

Convention: as in `network`.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from orbifolio.runner.arrays import F32, I64, Bools
from orbifolio.runner.deferred import ndimage
from orbifolio.runner.painting.placers.network import (
    CELL,
    MAX_BEND,
    MAX_HALF,
    MAX_RADIUS,
    MIDDLE_RADIUS,
    MIN_HALF,
    MIN_RADIUS,
)

SIDE = 64  # pixels of a scene
LEAVES = 36  # of a scene: most of it is covered twice
ELLIPSE, PLANE, RECTANGLE, STROKE = range(4)
MIN_LEAF, MAX_LEAF = 2.5, 70.0  # pixels: from a stroke's width to the whole scene
PRESENT = 0.35  # share of a stroke that must be seen, for it to be learnt
CONTRAST = 0.05  # mean difference from the canvas that must be seen, too
MARGIN = 12  # pixels about a scene where shapes lie, too


class Lessons(NamedTuple):
    """n scenes.

    Attributes:
        targets: (n, 3, SIDE, SIDE) sRGB in [0, 1].
        canvases: (n, 3, SIDE, SIDE) sRGB in [0, 1] that they are to be painted on.
        strokes: (n, strokes, 7, cells, cells): x, y, angle, half, bend, radius, and 1 where there is a stroke to
            learn; zeros where none are.
        known: (n,) whether strokes are known.
    """

    targets: F32
    canvases: F32
    strokes: F32
    known: Bools


@njit(cache=True, nogil=True)
def _draw(picture: F32, shapes: F32, owners: I64, first: int) -> None:
    """Draw shapes over a picture, and note at each pixel which one lies on top.

    Args:
        picture: (side, side, 3), changed.
        shapes: (s, 13) kind, x, y, half length, half width, angle, bend, edge in pixels, colour (3), slope of its
            lightness to the right and down, per pixel.
        owners: (side, side) number of the shape, changed.
        first: number of the first one.
    """
    side = picture.shape[0]
    for s in range(len(shapes)):
        kind, x, y, a, b = int(shapes[s, 0]), shapes[s, 1], shapes[s, 2], shapes[s, 3], shapes[s, 4]
        cosine, sine, bend, edge = math.cos(shapes[s, 5]), math.sin(shapes[s, 5]), shapes[s, 6], shapes[s, 7]
        reach = 2.0 * side if kind == PLANE else a + b + edge + abs(bend) * a
        top, bottom = max(0, int(y - reach)), min(side, int(y + reach) + 1)
        left, right = max(0, int(x - reach)), min(side, int(x + reach) + 1)
        for i in range(top, bottom):
            for j in range(left, right):
                dx, dy = j + 0.5 - x, i + 0.5 - y
                u, v = cosine * dx + sine * dy, cosine * dy - sine * dx
                if kind == ELLIPSE:
                    far = (math.sqrt((u / a) ** 2 + (v / b) ** 2) - 1) * min(a, b)
                elif kind == PLANE:
                    far = v - bend * u * u / a
                elif kind == RECTANGLE:
                    far = max(abs(u) - a, abs(v) - b)
                else:
                    far = max(abs(v - bend * u * u / a) - b, abs(u) - a)
                alpha = min(1.0, max(0.0, 0.5 - far / edge))
                if alpha <= 0:
                    continue
                slope = shapes[s, 11] * dx + shapes[s, 12] * dy
                for c in range(3):
                    colour = min(1.0, max(0.0, shapes[s, 8 + c] + slope))
                    picture[i, j, c] += alpha * (colour - picture[i, j, c])
                if alpha > 0.5:
                    owners[i, j] = first + s


def _colours(count: int, random: np.random.Generator) -> F32:
    """(count, 3) colours of one scene: a few hues about a common one, of any lightness."""
    middle, spread = random.uniform(0, 1, 3), random.uniform(0.05, 0.4)
    key = random.normal(0, spread, (count, 1)) + random.normal(0, 0.3 * spread, (count, 3))
    return np.clip(middle + key, 0, 1).astype(np.float32)


def leaves(random: np.random.Generator) -> F32:
    """(LEAVES, 13) shapes, the largest first; see `_draw`."""
    shapes = np.zeros((LEAVES, 13), np.float32)
    # areas fall with the third power of the size, as those of things at all distances do
    share = random.random(LEAVES)
    smallest = random.uniform(MIN_LEAF, 12)
    sizes = 1 / np.sqrt(share / smallest**2 + (1 - share) / MAX_LEAF**2)
    sizes = np.sort(sizes)[::-1]
    shapes[:, 0] = random.choice([ELLIPSE, PLANE, RECTANGLE, STROKE], LEAVES, p=[0.5, 0.1, 0.2, 0.2])
    shapes[4:, 0][shapes[4:, 0] == PLANE] = ELLIPSE  # later ones would hide all
    shapes[:, 1:3] = random.uniform(-MARGIN, SIDE + MARGIN, (LEAVES, 2))
    shapes[:, 3] = sizes
    shapes[:, 4] = np.maximum(1.0, sizes * random.uniform(0.12, 1, LEAVES))
    shapes[:, 5] = random.uniform(0, math.pi, LEAVES)
    shapes[:, 6] = random.normal(0, 0.25, LEAVES)
    shapes[:, 7] = np.exp(random.uniform(math.log(0.8), math.log(6), LEAVES)) * random.uniform(0.5, 1)
    shapes[:, 8:11] = _colours(LEAVES, random)
    shapes[:, 11:13] = random.normal(0, 0.06, (LEAVES, 2)) / sizes[:, None]
    return shapes


def random_strokes(count: int, random: np.random.Generator) -> F32:
    """(count, 13) strokes of about one direction, which turns slowly over the scene; see `_draw`."""
    shapes = np.zeros((count, 13), np.float32)
    shapes[:, 0] = STROKE
    shapes[:, 1:3] = random.uniform(-4, SIDE + 4, (count, 2))
    radii = MIDDLE_RADIUS * np.exp(random.normal(0, 0.28, count))
    shapes[:, 4] = np.clip(radii, MIN_RADIUS, MAX_RADIUS)
    shapes[:, 3] = np.clip(shapes[:, 4] * random.uniform(1.5, 5.5, count), MIN_HALF, MAX_HALF)
    turn = random.normal(0, 1.2 / SIDE, 2)
    angle = random.uniform(0, math.pi) + (shapes[:, 1:3] - SIDE / 2) @ turn
    shapes[:, 5] = angle + random.normal(0, random.choice([0.15, 0.6, 3.0]), count)
    shapes[:, 6] = np.clip(random.normal(0, 0.15, count), -MAX_BEND, MAX_BEND)
    shapes[:, 7] = random.uniform(0.8, 1.6, count)
    shapes[:, 8:11] = _colours(count, random)
    return shapes


def _earlier_strokes(picture: F32, random: np.random.Generator) -> F32:
    """(count, 13) strokes in about the colours of a picture, as wide ones of an earlier layer would be; see `_draw`."""
    shapes = random_strokes(int(np.exp(random.uniform(math.log(8), math.log(90)))), random)
    shapes[:, 3:5] *= random.uniform(1, 2.4)
    rows, columns = np.clip(shapes[:, 2:0:-1].astype(np.int64), 0, SIDE - 1).T
    shapes[:, 8:11] = picture[rows, columns] + random.normal(0, 0.03, (len(shapes), 3))
    return shapes


def _grain(random: np.random.Generator, strength: float) -> F32:
    """(SIDE, SIDE, 1) marks of bristles: noise drawn out in one direction."""
    noise = random.normal(0, 1, (SIDE, SIDE)).astype(np.float32)
    deviations = (0.5, 3.0) if random.random() < 0.5 else (3.0, 0.5)
    marks: F32 = ndimage.gaussian_filter(noise, deviations)[..., None]
    return marks * np.float32(strength / (marks.std() + 1e-9))


def _table(shapes: F32, before: F32, after: F32, owners: I64, strokes: int) -> F32:
    """(strokes, 7, cells, cells) the strokes that can be seen, those seen most in the cell of their middle."""
    cells = SIDE // CELL
    table = np.zeros((strokes, 7, cells, cells), np.float32)
    seen = np.bincount(owners[owners >= 0], minlength=len(shapes)).astype(np.float64)
    change = np.abs(after - before).mean(2)
    changed = np.bincount(owners[owners >= 0], weights=change[owners >= 0], minlength=len(shapes))
    areas = 4 * shapes[:, 3] * shapes[:, 4]
    right = (seen > PRESENT * areas) & (changed > CONTRAST * np.maximum(1, seen))
    taken = np.zeros((cells, cells), np.int64)
    for number in np.argsort(-seen, kind="stable"):
        column, row = int(shapes[number, 1] // CELL), int(shapes[number, 2] // CELL)
        if not right[number] or not (0 <= row < cells and 0 <= column < cells) or taken[row, column] == strokes:
            continue
        x, y, half, radius, angle, bend = shapes[number, 1:7]
        table[taken[row, column], :, row, column] = x, y, angle, half, bend, radius, 1
        taken[row, column] += 1
    return table


def lesson_with_strokes(random: np.random.Generator, strokes: int) -> tuple[F32, F32, F32]:
    """A scene of lesson A: (target, canvas, table of strokes)."""
    owners = np.full((SIDE, SIDE), -1, np.int64)
    canvas = np.empty((SIDE, SIDE, 3), np.float32)
    canvas[:] = random.uniform(0, 1, 3).astype(np.float32)
    if random.random() < 0.7:
        _draw(canvas, leaves(random), owners, 0)
        if random.random() < 0.5:
            deviation = random.uniform(0.5, 3)
            canvas = ndimage.gaussian_filter(canvas, (deviation, deviation, 0))
    target = canvas.copy()
    owners[:] = -1
    count = int(np.exp(random.uniform(math.log(3), math.log(110))))
    shapes = random_strokes(count, random)
    if random.random() < 0.5:  # strokes of a painting are of the colours of what they lie on, or nearly
        places = np.clip(shapes[:, 2:0:-1].astype(np.int64), 0, SIDE - 1)
        own = canvas[places[:, 0], places[:, 1]]
        shapes[:, 8:11] = np.clip(own + random.uniform(0.2, 1) * (shapes[:, 8:11] - own), 0, 1)
    _draw(target, shapes, owners, 0)
    return target, canvas, _table(shapes, canvas, target, owners, strokes)


def lesson_without_strokes(random: np.random.Generator) -> tuple[F32, F32]:
    """A scene of lesson B: (target, canvas)."""
    owners = np.full((SIDE, SIDE), -1, np.int64)
    target = np.empty((SIDE, SIDE, 3), np.float32)
    target[:] = random.uniform(0, 1, 3).astype(np.float32)
    shapes = leaves(random)
    kept = int(random.uniform(0.3, 0.9) * LEAVES)
    _draw(target, shapes[:kept], owners, 0)
    coarse = target.copy()
    _draw(target, shapes[kept:], owners, kept)
    chance = random.random()
    if chance < 0.25:
        canvas = np.empty_like(target)
        canvas[:] = random.uniform(0, 1, 3).astype(np.float32)
        return target, canvas
    deviation = np.exp(random.uniform(math.log(1), math.log(7)))
    canvas = ndimage.gaussian_filter(coarse if chance < 0.5 else target, (deviation, deviation, 0))
    canvas += random.normal(0, 0.03, 3).astype(np.float32)
    if random.random() < 0.6:
        _draw(canvas, _earlier_strokes(canvas, random), owners, 0)
    return target, canvas


def draw_lessons(count: int, strokes: int, random: np.random.Generator) -> Lessons:
    """Scenes, the first half of them with known strokes.

    Args:
        count: of scenes; even.
        strokes: that are known in a cell at most.
        random: of everything.
    """
    cells = SIDE // CELL
    targets, canvases = np.empty((2, count, SIDE, SIDE, 3), np.float32)
    tables = np.zeros((count, strokes, 7, cells, cells), np.float32)
    for number in range(count):
        if number < count // 2:
            targets[number], canvases[number], tables[number] = lesson_with_strokes(random, strokes)
        else:
            targets[number], canvases[number] = lesson_without_strokes(random)
        canvases[number] += _grain(random, random.uniform(0, 0.02))
        targets[number] += _grain(random, random.uniform(0, 0.01))
    known = np.arange(count) < count // 2
    order = (0, 3, 1, 2)
    return Lessons(
        np.ascontiguousarray(np.clip(targets, 0, 1).transpose(order)),
        np.ascontiguousarray(np.clip(canvases, 0, 1).transpose(order)),
        tables,
        known,
    )
