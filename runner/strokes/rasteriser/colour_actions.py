"""How colours change between a stroke and the cells it lies on: (colours (n, 3)) -> (n, k, 3), and back.

Under a symmetry with colours a cell may be seen through a signed permutation of the three channels about mid-grey
(`symmetry.colour`). A stroke then lies on it in the colour that the cell is seen to have.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from orbifolio.runner.arrays import F32, F64, I64
from orbifolio.runner.symmetry.colour import IDENTITY, permutation, signs


class ColourActions(NamedTuple):
    """k elements of the group of signed permutations.

    Attributes:
        channels: (k, 3) the old channel that each new one shows.
        signs: (k, 3) 1 or -1.
    """

    channels: I64
    signs: F32

    @classmethod
    def of(cls, elements: Sequence[int]) -> ColourActions:
        """Those of some colour elements, by their numbers."""
        return cls(
            np.array([permutation(element) for element in elements], np.int64),
            np.array([signs(element) for element in elements], np.float32),
        )

    def apply(self, colours: F32) -> F32:
        """(n, k, 3): (n, 3) colours in [0, 1] as each element shows them."""
        half = np.float32(0.5)
        return np.ascontiguousarray((colours[:, self.channels] - half) * self.signs + half, np.float32)

    def transpose(self, gradients: F64) -> F64:
        """(n, 3): the transpose of the linear part of `apply`, of (n, k, 3) gradients."""
        total = np.zeros((len(gradients), 3))
        for kind in range(len(self.channels)):
            for new in range(3):
                total[:, self.channels[kind, new]] += self.signs[kind, new] * gradients[:, kind, new]
        return total


NO_ACTION = ColourActions.of((IDENTITY,))
"""Colours stay as they are."""
