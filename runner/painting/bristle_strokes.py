"""Strokes of a bristle brush: `BristleStrokes`, lines of points with a width, each with a radius, colour and seed.

Convention: x to the right, y down, in pixels of the canvas; the centre of pixel (row i, column j) is
(j + 0.5, i + 0.5). The first stroke lies undermost.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from orbifolio.runner.arrays import F32, F64, I32, I64


class BristleStrokes(NamedTuple):
    """n strokes of N points in all; a named tuple, so that compiled loops take it whole.

    Attributes:
        points: (N, 3) x, y and width, as a share of the stroke's radius.
        offsets: (n + 1,) where each stroke's points begin; it has at least two.
        radii: (n,) half the widest width, in pixels.
        colours: (n, 3) sRGB in [0, 1].
        bodies: (n,) how thickly the paint is laid on, about 1.
        tooth: (n,) in [0, 1], how far the grain of the ground keeps the paint off.
        seeds: (n,) of the bristles; all different.
        layers: (n,) number of the layer, from 0.
    """

    points: F32
    offsets: I64
    radii: F32
    colours: F32
    bodies: F32
    tooth: F32
    seeds: I64
    layers: I32

    @property
    def size(self) -> int:
        """How many strokes; `len` is that of the tuple."""
        return len(self.radii)

    @classmethod
    def empty(cls) -> BristleStrokes:
        """No strokes."""
        none = np.zeros(0, np.float32)
        return cls(
            points=np.zeros((0, 3), np.float32),
            offsets=np.zeros(1, np.int64),
            radii=none,
            colours=np.zeros((0, 3), np.float32),
            bodies=none,
            tooth=none,
            seeds=np.zeros(0, np.int64),
            layers=np.zeros(0, np.int32),
        )

    def followed_by(self, other: BristleStrokes) -> BristleStrokes:
        """These strokes, and others on top of them."""
        return joined([self, other])

    def between(self, first: int, end: int) -> BristleStrokes:
        """The strokes of some numbers, which follow each other."""
        low, high = self.offsets[first], self.offsets[end]
        cut = {name: getattr(self, name)[first:end] for name in self._fields}
        cut |= {"points": self.points[low:high], "offsets": self.offsets[first : end + 1] - low}
        return BristleStrokes(**cut)

    def taken(self, numbers: I64) -> BristleStrokes:
        """The strokes of some numbers, in their order."""
        counts = np.diff(self.offsets)[numbers]
        offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        rows = np.repeat(self.offsets[numbers] - offsets[:-1], counts) + np.arange(offsets[-1])
        chosen = {name: getattr(self, name)[numbers] for name in self._fields if name not in ("points", "offsets")}
        return BristleStrokes(points=self.points[rows], offsets=offsets, **chosen)

    def lengths(self) -> F64:
        """(n,) of their lines in pixels, without the ends."""
        steps = np.hypot(*np.diff(self.points[:, :2].astype(np.float64), axis=0).T)
        along = np.concatenate(([0.0], np.cumsum(steps)))
        lengths: F64 = along[self.offsets[1:] - 1] - along[self.offsets[:-1]]
        return lengths

    def widths(self) -> F64:
        """(n,) their mean widths in pixels."""
        sums = np.add.reduceat(self.points[:, 2].astype(np.float64), self.offsets[:-1]) if self.size else np.zeros(0)
        widths: F64 = 2 * self.radii * sums / np.maximum(1, np.diff(self.offsets))
        return widths

    def scaled(self, across: float, down: float) -> BristleStrokes:
        """The same strokes on a canvas of another size.

        Args:
            across: new width over old.
            down: new height over old; about the same.
        """
        factors = np.array([across, down, 1], np.float32)
        return self._replace(points=self.points * factors, radii=self.radii * np.float32((abs(across * down)) ** 0.5))


def joined(parts: Sequence[BristleStrokes]) -> BristleStrokes:
    """The strokes of all parts, at least one, those of the first undermost."""
    columns = {name: np.concatenate([getattr(part, name) for part in parts]) for name in BristleStrokes._fields}
    counts = np.concatenate([np.diff(part.offsets) for part in parts])
    columns["offsets"] = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
    return BristleStrokes(**columns)
