"""Strokes over each other, compiled: (opacities of pairs, colours, canvas) -> canvas, and what follows from that order.

    canvas <- canvas + alpha (colour - canvas)        back to front

Backward from front to back: with G the gradient of the canvas above, d alpha = G (colour - canvas below), d colour =
sum alpha G, and below it G (1 - alpha). The same walk gives each pair's *share*, the part of the finished picture's
colour that comes from this stroke, in which the picture is linear in the colours; and each stroke's *gain*, what the
squared error would grow by without it.

A stroke that reaches a cell from several places is laid there once for each.
"""

from __future__ import annotations

import numpy as np

from orbifolio.runner.strokes.rasteriser.numba_threads import Doubles, Floats, Integers, Longs
from orbifolio.runner.strokes.rasteriser.stroke_profile import compiled


@compiled
def lay(
    starts: Longs,
    ends: Longs,
    cells: Integers,
    kinds: Integers,
    alphas: Floats,
    paints: Floats,
    canvas: Floats,
    below: Floats,
) -> None:
    """Paint on a canvas, in place, and keep what was below each pair.

    Args:
        starts: (n,) of each stroke's pairs.
        ends: likewise.
        cells: (k,) of the pairs.
        kinds: (k,) which of a stroke's paints a pair has.
        alphas: (k,).
        paints: (n, turns, 3), see `turns`.
        canvas: (p, 3), changed.
        below: (k, 3), filled.
    """
    for n in range(len(starts)):
        for at in range(starts[n], ends[n]):
            cell, alpha, paint = cells[at], alphas[at], paints[n, kinds[at]]
            under = canvas[cell]
            below[at, 0], below[at, 1], below[at, 2] = under[0], under[1], under[2]
            under[0] += alpha * (paint[0] - under[0])
            under[1] += alpha * (paint[1] - under[1])
            under[2] += alpha * (paint[2] - under[2])


@compiled
def lay_back(
    starts: Longs,
    ends: Longs,
    cells: Integers,
    kinds: Integers,
    alphas: Floats,
    paints: Floats,
    below: Floats,
    above: Floats,
    to_alphas: Floats,
    to_paints: Doubles,
) -> None:
    """Gradients; `above` (p, 3) is that of the picture and becomes that of the paper.

    Args:
        starts: as forward, like all up to `below`.
        ends: see there.
        cells: see there.
        kinds: see there.
        alphas: see there.
        paints: see there.
        below: see there.
        above: (p, 3), changed.
        to_alphas: (k,), filled.
        to_paints: (n, turns, 3), added to.
    """
    for n in range(len(starts) - 1, -1, -1):
        for at in range(ends[n] - 1, starts[n] - 1, -1):
            alpha, under, gradient, paint = alphas[at], below[at], above[cells[at]], paints[n, kinds[at]]
            to_alphas[at] = (
                gradient[0] * (paint[0] - under[0])
                + gradient[1] * (paint[1] - under[1])
                + gradient[2] * (paint[2] - under[2])
            )
            total = to_paints[n, kinds[at]]
            total[0] += alpha * gradient[0]
            total[1] += alpha * gradient[1]
            total[2] += alpha * gradient[2]
            keep = np.float32(1.0) - alpha
            gradient[0] *= keep
            gradient[1] *= keep
            gradient[2] *= keep


@compiled
def share_out(starts: Longs, ends: Longs, cells: Integers, alphas: Floats, open_: Floats, shares: Floats) -> None:
    """Each pair's share of the finished picture; `open_` (p,) begins as ones and becomes the paper's share.

    Args:
        starts: (n,) of each stroke's pairs.
        ends: likewise.
        cells: (k,) of the pairs.
        alphas: (k,).
        open_: (p,), changed.
        shares: (k,), filled.
    """
    for n in range(len(starts) - 1, -1, -1):
        for at in range(ends[n] - 1, starts[n] - 1, -1):
            cell = cells[at]
            shares[at] = alphas[at] * open_[cell]
            open_[cell] *= np.float32(1.0) - alphas[at]


@compiled
def gains(
    starts: Longs,
    ends: Longs,
    cells: Integers,
    kinds: Integers,
    shares: Floats,
    paints: Floats,
    below: Floats,
    errors: Floats,
    weights: Floats,
    found: Doubles,
) -> None:
    """What the weighted squared error would grow by without each stroke, the others staying as they are.

    Args:
        starts: (n,) of each stroke's pairs.
        ends: likewise.
        cells: (k,) of the pairs.
        kinds: (k,) see `lay`.
        shares: (k,) of `share_out`.
        paints: (n, turns, 3).
        below: (k, 3) of `lay`.
        errors: (p, 3) picture minus target.
        weights: (p,) of the cells.
        found: (n,), filled.
    """
    for n in range(len(starts)):
        total = 0.0
        for at in range(starts[n], ends[n]):
            cell, share = cells[at], shares[at]
            for c in range(3):
                change = share * (paints[n, kinds[at], c] - below[at, c])
                total += weights[cell] * change * (change - 2.0 * errors[cell, c])
        found[n] = total


@compiled
def settle(
    starts: Longs,
    ends: Longs,
    cells: Integers,
    kinds: Integers,
    channels: Longs,
    signs: Floats,
    shares: Floats,
    weights: Floats,
    errors: Floats,
    colours: Floats,
    wishes: Floats,
    ridge: float,
    axis: Floats,
    palette: Floats,
    sweeps: int,
) -> None:
    """Colours by coordinate descent on the weighted squared error; each step is exact and within bounds.

    Args:
        starts: (n,) of each stroke's pairs.
        ends: likewise.
        cells: (k,) of the pairs.
        kinds: (k,) see `lay`.
        channels: (turns, 3) of colours, see `turns`.
        signs: (turns, 3).
        shares: (k,) of `share_out`.
        weights: (p,) of the cells.
        errors: (p, 3) picture minus target at the present colours, kept up to date.
        colours: (n, 3), changed.
        wishes: (n, 3) colours that a hardly visible stroke falls back on.
        ridge: cells' worth of that wish.
        axis: (3,) of length 1 along which colours may change, or zeros where each channel is free.
        palette: (m, 3) the only colours; empty for any.
        sweeps: how many times over all strokes.
    """
    slope = np.empty(3)
    fresh = np.empty(3, np.float32)
    grey = axis[0] != 0.0 or axis[1] != 0.0 or axis[2] != 0.0
    for _ in range(sweeps):
        for n in range(len(starts)):
            slope[:] = 0.0
            steep = 0.0
            for at in range(starts[n], ends[n]):
                cell, kind = cells[at], kinds[at]
                part = weights[cell] * shares[at]
                steep += part * shares[at]
                for c in range(3):
                    slope[channels[kind, c]] += signs[kind, c] * part * errors[cell, c]
            for c in range(3):
                slope[c] += ridge * (colours[n, c] - wishes[n, c])
            steep += ridge
            if steep <= 0.0:
                continue
            if grey:
                along = slope[0] * axis[0] + slope[1] * axis[1] + slope[2] * axis[2]
                for c in range(3):
                    slope[c] = along * axis[c]
            for c in range(3):
                fresh[c] = min(max(colours[n, c] - slope[c] / steep, 0.0), 1.0)
            if len(palette):
                # The error is a paraboloid of one curvature about the free solution: the nearest colour is best.
                best, chosen = np.inf, 0
                for m in range(len(palette)):
                    away = 0.0
                    for c in range(3):
                        away += (palette[m, c] - (colours[n, c] - slope[c] / steep)) ** 2
                    if away < best:
                        best, chosen = away, m
                fresh[:] = palette[chosen]
            for at in range(starts[n], ends[n]):
                cell, kind, share = cells[at], kinds[at], shares[at]
                for c in range(3):
                    old = channels[kind, c]
                    errors[cell, c] += share * signs[kind, c] * (fresh[old] - colours[n, old])
            colours[n] = fresh
