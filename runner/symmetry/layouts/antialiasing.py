"""Antialiasing: (layout, values) -> the picture whose every pixel is the mean of what the surface shows within it.

A layout shows one point for each pixel. Where a group permutes pixels that is all there is. Elsewhere points fall
between orbits, each a little differently: edges are ragged, and places that should be alike are so only roughly.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.deferred import torch
from orbifolio.runner.symmetry.base import Layout
from orbifolio.runner.symmetry.charts import Chart, grid
from orbifolio.runner.symmetry.groups.triangle import on_surface, tangent_frames
from orbifolio.runner.symmetry.layouts.gather import build_gather

if TYPE_CHECKING:
    from torch import Tensor

_SAMPLES = (3, 4, 8, 16, 32)
"""Each way within a pixel, for pixels about 1, 2, 4 ... times as long on the surface as the finest. Of these, two would
leave turned hexagonal pictures twice as different, four hardly better; large ones average more as it is."""
_FINE, _COARSE = 1.5, 2.0
"""Lengths of pixels, in units of the finest, up to which the first samples do, and at which they are given up where no
more follow: layouts smooth their orbits there before they show them."""
_MAX_COST = 12
"""Samples for each pixel of the picture that a level may take. Towards a zoom's middle, where fewer and fewer pixels
need more and more of them, levels cost about 8 each, towards a disk's rim soon more."""
_CHUNK = 1 << 15  # pixels at once: their taps take about 30 MB


def antialiased(layout: Layout, chart: Chart, values: Tensor) -> Tensor:
    """The artwork with smooth edges.

    Args:
        layout: of the artwork.
        chart: through which its picture shows the surface.
        values: (P, 3), centred, on the CPU.

    Returns:
        (1, 3, height, width), as `layout.render` gives it; just that where pixels show orbits as they are, and where
        the surface cannot be looked up between them.
    """
    picture = layout.render(values)
    lookup = layout.tangent_planes().lookup
    if lookup is None:
        return picture
    width, height = layout.width, layout.height
    x, y = grid(width, height)
    seen = chart.look(x, y)
    length = np.where(seen.there, seen.spacing, np.inf)
    length /= length.min()
    if not _between(lookup.taps(seen.points[np.flatnonzero(length < _FINE)[:_CHUNK]]).weights):
        return picture
    right, up = tangent_frames(seen.points, chart.curvature)
    side = (seen.spacing * 2 / min(width, height))[:, None]

    def points(part: I64, across: float, upwards: float) -> F64:
        """(n, 3) what pixels show beside their middles."""
        if chart.curvature:
            away = side[part] * (across * right[part] + upwards * up[part])
            return on_surface(seen.points[part] + away, chart.curvature)
        return chart.look(x[part] + across * 2 / width, y[part] + upwards * 2 / height).points

    constrained = layout.constrain(values)
    pixels = picture[0].permute(1, 2, 0).reshape(-1, 3).clone()
    levels = _levels(length)
    for level, chosen in enumerate(levels):
        within = _within(_SAMPLES[level])
        for start in range(0, len(chosen), _CHUNK):
            part = chosen[start : start + _CHUNK]
            mean = torch.zeros(len(part), 3, dtype=pixels.dtype)
            for across, upwards in itertools.product(within, repeat=2):
                taps = lookup.taps(points(part, across, upwards))
                mean += build_gather(taps.orbits, taps.elements, taps.weights, layout.parameters)(constrained)
            trust = np.clip((_COARSE - length[part] / 2 ** (len(levels) - 1)) / (_COARSE - _FINE), 0.0, 1.0)
            pixels[part] += torch.from_numpy(trust).to(pixels)[:, None] * (mean / len(within) ** 2 + 0.5 - pixels[part])
    return pixels.view(1, height, width, 3).permute(0, 3, 1, 2)


def _levels(length: F64) -> list[I64]:
    """The pixels of each level, the finest first; those of the last reach on to where samples are given up.

    Args:
        length: (N,) of pixels on the surface, in units of the finest.
    """
    level = np.ceil(np.log2(np.maximum(length / _FINE, 1.0)))
    samples = [(level == number).sum() * count**2 for number, count in enumerate(_SAMPLES)]
    count = 1
    while count < len(_SAMPLES) and 0 < samples[count] <= _MAX_COST * len(length):
        count += 1
    last = (level >= count - 1) & (length < _COARSE * 2 ** (count - 1))
    return [*(np.flatnonzero(level == number) for number in range(count - 1)), np.flatnonzero(last)]


def _within(count: int) -> list[float]:
    """Places of samples along a side, in pixels from the pixel's middle."""
    return [(step + 0.5) / count - 0.5 for step in range(count)]


def _between(weights: F64) -> bool:
    """Whether some points lie between orbits, so that they blend several.

    Args:
        weights: (N, k) of their taps.
    """
    return bool((weights.max(1) < 1 - 1e-6).any())
