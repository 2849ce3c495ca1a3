"""Resampling is a map (picture -> picture at regular positions), cubic, periodic where the picture is.

One pass of Keys' cubic convolution (a = -1/2) along each axis; where the picture is finer than the new
positions the kernel is stretched to their spacing, which averages instead of aliasing. Positions are
sample points i / n, not pixel centres, so that a tile enlarges on its torus without a shift or a seam.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.deferred import torch

if TYPE_CHECKING:
    from torch import Tensor


def resample(
    picture: Tensor,
    height: int,
    width: int,
    *,
    wrap: tuple[bool, bool],
    spacing: tuple[float, float] = (1.0, 1.0),
    centred: tuple[bool, bool] = (False, False),
) -> Tensor:
    """A picture at the positions (i / height, j / width).

    Args:
        picture: (1, C, any height, any width).
        height: of the new picture in pixels.
        width: of the new picture in pixels.
        wrap: periodic over (top-bottom, left-right); else the edge is repeated.
        spacing: distance, in new rows and columns, of the samples that will be used; anything finer is
            averaged away.
        centred: along an axis samples lie in the middles of their pixels, (i + 1/2) / height.

    Returns:
        (1, C, height, width); the picture itself where the size is the same and the spacing 1.
    """
    for number, count in enumerate((height, width)):
        picture = _along(picture, 2 + number, count, wrap[number], spacing[number], 0.5 if centred[number] else 0.0)
    return picture


def _along(picture: Tensor, axis: int, count: int, wrap: bool, spacing: float, middle: float) -> Tensor:
    length = picture.shape[axis]
    stretch = max(1.0, spacing * length / count)
    if length == count and stretch == 1.0:
        return picture
    index, weights = _taps(length, count, wrap, stretch, middle)
    shape = [1, 1, 1, 1]
    shape[axis] = count
    result = torch.zeros(
        *picture.shape[:axis], count, *picture.shape[axis + 1 :], dtype=picture.dtype, device=picture.device
    )
    for tap in range(index.shape[1]):
        source = torch.from_numpy(index[:, tap].copy()).to(picture.device)
        weight = torch.from_numpy(weights[:, tap].copy()).to(picture).reshape(shape)
        result = result + picture.index_select(axis, source) * weight
    return result


def _taps(length: int, count: int, wrap: bool, stretch: float, middle: float) -> tuple[I64, F64]:
    """Source indices and weights of every new position, both (count, taps)."""
    position = (np.arange(count, dtype=np.float64) + middle) * length / count - middle
    reach = math.ceil(2 * stretch)
    index = np.floor(position).astype(np.int64)[:, None] + np.arange(1 - reach, reach + 1)
    away = np.abs(index - position[:, None]) / stretch
    # Keys (1981): (a + 2)|x|^3 - (a + 3)|x|^2 + 1 up to 1, a|x|^3 - 5a|x|^2 + 8a|x| - 4a up to 2
    near = (1.5 * away - 2.5) * away * away + 1
    far = ((-0.5 * away + 2.5) * away - 4) * away + 2
    weights = np.where(away <= 1, near, np.where(away < 2, far, 0.0))
    weights /= weights.sum(1, keepdims=True)
    return (index % length if wrap else np.clip(index, 0, length - 1)), weights
