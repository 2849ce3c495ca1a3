"""A ball to print: (painted sphere) -> STL whose surface rises where the picture is bright, or where paint lies.

What rises is smoothed over neighbouring points, so that no relief is finer than the triangles can show, and stretched
so that nearly all of it uses the whole range.
"""

from __future__ import annotations

import numpy as np

from orbifolio.runner.arrays import F32, F64, I64
from orbifolio.runner.exports.painted_surface import PaintedSurface
from orbifolio.runner.models.mesh import icosphere
from orbifolio.runner.models.stl import write_stl
from orbifolio.runner.symmetry.layouts.folded import FoldedSurface

DIAMETER = 50.0  # millimetres, at the highest points
RELIEF = 1.0  # millimetres between the lowest and the highest: five layers of the usual 0.2 millimetres
SUBDIVISIONS = 6  # 81,920 triangles, half a millimetre each: as fine as nozzles print
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])  # Rec. 709
_SMOOTHINGS = 2  # means over neighbouring triangles: with none single points stick out, with more the relief blurs
_STRETCHED = 0.02, 0.98  # quantiles of a picture's luminance that become the lowest and the highest
PAINT_SUBDIVISIONS = 7  # 327,680 triangles, a quarter of a millimetre: resin printers show furrows of bristles
_PAINT_SMOOTHINGS = 1
_PAINT_STRETCHED = 0.005, 0.995  # ridges are few, and they are what is to be felt


def orb(
    painted: PaintedSurface, *, diameter: float = DIAMETER, relief: float = RELIEF, fine: int = SUBDIVISIONS
) -> bytes:
    """The ball as STL, bright parts raised.

    Args:
        painted: the sphere with its colours.
        diameter: millimetres, of the sphere that holds all of it.
        relief: millimetres from the lowest to the highest point.
        fine: subdivisions of the icosahedron.
    """
    points, faces = icosphere(fine)
    raised = levelled(painted.colours(points).astype(np.float64) @ _LUMINANCE, faces, _SMOOTHINGS, _STRETCHED)
    return _ball(points, faces, raised, diameter, relief)


def paint_orb(
    surface: FoldedSurface,
    heights: F32,
    *,
    diameter: float = DIAMETER,
    relief: float = RELIEF,
    fine: int = PAINT_SUBDIVISIONS,
) -> bytes:
    """The ball as STL, paint raised; arguments as those of `orb`.

    Args:
        surface: folds points of the sphere.
        heights: (orbits,) of the paint, in any unit.
    """
    points, faces = icosphere(fine)
    taps = surface.taps(points)
    there = (taps.weights * heights.astype(np.float64)[taps.orbits]).sum(1)
    raised = levelled(there, faces, _PAINT_SMOOTHINGS, _PAINT_STRETCHED)
    return _ball(points, faces, raised, diameter, relief)


def levelled(heights: F64, faces: I64, smoothings: int, stretched: tuple[float, float]) -> F64:
    """(N,) heights of points from 0 to 1, smoothed.

    Args:
        heights: (N,) in any unit.
        faces: (M, 3) triangles.
        smoothings: means over neighbouring triangles.
        stretched: quantiles that become 0 and 1.
    """
    neighbours = np.bincount(faces.ravel(), minlength=len(heights)) * 3.0
    for _ in range(smoothings):
        around = np.repeat(heights[faces].sum(1), 3)
        heights = np.bincount(faces.ravel(), around, minlength=len(heights)) / neighbours
    low, high = np.quantile(heights, stretched)
    return np.asarray(np.clip((heights - low) / max(high - low, 1e-6), 0, 1))


def _ball(points: F64, faces: I64, raised: F64, diameter: float, relief: float) -> bytes:
    radius = diameter / 2 - relief * (1 - raised)
    return write_stl(points * radius[:, None], faces, title=f"orbifolio orb, {diameter:g} mm across")
