"""A map, compiled: the unit nearest to a signal wins, and it and its neighbours on the lattice move towards it.

The neighbourhood is a Gaussian of the distance on the lattice. It is a product of one over rows and one over columns,
whose distances are whole or, between rows of a hexagonal lattice, half: two short tables give all of it.
Reference: Kohonen 1982.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

from orbifolio.runner.arrays import F64, I64, Bools
from orbifolio.runner.som.lattice import LatticeShape

REACH = 6.0
"""Radii beyond which a unit is not moved: the Gaussian is 1.5e-8 there."""

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Compile, and keep the result on disk."""
    plain: Any = njit  # numba's own annotations are loose
    return cast(Function, plain(cache=True)(function))


@compiled
def fill_tables(radius: float, shape: LatticeShape, across: F64, down: F64) -> None:
    """Gaussians of distances on the lattice, in place.

    Args:
        radius: the deviation, in distances of neighbours.
        shape: of the lattice.
        across: (2 columns + 1,) becomes the Gaussian of each half step within a row.
        down: (rows,) becomes that of each number of rows.
    """
    twice = 2.0 * radius * radius
    for step in range(len(across)):
        across[step] = math.exp(-0.25 * step * step / twice)
    for step in range(len(down)):
        distance = step * shape.pitch
        down[step] = math.exp(-distance * distance / twice)


@compiled
def half_steps(row: int, column: int, other_row: int, other_column: int, shape: LatticeShape) -> int:
    """The distance of two units across, in half steps, the short way round."""
    steps = 2 * (other_column - column)
    if shape.hexagonal:
        steps += other_row % 2 - row % 2
    steps = abs(steps)
    if shape.wraps_columns:
        steps %= 2 * shape.columns
        steps = min(steps, 2 * shape.columns - steps)
    return steps


@compiled
def row_steps(row: int, other: int, shape: LatticeShape) -> int:
    """The number of rows between two, the short way round."""
    steps = abs(other - row)
    if shape.wraps_rows:
        steps = min(steps, shape.rows - steps)
    return steps


@compiled
def window(middle: int, reach: int, count: int, wraps: bool) -> tuple[int, int]:
    """First row (or column) within reach of one, and the number after the last; beyond [0, count) where it wraps."""
    if wraps:
        first = middle - min(reach, count // 2)
        return first, first + min(2 * reach + 1, count)
    return max(0, middle - reach), min(count, middle + reach + 1)


@compiled
def winner(signal: F64, units: F64) -> int:
    """The number of the unit that is nearest to a signal, the first of equals."""
    best, least = 0, math.inf
    for unit in range(units.shape[0]):
        distance = 0.0
        for axis in range(units.shape[1]):
            difference = units[unit, axis] - signal[axis]
            distance += difference * difference
        if distance < least:
            best, least = unit, distance
    return best


@compiled
def present(
    signals: F64,
    order: I64,
    radii: F64,
    rates: F64,
    units: F64,
    held: Bools,
    shape: LatticeShape,
    across: F64,
    down: F64,
) -> None:
    """Present signals one by one; units move in place.

    Args:
        signals: (s, d).
        order: (k,) numbers of signals.
        radii: (k,) of the neighbourhood at each presentation.
        rates: (k,) share of the way that the winner moves.
        units: (n, d); changed.
        held: (n, d) coordinates that a frame holds.
        shape: of the lattice.
        across: (2 columns + 1,) a table to work in.
        down: (rows,) a table to work in.
    """
    for index in range(len(order)):
        signal = signals[order[index]]
        best = winner(signal, units)
        row, column = best // shape.columns, best % shape.columns
        fill_tables(radii[index], shape, across, down)
        reach = int(REACH * radii[index]) + 1
        top, bottom = window(row, int(reach / shape.pitch) + 1, shape.rows, shape.wraps_rows)
        left, right = window(column, reach, shape.columns, shape.wraps_columns)
        for r in range(top, bottom):
            other_row = r % shape.rows
            share = rates[index] * down[row_steps(row, other_row, shape)]
            for c in range(left, right):
                other_column = c % shape.columns
                move = share * across[half_steps(row, column, other_row, other_column, shape)]
                unit = other_row * shape.columns + other_column
                for axis in range(units.shape[1]):
                    if not held[unit, axis]:
                        units[unit, axis] += move * (signal[axis] - units[unit, axis])


@compiled
def spread(sums: F64, radius: float, shape: LatticeShape, half: F64, across: F64, down: F64, result: F64) -> None:
    """Each unit's sum of all units' values, weighted by the neighbourhood, in place.

    Args:
        sums: (n, k) a value of each unit.
        radius: of the neighbourhood.
        shape: of the lattice.
        half: (2, n, k) zeros to work in: sums along rows, as they are seen from even and from odd rows.
        across: (2 columns + 1,) a table to work in.
        down: (rows,) a table to work in.
        result: (n, k) zeros that become the sums.
    """
    fill_tables(radius, shape, across, down)
    reach = int(REACH * radius) + 1
    for row in range(shape.rows):
        for parity in range(2 if shape.hexagonal else 1):
            for column in range(shape.columns):
                to = row * shape.columns + column
                left, right = window(column, reach, shape.columns, shape.wraps_columns)
                for c in range(left, right):
                    weight = across[half_steps(parity, column, row, c % shape.columns, shape)]
                    source = row * shape.columns + c % shape.columns
                    for axis in range(sums.shape[1]):
                        half[parity, to, axis] += weight * sums[source, axis]
    for row in range(shape.rows):
        parity = row % 2 if shape.hexagonal else 0
        top, bottom = window(row, int(reach / shape.pitch) + 1, shape.rows, shape.wraps_rows)
        for r in range(top, bottom):
            weight = down[row_steps(row, r % shape.rows, shape)]
            for column in range(shape.columns):
                to = row * shape.columns + column
                source = (r % shape.rows) * shape.columns + column
                for axis in range(sums.shape[1]):
                    result[to, axis] += weight * half[parity, source, axis]
