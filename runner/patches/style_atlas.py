"""Style pictures at one size, one below the other in a single array: what patches are copied from.

Samples between pixels come from an array twice as fine, made once by a cubic spline that passes through the pixels.
Each style has whole cells of its own, and a budget for each: how many orbits should copy from it. Skies get less than
their area and details more, or most of a picture would be sky.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PIL import Image

from orbifolio.runner.arrays import F32, F64, I64

CELL = 4  # pixels along a cell's side: about the reach of a patch, so that neighbouring patches share their use
MIN_SIDE = 12  # pixels of a style's shorter side: a patch of seven in any turn still has some choice
BUDGET_RANGE = (0.15, 4.0)  # of a cell, in units of its area: no sky is forbidden, no eye copied everywhere
DETAIL_REACH = 12  # the gradient is averaged over 1 / this of the shorter side: objects, not edges, are details


class StyleTables(NamedTuple):
    """What the compiled search reads.

    Attributes:
        fine: (2 H, 2 W, 3) float32, centred, two samples a pixel.
        bounds: (styles, 4) first x, first y, last x, last y of each, in pixels.
        shares: (styles,) cumulative shares of random jumps.
        budget: (cells down, cells across) how many patches each cell should give.
    """

    fine: F32
    bounds: F64
    shares: F64
    budget: F64


@dataclass(frozen=True)
class PatchStyle:
    """A picture to copy from.

    Attributes:
        picture: (height, width, 3) sRGB in [0, 1].
        side: pixels that its shorter side spans in the finished artwork.
        weight: its share of the patches, beside the others' weights.
    """

    picture: F32
    side: float
    weight: float = 1.0


def style_tables(styles: Sequence[PatchStyle], scale: float, patches: int) -> StyleTables:
    """The tables of one level.

    Args:
        styles: in the order of their numbers.
        scale: of this level's pixels in the finished ones, at most 1.
        patches: that all styles together give: the number of orbits.
    """
    pictures = [_resized(style.picture, style.side * scale) for style in styles]
    cells = [tuple(math.ceil(side / CELL) + 1 for side in picture.shape[:2]) for picture in pictures]
    height, width = sum(rows for rows, _ in cells) * CELL, max(columns for _, columns in cells) * CELL
    fine = np.zeros((2 * height, 2 * width, 3), np.float32)
    budget = np.zeros((height // CELL, width // CELL))
    bounds, row = [], 0
    total = sum(style.weight for style in styles)
    for style, picture, (rows, columns) in zip(styles, pictures, cells, strict=True):
        tall, wide = picture.shape[:2]
        doubled = _doubled(picture)
        fine[2 * row * CELL : 2 * row * CELL + len(doubled), : doubled.shape[1]] = doubled
        bounds.append((0.0, float(row * CELL), float(wide - 1), float(row * CELL + tall - 1)))
        # Where there are fewer patches than pixels, a pixel may be the middle of one patch: not all need be used.
        copies = max(1.0, patches * style.weight / total / (tall * wide))
        budget[row : row + rows, :columns] = copies * _detail(picture, rows, columns)
        row += rows
    return StyleTables(fine, np.array(bounds), np.cumsum([style.weight / total for style in styles]), budget)


def _resized(picture: F32, side: float) -> F32:
    """A picture whose shorter side has about so many pixels."""
    tall, wide = picture.shape[:2]
    factor = max(side, MIN_SIDE) / min(tall, wide)
    size = (max(MIN_SIDE, round(wide * factor)), max(MIN_SIDE, round(tall * factor)))
    channels = [
        np.asarray(Image.fromarray(np.ascontiguousarray(picture[..., channel])).resize(size, Image.Resampling.LANCZOS))
        for channel in range(3)
    ]
    resized: F32 = np.clip(np.stack(channels, axis=2), 0, 1).astype(np.float32)
    return resized


def _doubled(picture: F32) -> F32:
    """(2 h, 2 w, 3) centred samples at half pixels; those beyond the last pixel repeat it."""
    from scipy.ndimage import spline_filter1d

    values = picture.astype(np.float32) - 0.5
    for axis in (0, 1):
        coefficients = spline_filter1d(values, order=3, axis=axis, mode="mirror", output=np.float32)
        ahead = np.moveaxis(coefficients, axis, 0)
        following = np.concatenate([ahead[1:], ahead[-2:-1]])  # mirrored about the last pixel
        second = np.concatenate([ahead[2:], ahead[-2:-1], ahead[-3:-2]])
        before = np.concatenate([ahead[1:2], ahead[:-1]])
        # the cubic B-spline half way between two pixels is (1, 23, 23, 1) / 48
        middle = (before + 23 * ahead + 23 * following + second) / 48
        whole = np.moveaxis(values, axis, 0)
        both = np.stack([whole, middle], axis=1).reshape(2 * len(whole), *whole.shape[1:])
        both[-1] = whole[-1]
        values = np.moveaxis(both, 0, axis)
    return np.ascontiguousarray(np.clip(values, -0.5, 0.5), np.float32)


def _detail(picture: F32, rows: int, columns: int) -> F64:
    """(rows, columns) each cell's area times its relative detail."""
    from scipy.ndimage import uniform_filter

    tall, wide = picture.shape[:2]
    down, across = np.gradient(picture.mean(2))
    gradient = uniform_filter(np.hypot(down, across), max(3, min(tall, wide) // DETAIL_REACH))
    relative = np.clip(gradient / max(float(gradient.mean()), 1e-9), *BUDGET_RANGE)
    sums = np.zeros((rows, columns))
    index: tuple[I64, I64] = tuple(np.indices((tall, wide)) // CELL)  # type: ignore[assignment]
    np.add.at(sums, index, relative)
    return sums
