"""How well an agent paints: episodes against their targets, and how alike it goes about pictures of one class.

The order of strokes is measured at their middles. `spread` is how far the k-th stroke of a picture lies from the mean
k-th stroke of its class; if the strokes of each picture were made in any order it would be `shuffled`. So
`order = 1 - spread / shuffled` is 0 for an agent without habits and 1 for one that always makes the same strokes.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor

from orbifolio.runner.arrays import F64
from orbifolio.runner.strokes.brush_models.metrics import decibels
from orbifolio.runner.strokes.mypaint.actions import VIA

SHUFFLES = 8


def against(paintings: Tensor, targets: Tensor) -> dict[str, float]:
    """Mean squared error and decibels of pictures in [0, 1] of one shape."""
    error = float((paintings - targets).square().mean())
    return {"mse": error, "psnr": decibels(error)}


def order(actions: Tensor, classes: Tensor, seed: int) -> dict[str, float]:
    """How consistent the order of strokes is; see the module's docstring.

    Args:
        actions: (n, t, 12).
        classes: (n,) numbers; below 0 is none.
        seed: of the shuffles.

    Returns:
        `spread` and `shuffled` in sides of the canvas, and `order`; nothing without classes.
    """
    middles, labels = actions[:, :, VIA].detach().numpy().astype(np.float64), classes.numpy()
    random = np.random.default_rng([seed, 21])
    found, mixed, count = 0.0, 0.0, 0
    for label in np.unique(labels[labels >= 0]):
        mine = middles[labels == label]
        if len(mine) < 2:
            continue
        count += len(mine)
        found += len(mine) * _spread(mine)
        shuffled = [
            random.permuted(np.arange(mine.shape[1])[None].repeat(len(mine), 0), axis=1) for _ in range(SHUFFLES)
        ]
        mixed += len(mine) * float(np.mean([_spread(np.take_along_axis(mine, k[..., None], 1)) for k in shuffled]))
    if not count:
        return {}
    return {"spread": found / count, "shuffled": mixed / count, "order": 1 - found / max(mixed, 1e-12)}


def _spread(middles: F64) -> float:
    """Mean distance of the k-th middle from the mean k-th middle, (n, t, 2) -> in sides."""
    return float(np.hypot(*np.moveaxis(middles - middles.mean(axis=0), 2, 0)).mean())
