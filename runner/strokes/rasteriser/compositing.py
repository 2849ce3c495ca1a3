"""Strokes over each other, compiled: (paint of pairs, colours, canvas) -> canvas, and what follows from that order.

    canvas <- over(canvas, colour, alpha)        back to front, see `blending`

The gradients are computed from front to back. The same walk gives each pair's *share*, the part of the finished
picture's colour that comes from this stroke, in which the picture is linear in the colours; and each stroke's *gain*,
how much the squared error would grow without it.

A stroke that reaches a cell from several places is laid there once for each.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from orbifolio.runner.arrays import F32, F64, I32, I64
from orbifolio.runner.strokes.blending import over_pixel
from orbifolio.runner.strokes.rasteriser.colour_least_squares import WeightedError
from orbifolio.runner.strokes.stroke_profile import compiled


class PairPaint(NamedTuple):
    """What n strokes leave where; the pairs of stroke i are [starts[i], ends[i]).

    Attributes:
        starts: (n,).
        ends: (n,).
        cells: (k,) of the picture.
        kinds: (k,) which of a stroke's colours a pair has, see `ColourActions`.
        alphas: (k,) opacities in [0, 1].
    """

    starts: I64
    ends: I64
    cells: I32
    kinds: I32
    alphas: F32


@compiled
def lay(paint: PairPaint, colours: F32, canvas: F32, below: F32) -> None:
    """Paint on a canvas, in place, and keep what was below each pair.

    Args:
        colours: (n, kinds, 3).
        canvas: (p, 3), changed.
        below: (k, 3), filled.
    """
    for n in range(len(paint.starts)):
        for at in range(paint.starts[n], paint.ends[n]):
            alpha, colour, under = paint.alphas[at], colours[n, paint.kinds[at]], canvas[paint.cells[at]]
            for c in range(3):
                below[at, c] = under[c]
                under[c] = over_pixel(under[c], colour[c], alpha)


@compiled
def lay_vjp(paint: PairPaint, colours: F32, below: F32, above: F32, to_alphas: F32, to_colours: F64) -> None:
    """Gradients; `above` (p, 3) is that of the picture and becomes that of the paper.

    Args:
        colours: (n, kinds, 3).
        below: (k, 3) of `lay`.
        above: (p, 3), changed.
        to_alphas: (k,), filled.
        to_colours: (n, kinds, 3), added to.
    """
    for n in range(len(paint.starts) - 1, -1, -1):
        for at in range(paint.ends[n] - 1, paint.starts[n] - 1, -1):
            alpha, under, gradient = paint.alphas[at], below[at], above[paint.cells[at]]
            colour, total = colours[n, paint.kinds[at]], to_colours[n, paint.kinds[at]]
            to_alphas[at] = (
                gradient[0] * (colour[0] - under[0])
                + gradient[1] * (colour[1] - under[1])
                + gradient[2] * (colour[2] - under[2])
            )
            keep = np.float32(1.0) - alpha
            for c in range(3):
                total[c] += alpha * gradient[c]
                gradient[c] *= keep


@compiled
def visible_shares(paint: PairPaint, through: F32, shares: F32) -> None:
    """Each pair's share of the finished picture: its opacity times what all above it let through.

    Args:
        through: (p,), ones; becomes the paper's share.
        shares: (k,), filled.
    """
    for n in range(len(paint.starts) - 1, -1, -1):
        for at in range(paint.ends[n] - 1, paint.starts[n] - 1, -1):
            cell = paint.cells[at]
            shares[at] = paint.alphas[at] * through[cell]
            through[cell] *= np.float32(1.0) - paint.alphas[at]


@compiled
def removal_gains(paint: PairPaint, shares: F32, colours: F32, below: F32, residual: WeightedError, gains: F64) -> None:
    """How much the weighted squared error would grow without each stroke, the others staying as they are.

    Without it a pair's cell changes by -share (colour - below), and its squared error by
    change (change - 2 error) with change = share (colour - below).

    Args:
        shares: (k,) of `visible_shares`.
        colours: (n, kinds, 3).
        below: (k, 3) of `lay`.
        residual: of the picture with all strokes.
        gains: (n,), filled.
    """
    errors, weights = residual
    for n in range(len(paint.starts)):
        total = 0.0
        for at in range(paint.starts[n], paint.ends[n]):
            cell, share, kind = paint.cells[at], shares[at], paint.kinds[at]
            for c in range(3):
                change = share * (colours[n, kind, c] - below[at, c])
                total += weights[cell] * change * (change - 2.0 * errors[cell, c])
        gains[n] = total
