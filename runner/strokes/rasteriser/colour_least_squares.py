"""The best colours of strokes whose opacities are known: (visible shares, errors) -> colours (n, 3), by least squares.

With the opacities fixed a picture is linear in the colours: a cell is the sum of (visible share x colour) and (share of
the paper that is left) x paper. So the best colours are bounded least squares. Coordinate descent solves it stroke by
stroke: with E the errors, s a stroke's shares and w the weights, half the derivative by its colour is g = sum w s E,
half the curvature h = sum w s^2, and the exact step -g / h; afterwards E changes by s times what the colour changed.
Each colour is put back into what is allowed, which keeps the rules exactly: within [0, 1], on the axis of greys, out of
a palette.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbifolio.runner.arrays import F32, I32, I64
from orbifolio.runner.strokes.stroke_profile import compiled

Shares = NDArray[np.float32] | NDArray[np.float64]
"""Either precision; colours and errors have the same."""


class ShareMatrix(NamedTuple):
    """Visible shares, sparse, stroke by stroke; those of stroke i are [starts[i], ends[i]).

    Attributes:
        starts: (n,).
        ends: (n,).
        cells: (k,) of the picture.
        shares: (k,) in [0, 1].
        kinds: (k,) which signed permutation a stroke's colour takes on the way to the cell.
        channels: (kinds, 3) the old channel that each new one shows.
        signs: (kinds, 3) 1 or -1.
    """

    starts: I64
    ends: I64
    cells: I32
    shares: Shares
    kinds: I32
    channels: I64
    signs: F32


class ColourBounds(NamedTuple):
    """What colours may be, and what they fall back on.

    Attributes:
        axis: (3,) of length 1 along which colours may change, or zeros where each channel is free.
        palette: (m, 3) the only colours; empty for any.
        defaults: (n, 3) colours that strokes are pulled towards.
        ridge: (n,) cells' worth of the pull.
    """

    axis: F32
    palette: Shares
    defaults: Shares
    ridge: Shares


class WeightedError(NamedTuple):
    """What is left between a picture and its target.

    Attributes:
        errors: (p, 3) picture minus target.
        weights: (p,) of the cells' squared errors.
    """

    errors: Shares
    weights: F32


@compiled
def descend(
    matrix: ShareMatrix, bounds: ColourBounds, residual: WeightedError, colours: Shares, sweeps: int, tolerance: float
) -> None:
    """Coordinate descent on the weighted squared error; each step is exact and within bounds.

    Args:
        matrix: of n strokes.
        residual: at the present colours; its errors follow as they change.
        colours: (n, 3), changed in place.
        sweeps: how many times over all strokes, at most.
        tolerance: ends when no colour changed by as much in a sweep; 0 makes all sweeps.
    """
    cells, shares, kinds = matrix.cells, matrix.shares, matrix.kinds
    errors, weights = residual
    channels, signs, axis, palette = matrix.channels, matrix.signs, bounds.axis, bounds.palette
    slope = np.empty(3)
    fresh = np.empty(3, colours.dtype)
    along_axis = axis[0] != 0.0 or axis[1] != 0.0 or axis[2] != 0.0
    for _ in range(sweeps):
        moved = 0.0
        for n in range(len(matrix.starts)):
            slope[:] = 0.0
            curvature = 0.0
            for at in range(matrix.starts[n], matrix.ends[n]):
                cell, kind = cells[at], kinds[at]
                part = weights[cell] * shares[at]
                curvature += part * shares[at]
                for c in range(3):
                    slope[channels[kind, c]] += signs[kind, c] * part * errors[cell, c]
            for c in range(3):
                slope[c] += bounds.ridge[n] * (colours[n, c] - bounds.defaults[n, c])
            curvature += bounds.ridge[n]
            if curvature <= 0.0:
                continue
            if along_axis:
                along = slope[0] * axis[0] + slope[1] * axis[1] + slope[2] * axis[2]
                for c in range(3):
                    slope[c] = along * axis[c]
            for c in range(3):
                fresh[c] = min(max(colours[n, c] - slope[c] / curvature, 0.0), 1.0)
            if len(palette):
                # The error is a paraboloid of one curvature about the free solution: the nearest colour is best.
                best, chosen = np.inf, 0
                for m in range(len(palette)):
                    away = 0.0
                    for c in range(3):
                        away += (palette[m, c] - (colours[n, c] - slope[c] / curvature)) ** 2
                    if away < best:
                        best, chosen = away, m
                fresh[:] = palette[chosen]
            for at in range(matrix.starts[n], matrix.ends[n]):
                cell, kind, share = cells[at], kinds[at], shares[at]
                for c in range(3):
                    old = channels[kind, c]
                    errors[cell, c] += share * signs[kind, c] * (fresh[old] - colours[n, old])
            for c in range(3):
                moved = max(moved, abs(fresh[c] - colours[n, c]))
            colours[n] = fresh
        if moved < tolerance:
            break


@compiled
def local_means(matrix: ShareMatrix, target: Shares, weights: F32, means: Shares, curvatures: Shares) -> None:
    """The mean of a picture where each stroke is seen, through the colours that it is seen in, and its weight there.

    Args:
        matrix: of n strokes.
        target: (p, 3) in [0, 1].
        weights: (p,) of the cells' squared errors.
        means: (n, 3), changed where a stroke is seen at all.
        curvatures: (n,) sum of weight x share^2, filled.
    """
    total = np.empty(3)
    for n in range(len(matrix.starts)):
        total[:] = 0.0
        seen, curvature = 0.0, 0.0
        for at in range(matrix.starts[n], matrix.ends[n]):
            cell, kind = matrix.cells[at], matrix.kinds[at]
            part = weights[cell] * matrix.shares[at]
            seen += part
            curvature += part * matrix.shares[at]
            for c in range(3):
                total[matrix.channels[kind, c]] += part * matrix.signs[kind, c] * (target[cell, c] - 0.5)
        curvatures[n] = curvature
        if seen > 1e-6:
            for c in range(3):
                means[n, c] = total[c] / seen + 0.5
