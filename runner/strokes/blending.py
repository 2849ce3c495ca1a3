"""How paint lies on what is below it: the over-operator and the soft threshold, one spelling each.

    over(below, colour, opacity) = below + opacity (colour - below)

After Porter and Duff (1984), on an opaque ground. With G the gradient of the result, d opacity = G (colour - below),
d colour = opacity G and d below = (1 - opacity) G. Of two opacities a over b, what is below shows through with
(1 - a)(1 - b), so laying is associative, and a stroke's visible share is its opacity times what all above let through.

Works on NumPy arrays, torch tensors and, as `over_pixel`, in compiled loops.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.strokes.stroke_profile import compiled

STEEPNESS = 8.0
"""Slope of an opaque stroke's edge: an eighth of the opacities lies on it, so that the edge is not jagged."""

Paint = TypeVar("Paint")


def over(below: Paint, colour: Any, opacity: Any) -> Paint:
    """Paint on a ground; all arguments broadcast.

    Args:
        opacity: in [0, 1].
    """
    result: Paint = below + opacity * (colour - below)
    return result


def lay_over(below: F32, colour: Any, opacity: Any) -> None:
    """`over`, in place."""
    below += opacity * (colour - below)


over_pixel = compiled(over)


def soft_threshold(opacities: F32) -> F32:
    """Paint that covers or does not: 1 above a half, 0 below, with an edge that is not jagged."""
    half, slope = np.float32(0.5), np.float32(STEEPNESS)
    return ((opacities - half) * slope + half).clip(0, 1)


@compiled
def soft_threshold_at(opacity: float) -> tuple[float, float]:
    """`soft_threshold` of one opacity, and its derivative."""
    x = (opacity - 0.5) * STEEPNESS + 0.5
    if x <= 0.0:
        return 0.0, 0.0
    return (1.0, 0.0) if x >= 1.0 else (x, STEEPNESS)
