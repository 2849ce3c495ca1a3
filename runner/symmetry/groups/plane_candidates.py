"""Isometries that a tile of a wallpaper group must not have: (group, frame) -> claims to refute.

Turns by 60, 90, 120 and 180 degrees about the quarters and sixths of a block; mirrors every 15 degrees; mirrors and
glides along the lattice's short vectors; translations by halves and thirds of lattice vectors.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.claims import Claim
from orbifolio.runner.symmetry.groups.groups import Group, coset_words
from orbifolio.runner.symmetry.groups.lattice import LatticeFrame
from orbifolio.runner.symmetry.groups.motion import in_picture, name_motion, turn_matrix

MEMBER_TOLERANCE = 0.05
"""Fractions of the lattice within which an isometry is the group's own: it is made for the pixels' ratio, which is
only nearly the lattice's."""


def plane_candidates(group: Group, frame: LatticeFrame, ratio: float) -> tuple[Claim, ...]:
    """The module's isometries without those that belong to the group, whatever their colours.

    Args:
        group: whose own isometries are left out.
        frame: how the picture lies in the lattice.
        ratio: width / height of the picture.
    """
    step = np.array([1 / frame.columns, 1 / frame.rows])
    quarters = [(Fraction(i, 4), Fraction(j, 4)) for i in range(4) for j in range(4)]
    sixths = [(Fraction(i, 2), Fraction(j, 6)) for i in range(2) for j in (1, 2, 4, 5)]
    centres = [
        np.array([float(x), float(y)]) * step
        for x, y in dict.fromkeys([*quarters, *sixths, *((y, x) for x, y in sixths)])
    ]
    vectors = _short_vectors(frame)
    tried: list[tuple[F64, F64 | None]] = []
    for angle in (60, 90, 120, 180):
        tried += [(_about(turn_matrix(angle, ratio), centre), None) for centre in centres]
    lines: dict[float, F64] = {float(angle): np.zeros(2) for angle in range(0, 180, 15)}
    lines |= {_direction(vector, ratio): vector for vector in vectors}
    for direction, vector in lines.items():
        linear = _reflection(direction, ratio)
        for centre in centres if direction in (0.0, 90.0) else centres[:6]:
            mirror = _about(linear, centre)
            tried.append((mirror, centre))
            if vector.any():
                tried.append((mirror + np.hstack([np.zeros((2, 2)), vector[:, None] / 2]), centre))
    for vector in vectors:
        tried += [(np.hstack([np.eye(2), vector[:, None] / part]), None) for part in (2, 3)]
    foreign: dict[bytes, Claim] = {}
    for matrix, centre in tried:
        if not _belongs(matrix, group, frame):
            claim = Claim(name_motion(matrix, ratio, centre), matrix, colour.IDENTITY)
            foreign.setdefault(np.round(matrix, 6).tobytes(), claim)
    return tuple(foreign.values())


def _short_vectors(frame: LatticeFrame) -> list[F64]:
    """e1, e2, their sum and difference and the block's edges, in fractions, y downwards."""
    edges = np.array(frame.edges, dtype=np.float64).T * [1.0, -1.0]
    lattice = [(1, 0), (0, 1), (1, 1), (1, -1), frame.right, frame.up]
    return [
        np.round(np.linalg.solve(edges, np.array(vector, dtype=np.float64)), 12) for vector in dict.fromkeys(lattice)
    ]


def _reflection(angle: float, ratio: float) -> F64:
    return turn_matrix(2 * angle, ratio) @ np.diag([1.0, -1.0])


def _about(linear: F64, centre: F64) -> F64:
    return np.hstack([linear, (centre - linear @ centre)[:, None]])


def _direction(vector: F64, ratio: float) -> float:
    return round(math.degrees(math.atan2(-vector[1], vector[0] * ratio)), 6) % 180


def _belongs(motion: F64, group: Group, frame: LatticeFrame) -> bool:
    """Whether a motion is in the group, by linear part and shift up to lattice translations."""
    edges = np.array(frame.edges, dtype=np.float64).T * [1.0, -1.0]
    for word in coset_words(group).values():
        member = in_picture(group.isometry(word), frame)
        shift = edges @ (motion[:, 2] - member[:, 2])
        turned, shifted = np.abs(motion[:, :2] - member[:, :2]).max(), np.abs(shift - np.rint(shift)).max()
        if turned < MEMBER_TOLERANCE and shifted < MEMBER_TOLERANCE:
            return True
    return False
