"""Backgrounds for screens, cut from a tile that repeats: (tile) -> JPEG files by name.

A screen shows the tile at most `_MOST` times along its shorter side, since more look like a carpet, and at least once:
a larger tile is scaled down, a smaller one up. Beyond `_ENLARGED` that is blurred, and there is no wallpaper
(`orbifolio enlarge` makes the tile large enough).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.deferred import torch
from orbifolio.runner.images import encoding
from orbifolio.runner.symmetry.layouts.resample import resample

SCREENS = {"wallpaper-4k.jpg": (3840, 2160), "wallpaper-phone.jpg": (1440, 3120)}
"""(width, height) in pixels: a 4K display; a telephone of 19.5:9."""
_MOST = 3  # copies along the shorter side
_ENLARGED = 2.0  # times as large, at most: pixels of these screens are half as large as usual ones
_QUALITY = 92  # of the JPEG, which every system takes as a background


def wallpapers(tile: F32) -> Mapping[str, bytes]:
    """Backgrounds for the screens that a tile is large enough for.

    Args:
        tile: (height, width, 3) in [0, 1], which repeats in both directions.
    """
    files = {}
    for name, screen in SCREENS.items():
        copies = min(screen) / min(tile.shape[:2])
        scale = min(copies, max(1.0, copies / _MOST))
        if scale <= _ENLARGED:
            height, width = (max(1, round(side * scale)) for side in tile.shape[:2])
            scaled = rescaled(tile, (width, height), wrap=(True, True))
            files[name] = encoding.jpeg(repeated(scaled, screen), quality=_QUALITY)
    return files


def rescaled(picture: F32, size: tuple[int, int], *, wrap: tuple[bool, bool]) -> F32:
    """A picture in another size, (width, height); what repeats goes on repeating.

    Args:
        picture: (height, width, 3) in [0, 1].
        size: in pixels.
        wrap: whether it continues over its (top-bottom, left-right) edges.
    """
    if size == (picture.shape[1], picture.shape[0]):
        return picture
    shown = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None]
    centred = (not wrap[0], not wrap[1])
    scaled = resample(shown, size[1], size[0], wrap=wrap, centred=centred)[0].permute(1, 2, 0).clamp(0, 1)
    return np.ascontiguousarray(scaled.numpy(), np.float32)


def repeated(tile: F32, size: tuple[int, int]) -> F32:
    """A picture of a size, (width, height), full of copies of a tile, one of them in the middle."""
    rows, columns = (
        (np.arange(length) - (length - side) // 2) % side
        for length, side in zip(reversed(size), tile.shape[:2], strict=True)
    )
    filled: F32 = tile[rows[:, None], columns]
    return filled
