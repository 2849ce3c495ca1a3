"""Colours of a painting's strokes in closed form: (composite, target, rules) -> colours (n, 3); palettes.

The least squares are those of `descend`, over the pairs of the strokes.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.strokes.rasteriser.colour_least_squares import (
    ColourBounds,
    ShareMatrix,
    WeightedError,
    descend,
    local_means,
)
from orbifolio.runner.strokes.rasteriser.compositing import removal_gains
from orbifolio.runner.strokes.rasteriser.differentiable import Composite

GREY_AXIS = np.full(3, 3**-0.5, np.float32)
NO_AXIS = np.zeros(3, np.float32)
RIDGE = 0.5  # pixels' worth of the colour the target has where the stroke began


@dataclass(frozen=True)
class ColourRules:
    """What colours strokes may have.

    Attributes:
        grey: equal parts of red, green and blue only.
        palette: (m, 3) the only colours, or empty for any.
    """

    grey: bool = False
    palette: F32 = field(default_factory=lambda: np.zeros((0, 3), np.float32))

    def nearest(self, colours: F32) -> F32:
        """The allowed colours nearest to (n, 3) others."""
        allowed = np.clip(colours, 0, 1).astype(np.float32)
        if self.grey:
            allowed = np.repeat(allowed.mean(-1, keepdims=True), 3, axis=-1)
        if len(self.palette):
            allowed = self.palette[np.square(allowed[:, None] - self.palette).sum(-1).argmin(-1)]
        return np.ascontiguousarray(allowed, np.float32)


def solve_colours(
    composite: Composite,
    colours: F32,
    target: F32,
    weights: F32,
    rules: ColourRules,
    *,
    sweeps: int,
    ridge: float = 0.0,
) -> F32:
    """Better colours for the strokes as they lie.

    Args:
        composite: the strokes on their paper, with `colours`.
        colours: (n, 3), allowed ones.
        target: (p, 3).
        weights: (p,) of the cells' squared errors.
        sweeps: over all strokes; the errors that are left shrink with each.
        ridge: weight of the target's mean where a stroke is seen against the best fit of the whole, which takes
            colours far beyond the target's wherever strokes overlap; 0 for the fit alone, 1 for equal parts.

    Returns:
        (n, 3).
    """
    solved = colours.copy()
    if len(solved):
        matrix = _share_matrix(composite)
        defaults, pulls = colours.copy(), np.full(len(colours), RIDGE, np.float32)
        if ridge:
            curvatures = np.zeros(len(colours), np.float32)
            local_means(matrix, target, weights, defaults, curvatures)
            pulls += np.float32(ridge) * curvatures
        bounds = ColourBounds(GREY_AXIS if rules.grey else NO_AXIS, rules.palette, defaults, pulls)
        descend(matrix, bounds, WeightedError(composite.canvas - target, weights), solved, sweeps, 0.0)
    return solved


def seen_colours(composite: Composite, colours: F32, target: F32, weights: F32) -> F32:
    """(n, 3) the target's mean where each stroke is seen; its colour where it is hidden."""
    means, curvatures = colours.copy(), np.zeros(len(colours), np.float32)
    if len(means):
        local_means(_share_matrix(composite), target, weights, means, curvatures)
    return means


def _share_matrix(composite: Composite) -> ShareMatrix:
    paint, actions = composite.paint, composite.actions
    return ShareMatrix(
        paint.starts, paint.ends, paint.cells, composite.shares(), paint.kinds, actions.channels, actions.signs
    )


def stroke_gains(composite: Composite, colours: F32, target: F32, weights: F32) -> F64:
    """(n,) how much the weighted squared error would grow without each stroke; negative where it would shrink."""
    gains = np.zeros(len(colours))
    removal_gains(
        composite.paint,
        composite.shares(),
        composite.actions.apply(colours),
        composite.below,
        WeightedError(composite.canvas - target, weights),
        gains,
    )
    return gains


def choose_palette(target: F32, count: int, random: np.random.Generator) -> F32:
    """The colours that represent a picture best, by k-means (Lloyd 1982) on some of its pixels.

    Args:
        target: (p, 3) sRGB.
        count: of the colours, at most the number of pixels.
        random: which pixels, and where the search begins (k-means++, Arthur and Vassilvitskii 2007).

    Returns:
        (count, 3), darkest first.
    """
    some = target[random.choice(len(target), min(len(target), 4096), replace=False)].astype(np.float64)
    centres = some[random.integers(len(some))][None]
    while len(centres) < count:
        away = np.square(some[:, None] - centres).sum(-1).min(-1) + 1e-12
        centres = np.concatenate((centres, some[random.choice(len(some), p=away / away.sum())][None]))
    for _ in range(20):
        nearest = np.square(some[:, None] - centres).sum(-1).argmin(-1)
        for number in range(count):
            if (nearest == number).any():
                centres[number] = some[nearest == number].mean(0)
    return np.ascontiguousarray(centres[np.argsort(centres.sum(-1))], np.float32)
