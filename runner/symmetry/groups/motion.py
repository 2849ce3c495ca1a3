"""A motion is an isometry as a picture sees it: (2, 3) affine map in fractions, with a name for a reader.

Convention: as in `base.py`, fractions of the picture, y downwards; angles counter-clockwise as seen, a
line's direction between 0 and 180 degrees from the horizontal.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.symmetry.groups.isometry import Isometry
from orbifolio.runner.symmetry.groups.lattice import LatticeFrame


def turn_matrix(angle: float, ratio: float) -> F64:
    """(2, 2) counter-clockwise turn in fractions of a picture, y downwards.

    Args:
        angle: degrees.
        ratio: width / height of the picture.
    """
    cosine, sine = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    return np.array([[cosine, sine / ratio], [-sine * ratio, cosine]])


def in_picture(isometry: Isometry, frame: LatticeFrame) -> F64:
    """The isometry in fractions of the picture.

    Of the copies that the picture's own periods make of it, the one whose centre, line or shift lies in
    the picture is taken.

    Returns:
        (2, 3), the linear part and the shift.
    """
    edges = np.array(frame.edges, dtype=np.float64).T * [1.0, -1.0]  # the second column points down
    inverse = np.linalg.inv(edges)
    linear = inverse @ np.array(isometry.matrix) @ edges
    shift = inverse @ (np.array(isometry.halves) / 2)
    return placed(np.hstack([linear, shift[:, None]]))


def placed(matrix: F64) -> F64:
    """The same motion, conjugated by whole pictures so that its centre, line or shift lies in the picture."""
    linear, shift = matrix[:, :2], matrix[:, 2]
    away = np.eye(2) - linear
    if abs(np.linalg.det(away)) > 1e-9:
        centre = np.linalg.solve(away, shift).astype(np.float64)
        shift = away @ _fraction(centre)
    elif np.abs(away).max() < 1e-9:
        shift = _fraction(shift)
    else:
        along = (linear @ shift + shift) / 2
        shift = away @ _fraction((shift - along) / 2) + _nearest(along, linear)
    result: F64 = np.hstack([linear, shift[:, None]])
    return result


def _fraction(value: F64) -> F64:
    """The part in [0, 1), rounded, so that what is nearly 1 is 0."""
    result: F64 = np.round(value - np.floor(value + 1e-9), 12)
    return result


def _nearest(along: F64, linear: F64) -> F64:
    """A glide's shift without whole periods along its line, where the line is one of the picture's axes."""
    if abs(linear[0, 1]) < 1e-9 and abs(linear[1, 0]) < 1e-9:
        return _fraction(along)
    return along


def degrees(matrix: F64, ratio: float) -> float:
    """The angle of a rotation in [0, 360), or of a mirror's or glide's line in [0, 180)."""
    turn = math.degrees(math.atan2(-matrix[1, 0] / ratio, matrix[0, 0]))
    if np.linalg.det(matrix[:, :2]) < 0:
        return round(turn / 2, 6) % 180
    return round(turn, 6) % 360


def name_motion(matrix: F64, ratio: float, through: F64 | None = None) -> str:
    """A motion in words, e.g. `60 degree rotation about (0, 0)`.

    Args:
        matrix: (2, 3) in fractions.
        ratio: width / height; any value where the group leaves it free.
        through: a point of a mirror's or glide's line to name it by; else the foot of the perpendicular.
    """
    linear, shift = matrix[:, :2], matrix[:, 2]
    away = np.eye(2) - linear
    if np.abs(away).max() < 1e-9:
        return f"translation by {_spell(shift)}"
    angle = degrees(matrix, ratio)
    if np.linalg.det(linear) > 0:
        centre = np.linalg.solve(away, shift).astype(np.float64)
        return f"{round(angle, 1):g} degree rotation about {_spell(centre)}"
    along = (linear @ shift + shift) / 2
    foot: F64 = (shift - along) / 2 if through is None else through
    line = f"in the line at {round(angle, 1):g} degrees through {_spell(foot)}"
    return f"mirror {line}" if np.abs(along).max() < 1e-9 else f"glide by {_spell(along)} {line}"


def _spell(point: F64) -> str:
    parts = []
    for value in point:
        fraction = Fraction(float(value)).limit_denominator(96)
        near = abs(float(fraction) - value) < 1e-6
        parts.append(str(fraction) if near else f"{value:.4g}")
    return f"({', '.join(parts)})"
