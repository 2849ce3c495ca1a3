"""Paintings of random strokes, small enough for a test."""

import numpy as np

from orbifolio.runner.strokes.document.document import Painting

WIDTH, HEIGHT, STROKES = 96, 64, 16


def make(count: int = STROKES, *, width: int = WIDTH, height: int = HEIGHT, seed: int = 0) -> Painting:
    """Random strokes, four of them twice as large and undermost."""
    random = np.random.default_rng(seed)
    strokes = np.zeros((count, 10), np.float32)
    start = random.random((count, 2)) * (width, height)
    away = random.normal(size=(count, 2)) * 14
    strokes[:, 0:2], strokes[:, 4:6] = start, start + away
    strokes[:, 2:4] = start + away / 2 + random.normal(size=(count, 2)) * 2
    strokes[:, 6] = 3 + 2 * random.random(count)
    strokes[:, 7:9] = 0.6 + 0.4 * random.random((count, 2))
    levels = (np.arange(count) >= count // 4).astype(np.int32)
    strokes[:, 9] = np.where(levels == 0, 2, 1)
    strokes[levels == 0, 6] *= 2
    colours = random.random((count, 3)).astype(np.float32)
    return Painting(width, height, "classic/dry_brush", (1.0, 0.96, 0.9), seed, strokes, colours, levels).rounded()
