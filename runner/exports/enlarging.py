"""Enlarging a finished picture: (picture, symmetry) -> up to sixteen times as wide, seamless, the symmetry exact.

A network (`vision/enlarger.py`) makes four times the size at a time. It sees over the edges where the picture repeats,
so there is no seam; but it knows nothing of turns, flips and colours, and what it draws in one copy of a motif differs
a little from the next. So its picture is averaged over the symmetry: over all movements of the picture's plane with
their colours where there are finitely many, else through the layout of the large size, whose orbits are such averages.

The network works tile by tile and the average band by band, so that memory is that of the large picture twice, 24 bytes
a pixel. Where the symmetry is a layout's (spheres, hyperbolic planes, zooms, meshes), its tables are in memory, too.

Convention: pictures are (height, width, 3), sRGB in [0, 1]; sample (i, j) lies at (j / width, i / height) along an axis
that wraps, else in the middle of its pixel. Sizes are (width, height) in pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.deferred import torch
from orbifolio.runner.exports.averaging_kernels import average_rows
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.base import Symmetry
from orbifolio.runner.symmetry.claims import Claim
from orbifolio.runner.symmetry.kinds.none import PlainPicture
from orbifolio.runner.symmetry.layouts.antialiasing import antialiased
from orbifolio.runner.symmetry.layouts.resample import resample
from orbifolio.runner.threads import thread_count
from orbifolio.runner.vision.enlarger import FACTOR, Enlarger, Progress

MAX_FACTOR = FACTOR**2
"""More than twice through the network shows its own hand more than the picture's."""
_BAND = 64  # rows that a thread averages at once: few enough that all threads end together
_FINER = 1.1  # times finer than wanted, from which a picture is first made smaller: less would only blur it
_SLACK = 1.05  # a size that was rounded for the symmetry may be a little more than four times the one before

Size = tuple[int, int]


def enlarge(
    picture: F32,
    size: Size,
    network: Enlarger,
    *,
    symmetry: Symmetry | None = None,
    progress: Progress = lambda share: None,
) -> F32:
    """A picture in a larger size.

    Args:
        picture: (height, width, 3) in [0, 1].
        size: of the result, at most `MAX_FACTOR` times as wide and high; one that `symmetry` can have.
        network: that draws what is fine.
        symmetry: that the picture has, and the result exactly; None for none.
        progress: called with the share of the work that is done, in (0, 1].

    Returns:
        (height, width, 3) in [0, 1].
    """
    symmetry = symmetry or PlainPicture()
    sizes = passes((picture.shape[1], picture.shape[0]), size)
    total = sum(width * height for width, height in sizes)
    done = 0
    for target in sizes:
        whole = target[0] * target[1]

        def passed(share: float, before: int = done, whole: int = whole) -> None:
            progress((before + 0.9 * share * whole) / total)  # the average takes the rest

        picture = _larger(picture, target, network, symmetry, passed)
        done += whole
        if target != size:
            progress(done / total)
    exact = _through_layout(picture, symmetry)
    progress(1.0)
    return exact


def passes(old: Size, new: Size) -> list[Size]:
    """The sizes on the way: each at most four times the one before.

    >>> passes((80, 80), (320, 320)), passes((768, 768), (6144, 6144)), passes((100, 60), (1600, 960))
    ([(320, 320)], [(1536, 1536), (6144, 6144)], [(400, 240), (1600, 960)])
    """
    sizes = [new]
    while max(sizes[0][0] / old[0], sizes[0][1] / old[1]) > FACTOR * _SLACK:
        width, height = sizes[0]
        sizes.insert(0, (-(-width // FACTOR), -(-height // FACTOR)))
    return sizes


def _larger(picture: F32, size: Size, network: Enlarger, symmetry: Symmetry, progress: Progress) -> F32:
    """Once through the network, brought to a size and averaged over the symmetry's movements."""
    height, width = picture.shape[:2]
    shown = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None]
    large = network.enlarge(shown, wrap=symmetry.wrap, progress=progress)
    if max(large.shape[-1] / size[0], large.shape[-2] / size[1]) > _FINER:
        large = resample(large, size[1], size[0], wrap=symmetry.wrap, centred=(True, True))
    # The network takes samples for middles of pixels. Along an axis that wraps they lie at the pixels' beginnings, so
    # what the picture shows at x is half a small pixel further on in what the network drew.
    across, down = reversed(symmetry.wrap)
    shifts = (0.5 / width if across else 0.0, 0.5 / height if down else 0.0)
    movements = symmetry.movements(width / height) or PlainPicture().movements(1.0)
    return average(large[0].numpy(), size, movements, wrap=symmetry.wrap, shifts=shifts)


def _through_layout(picture: F32, symmetry: Symmetry) -> F32:
    """The picture led through the layout of its size, unless movements are all of its symmetry."""
    height, width = picture.shape[:2]
    if symmetry.movements(width / height):
        return picture
    layout = symmetry.layout(width, height)
    with torch.no_grad():
        values = layout.sharpest(torch.from_numpy(picture).permute(2, 0, 1)[None])
        exact = antialiased(layout, symmetry.chart_for(width, height), values)[0].clamp(0, 1)
    return np.ascontiguousarray(exact.permute(1, 2, 0).numpy(), np.float32)


def average(
    source: F32, size: Size, movements: Sequence[Claim], *, wrap: tuple[bool, bool], shifts: tuple[float, float]
) -> F32:
    """The mean of a picture over movements, I(x) = mean over g of c(g)^-1 S(g x), which has them all exactly.

    Args:
        source: S, (3, rows, columns) in [0, 1], its samples in the middles of its pixels.
        size: of the result.
        movements: a group, in fractions of the picture.
        wrap: periodic over (top-bottom, left-right).
        shifts: to be added to x and y of a place, in fractions, to find it in the source.

    Returns:
        (height, width, 3) in [0, 1].
    """
    result = np.empty((size[1], size[0], 3), np.float32)
    back = [colour.INVERSE[claim.colour] for claim in movements]
    moves = np.array([claim.matrix for claim in movements], np.float64)
    channels = np.array([colour.permutation(element) for element in back], np.int64)
    signs = np.array([colour.signs(element) for element in back], np.float64)
    wraps = np.array([wrap[1], wrap[0]], np.int64)
    middles = np.array([0.0 if axis else 0.5 for axis in reversed(wrap)])
    places = np.array(shifts)

    def fill(first: int) -> None:
        last = min(first + _BAND, size[1])
        average_rows(source, result, first, last, moves, channels, signs, wraps, middles, places)

    with ThreadPoolExecutor(thread_count()) as pool:
        for _ in pool.map(fill, range(0, size[1], _BAND)):
            pass
    result += np.float32(0.5)
    return np.clip(result, 0, 1, out=result)
