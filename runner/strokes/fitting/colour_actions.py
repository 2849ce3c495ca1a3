"""How colours change between a stroke and the cells it lies on: (colours (n, 3)) -> (n, k, 3), and back.

Under a symmetry with colours a cell may be seen through a signed permutation of the three channels about mid-grey
(`symmetry.colour`). A stroke then lies on it in the colour that the cell is seen to have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from orbifolio.runner.strokes.rasteriser.numba_threads import Doubles, Floats, Longs
from orbifolio.runner.symmetry import colour


@dataclass(frozen=True)
class Turns:
    """Some colour elements.

    Attributes:
        elements: their numbers.
    """

    elements: tuple[int, ...]

    @cached_property
    def channels(self) -> Longs:
        """(k, 3) the old channel that each new one shows."""
        return np.array([colour.permutation(element) for element in self.elements], np.int64)

    @cached_property
    def signs(self) -> Floats:
        """(k, 3) 1 or -1."""
        return np.array([colour.signs(element) for element in self.elements], np.float32)

    def paints(self, colours: Floats) -> Floats:
        """(n, k, 3) of (n, 3) colours in [0, 1]."""
        half = np.float32(0.5)
        return np.ascontiguousarray((colours[:, self.channels] - half) * self.signs + half, np.float32)

    def gathered(self, gradients: Doubles) -> Doubles:
        """(n, 3): the transpose of `paints`, of (n, k, 3)."""
        found = np.zeros((len(gradients), 3))
        for kind in range(len(self.elements)):
            for new in range(3):
                found[:, self.channels[kind, new]] += self.signs[kind, new] * gradients[:, kind, new]
        return found


def turns(elements: Sequence[int]) -> Turns:
    """Those of some colour elements."""
    return Turns(tuple(int(element) for element in elements))


PLAIN = Turns((colour.IDENTITY,))
