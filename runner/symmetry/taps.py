"""Taps: what points of an artwork blend, as (orbit, colour element, weight) each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from orbifolio.runner.arrays import F64


class Taps(NamedTuple):
    """What N points blend, k values each: (N, k) orbits, colour elements and weights."""

    orbits: NDArray[np.integer[Any]]
    elements: NDArray[np.integer[Any]]
    weights: F64


def joined(parts: Sequence[Taps]) -> Taps:
    """The sums of what the same points blend in several parts."""
    orbits, elements, weights = (np.concatenate(arrays, axis=1) for arrays in zip(*parts, strict=True))
    return Taps(orbits, elements, weights)


def bilinear(right: NDArray[np.floating[Any]], down: NDArray[np.floating[Any]]) -> F64:
    """(N, 4) weights of the texels around points: of a row the left and the right one, then of the next row.

    Args:
        right: (N,) share of the way to the next column, in [0, 1].
        down: (N,) the same to the next row.
    """
    return np.stack([(1 - right) * (1 - down), right * (1 - down), (1 - right) * down, right * down], axis=1)
