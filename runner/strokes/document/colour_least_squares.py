"""Glazes are what strokes cover, apart from their colours: boxes and opacities -> canvas, visible shares, best colours.

With all opacities known a painting is linear in its colours: pixel = sum of (visible share x colour) + (share of the
paper that is left) x paper, where a stroke's visible share is its opacity times what the strokes above let through. So
the best colours are one bounded least-squares problem, solved exactly however many strokes lie over each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import scipy.sparse

from orbifolio.runner.arrays import F32, F64, I32
from orbifolio.runner.strokes.document.mypaint_redraw import Box

SHARE = 1 / 512  # a smaller visible share cannot be seen
RIDGE = 0.02  # pixels' worth of pull towards the old colour: keeps those of hidden strokes
PASSES = 200
STILL = 1e-4  # of a colour; below it the passes end
PALETTE = 48  # colours at most in a painting that is said to have a palette


@dataclass(frozen=True)
class Glazes:
    """Strokes as opacities, the first undermost.

    Attributes:
        width: of the picture.
        height: of the picture.
        boxes: of each stroke, in pixels.
        opacities: (box height, box width) of each, in [0, 1].
    """

    width: int
    height: int
    boxes: Sequence[Box]
    opacities: Sequence[F32]

    def compose(self, colours: F32, paper: Sequence[float] | F32) -> F32:
        """(height, width, 3): the strokes in these colours on paper."""
        canvas = np.empty((self.height, self.width, 3), np.float32)
        canvas[...] = np.asarray(paper, np.float32)
        for box, opacity, colour in zip(self.boxes, self.opacities, colours, strict=True):
            lay(canvas, box, opacity, colour)
        return canvas

    def shares(self) -> tuple[Any, F32]:
        """(pixels, strokes) visible shares, those below `SHARE` left out, and (pixels,) the paper's; n > 0."""
        through = np.ones((self.height, self.width), np.float32)
        numbers = np.arange(self.height * self.width, dtype=np.int32).reshape(self.height, self.width)
        rows: list[I32] = []
        columns: list[I32] = []
        values: list[F32] = []
        for number in range(len(self.boxes) - 1, -1, -1):
            part = window(self.boxes[number])
            share = through[part] * self.opacities[number]
            seen = share > SHARE
            rows.append(numbers[part][seen])
            columns.append(np.full(len(rows[-1]), number, np.int32))
            values.append(share[seen])
            through[part] *= 1 - self.opacities[number]
        shape = (self.height * self.width, len(self.boxes))
        held = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
        return scipy.sparse.csr_matrix(held, shape=shape), through.ravel()

    def best_colours(self, target: F32, colours: F32, paper: Sequence[float], palette: F32 | None = None) -> F32:
        """The colours with the least squared error.

        Args:
            target: (height, width, 3) sRGB in [0, 1].
            colours: (n, 3) to begin with; those of strokes that cannot be seen stay.
            paper: sRGB.
            palette: (m, 3) the only colours allowed, or None for any in [0, 1].

        Returns:
            (n, 3).
        """
        if not len(colours):
            return colours
        shares, bare = self.shares()
        wanted = target.reshape(-1, 3).astype(np.float64) - bare[:, None] * np.asarray(paper, np.float64)
        matrix = (shares.T @ shares).tocsr().astype(np.float64)
        right = np.asarray(shares.T @ wanted) + RIDGE * colours
        matrix = (matrix + RIDGE * scipy.sparse.identity(len(colours), format="csr")).tocsr()
        found = colours.astype(np.float64)
        allowed = np.zeros((0, 3)) if palette is None else palette.astype(np.float64)
        _descend(matrix.indptr, matrix.indices, matrix.data, right, found, allowed, PASSES, STILL)
        return found.astype(np.float32)


def window(box: Box) -> tuple[slice, slice]:
    """Rows and columns of a box."""
    left, top, right, bottom = box
    return slice(top, bottom), slice(left, right)


def lay(canvas: F32, box: Box, opacity: F32, colour: F32) -> None:
    """One stroke over a canvas, in place."""
    view = canvas[window(box)]
    view += opacity[..., None] * (colour - view)


def palette_of(colours: F32) -> F32 | None:
    """The (m, 3) colours of a painting that has few of them, so that they must have been chosen; else None."""
    different = np.unique(colours, axis=0)
    return different if len(different) <= min(PALETTE, len(colours) // 4) else None


def nearest(colour: F64, palette: F32 | None) -> F64:
    """The allowed colour nearest to one: within [0, 1], or of a palette."""
    if palette is None:
        return np.clip(colour, 0, 1)
    chosen: F64 = palette[np.square(palette - colour).sum(1).argmin()].astype(np.float64)
    return chosen


@numba.njit(cache=True)
def _descend(  # type: ignore[no-untyped-def]  # pragma: no cover
    starts, columns, values, right, found, palette, passes, still
) -> None:
    """Coordinate descent on a sparse normal matrix, each colour put back into what is allowed."""
    n = len(starts) - 1
    for _ in range(passes):
        moved = 0.0
        for i in range(n):
            own = 0.0
            best = right[i].copy()
            for at in range(starts[i], starts[i + 1]):
                j = columns[at]
                if j == i:
                    own = values[at]
                else:
                    for channel in range(3):
                        best[channel] -= values[at] * found[j, channel]
            best /= own
            if len(palette):
                least, chosen = np.inf, 0
                for k in range(len(palette)):
                    away = 0.0
                    for channel in range(3):
                        away += (palette[k, channel] - best[channel]) ** 2
                    if away < least:
                        least, chosen = away, k
                best[:] = palette[chosen]
            for channel in range(3):
                value = min(max(best[channel], 0.0), 1.0)
                moved = max(moved, abs(value - found[i, channel]))
                found[i, channel] = value
        if moved < still:
            break
