"""How well an agent paints: errors of its paintings, and ink that serves nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn.functional import max_pool2d

from orbifolio.runner.strokes.agent.rollout import Rollout
from orbifolio.runner.strokes.brush_models.metrics import decibels

if TYPE_CHECKING:
    from torch import Tensor

NEAR = 1  # pixels beside a picture's ink that are not stray: a brush's edge is softer than a pen's


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
