"""Nearest points by a k-d tree: (points, queries, k) -> distances and numbers, with types that SciPy leaves out."""

from __future__ import annotations

from typing import Any

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.deferred import spatial


class Nearest:
    """A tree over points."""

    def __init__(self, points: F64) -> None:
        """Build the tree.

        Args:
            points: (n, 2), n >= 1.
        """
        self.tree: Any = spatial.cKDTree(points)

    def one(self, queries: F64) -> tuple[F64, I64]:
        """Distance to and number of the nearest point.

        Args:
            queries: (q, 2).

        Returns:
            (q,) and (q,).
        """
        distances, numbers = self.tree.query(queries)
        return distances, numbers

    def some(self, queries: F64, k: int) -> tuple[F64, I64]:
        """Distances to and numbers of the k nearest points, nearest first.

        Args:
            queries: (q, 2).
            k: 1 to the number of points.

        Returns:
            (q, k) and (q, k).
        """
        distances, numbers = self.tree.query(queries, k=[*range(1, k + 1)])
        return distances, numbers
