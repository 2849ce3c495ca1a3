"""How well an agent paints: errors of its paintings, and how consistent its strokes are within a class.

The order of strokes is measured at their middles. `spread` is how far the k-th stroke of a picture lies from the mean
k-th stroke of its class, `shuffled` the same with the strokes of each picture in random order. So
`order = 1 - spread / shuffled` is 0 for an agent without habits and 1 for one that always makes the same strokes.
"""

from __future__ import annotations

import numpy as np
from torch import Tensor
from torch.nn.functional import max_pool2d

from orbifolio.runner.arrays import F64
from orbifolio.runner.strokes.agent.rollout import Rollout
from orbifolio.runner.strokes.brush_models.metrics import decibels
from orbifolio.runner.strokes.mypaint.actions import VIA

NEAR = 1  # pixels beside a picture's ink that are not stray: a brush's edge is softer than a pen's
SHUFFLES = 8  # random orders of each class, averaged


def picture_errors(paintings: Tensor, targets: Tensor) -> dict[str, float]:
    """Mean squared error and decibels of pictures in [0, 1] of one shape."""
    error = float((paintings - targets).square().mean())
    return {"mse": error, "psnr": decibels(error)}


def stray_ink(covered: Tensor, targets: Tensor) -> Tensor:
    """Ink where a picture is paper for `NEAR` pixels around, (n, side, side).

    Args:
        covered: (n, side, side) in [0, 1], how much of the paper is covered.
        targets: (n, planes, side, side) in [0, 1].
    """
    dark = 1 - targets.mean(dim=1, keepdim=True)
    paper: Tensor = 1 - max_pool2d(dark, 2 * NEAR + 1, stride=1, padding=NEAR)[:, 0]
    return covered * paper


def ink_shares(rollout: Rollout, targets: Tensor) -> dict[str, float]:
    """Shares of the ink that serve nothing: `stray` of what is seen, `hidden` of what was laid.

    Args:
        targets: (n, planes, side, side) in [0, 1], what was to be painted.
    """
    seen, laid = float(rollout.covered.sum()), float(rollout.laid.sum())
    stray = float(stray_ink(rollout.covered, targets).sum())
    return {"stray": stray / max(seen, 1e-12), "hidden": (laid - seen) / max(laid, 1e-12)}


def stroke_order(actions: Tensor, classes: Tensor, seed: int) -> dict[str, float]:
    """How consistent the order of strokes is; see the module's docstring.

    Args:
        actions: (n, t, 12) of n paintings.
        classes: (n,) numbers; negative for pictures without a class.
        seed: of the random orders.

    Returns:
        `spread` and `shuffled` in sides of the canvas, and `order`; nothing without classes.
    """
    middles, labels = actions[:, :, VIA].detach().numpy().astype(np.float64), classes.numpy()
    random = np.random.default_rng([seed, 21])
    spread, shuffled, count = 0.0, 0.0, 0
    for label in np.unique(labels[labels >= 0]):
        alike = middles[labels == label]
        if len(alike) < 2:
            continue
        count += len(alike)
        spread += len(alike) * _spread(alike)
        numbers = np.arange(alike.shape[1])[None].repeat(len(alike), 0)
        orders = [random.permuted(numbers, axis=1)[..., None] for _ in range(SHUFFLES)]
        shuffled += len(alike) * float(np.mean([_spread(np.take_along_axis(alike, order, 1)) for order in orders]))
    if not count:
        return {}
    return {"spread": spread / count, "shuffled": shuffled / count, "order": 1 - spread / max(shuffled, 1e-12)}


def _spread(middles: F64) -> float:
    """Mean distance of the k-th middle from the mean k-th middle, (n, t, 2) -> in sides."""
    return float(np.hypot(*np.moveaxis(middles - middles.mean(axis=0), 2, 0)).mean())
