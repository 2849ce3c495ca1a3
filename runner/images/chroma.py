"""Hue and chroma of another picture, place by place: (picture, the other one) -> its own light in the other's colours.

Style transfer that keeps a photograph's colours (Gatys et al. 2017, luminance only): what strokes do is seen in light
and dark, and leaves, skin and sky stay as they were. In OKLab, a colour that no screen shows keeps its light and hue.
"""

from __future__ import annotations

import numpy as np

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.deferred import torch
from orbifolio.runner.images import oklab
from orbifolio.runner.images.cover import cover

CITES = ("gatys2017", *oklab.CITES)
_ROWS = 1 << 18  # pixels at once: what conversion needs in memory is small beside the picture


def with_chroma(pixels: F32, other: F32) -> F32:
    """A picture with the hue and chroma that another one has at the same place.

    Args:
        pixels: (height, width, 3) sRGB in [0, 1].
        other: (any, any, 3) the same; its middle fills the picture without distortion.

    Returns:
        (height, width, 3) sRGB in [0, 1].
    """
    height, width = pixels.shape[:2]
    covering = cover(torch.from_numpy(np.ascontiguousarray(other)).permute(2, 0, 1)[None], (height, width))
    colours = _opponents(covering[0].permute(1, 2, 0).contiguous().numpy())
    own = _opponents(pixels)
    return _srgb(np.concatenate([own[:, :1], colours[:, 1:]], axis=1)).reshape(height, width, 3)


def _opponents(pixels: F32) -> F64:
    flat = pixels.reshape(-1, 3)
    return np.concatenate(
        [oklab.from_srgb(flat[at : at + _ROWS].astype(np.float64)) for at in range(0, len(flat), _ROWS)]
    )


def _srgb(lab: F64) -> F32:
    parts = [oklab.to_srgb(lab[at : at + _ROWS]).astype(np.float32) for at in range(0, len(lab), _ROWS)]
    return np.concatenate(parts)
