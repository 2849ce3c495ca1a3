"""Profiles: (finished picture, its symmetry) -> numbers about its surface: seams, grain.

A seam is a step that only a border shows: of the fundamental domain, where what was made once meets its own copies, or
of the tile, where the picture meets itself. 1 is as smooth there as anywhere; 2 has steps twice as high as elsewhere.
An edge of the tile is a single line, which the threads of a cloth or the joints of bricks may make steep by chance: it
is compared with the steepest tenth of the lines inside.

Grain is how much of the contrast lies in the finest detail, beside the style's own: 1 is as crisp as the style; less is
blurred, more is noisy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from orbifolio.runner.arrays import F32, F64, Bools
from orbifolio.runner.deferred import torch
from orbifolio.runner.symmetry.base import Symmetry
from orbifolio.runner.symmetry.charts import Chart, grid
from orbifolio.runner.symmetry.verify.visibility import evenly_shown

if TYPE_CHECKING:
    from torch import Tensor

MAX_PIXELS = 4_000_000  # of a picture whose domain is looked for: the tables of larger ones take gigabytes
STEEP = 0.9  # quantile of the lines inside that an edge of the tile is compared with
JUMP = 6.0  # times the usual step between neighbours' places: more leads to another copy of the domain
MIN_PAIRS = 32  # of neighbours across a border; fewer say nothing
BLUR = 1.0  # pixels, standard deviation of the Gaussian that takes the finest detail away


def tile_seam(picture: F32, wrap: tuple[bool, bool]) -> float | None:
    """The largest step over edges where the picture continues, beside steep lines inside; None where it does not.

    Args:
        picture: (height, width, 3) in [0, 1].
        wrap: whether it continues over its (top-bottom, left-right) edges.
    """
    ratios = []
    for axis, wraps in enumerate(wrap):
        if not wraps or picture.shape[axis] < 3:
            continue
        lines = np.moveaxis(picture, axis, 0)
        inside = float(np.quantile(np.abs(np.diff(lines, axis=0)).mean((1, 2)), STEEP))
        if inside > 0:
            ratios.append(float(np.abs(lines[0] - lines[-1]).mean()) / inside)
    return max(ratios, default=None)


def shown_part(chart: Chart, width: int, height: int) -> F64 | None:
    """(height, width) 1 where a picture shows its surface about as large as anywhere, else 0; None for all of it.

    Args:
        chart: through which the picture shows it.
        width: in pixels.
        height: in pixels.
    """
    even = evenly_shown(chart, width, height)
    if even.all():
        return None
    return even if even.any() else chart.look(*grid(width, height)).there.reshape(height, width).astype(np.float64)


def domain_seam(picture: F32, symmetry: Symmetry) -> float | None:
    """The step over the fundamental domain's borders, beside steps inside.

    Every orbit has a place; a smooth picture of these places breaks where one copy of the domain meets another.
    Mirrors fold it without a break: there no step can be.

    Args:
        picture: (height, width, 3) in [0, 1].
        symmetry: that it has.

    Returns:
        None where the picture has no borders, shows several places at once, or is too large.
    """
    height, width = picture.shape[:2]
    if height * width > MAX_PIXELS:
        return None
    layout = symmetry.layout(width, height).colourless()
    if layout is None:
        return None
    try:
        places = layout.representatives()
    except NotImplementedError:
        return None
    seen = layout.render(torch.from_numpy(np.ascontiguousarray(places)).float())[0].permute(1, 2, 0).numpy()
    if seen.shape[:2] != (height, width):
        return None
    shown = shown_part(symmetry.chart_for(width, height), width, height)
    there = np.ones((height, width), bool) if shown is None else shown > 0
    steps, moves = [], []
    for axis in (0, 1):
        pairs = _both(there, axis)
        steps.append(np.abs(np.diff(picture, axis=axis)).mean(2)[pairs])
        moves.append(np.linalg.norm(np.diff(seen, axis=axis) * _scale(places, width, height), axis=2)[pairs])
    step, move = np.concatenate(steps), np.concatenate(moves)
    across = move > JUMP * max(float(np.median(move)), 1e-12)
    inside = float(step[~across].mean()) if (~across).any() else 0.0
    if across.sum() < MIN_PAIRS or not inside > 0:
        return None
    return float(step[across].mean()) / inside


def _both(there: Bools, axis: int) -> Bools:
    """Pairs of neighbours along an axis that both count."""
    lines = np.moveaxis(there, axis, 0)
    return np.asarray(np.moveaxis(lines[:-1] & lines[1:], 0, axis))


def _scale(places: F64, width: int, height: int) -> F64:
    """Fractions of a flat picture in pixels; points of a curved surface as they are."""
    flat = bool((places[:, 2] == 1).all())
    return np.array([width, height, 1.0]) if flat else np.ones(3)


def fineness(crops: Tensor) -> float:
    """The share of the contrast in detail finer than a pixel or two: (n, 3, side, side) -> 0 to 1."""
    from scipy import ndimage

    pixels = crops.double().numpy()
    detail = pixels - ndimage.gaussian_filter(pixels, (0, 0, BLUR, BLUR), mode="nearest")
    contrast = pixels - pixels.mean((2, 3), keepdims=True)
    variance = float((contrast**2).mean())
    return float(np.sqrt((detail**2).mean() / variance)) if variance > 1e-9 else 0.0


def grain(picture: Tensor, styles: Sequence[tuple[Tensor, float]]) -> float | None:
    """A picture's fineness beside its styles'.

    Args:
        picture: (n, 3, side, side) crops.
        styles: (crops, weight) of each, at the size at which the picture is most like them.
    """
    total = sum(weight for _, weight in styles)
    wanted = sum(weight * fineness(crops) for crops, weight in styles) / total if total else 0.0
    return fineness(picture) / wanted if wanted > 0 else None
