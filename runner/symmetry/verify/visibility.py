"""Visibility: (picture, chart, domain) -> how much of its contrast is large enough to show where its symmetry is.

A symmetry may hold exactly and not be seen. What the eye follows from one fundamental domain to the next are shapes of
the domain's own scale; grain much finer averages out over a domain, the same in all of them, and the picture reads as
a carpet. So the score is the share of the picture's variance that survives a Gaussian some way below the domain's
side, beyond what white noise keeps of its own.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from orbifolio.runner.arrays import F64
from orbifolio.runner.symmetry.charts import Chart, grid, opacity

BLUR = 1 / 16
"""Standard deviation of the Gaussian, in sides of a domain: of nine shapes in one a fifth is kept, of forty none."""

_MIN_BLUR = 0.5  # pixels: a domain too small for it shows no shapes
_EVENNESS = (
    2.0  # of lengths on the surface: where a chart shows domains smaller than that, or stretched, none is judged
)


def visibility(picture: npt.NDArray[Any], chart: Chart, domain: float) -> float | None:
    """How visible the symmetry is.

    Args:
        picture: (height, width, 3) in [0, 1].
        chart: through which the picture shows its surface.
        domain: area of a fundamental domain in pixels, where the chart shows the surface largest.

    Returns:
        0 for a carpet and less than 0.1 for what reads as one, towards 1 for a few shapes in each domain; None where
        there is no contrast, or a domain is too small.
    """
    from scipy import ndimage

    centred = np.asarray(picture, dtype=np.float64) - 0.5
    height, width = centred.shape[:2]
    blur = BLUR * math.sqrt(domain)
    weights = evenly_shown(chart, width, height)
    total = weights.sum()
    if blur < _MIN_BLUR or not total:
        return None
    centred = centred - (centred * weights[..., None]).sum((0, 1)) / total
    variance = (centred**2 * weights[..., None]).sum() / total
    if variance < 1e-6:
        return None
    modes = ["wrap" if wraps else "constant" for wraps in chart.wrap]
    spread = ndimage.gaussian_filter(weights, blur, mode=modes)
    coarse = ndimage.gaussian_filter(centred * weights[..., None], (blur, blur, 0), mode=[*modes, "nearest"])
    coarse /= np.maximum(spread, 1e-9)[..., None]
    kept = float((coarse**2 * weights[..., None]).sum() / total / variance)
    noise = 1 / (4 * math.pi * blur**2)  # the energy of the Gaussian: what is kept of white noise
    return min(1.0, max(0.0, (kept - noise) / (1 - min(noise, 0.5))))


def evenly_shown(chart: Chart, width: int, height: int) -> F64:
    """(height, width) 1 where the chart shows the surface at about its largest scale, else 0."""
    seen = chart.look(*grid(width, height))
    points = seen.points.reshape(height, width, 3)
    metric = np.array([1.0, 1.0, float(chart.curvature)])
    down, across = np.asarray(np.gradient(points, axis=(0, 1)))
    first, second, mixed = ((a * b * metric).sum(2) for a, b in ((down, down), (across, across), (down, across)))
    middle, reach = (first + second) / 2, np.hypot((first - second) / 2, mixed)
    longest, shortest = np.sqrt(np.maximum(middle + reach, 0)), np.sqrt(np.maximum(middle - reach, 0))
    there = seen.there.reshape(height, width) & (longest > 0)
    shown = opacity(chart, width, height)
    there &= True if shown is None else shown == 1
    even = there & (longest < _EVENNESS * longest[there].min(initial=np.inf))
    if chart.curvature:  # flat charts turn, or show fractions of a picture, the same everywhere
        even &= shortest * _EVENNESS > longest
    return np.asarray(even, dtype=np.float64)
