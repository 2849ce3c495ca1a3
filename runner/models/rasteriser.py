"""Pictures of triangles: (corners on the picture) -> which triangle every pixel shows, and where in it.

All candidates, the pixels in each triangle's box, are tested at once, a bounded number at a time; of those
that cover a pixel the nearest wins. The order of triangles decides ties, so equal input gives equal output.

Convention: x to the right and y *down* in pixels, the middle of the first pixel at (0.5, 0.5).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from orbifolio.runner.arrays import F64, I64

_MAX_CANDIDATES = 1_500_000  # at a time: about 150 MB
_MIN_WEIGHT = -1e-9  # a pixel on the edge of two triangles belongs to both, so that no gap is left


@dataclass(frozen=True)
class VisibleFaces:
    """What the pixels of a picture show.

    Attributes:
        face: (height * width,) number of the triangle, -1 for none.
        weights: (height * width, 3) of its corners, corrected for perspective.
    """

    face: I64
    weights: F64


def covered(corners: F64, width: int, height: int) -> Iterator[tuple[I64, I64, F64]]:
    """Every pixel of every triangle, on a picture of `width` by `height` pixels.

    Args:
        corners: (M, 3, 2) on the picture, in pixels.
        width: of the picture in pixels.
        height: of the picture in pixels.

    Yields:
        (K,) triangles, (K,) pixels, (K, 3) weights of the corners on the picture.
    """
    limit = np.array([width, height])
    low = np.clip(np.ceil(corners.min(1) - 0.5), 0, limit).astype(np.int64)
    high = np.clip(np.floor(corners.max(1) - 0.5), -1, limit - 1).astype(np.int64)
    size = np.maximum(high - low + 1, 0)
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    area = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    count = np.where(np.abs(area) > 1e-12, size[:, 0] * size[:, 1], 0)
    faces = np.flatnonzero(count)
    ends = np.cumsum(count[faces])
    start = 0
    while start < len(faces):
        before = ends[start - 1] if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + _MAX_CANDIDATES, side="right")))
        chosen = faces[start:stop]
        face = np.repeat(chosen, count[chosen])
        first = np.repeat(ends[start:stop] - count[chosen] - before, count[chosen])
        down, right = np.divmod(np.arange(len(face)) - first, size[face, 0])
        column, row = low[face, 0] + right, low[face, 1] + down
        x, y = column + 0.5, row + 0.5
        to_c = (b[face, 0] - a[face, 0]) * (y - a[face, 1]) - (b[face, 1] - a[face, 1]) * (x - a[face, 0])
        to_a = (c[face, 0] - b[face, 0]) * (y - b[face, 1]) - (c[face, 1] - b[face, 1]) * (x - b[face, 0])
        weight_a, weight_c = to_a / area[face], to_c / area[face]
        weight_b = 1 - weight_a - weight_c
        inside = (weight_a >= _MIN_WEIGHT) & (weight_b >= _MIN_WEIGHT) & (weight_c >= _MIN_WEIGHT)
        weights = np.stack([weight_a, weight_b, weight_c], axis=1)[inside]
        yield face[inside], (row * width + column)[inside], weights
        start = stop


def nearest(corners: F64, depths: F64, width: int, height: int) -> VisibleFaces:
    """The nearest triangle at every pixel of a picture of `width` by `height` pixels.

    Args:
        corners: (M, 3, 2) on the picture, in pixels.
        depths: (M, 3) distance of the corners from the camera, all positive.
        width: of the picture in pixels.
        height: of the picture in pixels.
    """
    face = np.full(width * height, -1, dtype=np.int64)
    best_weights = np.zeros((width * height, 3))
    closeness = np.zeros(width * height)
    for which, pixel, weights in covered(corners, width, height):
        # on the picture 1 / depth is linear, and so is anything of the surface divided by depth
        shares = weights / depths[which]
        near = shares.sum(1)
        best = closeness.copy()
        np.maximum.at(best, pixel, near)
        wins = (near == best[pixel]) & (near > closeness[pixel])
        closeness = best
        face[pixel[wins]] = which[wins]
        best_weights[pixel[wins]] = shares[wins] / near[wins, None]
    return VisibleFaces(face, best_weights)
