"""The way back through paint: gradient of a loss with respect to a painting -> with respect to its strokes, compiled.

Strokes are opaque, so a stroke's colour shows where nothing lies over it, as much as its bristles leave there:

    picture[p] = sum_i w[i, p] colour[i] + w[ground, p] ground        w[i, p] = opacity[i, p] prod_over (1 - opacity)

in which opacities are those of the very bristles that are painted, on the same cells. What bristles do to the colour
itself (their tones, the wet paint that they take along) and the lamp are left out: they change little and average out.
Where ends or sides of a stroke move, its opacity changes there, and with it how much of what lies below is seen:

    dL / dend[i] = sum_p (gradient[p] . (colour[i] - below[i, p])) prod_over (1 - opacity) dopacity[i, p] / dend[i]
"""

from __future__ import annotations

import numpy as np
from numba import njit

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.painting.bristle_coverage import Covered, band
from orbifolio.runner.painting.bristle_kernels import BristleBrush, lay, of_stroke
from orbifolio.runner.painting.bristle_strokes import BristleStrokes
from orbifolio.runner.strokes.rasteriser.colour_actions import ColourActions

NUDGE, LEAST_NUDGE = 0.15, 0.5
"""Radii, and pixels at least, that ends move by where the change of opacity is measured: about what a bristle fades
over."""
SIDE_NUDGE = 0.5  # pixels that sides move by
HIDDEN = 0.004  # share of a cell that is still seen, below which ends and sides there are left alone
START, STOP, WIDTH = 3, 4, 5
"""Columns of the result after those of the colour."""


@njit(cache=True, nogil=True)
def pulled_back(
    strokes: BristleStrokes,
    covered: Covered,
    grain: F32,
    ground: F32,
    gradient: F32,
    brush: BristleBrush,
    actions: ColourActions,
) -> F64:
    """The gradient of strokes.

    Args:
        strokes: in pixels of the canvas.
        covered: where they lie.
        grain: (p,) of the ground on the cells.
        ground: (3,) sRGB in [0, 1].
        gradient: (p, 3) of the loss, with respect to the cells' colours.
        brush: of all strokes.
        actions: on colours, between strokes and cells.

    Returns:
        (n, 6) of the loss: with respect to the three channels of a stroke's colour; to pixels by which it begins
        earlier, and by which it ends later; to the logarithm of its radius.
    """
    count, slots = len(strokes.radii), covered.firsts[len(strokes.radii)]
    opacities = np.zeros(slots, np.float32)
    below = np.empty((slots, 3), np.float32)
    flat = np.empty((len(grain), 3), np.float32)
    flat[:] = ground
    shown = np.empty(3)
    for s in range(count):
        if covered.firsts[s] == covered.firsts[s + 1]:
            continue
        radius = float(strokes.radii[s])
        line, length, end = band(strokes.points[strokes.offsets[s] : strokes.offsets[s + 1]], radius)
        traits, dry = of_stroke(strokes.seeds[s], radius, length, end, brush)
        for slot in range(covered.firsts[s], covered.firsts[s + 1]):
            cell, kind, v = covered.cells[slot], covered.kinds[slot], float(covered.across[slot])
            u, width = _place(line, float(covered.along[slot]))
            tooth = (grain[cell], strokes.tooth[s])
            laid = lay(u, v, width, (radius, length, end), traits, dry, tooth, brush)
            opacities[slot] = max(0.0, laid.opacity)
            below[slot] = flat[cell]
            for c in range(3):
                shown[c] = (strokes.colours[s, actions.channels[kind, c]] - 0.5) * actions.signs[kind, c] + 0.5
                flat[cell, c] += opacities[slot] * (shown[c] - flat[cell, c])
    found = np.zeros((count, 6))
    seen = np.ones(len(grain), np.float32)  # of each cell below the strokes so far, from the topmost down
    for s in range(count - 1, -1, -1):
        if covered.firsts[s] == covered.firsts[s + 1]:
            continue
        radius = float(strokes.radii[s])
        line, length, end = band(strokes.points[strokes.offsets[s] : strokes.offsets[s + 1]], radius)
        traits, dry = of_stroke(strokes.seeds[s], radius, length, end, brush)
        shape = (radius, length, end)
        nudge = max(LEAST_NUDGE, NUDGE * radius)
        earlier, later = traits.copy(), traits.copy()
        earlier[:, 2] -= nudge
        later[:, 3] += nudge
        for slot in range(covered.firsts[s], covered.firsts[s + 1]):
            cell, kind, v = covered.cells[slot], covered.kinds[slot], float(covered.across[slot])
            share, opacity = seen[cell], opacities[slot]
            if share < HIDDEN:
                continue
            slope = 0.0
            for c in range(3):
                channel, sign = actions.channels[kind, c], actions.signs[kind, c]
                towards = gradient[cell, c]
                found[s, channel] += share * opacity * towards * sign
                slope += towards * ((strokes.colours[s, channel] - 0.5) * sign + 0.5 - below[slot, c])
            slope *= share
            u, width = _place(line, float(covered.along[slot]))
            tooth = (grain[cell], strokes.tooth[s])
            found[s, START] += slope * (lay(u, v, width, shape, earlier, dry, tooth, brush).opacity - opacity) / nudge
            found[s, STOP] += slope * (lay(u, v, width, shape, later, dry, tooth, brush).opacity - opacity) / nudge
            wider = width + SIDE_NUDGE
            laid = lay(u, v * width / wider, wider, shape, traits, dry, tooth, brush)
            found[s, WIDTH] += slope * (laid.opacity - opacity) * width / SIDE_NUDGE
            seen[cell] = share * (1 - opacity)
    return found


@njit(inline="always")
def _place(line: F64, along: float) -> tuple[float, float]:
    """Where in a band, u, and half its width, at a place of its line."""
    k = min(line.shape[0] - 2, int(along))
    t = along - k
    u = line[k, 5] + t * (line[k + 1, 5] - line[k, 5])
    return u, line[k, 4] + t * (line[k + 1, 4] - line[k, 4])
