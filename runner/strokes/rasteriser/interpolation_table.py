"""A table over several quantities, interpolated between its knots: values (n,) of each -> rows of weights (n, cells).

    opacities = weights(values, axes) @ table.ravel();   the table that fits given opacities is least squares

The table of a learnt brush is made of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse

from orbifolio.runner.arrays import F32, F64, I64

INSIDE = 1e-6  # of a cell before the last knot, so that there is always a next one


@dataclass(frozen=True)
class TableAxis:
    """One quantity.

    Attributes:
        low: at its first knot.
        high: at its last one.
        count: of its knots, as far from each other everywhere.
    """

    low: float
    high: float
    count: int

    def knot(self, values: F64 | F32) -> tuple[I64, F64]:
        """Number of the knot before each value, and the part of the way to the next; values outside are moved in."""
        position = np.clip((values - self.low) / (self.high - self.low) * (self.count - 1), 0, self.count - 1 - INSIDE)
        index = position.astype(np.int64)
        return index, position - index

    @property
    def density(self) -> np.float32:
        """Knots for each unit of the quantity."""
        return np.float32((self.count - 1) / (self.high - self.low))


def weights(values: Sequence[F64] | F64, axes: Sequence[TableAxis]) -> scipy.sparse.csr_matrix:
    """Rows of interpolation weights.

    Args:
        values: (n,) of each axis.
        axes: in the table's order.

    Returns:
        (n, cells): 2 to the number of axes in each row, which sum to 1.
    """
    count, size = len(values[0]), 1
    columns, entries = np.zeros((count, 1), np.int64), np.ones((count, 1))
    for value, axis in zip(values, axes, strict=True):
        index, part = axis.knot(value)
        columns = np.concatenate((columns * axis.count + index[:, None], columns * axis.count + index[:, None] + 1), 1)
        entries = np.concatenate((entries * (1 - part[:, None]), entries * part[:, None]), axis=1)
        size *= axis.count
    bounds = np.arange(count + 1) * columns.shape[1]
    return scipy.sparse.csr_matrix((entries.ravel(), columns.ravel(), bounds), shape=(count, size))
