"""A ball to print: (painted sphere) -> STL whose surface rises where the picture is bright.

Height is the luminance, smoothed over neighbouring points, so that no relief is finer than the triangles can show, and
stretched so that all but the darkest and brightest fiftieth use the whole range.
"""

from __future__ import annotations

import numpy as np

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.exports.painted_surface import PaintedSurface
from orbifolio.runner.models.mesh import icosphere
from orbifolio.runner.models.stl import write_stl

DIAMETER = 50.0  # millimetres, at the highest points
RELIEF = 1.0  # millimetres between the lowest and the highest: five layers of the usual 0.2 millimetres
SUBDIVISIONS = 6  # 81,920 triangles, half a millimetre each: as fine as nozzles print
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # Rec. 709
_SMOOTHINGS = 2  # means over neighbouring triangles: with none single points stick out, with more the relief blurs


def heights(painted: PaintedSurface, points: F64, faces: I64) -> F64:
    """(N,) from 0 to 1, smoothed."""
    heights: F64 = painted.colours(points).astype(np.float64) @ _LUMINANCE
    neighbours = np.bincount(faces.ravel(), minlength=len(points)) * 3.0
    for _ in range(_SMOOTHINGS):
        around = np.repeat(heights[faces].sum(1), 3)
        heights = np.bincount(faces.ravel(), around, minlength=len(points)) / neighbours
    low, high = np.quantile(heights, [0.02, 0.98])
    return np.asarray(np.clip((heights - low) / max(high - low, 1e-6), 0, 1))


def orb(
    painted: PaintedSurface, *, diameter: float = DIAMETER, relief: float = RELIEF, fine: int = SUBDIVISIONS
) -> bytes:
    """The ball as STL.

    Args:
        painted: the sphere with its colours.
        diameter: millimetres, of the sphere that holds all of it.
        relief: millimetres from the lowest to the highest point.
        fine: subdivisions of the icosahedron.
    """
    points, faces = icosphere(fine)
    radius = diameter / 2 - relief * (1 - heights(painted, points, faces))
    return write_stl(points * radius[:, None], faces, title=f"orbifolio orb, {diameter:g} mm across")
