"""An autostereogram: (pattern, depth) -> a picture in which two eyes, looking past each other, see the depth.

A pattern repeats from left to right. Each eye looks at another repeat and takes both for the same, so where the repeats
lie nearer to each other, the surface seems nearer. Both eyes see a place at depth z, 0 for the farthest and 1 for the
nearest, if the picture shows the same at x - s / 2 and x + s / 2, with the separation (Thimbleby et al. 1994)

    s(z) = E (1 - m z) / (2 - m z) = 2 S (1 - m z) / (2 - m z),

E the distance of the eyes, S = E / 2 that of repeats of the farthest surface, m the share of the way to the viewer that
the nearest one lies at. The picture is the pattern at the phase u, counted in repeats, that makes it so:

    u(x + s / 2) = u(x - s / 2) + 1.

Written from the middle to both sides, so that what is shifted adds up over half the picture only, each place takes its
phase from one that is already there; the separation depends on the place in the middle of the two, which a few rounds
of a fixed point find. Where a near thing hides what one eye sees, no phase suits both.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from orbifolio.runner.arrays import F32, F64

_ROUNDS = 4  # of the fixed point: a depth as steep as one in one is settled to a tenth of a pixel


def separations(depth: F64, period: float, relief: float) -> F64:
    """Pixels between the two places that show a point.

    Args:
        depth: 0 for the farthest, 1 for the nearest.
        period: pixels between repeats of the farthest surface.
        relief: share of the way to the viewer that the nearest lies at, in [0, 1).
    """
    away = relief * depth
    result: F64 = 2 * period * (1 - away) / (2 - away)
    return result


def phases(depth: F64, period: float, relief: float) -> F64:
    """(height, width) of the pattern, in repeats from the picture's middle.

    Args:
        depth: (height, width) in [0, 1].
        period: pixels between repeats of the farthest surface.
        relief: as for `separations`.
    """
    separation = separations(depth, period, relief)
    middle = depth.shape[1] // 2
    rightwards = _written(separation, middle)
    leftwards = -_written(separation[:, ::-1], depth.shape[1] - 1 - middle)[:, ::-1]
    right = np.arange(depth.shape[1]) >= middle
    return np.where(right, rightwards, leftwards)


def _written(separation: F64, middle: int) -> F64:
    """(height, width) phases from the middle to the right edge, counted from the middle; nearly right left of it.

    About the middle, where nothing is there to take a phase from, the pattern is as wide as the separation there.
    """
    height, width = separation.shape
    rows = np.arange(height)
    result = np.cumsum(1 / separation, axis=1)
    result -= result[:, middle : middle + 1]
    begin = middle - separation[:, middle] / 2
    for column in range(middle + 1, width):
        half = separation[:, middle] / 2
        for _ in range(_ROUNDS):
            between = np.clip(np.rint(column - half).astype(np.int64), 0, width - 1)
            half = separation[rows, between] / 2
        source = column - 2 * half
        low = np.clip(np.floor(source).astype(np.int64), 0, column - 1)
        share = source - low
        taken = result[rows, low] * (1 - share) + result[rows, low + 1] * share + 1
        result[:, column] = np.where(source >= begin, taken, result[:, column])
    return result


def autostereogram(pattern: F32, depth: F64, period: float, relief: float) -> F32:
    """The picture.

    Args:
        pattern: (tall, wide, 3) in [0, 1], which repeats both ways; shown `period` pixels wide.
        depth: (height, width) in [0, 1], 1 for the nearest.
        period: pixels between repeats of the farthest surface.
        relief: as for `separations`.

    Returns:
        (height, width, 3) in [0, 1].
    """
    tall, wide = pattern.shape[:2]
    height, width = depth.shape
    shrunk = max(wide / period, 1.0)  # what a pixel covers of the pattern is averaged first
    smooth = ndimage.gaussian_filter(pattern, (0.4 * shrunk, 0.4 * shrunk, 0), mode="wrap") if shrunk > 1.5 else pattern
    across = phases(depth, period, relief) % 1 * wide - 0.5
    down = np.broadcast_to((np.arange(height)[:, None] + 0.5) * (wide / period) % tall - 0.5, across.shape)
    result: F32 = np.empty((*depth.shape, 3), np.float32)
    for channel in range(3):
        result[..., channel] = ndimage.map_coordinates(smooth[..., channel], [down, across], order=1, mode="grid-wrap")
    return result.clip(0, 1)


def cushion(shape: F32) -> F64:
    """(height, width) a depth for a bright silhouette: highest in its middle, rounded towards its outline.

    Args:
        shape: (height, width) in [0, 1]; above one half is inside.
    """
    inside = shape > 0.5
    away = ndimage.distance_transform_edt(np.pad(inside, 1))[1:-1, 1:-1]
    reach = max(float(away.max()), 1.0)
    x = np.clip(away / (0.6 * reach), 0, 1)
    rounded = np.sqrt(1 - (1 - x) ** 2)
    smooth: F64 = ndimage.gaussian_filter(rounded, max(1.0, 0.01 * shape.shape[1]))
    return smooth
