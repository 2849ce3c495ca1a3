"""A stroke's profile: its width from point to point, by how a brush is pressed."""

from __future__ import annotations

import numpy as np

from orbifolio.runner.arrays import F32, I64, Bools
from orbifolio.runner.painting.look import PaintingLook


def profile(spines: F32, offsets: I64, look: PaintingLook, seed: int, *, turned: Bools) -> F32:
    """Spines with the width of a stroke at each point.

    Args:
        spines: (N, 2) x and y.
        offsets: (n + 1,) where each begins.
        look: its taper and wobble.
        seed: of the wobble.
        turned: (n,) whether a stroke is painted the other way round.

    Returns:
        (N, 3) x, y and width as a share of the radius.
    """
    counts = np.diff(offsets)
    stroke = np.repeat(np.arange(len(counts)), counts)
    index = np.arange(len(spines)) - offsets[stroke]
    index = np.where(turned[stroke], counts[stroke] - 1 - index, index)
    points = np.empty((len(spines), 3), np.float32)
    points[:, :2] = spines[offsets[stroke] + index]
    along = (np.arange(len(spines)) - offsets[stroke] + 0.5) / counts[stroke]
    # thin at both ends, widest after a third: a brush is pressed soon and lifted slowly
    thinned = 1 - look.taper * (1 - np.sin(np.pi * np.minimum(1, 0.06 + 0.94 * along**0.75)))
    unsteady = np.random.default_rng(seed).random(len(spines)) - 0.5 if look.wobble else 0.0
    points[:, 2] = np.maximum(0.12, thinned) * (1 + 0.45 * look.wobble * unsteady)
    return points
