"""Where a picture has its symmetry: (picture, symmetry) -> the picture moved so that the origin is where it should be.

A picture made elsewhere has its mirrors and centres anywhere. Origins on a grid are tried on a small copy, and the best
of them refined on the picture itself, down to half a pixel; pictures that repeat are also tried turned by a quarter,
which exchanges the directions of mirrors and glides.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from orbifolio.runner.arrays import F64
from orbifolio.runner.symmetry.base import Symmetry
from orbifolio.runner.symmetry.claims import Claim
from orbifolio.runner.symmetry.verify.flat import FlatReader

_COPY_SIZE = 72  # pixels of the small copy's longer side: two for each origin of the grid
_GRID = 36  # origins tried along an axis that wraps: time grows with the square; fewer step over the right one
_MAX_OFFSET = 0.12  # from the middle, where the picture does not wrap, in fractions: twice as much is cut away
_REFINED = 4  # best origins of the grid: with fewer, one that the small copy ranks too low is missed
_DECIDING = 3  # claims that decide: time grows with them, and two mirrors pin an origin already
_POINTS = 300  # compared at each origin of the grid: enough to rank origins; refining compares three times as many


@dataclass(frozen=True)
class Location:
    """Where the symmetry is.

    Attributes:
        picture: moved, so that it can be measured.
        origin: (x, y) in fractions of the picture as it was, from where the origin should have been.
        turned: whether by a quarter, counter-clockwise, first.
    """

    picture: F64
    origin: tuple[float, float]
    turned: bool


def locate_symmetry(picture: npt.NDArray[Any], symmetry: Symmetry) -> Location:
    """Find the origin about which the picture is most symmetric.

    Args:
        picture: (height, width, 3) in [0, 1].
        symmetry: only its movements of the picture's plane are used.
    """
    ways = [np.asarray(picture, dtype=np.float64)]
    if all(symmetry.wrap):
        ways.append(np.rot90(ways[0]))
    best: tuple[float, F64, int] | None = None
    for number, way in enumerate(ways):
        height, width = way.shape[:2]
        claims = _deciding(symmetry.planar_claims(width / height))
        score, origin = _best(way, claims, symmetry.wrap)
        if best is None or score < best[0] - 1e-3:
            best = score, origin, number
    assert best is not None
    _, origin, number = best
    return Location(with_origin(ways[number], origin, symmetry.wrap), (float(origin[0]), float(origin[1])), number == 1)


def _deciding(claims: Sequence[Claim]) -> list[Claim]:
    """A few claims that pin the origin: translations do not."""
    pinning = [claim for claim in claims if np.abs(claim.matrix[:, :2] - np.eye(2)).max() > 1e-9]
    return pinning[:_DECIDING]


def _best(picture: F64, claims: Sequence[Claim], wrap: tuple[bool, bool]) -> tuple[float, F64]:
    """The smallest mean residual of the claims, and its origin."""
    if not claims:
        return 0.0, np.zeros(2)
    height, width = picture.shape[:2]
    every = max(1, round(max(height, width) / _COPY_SIZE))
    coarse = FlatReader(_shrunk(picture, every) - 0.5, wrap, blur=1.0)
    axes = [
        np.arange(_GRID) / _GRID if wraps else np.linspace(-_MAX_OFFSET, _MAX_OFFSET, 13)
        for wraps in (wrap[1], wrap[0])
    ]
    origins = [np.array(origin) for origin in itertools.product(*axes)]
    origins.sort(key=lambda origin: _score(coarse, claims, origin, _POINTS))
    fine = FlatReader(picture - 0.5, wrap)
    step = max(axis[1] - axis[0] for axis in axes)
    refined = [_refined(fine, claims, origin, step) for origin in origins[:_REFINED]]
    return min(refined, key=lambda item: item[0])


def _shrunk(picture: F64, every: int) -> F64:
    """Means of blocks; what is left over at the right and below is cut off."""
    if every == 1:
        return picture
    height, width = (side // every for side in picture.shape[:2])
    cut = picture[: height * every, : width * every]
    means: F64 = cut.reshape(height, every, width, every, 3).mean(axis=(1, 3))
    return means


def _score(reader: FlatReader, claims: Sequence[Claim], origin: F64, count: int) -> float:
    """The mean residual of the claims, about another origin."""
    total = 0.0
    for claim in claims:
        linear = claim.matrix[:, :2]
        matrix = np.hstack([linear, (claim.matrix[:, 2] + origin - linear @ origin)[:, None]])
        every = reader.compared(matrix, count)
        total += math.inf if every is None else float(every[claim.colour])
    return total / len(claims)


def _refined(reader: FlatReader, claims: Sequence[Claim], origin: F64, step: float) -> tuple[float, F64]:
    """Towards the best place nearby, in steps that are halved down to half a pixel, then a quarter."""
    best = _score(reader, claims, origin, 3 * _POINTS)
    while step * reader.size.max() > 0.25:
        step /= 2
        for across, down in itertools.product((-step, 0, step), repeat=2):
            trial = origin + [across, down]
            score = _score(reader, claims, trial, 3 * _POINTS)
            if score < best - 1e-9:
                best, origin = score, trial
    halves = np.rint(origin * reader.size * 2) / (2 * reader.size)
    score = _score(reader, claims, halves, 3 * _POINTS)
    return (score, halves) if score < best + 2e-3 else (best, origin)


def with_origin(picture: F64, origin: F64, wrap: tuple[bool, bool]) -> F64:
    """The picture with another origin: rolled along axes that wrap, cut down to be even about it along others.

    Args:
        picture: (height, width, 3), any colours.
        origin: (x, y) in fractions of the picture.
        wrap: whether it repeats over its (top-bottom, left-right) edges.
    """
    from scipy import ndimage

    for axis, part in ((0, origin[1]), (1, origin[0])):
        length = picture.shape[axis]
        pixels = float(part * length)
        if wrap[axis]:
            whole = round(pixels)
            picture = np.roll(picture, -whole, axis=axis)
            if abs(pixels - whole) > 1e-6:
                shift = [0.0, 0.0, 0.0]
                shift[axis] = whole - pixels
                picture = ndimage.shift(picture, shift, order=3, mode="grid-wrap")
        else:
            twice = round(2 * pixels)
            even = slice(max(0, twice), length + min(0, twice))
            picture = picture[even] if axis == 0 else picture[:, even]
    return picture
