"""Colours of strokes in closed form: (laid strokes, target, rules) -> colours (n, 3).

With the opacities fixed the picture is linear in the colours, so the best ones are bounded least squares; coordinate
descent (`layering.settle`) keeps every rule exactly: within [0, 1], on the axis of greys, out of a palette.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from orbifolio.runner.strokes.rasteriser.compositing import gains, settle
from orbifolio.runner.strokes.rasteriser.differentiable import Laid
from orbifolio.runner.strokes.rasteriser.numba_threads import Doubles, Floats

GREY = np.full(3, 3**-0.5, np.float32)
FREE = np.zeros(3, np.float32)
SWEEPS = 6
RIDGE = 0.5  # pixels' worth of the colour the target has where the stroke began


@dataclass(frozen=True)
class Rules:
    """What colours strokes may have.

    Attributes:
        grey: equal parts of red, green and blue only.
        palette: (m, 3) the only colours, or empty for any.
    """

    grey: bool = False
    palette: Floats = field(default_factory=lambda: np.zeros((0, 3), np.float32))

    def keep(self, colours: Floats) -> Floats:
        """The nearest colours that are allowed.

        Args:
            colours: (n, 3).
        """
        kept = np.clip(colours, 0, 1).astype(np.float32)
        if self.grey:
            kept = np.repeat(kept.mean(-1, keepdims=True), 3, axis=-1)
        if len(self.palette):
            kept = self.palette[np.square(kept[:, None] - self.palette).sum(-1).argmin(-1)]
        return np.ascontiguousarray(kept, np.float32)


def solve_colours(
    laid: Laid, colours: Floats, target: Floats, weights: Floats, rules: Rules, *, sweeps: int = SWEEPS
) -> Floats:
    """Better colours for the strokes as they lie.

    Args:
        laid: the strokes on their paper, with `colours`.
        colours: (n, 3), allowed ones.
        target: (p, 3).
        weights: (p,) of the cells' squared errors.
        rules: what colours may be.
        sweeps: of coordinate descent.

    Returns:
        (n, 3).
    """
    found = colours.copy()
    if len(found):
        axis = GREY if rules.grey else FREE
        errors = laid.canvas - target
        settle(
            laid.pairs.starts,
            laid.pairs.ends,
            laid.cells,
            laid.kinds,
            laid.turns.channels,
            laid.turns.signs,
            laid.shares(),
            weights,
            errors,
            found,
            colours.copy(),
            RIDGE,
            axis,
            rules.palette,
            sweeps,
        )
    return found


def stroke_gains(laid: Laid, colours: Floats, target: Floats, weights: Floats) -> Doubles:
    """(n,) what the weighted squared error would grow by without each stroke; negative if it were better so."""
    found = np.zeros(len(colours))
    gains(
        laid.pairs.starts,
        laid.pairs.ends,
        laid.cells,
        laid.kinds,
        laid.shares(),
        laid.turns.paints(colours),
        laid.below,
        laid.canvas - target,
        weights,
        found,
    )
    return found


def choose_palette(target: Floats, count: int, random: np.random.Generator) -> Floats:
    """The colours that a picture is told in best, by k-means (Lloyd 1982) on some of its pixels.

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


def parse(colour: str) -> tuple[float, float, float]:
    """A colour from `#rrggbb`.

    >>> parse("#ff0080")
    (1.0, 0.0, 0.5019607843137255)
    """
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue
