"""What symmetries claim of artworks: a claim is an isometry with its colours, a move one copy in a mixture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.symmetry import colour

MAX_MOVEMENTS = 4096  # of a picture: more are no group of it; the largest of the shipped kinds has 12 x 64


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


def generated(claims: Sequence[Claim], wrap: tuple[bool, bool]) -> tuple[Claim, ...]:
    """All movements that claims of a flat picture make together, the identity first; names are left out.

    Args:
        claims: (2, 3) in fractions of the picture. Those that change lengths make infinitely many and are passed over.
        wrap: whether the picture continues over its (top-bottom, left-right) edges: there whole pictures do not count.

    Raises:
        ValueError: they make no finite group.
    """
    period = np.array([1.0 if wraps else np.inf for wraps in reversed(wrap)])

    def key(matrix: F64) -> tuple[float, ...]:
        shift = np.where(np.isfinite(period), (matrix[:2, 2] + 1e-7) % 1.0, matrix[:2, 2])
        return tuple(np.round(np.concatenate([matrix[:2, :2].ravel(), shift]), 5) + 0.0)

    makers = [claim for claim in claims if abs(abs(np.linalg.det(claim.homogeneous)) - 1) < 1e-9]
    found = {key(np.eye(3)): (np.eye(3), colour.IDENTITY)}
    waiting = list(found.values())
    while waiting:
        matrix, element = waiting.pop()
        for claim in makers:
            product = claim.homogeneous @ matrix
            product[:2, 2] -= np.where(np.isfinite(period), np.floor(product[:2, 2] + 1e-7), 0.0)
            if key(product) not in found:
                found[key(product)] = (product, colour.compose(claim.colour, element))
                waiting.append(found[key(product)])
        if len(found) > MAX_MOVEMENTS:
            raise ValueError(f"{len(claims)} claims make more than {MAX_MOVEMENTS} movements: no group of one picture")
    return tuple(Claim("", matrix[:2], element) for matrix, element in found.values())
