"""A pile of strokes: rows (n, 9), units, colours, levels, undermost first; what a painting has got so far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from orbifolio.runner.strokes.rasteriser.numba_threads import Floats, Integers, Longs


@dataclass(frozen=True)
class Pile:
    """Strokes with all that belongs to them.

    Attributes:
        rows: (n, 9), see `tracing`.
        units: (n,) pixels.
        colours: (n, 3) sRGB in [0, 1].
        levels: (n,) 0 for the coarsest.
    """

    rows: Floats
    units: Floats
    colours: Floats
    levels: Integers

    def __len__(self) -> int:
        """How many."""
        return len(self.rows)

    @classmethod
    def empty(cls) -> Pile:
        """No strokes."""
        none = np.zeros(0, np.float32)
        return cls(none.reshape(0, 9), none, none.reshape(0, 3), np.zeros(0, np.int32))

    def over(self, other: Pile) -> Pile:
        """This pile with another one on top."""
        parts = zip(self._parts(), other._parts(), strict=True)
        return Pile(*(np.concatenate(pair) for pair in parts))

    def take(self, index: Longs | npt.NDArray[np.bool_]) -> Pile:
        """Some of them, in the order of the index."""
        return Pile(*(np.ascontiguousarray(part[index]) for part in self._parts()))

    def scaled(self, across: float, down: float) -> Pile:
        """The same on a picture of another size.

        Args:
            across: new width over old.
            down: new height over old; about the same.
        """
        factors = np.array([across, down] * 3 + [1, 1, 1], np.float32)
        return Pile(self.rows * factors, self.units * np.float32((across * down) ** 0.5), self.colours, self.levels)

    def _parts(self) -> tuple[npt.NDArray[np.generic], ...]:
        return self.rows, self.units, self.colours, self.levels
