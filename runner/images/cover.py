"""A picture that fills a size: (picture, size) -> its middle, scaled without distortion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orbifolio.runner.deferred import functional

if TYPE_CHECKING:
    from torch import Tensor


def cover(picture: Tensor, size: tuple[int, int]) -> Tensor:
    """The middle of a picture, scaled to fill (height, width) without distortion.

    Args:
        picture: (1, 3, h, w).
        size: (height, width) in pixels.

    Returns:
        (1, 3, height, width) in [0, 1].
    """
    height, width = picture.shape[-2:]
    factor = max(size[0] / height, size[1] / width)
    scaled = (max(size[0], round(height * factor)), max(size[1], round(width * factor)))
    picture = functional.interpolate(picture, size=scaled, mode="bicubic", antialias=True).clamp(0, 1)
    top, left = (scaled[0] - size[0]) // 2, (scaled[1] - size[1]) // 2
    return picture[..., top : top + size[0], left : left + size[1]]
