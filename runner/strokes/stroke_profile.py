"""What happens along a stroke, compiled: (time or length) -> pressure, swelling of the radius, nearness of an end.

For the compiled twins of `geometry`, which look a learnt brush up in a table.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

from orbifolio.runner.arrays import F64
from orbifolio.runner.strokes.mypaint.actions import RAMP

Function = TypeVar("Function", bound=Callable[..., Any])

FADE = 2.0  # radii from an end beyond which the end has no influence


def compiled(function: Function) -> Function:
    """Compile on first use, kept on disk; NumPy's rules of division, since places divide by radii that are never 0."""
    plain: Any = njit  # numba's own annotations leave these options out
    return cast(Function, plain(cache=True, nogil=True, error_model="numpy")(function))


@compiled
def swell(pressure: float, swelling: F64) -> tuple[float, float]:
    """What a pressure adds to the logarithm of the radius, and its derivative."""
    last = len(swelling) - 1
    if pressure <= swelling[0, 0]:
        return swelling[0, 1], 0.0
    for k in range(last):
        if pressure < swelling[k + 1, 0]:
            slope = (swelling[k + 1, 1] - swelling[k, 1]) / (swelling[k + 1, 0] - swelling[k, 0])
            return swelling[k, 1] + slope * (pressure - swelling[k, 0]), slope
    return swelling[last, 1], 0.0


@compiled
def press(entry: float, leave: float, t: float) -> float:
    """`actions.pressure_at`."""
    mean = 0.5 * (entry + leave)
    if t < RAMP:
        return mean + (entry - mean) * (1.0 - t / RAMP)
    if t > 1.0 - RAMP:
        return mean + (leave - mean) * (1.0 - (1.0 - t) / RAMP)
    return mean


@compiled
def fade(length: float) -> tuple[float, float]:
    """A smooth step from -1 to 1 over a length in radii, and its derivative."""
    x = min(max(length, -FADE), FADE) / FADE
    return 1.5 * x - 0.5 * x * x * x, (1.5 - 1.5 * x * x) / FADE
