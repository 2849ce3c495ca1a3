"""Bristle strokes as shapes with a sharp outline: for vectors, plotters and maps of what lies uppermost.

Convention: as in `bristle_strokes`.
"""

from __future__ import annotations

import numpy as np

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.painting.bristle_coverage import band
from orbifolio.runner.painting.bristle_strokes import BristleStrokes
from orbifolio.runner.strokes.document.outlines import Outlines

END_SHARE = 0.5  # of a band's ends that a shape has: bristles reach about so far
TIP = 0.7  # of the width that is left at an end, which is round
SAMPLES = 17  # of a shape along its stroke, where all must have as many: a wide turn still looks round


def sides(points: F32, radius: float) -> tuple[F64, F64, F64]:
    """(k, 2) points along a stroke and a little beyond its ends, and those of its shape to their left and right.

    Args:
        points: (n, 3) x, y and width.
        radius: in pixels.
    """
    line, _, _ = band(points, radius)
    centres, normals, widths = line[:, :2].copy(), line[:, 2:4], line[:, 4:5].copy()
    for last, near in ((0, 1), (-1, -2)):
        centres[last] = line[near, :2] + END_SHARE * (line[last, :2] - line[near, :2])
        widths[last] *= TIP
    return centres, centres + normals * widths, centres - normals * widths


def outline(points: F32, radius: float) -> F64:
    """(2 k, 2) corners of a stroke's shape; arguments as those of `sides`."""
    _, left, right = sides(points, radius)
    return np.concatenate([left, right[::-1]])


def shapes_of(strokes: BristleStrokes) -> Outlines:
    """The shapes of all strokes, opaque, each with as many samples at even distances."""
    made = np.empty((strokes.size, 3, SAMPLES, 2))
    for number in range(strokes.size):
        points = strokes.points[strokes.offsets[number] : strokes.offsets[number + 1]]
        found = sides(points, float(strokes.radii[number]))
        gaps = np.hypot(*np.diff(found[0], axis=0).T)
        lengths = np.concatenate(([0.0], np.cumsum(gaps)))
        at = np.linspace(0, lengths[-1], SAMPLES)
        for kind, places in enumerate(found):
            for axis in range(2):
                made[number, kind, :, axis] = np.interp(at, lengths, places[:, axis])
    return Outlines(made[:, 0], made[:, 1], made[:, 2], np.ones(strokes.size))
