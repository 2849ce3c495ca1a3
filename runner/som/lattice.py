"""A lattice is where the units of a map lie on the map itself: rows and columns, and which units are neighbours.

Convention: neighbours lie 1 apart. Unit (r, c) has the number r * columns + c and lies at (c, r) of a rectangular
lattice, at (c + 1/2 in odd rows, r sqrt(3) / 2) of a hexagonal one. On a cylinder the columns close to a ring, on a
torus the rows as well.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
from pydantic import Field

from orbifolio.runner.arrays import F64, I64, Bools
from orbifolio.runner.settings import Settings

HEXAGONAL_PITCH = math.sqrt(3) / 2  # between rows whose units are 1 apart, within a row and across


class LatticeShape(NamedTuple):
    """A lattice as numba compiles it.

    Attributes:
        rows: number of rows.
        columns: number of columns.
        pitch: distance of two rows.
        hexagonal: odd rows lie half a unit to the right.
        wraps_rows: the last row is a neighbour of the first.
        wraps_columns: the last column is a neighbour of the first.
    """

    rows: int
    columns: int
    pitch: float
    hexagonal: bool
    wraps_rows: bool
    wraps_columns: bool


class MapLattice(Settings):
    """How many units there are, and how they hang together."""

    columns: int = Field(default=60, ge=2, le=1000)
    """Units in a row."""
    rows: int | None = Field(default=None, ge=2, le=1000)
    """Rows of units; null for as many as make the meshes of a net over the whole picture even."""
    lattice: Literal["rectangular", "hexagonal"] = "rectangular"
    """A unit has four neighbours, or six."""
    topology: Literal["plane", "cylinder", "torus"] = "plane"
    """Whether the net has edges, closes from left to right, or closes from top to bottom too."""

    framed: bool = False
    """Whether the units of the map's edges stay on the picture's edges, as cloth on a loom; free edges are drawn in."""

    def complaints(self) -> list[tuple[str, str]]:
        """A torus that does not close, or that has no edges to hold, as (path, message)."""
        if self.topology == "torus" and self.framed:
            return [("framed", "a torus has no edges that a frame could hold; leave out framed")]
        if self.topology == "torus" and self.lattice == "hexagonal" and self.rows is not None and self.rows % 2:
            return [
                (
                    "rows",
                    f"{self.rows} rows; a hexagonal torus closes only over an even number, since every other row is "
                    f"shifted; give {self.rows + 1}",
                )
            ]
        return []

    def shape(self, aspect: float) -> LatticeShape:
        """The lattice in numbers.

        Args:
            aspect: width / height of the picture.
        """
        hexagonal = self.lattice == "hexagonal"
        pitch = HEXAGONAL_PITCH if hexagonal else 1.0
        rows = self.rows or max(2, round(self.columns / aspect / pitch))
        if self.rows is None and hexagonal and self.topology == "torus":
            rows += rows % 2
        closed = self.topology == "torus"
        return LatticeShape(rows, self.columns, pitch, hexagonal, closed, closed or self.topology == "cylinder")


def coordinates(shape: LatticeShape) -> F64:
    """(n, 2) places of the units on the map."""
    rows, columns = np.divmod(np.arange(shape.rows * shape.columns), shape.columns)
    shift = 0.5 * (rows % 2) if shape.hexagonal else 0.0
    return np.stack([columns + shift, rows * shape.pitch], axis=-1)


def neighbours(shape: LatticeShape) -> I64:
    """(m, 2) pairs of units that are 1 apart, i < j, sorted, each once."""
    rows, columns = np.divmod(np.arange(shape.rows * shape.columns), shape.columns)
    steps = [(0, np.ones_like(columns)), (1, np.zeros_like(columns))]
    if shape.hexagonal:  # the other one below: to the right of odd rows, to the left of even ones
        steps.append((1, np.where(rows % 2 == 1, 1, -1)))
    pairs = []
    for down, right in steps:
        to_row, to_column = rows + down, columns + right
        inside = np.ones(len(rows), dtype=bool)
        if shape.wraps_rows:
            to_row = to_row % shape.rows
        else:
            inside &= to_row < shape.rows
        if shape.wraps_columns:
            to_column = to_column % shape.columns
        else:
            inside &= (to_column >= 0) & (to_column < shape.columns)
        pairs.append(np.stack([np.arange(len(rows)), to_row * shape.columns + to_column], axis=-1)[inside])
    both = np.sort(np.concatenate(pairs), axis=1)
    return np.unique(both[both[:, 0] != both[:, 1]], axis=0)


def edges_held(shape: LatticeShape) -> Bools:
    """(n, 2) whether a frame holds a unit's x, in the first and last column, and its y, in the first and last row."""
    rows, columns = np.divmod(np.arange(shape.rows * shape.columns), shape.columns)
    across = ((columns == 0) | (columns == shape.columns - 1)) & (not shape.wraps_columns)
    down = ((rows == 0) | (rows == shape.rows - 1)) & (not shape.wraps_rows)
    return np.stack([across, down], axis=-1)


def threads(shape: LatticeShape) -> tuple[tuple[I64, ...], tuple[I64, ...]]:
    """The rows and the columns as chains of units; a ring ends with its first unit again."""
    numbers = np.arange(shape.rows * shape.columns).reshape(shape.rows, shape.columns)
    across = np.concatenate([numbers, numbers[:, :1]], axis=1) if shape.wraps_columns else numbers
    down = np.concatenate([numbers, numbers[:1]], axis=0) if shape.wraps_rows else numbers
    return tuple(across), tuple(down.T)
