"""Measuring zooming pictures: movements of the logarithm -> how exactly the picture has each.

A movement that turns, zooms or flips about the middle is measured in the picture itself (`measure_flat`). One that
turns the inside out is no movement of the picture's plane; it is measured in the picture's logarithm, a strip that
repeats around, blurred so far that its inner edge is no sharper than the pixels there.

Convention: movements are (3, 3) on points (Re log z, Im log z, 1), as in `log_lattice.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from orbifolio.runner.symmetry.base import Claim
from orbifolio.runner.symmetry.layouts.flat_charts import as_similarity
from orbifolio.runner.symmetry.verify.flat import measure_flat
from orbifolio.runner.symmetry.verify.tile import Measurement, Residual

Floats = npt.NDArray[np.float64]

DEPTH = 4.0
"""Ratio of outer to inner radius of the ring that is measured in the logarithm."""

_HOLE = 1 / 14  # radius about the middle that does not count, in units of the largest circle's
_SHARP = 1 / 77  # blur at the inner edge, in the same units: 2.5 pixels of a picture 384 pixels wide


def logarithm(picture: npt.NDArray[Any]) -> Floats:
    """The picture's logarithm: angle to the right (it wraps), radius downwards from the inside out."""
    from scipy import ndimage

    data = np.asarray(picture, dtype=np.float64)
    height, width = data.shape[:2]
    outer = min(height, width) / 2 - 1
    columns = math.ceil(2 * math.pi * outer)
    rows = math.ceil(math.log(DEPTH) * columns / (2 * math.pi))
    radius = outer * np.exp(((np.arange(rows) + 0.5) - rows) * (2 * math.pi / columns))
    angle = np.arange(columns) * (2 * math.pi / columns)
    x = (width - 1) / 2 + radius[:, None] * np.cos(angle)
    y = (height - 1) / 2 - radius[:, None] * np.sin(angle)
    return np.stack(
        [ndimage.map_coordinates(data[..., channel], [y, x], order=3, mode="mirror") for channel in range(3)], axis=2
    )


def measure_zoom(picture: npt.NDArray[Any], claims: Sequence[Claim], candidates: Sequence[Claim]) -> Measurement:
    """Measure movements of the logarithm on a finished picture.

    Args:
        picture: (height, width, 3) in [0, 1].
        claims: with the colour element each should have.
        candidates: movements that should not hold.

    Raises:
        ValueError: not a picture.
    """
    plain = [_plain(claims), _plain(candidates)]
    radius = min(np.shape(picture)[:2]) / 2
    sharp, hole = min(2.5, max(1.0, radius * _SHARP)), min(14.0, max(5.0, radius * _HOLE))
    first = measure_flat(picture, *plain, wrap=(False, False), blur=sharp, hole=hole)
    strip = logarithm(picture)
    rows, columns = strip.shape[:2]
    blur = sharp / (radius / DEPTH) * columns / (2 * math.pi)
    outer = math.log((radius - 1) / radius)
    deep = [_on_strip(group, rows, columns, outer) for group in (claims, candidates)]
    second = measure_flat(strip, *deep, wrap=(False, True), blur=blur)
    order = {claim.name: number for number, claim in enumerate(claims)}
    held: list[Residual] = sorted((*first.claims, *second.claims), key=lambda item: order[item.name])
    tried = sorted((*first.unclaimed, *second.unclaimed), key=lambda item: item.residual)
    return Measurement(tuple(held), tuple(tried), first.spread)


def _plain(claims: Sequence[Claim]) -> list[Claim]:
    found = ((claim, as_similarity(claim.matrix)) for claim in claims)
    return [replace(claim, matrix=matrix) for claim, matrix in found if matrix is not None]


def _on_strip(claims: Sequence[Claim], rows: int, columns: int, outer: float) -> list[Claim]:
    """Movements that are none of the plane, in fractions of the logarithm."""
    unit = 2 * math.pi / columns
    # fractions (x, y) -> (Re w, Im w): y = 1 is the outer edge
    into = np.array([[0.0, rows * unit, outer - rows * unit], [2 * math.pi, 0.0, 0.0], [0.0, 0.0, 1.0]])
    found = []
    for claim in claims:
        if as_similarity(claim.matrix) is None:
            found.append(replace(claim, matrix=(np.linalg.inv(into) @ claim.matrix @ into)[:2]))
    return found
