"""Smoothing: Gaussians of any width at the price of narrow ones, and one that keeps edges."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from PIL import Image

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.deferred import ndimage

REDUCED = 2.5  # deviation in pixels of the reduced picture: wide enough that its pixels do not show
CHANNEL_WEIGHTS = np.array([1, 4, 4], np.float32)  # of squares: chroma varies about half as much as lightness
APART = 1.6  # deviations between a pixel and the neighbourhoods it may take its colour from
QUIET = (
    4  # exponent with which restless neighbourhoods lose their weight; the paper's is 8, which is as good as a choice
)
CUT = 3.0  # deviations at which a Gaussian ends


def smooth(field: F32 | F64, deviation: float) -> F32:
    """A field under a Gaussian, the picture continued by its mirror image.

    Wide Gaussians are applied to a reduced picture.

    Args:
        field: (h, w) or (h, w, channels).
        deviation: in pixels.
    """
    if field.ndim == 3:
        return np.stack([smooth(field[..., c], deviation) for c in range(field.shape[2])], axis=2)
    field = np.ascontiguousarray(field, np.float32)
    factor = int(deviation / REDUCED)
    if factor < 2:
        blurred: F32 = ndimage.gaussian_filter(field, deviation, truncate=CUT)
        return blurred
    high, wide = field.shape
    small = np.asarray(Image.fromarray(field).reduce(factor))
    # averaging `factor` pixels has already blurred by factor^2 / 12, and enlarging will by about as much again
    narrow = math.sqrt(max(0.2, (deviation / factor) ** 2 - 0.25))
    small = ndimage.gaussian_filter(small, narrow, truncate=CUT, mode="nearest")
    cells_wide, cells_high = small.shape[1] * factor, small.shape[0] * factor
    image = Image.fromarray(small).resize((cells_wide, cells_high), Image.Resampling.BICUBIC)
    return np.asarray(image.crop((0, 0, wide, high)), np.float32)


class Surfaces(NamedTuple):
    """What a picture looks like at some distance, its edges kept.

    Attributes:
        colours: (h, w, 3) OKLab.
        variance: (h, w) of colour in the neighbourhoods that places took theirs from, as `CHANNEL_WEIGHTS` count it.
    """

    colours: F32
    variance: F32


def smooth_within_edges(lab: F32, deviation: float, tolerance: float) -> Surfaces:
    """Blur colours but not across edges, by a smooth Kuwahara filter after Papari et al. (2007).

    A pixel takes the mean colour of the quietest neighbourhoods near it, so even one on an edge has the colour of one
    of its sides: strokes beside a silhouette get no muddy rim, as they would from a Gaussian.

    Args:
        lab: (h, w, 3) OKLab.
        deviation: in pixels.
        tolerance: variance below which all neighbourhoods count alike; 0 for a plain Gaussian.
    """
    mean = smooth(lab, deviation)
    squares = smooth((lab**2) @ CHANNEL_WEIGHTS, deviation)
    variance = np.maximum(0, squares - (mean**2) @ CHANNEL_WEIGHTS)
    if tolerance == 0:
        return Surfaces(mean, variance)
    weights = (1 + variance / tolerance) ** -QUIET
    weighted = np.dstack([mean * weights[..., None], variance * weights, weights])
    apart = max(1, round(APART * deviation))
    diagonal = max(1, round(APART * deviation / math.sqrt(2)))
    total = np.zeros_like(weighted)
    padded = np.pad(weighted, ((apart, apart), (apart, apart), (0, 0)), mode="edge")
    high, wide = variance.shape
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            step = diagonal if down and right else apart
            top, left = apart + down * step, apart + right * step
            total += padded[top : top + high, left : left + wide]
    done: F32 = (total[..., :4] / np.maximum(total[..., 4:], 1e-30)).astype(np.float32, copy=False)
    return Surfaces(np.ascontiguousarray(done[..., :3]), done[..., 3])
