"""An action is 12 numbers in [0, 1], one brush stroke, in the order of Nakano (2019).

    action (12,) -> curve (points, 2) in pixels, pressure (points,), log radius, colour (3,)

The columns are `NAMES`. The stroke is a quadratic Bezier that passes through its *via* point at t = 1/2, so the
curve's own control point is `mid + 2 (via - mid)`, where `mid` is the middle of start and end. The pressure ramps
from its entry value to the mean over the first quarter, holds, and ramps to its end value over the last quarter.

Convention: x to the right, y down, in pixels of the stroke's canvas with the origin at its top-left corner; the
centre of pixel (row i, column j) is (j + 0.5, i + 0.5). Works on NumPy arrays and torch tensors alike.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import numpy.typing as npt

from orbifolio.runner.arrays import F32, F64

if TYPE_CHECKING:
    from torch import Tensor

    Array = TypeVar("Array", npt.NDArray[Any], Tensor)

Actions = F32
"""(n, 12) in [0, 1]."""

NAMES = (
    "end pressure",
    "size",
    "via x",
    "via y",
    "end x",
    "end y",
    "red",
    "green",
    "blue",
    "start x",
    "start y",
    "entry pressure",
)
END_PRESSURE, SIZE, VIA, END, COLOUR, START, ENTRY_PRESSURE = (
    0,
    1,
    slice(2, 4),
    slice(4, 6),
    slice(6, 9),
    slice(9, 11),
    11,
)
SHAPE = (0, 1, 2, 3, 4, 5, 9, 10, 11)
"""The nine columns that decide where the paint goes; the other three are its colour."""
COUNT = len(NAMES)
RAMP = 0.25  # share of a stroke over which the pressure changes, at each end


@dataclass(frozen=True)
class Space:
    """What the numbers of an action mean to the paint program.

    Attributes:
        canvas: side of the square canvas in pixels; positions 0 to 1 span it.
        scale: magnification of canvas, curve and brush.
        points: how many of the curve the program is given.
        seconds: from one point to the next.
        pressure: of the pen where an action's pressure is 1.
        log_radius: natural logarithm of the brush's basic radius in pixels for a size of 1 (0 for a size of 0).
        ramp: share of the stroke over which the pressure changes, at each end.
    """

    canvas: int = 64
    scale: float = 1.0
    points: int = 100
    seconds: float = 0.1
    pressure: float = 0.8
    log_radius: float = 2.0
    ramp: float = RAMP

    @property
    def pixels(self) -> int:
        """Side of the picture of one stroke."""
        return round(self.canvas * self.scale)

    def times(self) -> F64:
        """(points,) curve parameters from 0 to 1, both included."""
        return np.linspace(0.0, 1.0, self.points)

    def curve(self, actions: Actions) -> F64:
        """(n, 12) -> (n, points, 2) positions in pixels."""
        wide = np.asarray(actions, np.float64) * self.canvas * self.scale
        return bezier(wide[:, None, START], wide[:, None, VIA], wide[:, None, END], self.times()[None, :, None])

    def pressures(self, actions: Actions) -> F64:
        """(n, 12) -> (n, points) pressures of the pen, in [0, `pressure`]."""
        wide = np.asarray(actions, np.float64)
        profile = pressure_at(wide[:, None, ENTRY_PRESSURE], wide[:, None, END_PRESSURE], self.times()[None], self.ramp)
        return profile * self.pressure

    def log_radii(self, actions: Actions) -> F64:
        """(n, 12) -> (n,) natural logarithms of basic radii in pixels."""
        return np.asarray(actions, np.float64)[:, SIZE] * self.log_radius + math.log(self.scale)


def bezier(start: Array, via: Array, end: Array, t: Array) -> Array:
    """The quadratic Bezier curve from `start` to `end` through `via` at t = 1/2, for t in [0, 1].

    All arguments broadcast. The control point c follows from B(1/2) = start/4 + c/2 + end/4 = via.
    """
    control = 2 * via - (start + end) / 2
    points: Array = (1 - t) ** 2 * start + 2 * t * (1 - t) * control + t**2 * end
    return points


def bezier_velocity(start: Array, via: Array, end: Array, t: Array) -> Array:
    """The derivative of `bezier` by t."""
    control = 2 * via - (start + end) / 2
    velocity: Array = 2 * (1 - t) * (control - start) + 2 * t * (end - control)
    return velocity


def pressure_at(entry: Array, end: Array, t: Array, ramp: float = RAMP) -> Array:
    """The pressure at t in [0, 1]: entry value, ramp to the mean, mean, ramp to the end value; arguments broadcast.

    Args:
        entry: pressure at t = 0.
        end: pressure at t = 1.
        t: curve parameter in [0, 1].
        ramp: share of the stroke over which the pressure changes, at each end.
    """
    mean = (entry + end) / 2
    rising = (1 - t / ramp).clip(0, 1)
    falling = (1 - (1 - t) / ramp).clip(0, 1)
    pressure: Array = mean + (entry - mean) * rising + (end - mean) * falling
    return pressure


def draw_actions(count: int, random: np.random.Generator) -> Actions:
    """(count, 12) actions, uniform in [0, 1]."""
    return random.random((count, COUNT), dtype=np.float32)


def connect(actions: Actions) -> Actions:
    """A copy in which each stroke begins at the place and with the pressure at which the one before ended."""
    joined = np.array(actions, np.float32)
    joined[1:, START] = joined[:-1, END]
    joined[1:, ENTRY_PRESSURE] = joined[:-1, END_PRESSURE]
    return joined
