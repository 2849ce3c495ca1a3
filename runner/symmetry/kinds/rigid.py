"""Rigid symmetries: those that move a surface and change no lengths on it, so that a stroke stays as wide as it is."""

from __future__ import annotations

import numpy as np

from orbifolio.runner.symmetry.base import Symmetry
from orbifolio.runner.symmetry.kinds.curved import CurvedSymmetry

SAME_AREA = 1e-6  # of a factor 1: rounding of a movement's determinant


def is_rigid(symmetry: Symmetry) -> bool:
    """Whether a symmetry is a group of movements, whose fundamental domain can be drawn on and be laid all over."""
    if isinstance(symmetry, CurvedSymmetry):
        return True
    planar = symmetry.planar_claims(symmetry.ratio or 1.0)
    # a zoom's turns are movements of the plane, but its enlargement is not, which changes areas
    planar = tuple(claim for claim in planar if abs(abs(np.linalg.det(claim.matrix[:, :2])) - 1) < SAME_AREA)
    return len(planar) == len(symmetry.claims()) and bool(planar or any(symmetry.wrap))
