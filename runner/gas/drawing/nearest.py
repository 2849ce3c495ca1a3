"""Nearest points: (points, queries, k) -> distances and numbers, by a k-d tree."""

from __future__ import annotations

from typing import Any

from scipy.spatial import cKDTree

from orbifolio.runner.gas.drawing.sheet import Floats
from orbifolio.runner.gas.graph import Pairs, Positions


class Nearest:
    """A tree over points, to be asked often."""

    def __init__(self, points: Positions) -> None:
        """Build the tree.

        Args:
            points: (n, 2), n >= 1.
        """
        self.tree: Any = cKDTree(points)

    def one(self, queries: Positions) -> tuple[Floats, Pairs]:
        """Distance to and number of the nearest point.

        Args:
            queries: (q, 2).

        Returns:
            (q,) and (q,).
        """
        gaps, numbers = self.tree.query(queries)
        return gaps, numbers

    def some(self, queries: Positions, k: int) -> tuple[Floats, Pairs]:
        """Distances to and numbers of the k nearest points, nearest first.

        Args:
            queries: (q, 2).
            k: 1 to the number of points.

        Returns:
            (q, k) and (q, k).
        """
        gaps, numbers = self.tree.query(queries, k=[*range(1, k + 1)])
        return gaps, numbers
