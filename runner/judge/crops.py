"""Crops: (picture, where it shows anything) -> square pieces of one size, so that no size of picture matters.

Every picture, whatever its size, is seen through windows of `SIDE` pixels: so all of them have the same share of
border, where networks see their own padding. Windows of a finished picture lie on a grid and wrap where it does: a tile
and its tilings are seen alike. Windows of a style picture lie at scattered places, as many in each quarter of it,
turned, mirrored and recoloured in all ways in which the symmetry shows it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.deferred import functional, torch
from orbifolio.runner.objectives.base import Appearance

if TYPE_CHECKING:
    from torch import Tensor

SIDE = 128  # pixels: four of the coarsest features an eye has, and small beside most pictures
MAX_WINDOWS = 36  # of a finished picture: more cost time and change hardly a digit
OVERLAP = 4  # windows along an axis for one, where not all of a picture shows the surface: to find those that do
MIN_SHARE = 0.98  # of a window that shows the surface; some pixels of its rim may be missing
IN_QUARTER = 4  # windows in each quarter of a style picture: with fewer, halves differ by chance
MAX_COLOURS = 12  # of the ways in which a symmetry recolours: the largest actions are thinned evenly
QUARTERS = 4
_GOLDEN = (0.7548776662466927, 0.5698402909980532)  # steps of an even sequence of places (Roberts 2018)


@dataclass(frozen=True)
class Windows:
    """Square pieces of a finished picture.

    Attributes:
        crops: (n, 3, SIDE, SIDE) in [0, 1].
        weights: (n,) how much of each counts; their sum is 1.
    """

    crops: Tensor
    weights: Tensor


def windows(picture: Tensor, *, wrap: tuple[bool, bool], shown: F64 | None = None) -> Windows:
    """Pieces of a finished picture, on a grid.

    Args:
        picture: (3, height, width) in [0, 1].
        wrap: whether it continues over its (top-bottom, left-right) edges.
        shown: (height, width) in [0, 1], what counts of every pixel; None for everything.

    Returns:
        Those that show the surface almost wholly; where none does, those that show most of it.
    """
    for axis, wraps in enumerate(wrap, start=1):
        if picture.shape[axis] < SIDE and not wraps:  # too narrow for a window: enlarged as little as that takes
            factor = SIDE / picture.shape[axis]
            size = [max(SIDE, round(side * factor)) for side in picture.shape[-2:]]
            picture = functional.interpolate(picture[None], size=size, mode="bicubic")[0].clamp(0, 1)
            shown = None if shown is None else _resized(shown, (size[0], size[1]))
    height, width = picture.shape[-2:]
    if shown is None:
        places = _grid((height, width), wrap, 1)
        weights = np.ones(len(places))
    else:
        fine = _grid((height, width), wrap, OVERLAP)
        shares = np.array([float(_piece(torch.from_numpy(shown)[None], *place).mean()) for place in fine])
        kept = np.flatnonzero(shares >= min(MIN_SHARE, float(shares.max())))
        kept = kept[np.linspace(0, len(kept) - 1, min(len(kept), MAX_WINDOWS)).round().astype(int)]
        places, weights = [fine[number] for number in kept], shares[kept]
    crops = torch.stack([_piece(picture, *place) for place in places])
    return Windows(crops, torch.from_numpy(weights / weights.sum()).float())


def _grid(size: tuple[int, int], wrap: tuple[bool, bool], overlap: int) -> list[tuple[int, int]]:
    """First (row, column) of windows that cover a picture evenly.

    Args:
        size: (height, width) in pixels.
        wrap: whether it continues over its (top-bottom, left-right) edges.
        overlap: windows along an axis for one that would do; only with 1 there are at most `MAX_WINDOWS`.
    """
    counts = [math.ceil(side / SIDE) for side in size]
    if overlap == 1:
        thinned = min(1.0, math.sqrt(MAX_WINDOWS / math.prod(counts)))
        counts = [max(1, math.floor(count * thinned)) for count in counts]
    else:  # an axis that a single window covers has one place for it
        counts = [
            1 if side == SIDE and not wraps else count * overlap
            for side, count, wraps in zip(size, counts, wrap, strict=True)
        ]
    rows, columns = (_starts(side, count, wraps) for side, count, wraps in zip(size, counts, wrap, strict=True))
    return [(top, left) for top in rows for left in columns]


def _starts(size: int, count: int, wraps: bool) -> list[int]:
    """First pixels of so many windows along an axis, evenly spaced."""
    if wraps:
        return [round(number * size / count) for number in range(count)]
    if count == 1:
        return [(size - SIDE) // 2]
    return [round(number * (size - SIDE) / (count - 1)) for number in range(count)]


def _piece(picture: Tensor, top: int, left: int) -> Tensor:
    """(channels, SIDE, SIDE) from a place on, over the edges where it must."""
    rows = torch.arange(top, top + SIDE).remainder(picture.shape[1])
    columns = torch.arange(left, left + SIDE).remainder(picture.shape[2])
    return picture[:, rows][:, :, columns]


def _resized(values: F64, size: tuple[int, int]) -> F64:
    larger = functional.interpolate(torch.from_numpy(values)[None, None], size=size, mode="bilinear")
    return np.asarray(larger[0, 0].numpy(), np.float64)


def style_windows(
    picture: Tensor, side: float, appearances: Sequence[Appearance], *, least: int = IN_QUARTER
) -> Tensor:
    """Pieces of a style picture, in the ways in which a symmetry shows it.

    Args:
        picture: (3, height, width) in [0, 1].
        side: pixels that its shorter side is to have, at least twice `SIDE`.
        appearances: the identity first.
        least: windows in each quarter; as many more as every colour needs to be there.

    Returns:
        (4, n, 3, SIDE, SIDE): quarters top left, top right, bottom left, bottom right.
    """
    tall, wide = picture.shape[-2:]
    factor = side / min(tall, wide)
    height, width = tall * factor, wide * factor
    fine = min(2 * factor, max(1.0, factor))  # twice as fine as it is shown, never finer than it is
    size = [max(1, round(tall * fine)), max(1, round(wide * fine))]
    if size != [tall, wide]:
        picture = functional.interpolate(picture[None], size=size, mode="bicubic", antialias=True)[0].clamp(0, 1)
    quarters = []
    for quarter in range(QUARTERS):
        below, right = divmod(quarter, 2)
        pieces = []
        for number, appearance in enumerate(_dealt(appearances, quarter, least)):
            across, down = ((0.5 + (number + 1) * step) % 1 for step in _GOLDEN)
            middle = (
                below * height / 2 + SIDE / 2 + down * max(0.0, height / 2 - SIDE),
                right * width / 2 + SIDE / 2 + across * max(0.0, width / 2 - SIDE),
            )
            pieces.append(_turned(picture, (height, width), middle, appearance))
        quarters.append(torch.stack(pieces))
    return torch.stack(quarters)


def _dealt(appearances: Sequence[Appearance], quarter: int, least: int) -> list[Appearance]:
    """Appearances for one quarter: every colour as often, each time in another of its turns."""
    turns: dict[tuple[tuple[float, ...], ...], list[Appearance]] = {}
    for item in appearances:
        turns.setdefault(item.colour, []).append(item)
    colours = list(turns)[:: math.ceil(len(turns) / MAX_COLOURS)]
    rounds = math.ceil(least / len(colours))
    return [
        turns[colour][(quarter * rounds + number) % len(turns[colour])]
        for number in range(rounds)
        for colour in colours
    ]


def _turned(picture: Tensor, size: tuple[float, float], middle: tuple[float, float], appearance: Appearance) -> Tensor:
    """One piece (3, SIDE, SIDE): the mean of 2 x 2 samples for each pixel, mirrored, turned and recoloured.

    Args:
        picture: (3, h, w).
        size: (height, width) that it is to have, in pixels.
        middle: (row, column) of the piece's in a picture of that size.
    """
    steps = (torch.arange(2 * SIDE, dtype=torch.float64) + 0.5) / 2 - SIDE / 2
    down, across = torch.meshgrid(steps, steps, indexing="ij")
    angle = math.radians(appearance.degrees)
    cosine, sine = math.cos(angle), math.sin(angle)
    # what the piece shows at (across, down) lies in the picture turned back, then mirrored back
    x, y = cosine * across - sine * down, sine * across + cosine * down
    x = -x if appearance.mirrored else x
    height, width = size
    grid = torch.stack([2 * (x + middle[1]) / width - 1, 2 * (y + middle[0]) / height - 1], dim=-1).float()
    sampled = functional.grid_sample(
        picture[None], grid[None], mode="bicubic", padding_mode="reflection", align_corners=False
    )
    piece = functional.avg_pool2d(sampled, 2)[0].clamp(0, 1)
    matrix = torch.tensor(appearance.colour, dtype=piece.dtype)
    return torch.einsum("ij,jhw->ihw", matrix, piece - 0.5) + 0.5
