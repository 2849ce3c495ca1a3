"""Bristle strokes as shapes with a sharp outline: for vectors, plotters and maps of what lies uppermost.

Convention: as in `bristle_strokes`.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from orbifolio.runner.arrays import F32, F64, I64
from orbifolio.runner.painting.bristle_coverage import band
from orbifolio.runner.painting.bristle_strokes import BristleStrokes
from orbifolio.runner.strokes.document.outlines import Outlines

END_SHARE = 0.5  # of a band's ends that a shape has: bristles reach about so far
TIP = 0.7  # of the width that is left at an end, which is round
SAMPLES = 17  # of a shape along its stroke, where all must have as many: a wide turn still looks round


@njit(cache=True, nogil=True)
def sides(points: F32, radius: float) -> tuple[F64, F64, F64]:
    """(k, 2) points along a stroke and a little beyond its ends, and those of its shape to their left and right.

    Args:
        points: (n, 3) x, y and width.
        radius: in pixels.
    """
    line, _, _ = band(points, radius)
    centres, normals, widths = line[:, :2].copy(), line[:, 2:4], line[:, 4:5].copy()
    n = len(line)
    for last, near in ((0, 1), (n - 1, n - 2)):
        centres[last] = line[near, :2] + END_SHARE * (line[last, :2] - line[near, :2])
        widths[last] *= TIP
    return centres, centres + normals * widths, centres - normals * widths


def outline(points: F32, radius: float) -> F64:
    """(2 k, 2) corners of a stroke's shape; arguments as those of `sides`."""
    _, left, right = sides(points, radius)
    return np.concatenate([left, right[::-1]])


@njit(cache=True, nogil=True)
def _sampled(points: F32, offsets: I64, radii: F64) -> F64:
    """(n, 3, SAMPLES, 2) centres and sides of strokes at even distances."""
    made = np.empty((len(radii), 3, SAMPLES, 2))
    for number in range(len(radii)):
        found = sides(points[offsets[number] : offsets[number + 1]], radii[number])
        centres = found[0]
        lengths = np.zeros(len(centres))
        for k in range(1, len(centres)):
            right, down = centres[k, 0] - centres[k - 1, 0], centres[k, 1] - centres[k - 1, 1]
            lengths[k] = lengths[k - 1] + math.hypot(right, down)
        at = np.linspace(0, lengths[-1], SAMPLES)
        for kind in range(3):
            for axis in range(2):
                made[number, kind, :, axis] = np.interp(at, lengths, found[kind][:, axis])
    return made


def shapes_of(strokes: BristleStrokes) -> Outlines:
    """The shapes of all strokes, opaque, each with as many samples at even distances."""
    made = _sampled(strokes.points, strokes.offsets, strokes.radii.astype(np.float64))
    return Outlines(made[:, 0], made[:, 1], made[:, 2], np.ones(strokes.size))
