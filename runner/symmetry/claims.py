"""What symmetries claim of artworks: a claim is an isometry with its colours, a move one copy in a mixture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orbifolio.runner.arrays import F64


@dataclass(frozen=True)
class Claim:
    """One symmetry that the artwork has: I(g x) = c(g) I(x).

    Attributes:
        name: as a reader knows it, e.g. `60 degree rotation about (0, 0)`.
        matrix: (2, 3) affine map in fractions of the picture, x' = matrix[:, :2] @ x + matrix[:, 2]; on a
            sphere, hyperbolic plane or untiled picture (3, 3), acting on the points of its chart.
        colour: index 0..47 of the colour element (see `colour.py`), 0 is the identity.
    """

    name: str
    matrix: F64
    colour: int

    @property
    def homogeneous(self) -> F64:
        """(3, 3) the matrix, whatever it acts on."""
        return self.matrix if len(self.matrix) == 3 else np.vstack([self.matrix, [0.0, 0.0, 1.0]])


@dataclass(frozen=True)
class Move:
    """A copy of an artwork, moved and recoloured, to be mixed with others.

    Attributes:
        turn: degrees about the picture's middle (the axis, on a sphere).
        mirrored: flipped left to right before the turn.
        shift: after the turn, fractions of the picture to the right and down.
        colour: index 0..47 of the colour element the copy is seen through.
        weight: its share; those of a mixture sum to 1.
    """

    turn: float = 0.0
    mirrored: bool = False
    shift: tuple[float, float] = (0.0, 0.0)
    colour: int = 0
    weight: float = 1.0
