"""Strokes as opacities in boxes, apart from their colours: (boxes, opacities) -> canvas, visible shares, best colours.

The opacities may come from any brush; a painting is fitted to those of the real paint program. With the opacities fixed
a painting is linear in its colours, and `descend` solves for the best ones by least squares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from orbifolio.runner.arrays import F32, F64, I32
from orbifolio.runner.strokes.blending import lay_over
from orbifolio.runner.strokes.mypaint.brush_sheet import Box
from orbifolio.runner.strokes.rasteriser.colour_least_squares import ColourBounds, ShareMatrix, WeightedError, descend

MIN_SHARE = 1 / 512  # a smaller visible share cannot be seen in eight bits
RIDGE = 0.02  # pixels' worth of pull towards the old colour: keeps those of hidden strokes
MAX_SWEEPS = 200  # bounds the time; ten reach `TOLERANCE` for a painting of 300 strokes
TOLERANCE = 1e-4  # of a colour, far below an eighth bit; the sweeps end below it
MAX_PALETTE = 48  # colours of a painting that is said to have a palette


@dataclass(frozen=True)
class OpacityLayers:
    """Strokes as opacities, the first undermost.

    Attributes:
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
            lay_over(canvas[window(box)], colour, opacity[..., None])
        return canvas

    def shares(self) -> tuple[ShareMatrix, F32]:
        """Visible shares, those below `MIN_SHARE` left out, and (pixels,) the paper's."""
        through = np.ones((self.height, self.width), np.float32)
        numbers = np.arange(self.height * self.width, dtype=np.int32).reshape(self.height, self.width)
        cells: list[I32] = []
        values: list[F32] = []
        for box, opacity in zip(reversed(self.boxes), reversed(self.opacities), strict=True):
            part = window(box)
            share = through[part] * opacity
            visible = share > MIN_SHARE
            cells.append(numbers[part][visible])
            values.append(share[visible])
            through[part] *= 1 - opacity
        ends = np.cumsum([len(part) for part in reversed(cells)], dtype=np.int64)
        matrix = ShareMatrix(
            np.concatenate((np.zeros(1, np.int64), ends[:-1])),
            ends,
            np.concatenate(cells[::-1]),
            np.concatenate(values[::-1]).astype(np.float64),
            np.zeros(int(ends[-1]), np.int32),
            np.arange(3, dtype=np.int64)[None],
            np.ones((1, 3), np.float32),
        )
        return matrix, through.ravel()

    def best_colours(
        self,
        target: F32,
        colours: F32,
        paper: Sequence[float],
        palette: F32 | None = None,
        *,
        ridge: float = RIDGE,
    ) -> F32:
        """The colours with the least squared error.

        Args:
            target: (height, width, 3) sRGB in [0, 1].
            colours: (n, 3) to begin with; those of strokes that cannot be seen stay.
            paper: sRGB.
            palette: (m, 3) the only colours allowed, or None for any in [0, 1].
            ridge: pixels' worth of pull towards the colours to begin with.

        Returns:
            (n, 3).
        """
        if not len(colours):
            return colours
        matrix, bare = self.shares()
        best = colours.astype(np.float64)
        owners = np.repeat(np.arange(len(colours)), matrix.ends - matrix.starts)
        errors = bare[:, None] * np.asarray(paper, np.float64) - target.reshape(-1, 3)
        np.add.at(errors, matrix.cells, matrix.shares[:, None] * best[owners])
        allowed = np.zeros((0, 3)) if palette is None else palette.astype(np.float64)
        bounds = ColourBounds(np.zeros(3, np.float32), allowed, best.copy(), np.full(len(best), ridge, best.dtype))
        descend(matrix, bounds, WeightedError(errors, np.ones(len(errors), np.float32)), best, MAX_SWEEPS, TOLERANCE)
        return best.astype(np.float32)


def window(box: Box) -> tuple[slice, slice]:
    """Rows and columns of a box."""
    left, top, right, bottom = box
    return slice(top, bottom), slice(left, right)


def palette_of(colours: F32) -> F32 | None:
    """The (m, 3) colours of a painting that has few of them, so that they must have been chosen; else None."""
    different = np.unique(colours, axis=0)
    return different if len(different) <= min(MAX_PALETTE, len(colours) // 4) else None


def nearest(colour: F64, palette: F32 | None) -> F64:
    """The allowed colour nearest to one: within [0, 1], or of a palette."""
    if palette is None:
        return np.clip(colour, 0, 1)
    chosen: F64 = palette[np.square(palette - colour).sum(1).argmin()].astype(np.float64)
    return chosen
