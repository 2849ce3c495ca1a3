"""Paints are a few colours that stand for all: (colours, areas, count) -> (m, 3) paints and the paint of each colour.

Weighted k-means in CIE 1976 Lab, begun from the colours farthest from all chosen before: nothing is random.
"""

from __future__ import annotations

import numpy as np
from skimage.color import lab2rgb, rgb2lab

from orbifolio.runner.arrays import F32, F64, I64

ROUNDS = 40
SAME = 0.5  # in Lab: colours nearer than that are one


def choose(colours: F32, weights: F64, count: int) -> tuple[F64, I64]:
    """The paints that stand for colours.

    Args:
        colours: (n, 3) sRGB in [0, 1].
        weights: (n,) of each, e.g. the area it covers.
        count: paints at most.

    Returns:
        (m, 3) sRGB, the lightest first, m <= count; (n,) number of the paint of each colour.
    """
    if not len(colours):
        return np.zeros((0, 3)), np.zeros(0, np.int64)
    lab = rgb2lab(colours.astype(np.float64))
    heavy = np.maximum(weights.astype(np.float64), 1e-9)
    centres = _spread(lab, heavy, count)
    for _ in range(ROUNDS):
        own = _nearest(lab, centres)
        sums = np.stack([np.bincount(own, heavy * lab[:, axis], len(centres)) for axis in range(3)], axis=1)
        mass = np.bincount(own, heavy, len(centres))
        moved = np.where(mass[:, None] > 0, sums / np.maximum(mass, 1e-12)[:, None], centres)
        if np.abs(moved - centres).max() < 1e-6:
            break
        centres = moved
    centres = centres[np.argsort(-centres[:, 0], kind="stable")]
    return np.clip(lab2rgb(centres), 0, 1), _nearest(lab, centres)


def _spread(lab: F64, weights: F64, count: int) -> F64:
    """Colours far from each other, the commonest first; fewer if there are not so many."""
    chosen = [lab[int(weights.argmax())]]
    away = np.square(lab - chosen[0]).sum(1)
    while len(chosen) < count and away.max() > SAME**2:
        # A colour's weight counts as well, lest every paint goes to some tiny spot.
        chosen.append(lab[int((away * np.sqrt(weights)).argmax())])
        away = np.minimum(away, np.square(lab - chosen[-1]).sum(1))
    return np.array(chosen)


def _nearest(lab: F64, centres: F64) -> I64:
    found: I64 = np.square(lab[:, None] - centres[None]).sum(-1).argmin(1)
    return found
