"""Polygons: loops of corners -> triangles that cover each of them once, whatever notches it has."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from orbifolio.runner.arrays import F64, I64


def triangulated(polygons: Sequence[Sequence[int]], positions: F64) -> tuple[I64, I64]:
    """(M, 3) the polygons cut in their order, convex ones as fans, those with notches ear by ear; (M,) their polygons.

    Args:
        polygons: their corners, rows of `positions`; at least three each.
        positions: (N, 3), finite.
    """
    by_size: dict[int, list[int]] = defaultdict(list)
    for number, polygon in enumerate(polygons):
        by_size[len(polygon)].append(number)
    notched = set()
    for size in by_size.keys() - {3}:
        loops = positions[[polygons[number] for number in by_size[size]]]
        turns, area = _turns(loops)
        # a straight corner may turn back by rounding: 1e-9 of the polygon's own size
        bent = (np.einsum("knc,kc->kn", turns, area) < -1e-9 * np.square(area).sum(1, keepdims=True)).any(1)
        notched.update(np.array(by_size[size])[bent].tolist())
    faces: list[Sequence[int]] = []
    sources: list[int] = []
    for number, polygon in enumerate(polygons):
        if number in notched:
            faces += [[polygon[corner] for corner in ear] for ear in _ears(positions[list(polygon)])]
        else:
            faces += [(polygon[0], second, third) for second, third in zip(polygon[1:], polygon[2:], strict=False)]
        sources += [number] * (len(faces) - len(sources))
    return np.array(faces, dtype=np.int64).reshape(-1, 3), np.array(sources, dtype=np.int64)


def _turns(loops: F64) -> tuple[F64, F64]:
    """(K, N, 3) the cross product of the two sides at every corner, and (K, 3) twice the area, as a vector.

    The vector area of a polygon (Newell's) is half the sum of p_i x p_(i+1): for a flat polygon it is normal to it,
    and a corner turns the way of the whole where its cross product has that direction.
    """
    loops = loops - loops[:, :1]
    after = np.roll(loops, -1, axis=1)
    sides = after - loops
    turns: F64 = np.cross(np.roll(sides, 1, axis=1), sides)
    area: F64 = np.cross(loops, after).sum(1)
    return turns, area


def _ears(loop: F64) -> list[list[int]]:
    """Triangles of a polygon with (N, 3) corners, turning as it does."""
    import mapbox_earcut  # only here: few models have such polygons

    normal = _turns(loop[None])[1][0]
    axes = np.delete(np.arange(3), np.abs(normal).argmax())  # projected along the axis nearest to its normal
    flat = np.ascontiguousarray(loop[:, axes])
    ears = mapbox_earcut.triangulate_float64(flat, np.array([len(flat)], dtype=np.uint32)).reshape(-1, 3)
    a, b, c = (flat[ears[:, corner]] for corner in range(3))
    turn = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    whole = (flat[:, 0] * np.roll(flat[:, 1], -1) - np.roll(flat[:, 0], -1) * flat[:, 1]).sum()
    ears[turn * whole < 0] = ears[turn * whole < 0][:, ::-1]
    return [[int(corner) for corner in ear] for ear in ears]
