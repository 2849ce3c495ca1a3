"""Strokes as rows of nine named columns, apart from their colours: `StrokeArray`, (n, 9) and the (n,) units.

| column                           | meaning                                                               |
|----------------------------------|-----------------------------------------------------------------------|
| `START`, `VIA`, `END`            | x and y in pixels; the curve is the parabola through `VIA` at t = 1/2 |
| `LOG_RADIUS`                     | natural logarithm of the brush's basic radius in units                |
| `ENTRY_PRESSURE`, `END_PRESSURE` | pressure of an action, in [0, 1]                                      |

A unit is a pixel of the canvas that the brush was learnt on, in pixels of the picture: a stroke of unit 8 is one of
unit 1 drawn eight times as large. Rows *in units* have their places in units too; painters take them as tensors, on any
device. A stroke document has the radius in pixels instead of its logarithm, and the unit as its tenth column
(`StrokeArray.document_columns`).

Convention: x to the right, y down; the centre of pixel (row i, column j) is (j + 0.5, i + 0.5). The first stroke lies
undermost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from orbifolio.runner.arrays import F32, I64, Bools
from orbifolio.runner.deferred import torch
from orbifolio.runner.strokes.mypaint.actions import Space

if TYPE_CHECKING:
    from torch import Tensor

START, VIA, END = slice(0, 2), slice(2, 4), slice(4, 6)
CURVE = slice(0, 6)
"""The three points of the curve."""
LOG_RADIUS, ENTRY_PRESSURE, END_PRESSURE = 6, 7, 8
COLUMNS = 9  # of the table above
ACTION_COLUMNS = (9, 10, 2, 3, 4, 5, 1, 11, 0)
"""Where an action of twelve numbers (`actions.NAMES`) has them."""


class StrokeArray(NamedTuple):
    """Where the paint of n strokes goes; a named tuple, so that compiled loops take it whole.

    Attributes:
        rows: (n, 9), see the module's docstring.
        units: (n,) pixels.
    """

    rows: F32
    units: F32

    @property
    def size(self) -> int:
        """How many strokes; `len` is that of the tuple."""
        return len(self.rows)

    @property
    def starts(self) -> F32:
        """(n, 2) pixels, a view."""
        return self.rows[:, START]

    @property
    def vias(self) -> F32:
        """(n, 2) pixels, a view."""
        return self.rows[:, VIA]

    @property
    def ends(self) -> F32:
        """(n, 2) pixels, a view."""
        return self.rows[:, END]

    @property
    def log_radii(self) -> F32:
        """(n,) natural logarithms of the radii in units, a view."""
        return self.rows[:, LOG_RADIUS]

    @property
    def radii(self) -> F32:
        """(n,) pixels."""
        radii: F32 = np.exp(self.log_radii) * self.units
        return radii

    @classmethod
    def empty(cls) -> StrokeArray:
        """No strokes."""
        return cls(np.zeros((0, COLUMNS), np.float32), np.zeros(0, np.float32))

    def take(self, index: I64 | Bools) -> StrokeArray:
        """Some of them, in the order of an index, or where a mask is True."""
        return StrokeArray(np.ascontiguousarray(self.rows[index]), np.ascontiguousarray(self.units[index]))

    def followed_by(self, other: StrokeArray) -> StrokeArray:
        """These strokes, and others on top of them."""
        return StrokeArray(np.concatenate((self.rows, other.rows)), np.concatenate((self.units, other.units)))

    def scaled(self, across: float, down: float) -> StrokeArray:
        """The same strokes on a picture of another size.

        Args:
            across: new width over old.
            down: new height over old; about the same.
        """
        factors = np.array([across, down] * 3 + [1, 1, 1], np.float32)
        return StrokeArray(self.rows * factors, self.units * np.float32((across * down) ** 0.5))

    def document_columns(self) -> F32:
        """(n, 10) as a stroke document has them."""
        columns = (self.rows[:, CURVE], self.radii[:, None], self.rows[:, ENTRY_PRESSURE:], self.units[:, None])
        return np.ascontiguousarray(np.concatenate(columns, axis=1), np.float32)

    def in_units(self) -> Tensor:
        """(n, 9) rows in units, as a painter takes them."""
        rows = torch.from_numpy(np.array(self.rows, np.float32))
        rows[:, CURVE] /= torch.from_numpy(np.ascontiguousarray(self.units, np.float32))[:, None]
        return rows


def rows_of_actions(actions: Tensor, space: Space | None = None) -> Tensor:
    """Actions as rows in units, differentiable; their colours are left out.

    Args:
        actions: (n, 12) in [0, 1].
        space: what their numbers mean; the usual one if None.

    Returns:
        (n, 9), places on the space's canvas.
    """
    space = space or Space()
    scale = actions.new_tensor([space.canvas] * 6 + [space.log_radius, 1, 1])
    return actions[:, ACTION_COLUMNS] * scale
