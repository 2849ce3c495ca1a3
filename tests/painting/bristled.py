"""Strokes for the tests of painting."""

from __future__ import annotations

import numpy as np

from orbifolio.runner.painting.bristle_strokes import BristleStrokes


def strokes_of(
    *lines: list[tuple[float, float]], radius: float = 10.0, colour: tuple = (0.2, 0.4, 0.6)
) -> BristleStrokes:
    count = len(lines)
    points = [(x, y, 1.0) for line in lines for x, y in line]
    return BristleStrokes(
        points=np.array(points, np.float32),
        offsets=np.cumsum([0, *map(len, lines)]).astype(np.int64),
        radii=np.full(count, radius, np.float32),
        colours=np.tile(np.array(colour, np.float32), (count, 1)),
        bodies=np.ones(count, np.float32),
        tooth=np.zeros(count, np.float32),
        seeds=np.arange(1, count + 1, dtype=np.int64),
        layers=np.zeros(count, np.int32),
    )


def some_strokes(count: int, width: int, height: int, seed: int = 1) -> BristleStrokes:
    random = np.random.default_rng(seed)
    lines = []
    for _ in range(count):
        start, turn = random.uniform(0, [width, height]), random.uniform(0, 2 * np.pi)
        steps = np.cumsum(np.stack([np.cos(turn + 0.3 * np.arange(6)), np.sin(turn + 0.3 * np.arange(6))], 1) * 9, 0)
        lines.append([tuple(point) for point in start + steps])
    strokes = strokes_of(*lines)
    return strokes._replace(
        radii=random.uniform(2, 12, count).astype(np.float32), colours=random.random((count, 3)).astype(np.float32)
    )
