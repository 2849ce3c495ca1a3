"""Palettes of a few paints in place of many colours: (colours, areas, count) -> (m, 3) paints, paint of each colour.

Weighted k-means in CIE 1976 Lab, deterministic: it starts from colours far from each other.
"""

from __future__ import annotations

import numpy as np

from orbifolio.runner.arrays import F32, F64, I64
from orbifolio.runner.deferred import color

MAX_ROUNDS = 40  # of k-means, which bounds the time; ten are enough for 300 colours
SAME_TOLERANCE = 0.5  # distance in Lab within which colours count as one; 2 is just noticeable


def choose(colours: F32, weights: F64, count: int) -> tuple[F64, I64]:
    """Choose paints for colours.

    Args:
        colours: (n, 3) sRGB in [0, 1].
        weights: (n,) importance of each, e.g. its area.
        count: maximal number of paints.

    Returns:
        (m, 3) sRGB paints, the lightest first, m <= count; (n,) number of the paint of each colour.
    """
    if not len(colours):
        return np.zeros((0, 3)), np.zeros(0, np.int64)
    lab = color.rgb2lab(colours.astype(np.float64))
    heavy = np.maximum(weights.astype(np.float64), 1e-9)
    centres = _spread(lab, heavy, count)
    for _ in range(MAX_ROUNDS):
        own = _nearest(lab, centres)
        sums = np.stack([np.bincount(own, heavy * lab[:, axis], len(centres)) for axis in range(3)], axis=1)
        mass = np.bincount(own, heavy, len(centres))
        moved = np.where(mass[:, None] > 0, sums / np.maximum(mass, 1e-12)[:, None], centres)
        if np.abs(moved - centres).max() < 1e-6:
            break
        centres = moved
    centres = centres[np.argsort(-centres[:, 0], kind="stable")]
    return np.clip(color.lab2rgb(centres), 0, 1), _nearest(lab, centres)


def _spread(lab: F64, weights: F64, count: int) -> F64:
    """At most `count` colours far from each other, the heaviest first."""
    chosen = [lab[int(weights.argmax())]]
    away = np.square(lab - chosen[0]).sum(1)
    while len(chosen) < count and away.max() > SAME_TOLERANCE**2:
        # Weights count too, or paints would go to tiny spots.
        chosen.append(lab[int((away * np.sqrt(weights)).argmax())])
        away = np.minimum(away, np.square(lab - chosen[-1]).sum(1))
    return np.array(chosen)


def _nearest(lab: F64, centres: F64) -> I64:
    numbers: I64 = np.square(lab[:, None] - centres[None]).sum(-1).argmin(1)
    return numbers
