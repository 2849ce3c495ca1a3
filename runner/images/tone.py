"""Tone and colour operations that do not care which channel is which.

The finished picture of a coloured symmetry obeys I(g x) = c(g) I(x) with c a signed permutation of RGB about
mid-grey. An operation F keeps that if it commutes with c:

* with permutations, if every channel gets the same curve, or the same linear combination symmetric in the
  channels. Saturation therefore moves colours about the plain mean (r + g + b) / 3, not about a luma with
  unequal weights.
* with inversions x -> 1 - x of some channels, if the curve is odd about 1/2: contrast is; levels are only
  if they cut both ends alike. The mean of the channels is not odd under the inversion of *one* channel, so
  saturation commutes only with actions that invert all channels or none.

Convention: (height, width, 3) float32 arrays, sRGB-encoded, values about [0, 1].
"""

from __future__ import annotations

from typing import Any

import numpy as np

from orbifolio.runner.arrays import F32

CLIPPED = 0.005  # share of values that automatic levels clip at each end: without it one stray pixel decides


def automatic_levels(pixels: F32, *, symmetric: bool) -> tuple[float, float]:
    """Black and white points that leave out a small share of all values, channels taken together.

    Args:
        pixels: of any shape; all its values are pooled.
        symmetric: cut both ends alike, as inverting colour actions need.

    Returns:
        (low, high) with low < high, never beyond [0, 1].
    """
    low, high = (float(value) for value in np.quantile(pixels, (CLIPPED, 1 - CLIPPED)))
    if symmetric:
        low, high = evened(low, high)
    low, high = max(low, 0.0), min(high, 1.0)
    # A picture of one colour has no levels to stretch.
    return (low, high) if high - low > 1 / 64 else (0.0, 1.0)


def evened(low: float, high: float) -> tuple[float, float]:
    """Levels moved outwards until both are equally far from mid-grey."""
    reach = max(0.5 - low, high - 0.5)
    return 0.5 - reach, 0.5 + reach


def levels(pixels: F32, low: float, high: float) -> F32:
    """Stretch so that `low` becomes 0 and `high` becomes 1; the same line for every channel.

    Levels less than a thousandth apart count as a thousandth.
    """
    high = max(high, low + 1e-3)
    return ((pixels - np.float32(low)) / np.float32(high - low)).astype(np.float32)


def contrast(pixels: F32, amount: float) -> F32:
    """Multiply the distance from mid-grey: odd about 1/2, so it commutes with every signed permutation."""
    return ((pixels - np.float32(0.5)) * np.float32(amount) + np.float32(0.5)).astype(np.float32)


def saturation(pixels: F32, amount: float) -> F32:
    """Multiply the distance from the grey (r + g + b) / 3."""
    grey = pixels.mean(axis=2, keepdims=True, dtype=np.float64)
    done: F32 = (grey + (pixels - grey) * amount).astype(np.float32)
    return done


def sharpen(pixels: F32, amount: float, radius: float, *, wrap: tuple[bool, bool], pixel_aspect: float = 1.0) -> F32:
    """Unsharp mask: add back `amount` times what a Gaussian blur takes away.

    A Gaussian is isotropic in the picture's true geometry, so the filter commutes with every rotation and
    mirror of the plane, and being linear and the same for all channels with every colour action.

    Args:
        pixels: (height, width, 3).
        amount: 0 leaves the picture alone.
        radius: standard deviation in pixels along y.
        wrap: the picture continues over its (top-bottom, left-right) edges.
        pixel_aspect: true width / height of a pixel.
    """
    soft = blurred(pixels, radius, wrap=wrap, pixel_aspect=pixel_aspect)
    done: F32 = (pixels + np.float32(amount) * (pixels - soft)).astype(np.float32)
    return done


def blurred(pixels: F32, radius: float, *, wrap: tuple[bool, bool], pixel_aspect: float = 1.0) -> F32:
    """A Gaussian blur, isotropic in the picture's true geometry; see `sharpen`."""
    from scipy import ndimage  # a third of a second, which reading a recipe does not need

    soft: Any = pixels
    for axis, sigma in ((0, radius), (1, radius / pixel_aspect)):
        mode: Any = "wrap" if wrap[axis] else "nearest"
        soft = ndimage.gaussian_filter1d(soft, sigma, axis=axis, mode=mode)
    done: F32 = soft
    return done
