"""Likeness: (picture, centres of turns) -> which of them look like an emblem, how large, of which hand, and how much.

What a picture of a group shows around a centre of four-, five- or six-fold turns may look like a hooked cross, a
pentagram or a hexagram, though nobody meant it. Each emblem is drawn here, in every size and turn that fits, and
compared with the picture's luminance by normalised correlation, dark on light or light on dark. Two correlations
count, the smaller of them: of the figures as they are, and after the mean of every ring about the centre is taken
away, since any blob or ring resembles an emblem that is a blob or ring first of all.

Convention: an emblem is drawn in (x, y), y up, its middle at (0, 0), one arm or tip upwards, its tips at radius 1
(a star) or its arms' ends on the square of half side 1 (a cross). Rings are rows, angles counter-clockwise columns.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from orbifolio.runner.arrays import C128, F64
from orbifolio.runner.symmetry.verify.turn_centres import TurnCentre

_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, of sRGB values as they are seen
_MAX_SIDE = 768  # pixels of the picture that is searched: no emblem is drawn in finer detail than this shows
_LEAST_RADIUS = 8.0  # pixels: below, a stroke of the emblem has less than two
_STEP = 1.12  # between sizes: the correlation of a drawn cross with one 6 % larger is still above 0.9
_FARTHEST = 0.72
"""Of the way to the next centre, the largest radius: a square of this half side reaches the centre with its corners."""

_LEAST_CONTRAST = 1e-3  # between the darkest and the lightest place: a quarter of a step of 8 bits shows nothing
_REACH = 1.45  # radius of what is looked at: the corners of a square whose half side is 1, and a little more
_RINGS, _ANGLES = 40, 144
_SIDE = 120  # samples of a square around the centre, before rings are read from it

Ink = Callable[[F64, F64], F64]


@dataclass(frozen=True)
class EmblemFigure:
    """An emblem as it is drawn.

    Attributes:
        name: for a reader.
        fold: order of its turns.
        hand: `right` if its hooks point clockwise, `left`, or "" where it has mirrors.
        ink: (x, y) -> 1 where there is a stroke, else 0.
        square: whether what counts is a square around it, not a disk.
        blur: standard deviation, in radii, of a Gaussian on both figures: a small part of a stroke, so that grain
            and rounded corners do not matter.
        least: correlation from which a picture is said to look like it. Of 360 random figures with the same turns, one
            passes it at some size; drawn emblems have 0.9 and more, blurred by a tenth of their radius 0.82 and more.
    """

    name: str
    fold: int
    hand: str
    ink: Ink
    square: bool
    blur: float
    least: float


@dataclass(frozen=True)
class Likeness:
    """A centre that looks like an emblem.

    Attributes:
        figure: what it looks like.
        place: (x, y down) in fractions of the picture.
        size: the figure's width in widths of the picture.
        score: the correlation, at most 1.
    """

    figure: EmblemFigure
    place: tuple[float, float]
    size: float
    score: float

    def as_record(self) -> dict[str, Any]:
        """For `run.json`."""
        return {
            "name": self.figure.name,
            "fold": self.figure.fold,
            "hand": self.figure.hand,
            "place": [round(part, 4) for part in self.place],
            "size": round(self.size, 4),
            "score": round(self.score, 3),
        }


def hooked_cross(width: float, hand: str) -> Ink:
    """A cross of four arms with a hook each.

    Args:
        width: of a stroke, in half sides.
        hand: `right` for hooks that point clockwise.
    """

    def ink(x: F64, y: F64) -> F64:
        x = -x if hand == "left" else x
        drawn = np.zeros(np.shape(x), dtype=bool)
        for _ in range(4):
            arm = (np.abs(x) <= width / 2) & (np.abs(y - 0.5) <= 0.5)
            hook = (np.abs(y - (1 - width / 2)) <= width / 2) & (x >= 0) & (x <= 1)
            drawn |= arm | hook
            x, y = -y, x
        return drawn.astype(np.float64)

    return ink


def star(points: int, width: float) -> Ink:
    """The star polygon {points/2}, its lines or, of no width, its area.

    Args:
        points: 5 or 6.
        width: of a line, in radii; 0 fills the star.
    """
    inner = math.cos(2 * math.pi / points)
    normals = np.pi / 2 + np.pi + 2 * np.pi * np.arange(points) / points

    def ink(x: F64, y: F64) -> F64:
        across = x[..., None] * np.cos(normals) + y[..., None] * np.sin(normals)
        if not width:
            return np.asarray(((across > inner).sum(-1) <= 1) & (np.hypot(x, y) <= 1), dtype=np.float64)
        along = y[..., None] * np.cos(normals) - x[..., None] * np.sin(normals)
        line = (np.abs(across - inner) <= width / 2) & (np.abs(along) <= math.sqrt(1 - inner**2))
        return np.asarray(line.any(-1), dtype=np.float64)

    return ink


FIGURES = (
    *(
        EmblemFigure("hooked cross (swastika)", 4, hand, hooked_cross(width, hand), True, blur, 0.78)
        for width, blur in ((0.4, 0.08), (0.22, 0.06))
        for hand in ("right", "left")
    ),
    EmblemFigure("pentagram", 5, "", star(5, 0.14), False, 0.05, 0.83),
    EmblemFigure("five-pointed star", 5, "", star(5, 0), False, 0.05, 0.94),
    EmblemFigure("hexagram", 6, "", star(6, 0.16), False, 0.05, 0.8),
    EmblemFigure("six-pointed star", 6, "", star(6, 0), False, 0.05, 0.94),
)
"""The emblems. Filled stars must fit much better than the others: any flower of five or six petals is near to one."""


@dataclass(frozen=True)
class _Drawing:
    """An emblem in rings, ready to be correlated: spectra over the angles, conjugate. Shape (rings, angles) each.

    Attributes:
        weight: how much each place counts, 1 in all.
        whole: the figure, weighted, of mean 0 and variance 1.
        uneven: the same after each ring's mean is taken away.
    """

    weight: C128
    whole: C128
    uneven: C128


def likenesses(picture: npt.NDArray[Any], centres: Iterable[TurnCentre]) -> tuple[Likeness, ...]:
    """The centres that look like an emblem of their order, each with the emblem that it looks most like.

    Args:
        picture: (height, width, 3) in [0, 1].
        centres: in the picture, as `turn_centres` returns them.
    """
    luminance = np.asarray(picture, dtype=np.float64) @ _LUMA
    every = math.ceil(max(luminance.shape) / _MAX_SIDE)
    found = (_at_centre(luminance, centre, every) for centre in centres)
    return tuple(likeness for likeness in found if likeness is not None)


def _at_centre(luminance: F64, centre: TurnCentre, every: int) -> Likeness | None:
    """What a centre looks like, if anything; sizes are searched in `every` pixels."""
    figures = [figure for figure in FIGURES if figure.fold == centre.fold]
    largest = _FARTHEST * min(centre.reach, max(luminance.shape))
    best: Likeness | None = None
    radius = _LEAST_RADIUS * every
    while figures and radius <= largest:
        square = _square_around(luminance, centre, radius)
        for figure in figures if np.ptp(square) > _LEAST_CONTRAST else ():
            score = compare(figure, _rings(square, figure.blur))
            likeness = Likeness(figure, centre.place, 2 * radius / luminance.shape[1], score)
            if score >= figure.least and (best is None or _margin(likeness) > _margin(best)):
                best = likeness
        radius *= _STEP
    return best


def _margin(likeness: Likeness) -> float:
    """How far a score is from what chance reaches to 1."""
    return (likeness.score - likeness.figure.least) / (1 - likeness.figure.least)


def _square_around(luminance: F64, centre: TurnCentre, radius: float) -> F64:
    """(side, side) the luminance around a centre, rows downwards."""
    from scipy import ndimage

    steps = ((np.arange(_SIDE) + 0.5) / _SIDE * 2 - 1) * _REACH * 1.05 * radius
    at = centre.look(steps[None, :] - 1j * steps[:, None])
    return np.asarray(ndimage.map_coordinates(luminance, np.moveaxis(at, -1, 0), order=1, mode="grid-wrap"))


def _rings(square: F64, blur: float) -> F64:
    """(rings, angles) a square's content, blurred, in rings about its middle."""
    from scipy import ndimage

    soft = ndimage.gaussian_filter(square, blur * len(square) / (2 * _REACH * 1.05))
    x, y = _places()
    half = len(square) / 2
    scale = half / (_REACH * 1.05)
    return np.asarray(ndimage.map_coordinates(soft, [half - 0.5 - y * scale, half - 0.5 + x * scale], order=1))


@functools.cache
def _places() -> tuple[F64, F64]:
    """X and y, y up, of the rings' samples in radii. Shape (rings, angles) each."""
    radii = (np.arange(_RINGS) + 0.5) / _RINGS * _REACH
    angles = np.arange(_ANGLES) * (2 * np.pi / _ANGLES)
    return radii[:, None] * np.cos(angles), radii[:, None] * np.sin(angles)


@functools.cache
def _drawing(figure: EmblemFigure) -> _Drawing:
    """An emblem in rings."""
    from scipy import ndimage

    fine = 4  # times as many samples, so that a stroke's edge is smooth
    steps = ((np.arange(fine * _SIDE) + 0.5) / (fine * _SIDE) * 2 - 1) * _REACH * 1.05
    drawn = ndimage.zoom(figure.ink(*np.meshgrid(steps, -steps)), 1 / fine, order=1, grid_mode=True, mode="nearest")
    rings = _rings(drawn, figure.blur)
    x, y = _places()
    inside = np.maximum(np.abs(x), np.abs(y)) < 1.15 if figure.square else np.hypot(x, y) < 1.1
    weight: F64 = np.where(inside, np.hypot(x, y), 0.0)  # by area
    weight /= weight.sum()
    whole = rings - (weight * rings).sum()
    uneven = rings - _ring_means(rings, weight)
    return _Drawing(
        *(
            np.conj(np.fft.fft(weighted, axis=1))
            for weighted in (
                weight,
                weight * whole / math.sqrt((weight * whole**2).sum()),
                weight * uneven / math.sqrt((weight * uneven**2).sum()),
            )
        )
    )


def _ring_means(rings: F64, weight: F64) -> F64:
    """(rings, 1) the weighted mean of every ring."""
    means: F64 = (weight * rings).sum(1, keepdims=True) / np.maximum(weight.sum(1, keepdims=True), 1e-12)
    return means


def compare(figure: EmblemFigure, rings: F64) -> float:
    """How much rings look like an emblem in the turn that fits best.

    Args:
        rings: (rings, angles) of luminance, blurred as the figure.

    Returns:
        The smaller of two correlations in [0, 1], whatever is darker; see the module's docstring.
    """
    drawing = _drawing(figure)

    def slid(values: F64, weights: C128) -> F64:
        """(angles,) the weighted sum for every turn of the weights."""
        return np.asarray(np.fft.ifft((np.fft.fft(values, axis=1) * weights).sum(0)).real)

    uneven = rings - rings.mean(1, keepdims=True)
    spread = np.maximum(slid(rings**2, drawing.weight) - slid(rings, drawing.weight) ** 2, 1e-9)
    # What a ring's mean leaves within the weights is no mean of 0 where they are a square, so it is taken out again.
    unevenness = np.maximum(slid(uneven**2, drawing.weight) - slid(uneven, drawing.weight) ** 2, 1e-9)
    whole, of_angles = slid(rings, drawing.whole) / np.sqrt(spread), slid(uneven, drawing.uneven) / np.sqrt(unevenness)
    both = np.where(whole * of_angles > 0, np.minimum(np.abs(whole), np.abs(of_angles)), 0.0)
    return float(both.max())
