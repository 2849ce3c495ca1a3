"""Directions of strokes: (picture, radius) -> an angle and a confidence for each pixel.

Along edges where there are any; elsewhere a slow turning of the whole picture decides, not the nearest silhouette,
which would lay rings about everything. The structure tensor in double angles (Knutsson 1989), where opposite directions
are one, so that directions can be averaged.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.deferred import ndimage
from orbifolio.runner.painting.smoothing import smooth

CHROMA = 1.6  # weight of the chroma channels of OKLab beside lightness
REACHES = ((0.5, 1.0), (1.4, 0.02))
"""Deviation in radii of the averages of the tensor, and their weights: near edges decide, far ones where none is."""
COMPRESSION = 0.8  # exponent of a gradient's size: a faint edge still leads a stroke
BEND_START = 1.5  # exponent with which the slow turning gives way to edges


class Directions(NamedTuple):
    """Where strokes go.

    Attributes:
        angles: (h, w) radians, from the right to below; opposite directions are the same.
        confidence: (h, w) in [0, 1], 1 at clear edges.
    """

    angles: F32
    confidence: F32


def slow_noise(shape: tuple[int, int], deviation: float, generator: np.random.Generator) -> F32:
    """(h, w) noise of mean square 1 that changes over so many pixels."""
    noise = smooth(generator.normal(size=shape).astype(np.float32), deviation)
    scaled: F32 = noise / np.float32(noise.std() + 1e-9)
    return scaled


def directions(lab: F32, radius: float, *, flow: float, bearing: F32) -> Directions:
    """Directions for strokes of a radius.

    Args:
        lab: (h, w, 3) OKLab.
        radius: of the strokes in pixels.
        flow: weight of the bearing where there are no edges; 0 for edges alone.
        bearing: (h, w) radians, where strokes go without edges.
    """
    grain = max(1.0, 0.3 * radius)
    seen = smooth(lab * np.array([1, CHROMA, CHROMA], np.float32), grain)
    right, down = ndimage.sobel(seen, 1) / 8, ndimage.sobel(seen, 0) / 8
    # a gradient (x, y) at angle p: cos 2p and sin 2p times its square; strokes go across it, hence the signs
    cosine = -(right * right - down * down).sum(2)
    sine = -(2 * right * down).sum(2)
    squared = (right * right + down * down).sum(2)
    compressed = 1 / (squared ** (1 - COMPRESSION / 2) + 0.004 / grain)
    weighted = [
        smooth(part * compressed, reach * radius) * weight
        for part in (cosine, sine, squared)
        for reach, weight in REACHES
    ]
    count = len(REACHES)
    cosine, sine, squared = (sum(weighted[first : first + count]) for first in range(0, 3 * count, count))
    strength = np.hypot(cosine, sine)
    # a quarter of the picture should be led by its edges, and noise of 0.3 % of the lightness by none
    floor = min(0.006, 0.3 * float(np.quantile(strength, 0.75))) + 0.003
    confidence = strength / (strength + floor) * np.clip(1.6 * strength / (squared + 1e-9), 0, 1)
    free = flow * (1 - confidence) ** BEND_START
    unit = confidence / (strength + 1e-9)
    angles = 0.5 * np.arctan2(sine * unit + free * np.sin(2 * bearing), cosine * unit + free * np.cos(2 * bearing))
    return Directions(angles.astype(np.float32), confidence.astype(np.float32))
