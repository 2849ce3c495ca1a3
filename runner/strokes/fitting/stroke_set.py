"""Strokes with their colours and levels, undermost first: a painting under way."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from orbifolio.runner.arrays import F32, I32, I64, Bools
from orbifolio.runner.strokes.stroke_array import StrokeArray


@dataclass(frozen=True)
class StrokeSet:
    """Strokes with all that belongs to them.

    Attributes:
        colours: (n, 3) sRGB in [0, 1].
        levels: (n,) 0 for the coarsest.
    """

    strokes: StrokeArray
    colours: F32
    levels: I32

    def __len__(self) -> int:
        return self.strokes.size

    @classmethod
    def empty(cls) -> StrokeSet:
        """No strokes."""
        return cls(StrokeArray.empty(), np.zeros((0, 3), np.float32), np.zeros(0, np.int32))

    def followed_by(self, other: StrokeSet) -> StrokeSet:
        """This set, and another one on top of it."""
        return StrokeSet(
            self.strokes.followed_by(other.strokes),
            np.concatenate((self.colours, other.colours)),
            np.concatenate((self.levels, other.levels)),
        )

    def take(self, index: I64 | Bools) -> StrokeSet:
        """Some of them, in the order of an index, or where a mask is True."""
        return StrokeSet(
            self.strokes.take(index),
            np.ascontiguousarray(self.colours[index]),
            np.ascontiguousarray(self.levels[index]),
        )

    def scaled(self, across: float, down: float) -> StrokeSet:
        """The same on a picture of another size; see `StrokeArray.scaled`."""
        return replace(self, strokes=self.strokes.scaled(across, down))
