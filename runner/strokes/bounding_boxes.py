"""Which pixels a stroke can reach: strokes -> (stroke, pixel) pairs, so that only these are computed.

Pairs come stroke by stroke, and within a stroke row by row. First the bounding box of each curve, wider by its reach,
then only those pixels of it that are near enough; in batches, so that the memory stays bounded.

Convention: pixel (row i, column j) has the number i * width + j; its centre is ((j + 0.5) / unit, (i + 0.5) / unit)
in units, where `unit` is pixels per unit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from orbifolio.runner.deferred import torch

if TYPE_CHECKING:
    from torch import Tensor

BATCH = 1 << 13  # pairs at once: small, so that they stay in the cache


@torch.no_grad()
def boxes(knots: Tensor, reach: Tensor, width: int, height: int, unit: Tensor) -> Tensor:
    """Bounding boxes of curves, cut at the picture's edges.

    Args:
        knots: (n, k, 2) points of the curves in units.
        reach: (n,) units around the curve.
        width: of the picture in pixels.
        height: of the picture in pixels.
        unit: (n,) pixels per unit.

    Returns:
        (n, 4) int64: left, top, right, bottom in pixels, the last two excluded; empty boxes have no width or height.
    """
    low = (knots.amin(1) - reach[:, None]) * unit[:, None] - 0.5
    high = (knots.amax(1) + reach[:, None]) * unit[:, None] - 0.5
    limit = torch.tensor([width, height], dtype=low.dtype, device=low.device)
    first = low.ceil().clamp(min=0).minimum(limit)
    last = (high.floor() + 1).clamp(min=0).minimum(limit)
    return torch.cat((first, last.maximum(first)), dim=1).long()


@torch.no_grad()
def pairs(corners: Tensor, width: int) -> Iterator[tuple[Tensor, Tensor]]:
    """All (stroke, pixel) of boxes, in batches of about `BATCH`.

    Args:
        corners: (n, 4) from `boxes`.
        width: of the picture in pixels.

    Yields:
        (k,) strokes and (k,) numbers of pixels.
    """
    across, down = corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]
    ends = (across * down).cumsum(0)
    total = int(ends[-1]) if len(ends) else 0
    for begin in range(0, total, BATCH):
        number = torch.arange(begin, min(begin + BATCH, total), device=corners.device)
        stroke = torch.searchsorted(ends, number, right=True)
        local = number - (ends - across * down)[stroke]
        row = corners[stroke, 1] + local // across[stroke]
        column = corners[stroke, 0] + local % across[stroke]
        yield stroke, row * width + column


def centres(pixel: Tensor, width: int, unit: Tensor) -> Tensor:
    """(k, 2) centres of pixels in units.

    Args:
        pixel: (k,) row * width + column.
        width: of the picture in pixels.
        unit: (k,) pixels per unit, or one for all.
    """
    row = torch.div(pixel, width, rounding_mode="floor")
    return torch.stack((pixel - row * width + 0.5, row + 0.5), dim=-1) / unit[..., None]
