"""Handwriting: a picture of a painting -> how it was painted: its strokes' width, length and directions, and how much
colours play from one to the next.

Only pixels are known, so strokes are not found one by one. Two colours of one stroke differ less than those of two; how
much they differ with distance, across the strokes and along them, tells the width, the contrast and the length. All is
measured in calm parts, where the scene itself changes little.

Strokes wider than about 2.5 % of the shorter side cannot be told from what they paint; their streaks are measured then.
After the idea of Li et al. (2012), who cut strokes out one by one and compare their statistics.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from orbifolio.runner.arrays import F32, F64, Bools
from orbifolio.runner.deferred import ndimage
from orbifolio.runner.errors import ImageError
from orbifolio.runner.images import oklab
from orbifolio.runner.painting.smoothing import smooth
from orbifolio.runner.painting.subject import plan_size, resized

SIDE = 900  # pixels of the longer side that is measured: a stroke of 1 % is still 6 px wide
LEAST_SIDE, LONGEST_SHAPE = 64, 6.0  # pixels each way, and longer side over shorter: smaller parts show no strokes
PLACES = 2500  # that are looked from; ten times as many change no number by 5 %
SEEN = np.array([1, 1.6, 1.6], np.float32)  # weights of OKLab's channels, as where strokes' directions are found
COUNTED = np.array([0.1, 2.56, 2.56])  # of their squares: bristles and relief change lightness, strokes also the hue
LANES = np.array([0.5, 1.6, 1.6], np.float32)  # weights by which a stroke is followed
CALM = 0.5  # share of the picture that is measured: where the scene, blurred by `SCENE`, changes least
SCENE = 1 / 30  # of the shorter side
BORDER = 0.04  # of it, left out: frames, signatures, the edge of the canvas
GRAIN, REACH = 1.0, 1 / 100  # blur in pixels, and share of the shorter side that directions are averaged over
COMPRESSION = 0.8  # exponent of a gradient's size, as in `directions`
FARTHEST = 0.12  # of the shorter side: farther away it is the scene that differs
NARROWEST, WIDEST, WIDTHS = 0.0035, 0.045, 50  # of the shorter side: widths that are tried
ROUND = 1.3  # exponent of a stroke's own share: strokes overlap, so that narrow pieces are seen
VISIBLE = 1.15  # a stroke's width over that of its visible part; our own strokes of one width, read back
STEADY = 0.5  # share of its direction that a walk along a stroke keeps at each pixel
MEMORY = 0.9  # and of the colour it follows
STRAIGHT = 1e-5  # squared difference of colour that a walk leaves the straight way for
WITHIN = 0.35  # of a width, the distance across strokes that those along them are compared with
READ_LENGTH, TRUE_LENGTH, LENGTH_GROWTH = 6.2, 2.5, 2.0
"""Length over width as read and as it is, and the exponent between them: a walk leaves long strokes at their sides.
Read back from our own strokes of 2.5 to 16 widths."""
SHORTEST, LONGEST = 1.5, 16.0  # widths: rounder ones are dots, longer ones contours
NEAR, FAR = 1 / 24, 1 / 8  # of the shorter side, distances at which directions are compared
TURNING = 1 / 4  # of the shorter side: a look's slow turning is noise of this deviation
MOST_TURN = 2.2  # radians: beyond it directions far apart have nothing to do with each other
UNTURNED, TURN_GROWTH = 1.05, 2.0  # what is read of a picture whose calm parts do not turn, and its growth beyond
SHARE = 0.75  # of the contrast between neighbouring strokes that is a stroke's own


@dataclass(frozen=True)
class Handwriting:
    """How a painting was painted.

    Attributes:
        width: of a stroke, share of the shorter side.
        length: in widths.
        bearing: radians from the right to below, the middle direction in calm parts.
        agreement: in [0, 1], how much strokes there keep to it.
        turn: radians, how much directions turn over the picture.
        lightness: deviation from stroke to stroke, in OKLab.
        colour: deviation of a and b together.
        chroma: mean chroma there.
    """

    width: float
    length: float
    bearing: float
    agreement: float
    turn: float
    lightness: float
    colour: float
    chroma: float

    @classmethod
    def of(cls, painting: F32) -> Handwriting:
        """Read a painting.

        Args:
            painting: (h, w, 3) sRGB in [0, 1].

        Raises:
            ImageError: it is too small or too narrow to show strokes.
        """
        high, wide = painting.shape[:2]
        if min(high, wide) < LEAST_SIDE or max(high, wide) > LONGEST_SHAPE * min(high, wide):
            raise ImageError(
                f"the hand's painting has {wide} x {high} pixels; strokes are read from {LEAST_SIDE} pixels each way "
                f"and shapes up to {LONGEST_SHAPE:.0f}:1; give a larger picture, or a part of this one"
            )
        pixels = np.clip(resized(painting, *plan_size(painting.shape[1], painting.shape[0], SIDE)), 0, 1)
        lab = oklab.from_srgb(pixels.astype(np.float64)).astype(np.float32)
        side = min(lab.shape[:2])
        angles = stroke_angles(lab)
        calm = calm_parts(lab)
        walk = _Walk.begin(lab, angles, calm)
        across, along = walk.across(lab), walk.along(lab, angles)
        width = _width(across @ COUNTED, side)
        contrasts = np.array([_fitted(across[:, channel], width, side)[1] for channel in range(3)])
        own = np.sqrt(2 * SHARE * contrasts)
        length = _length(across @ COUNTED, along @ COUNTED, width)
        bearing, agreement = _bearing(angles[calm])
        return cls(
            width=VISIBLE * width / side,
            length=length,
            bearing=bearing,
            agreement=agreement,
            turn=_turn(angles, calm, agreement),
            lightness=float(own[0]),
            colour=float(np.hypot(own[1], own[2])),
            chroma=float(np.hypot(lab[..., 1], lab[..., 2])[calm].mean()),
        )


def stroke_angles(lab: F32) -> F32:
    """(h, w) radians along the strokes themselves: across what changes most from pixel to pixel.

    Args:
        lab: (h, w, 3) OKLab.
    """
    seen = smooth(lab * SEEN, GRAIN)
    right, down = ndimage.sobel(seen, 1) / 8, ndimage.sobel(seen, 0) / 8
    cosine, sine = (down * down - right * right).sum(2), -(2 * right * down).sum(2)
    # as in `directions`; 1e-5 is the square of a change that 8 bits hardly show
    compressed = 1 / ((right * right + down * down).sum(2) ** (1 - COMPRESSION / 2) + 1e-5)
    reach = REACH * min(lab.shape[:2])
    doubled = np.arctan2(smooth(sine * compressed, reach), smooth(cosine * compressed, reach))
    return (doubled / 2).astype(np.float32)


def calm_parts(lab: F32) -> Bools:
    """(h, w) where the scene changes least, without the border.

    Args:
        lab: (h, w, 3) OKLab.
    """
    side = min(lab.shape[:2])
    broad = smooth(lab * SEEN, SCENE * side)
    change = np.stack([ndimage.gaussian_gradient_magnitude(broad[..., c], 1) ** 2 for c in range(3)]).sum(0)
    border = max(1, round(BORDER * side))
    inner = slice(border, -border), slice(border, -border)
    calm = np.zeros(lab.shape[:2], bool)
    calm[inner] = change[inner] <= np.quantile(change[inner], CALM)
    return calm


@dataclass(frozen=True)
class _Walk:
    """Places that colours are compared from.

    Attributes:
        x: (n,) pixels.
        y: (n,) pixels.
        angles: (n,) radians along the stroke.
        steps: pixels to go.
    """

    x: F64
    y: F64
    angles: F64
    steps: int

    @classmethod
    def begin(cls, lab: F32, angles: F32, calm: Bools) -> _Walk:
        """Places in calm parts; the same for equal pictures."""
        rows, columns = np.nonzero(calm)
        drawn = np.random.default_rng(0).choice(len(rows), PLACES)
        rows, columns = rows[drawn], columns[drawn]
        steps = max(8, int(FARTHEST * min(lab.shape[:2])))
        x, y = (places.astype(np.float64) + 0.5 for places in (columns, rows))
        return cls(x, y, angles[rows, columns].astype(np.float64), steps)

    def across(self, lab: F32) -> F64:
        """(steps, 3) half the mean square by which colours differ, at each distance across the strokes."""
        begin = _at(lab, self.x, self.y)
        right, down = -np.sin(self.angles), np.cos(self.angles)
        ways = (_at(lab, self.x + step * right, self.y + step * down) for step in range(1, self.steps + 1))
        return np.array([((there - begin) ** 2).mean(0) / 2 for there in ways])

    def along(self, lab: F32, angles: F32) -> F64:
        """(steps, 3) the same along them; each step goes to the side where the colour stays."""
        high, wide = angles.shape
        x, y = self.x, self.y
        right, down = np.cos(self.angles), np.sin(self.angles)
        begin = _at(lab, x, y)
        followed, differences = begin, []
        for _ in range(self.steps):
            there = angles[np.clip(y.astype(int), 0, high - 1), np.clip(x.astype(int), 0, wide - 1)]
            forth = np.where(np.cos(there) * right + np.sin(there) * down < 0, -1, 1)
            right = STEADY * right + (1 - STEADY) * forth * np.cos(there)
            down = STEADY * down + (1 - STEADY) * forth * np.sin(there)
            norm = np.hypot(right, down) + 1e-9
            right, down = right / norm, down / norm
            aside = np.array([0, -1, 1])[:, None]
            xs, ys = x + right - aside * down, y + down + aside * right
            colours = np.stack([_at(lab, *place) for place in zip(xs, ys, strict=True)])
            left = (((colours - followed) * LANES) ** 2).sum(2) + STRAIGHT * np.abs(aside)
            chosen = left.argmin(0), np.arange(len(x))
            x, y, there = xs[chosen], ys[chosen], colours[chosen]
            followed = MEMORY * followed + (1 - MEMORY) * there
            differences.append(((there - begin) ** 2).mean(0) / 2)
        return np.array(differences)


def _at(lab: F32, x: F64, y: F64) -> F64:
    """(n, 3) colours between pixels."""
    channels = [ndimage.map_coordinates(lab[..., c], [y - 0.5, x - 0.5], order=1, mode="nearest") for c in range(3)]
    return np.stack(channels, axis=1).astype(np.float64)


def _fitted(differences: F64, width: float, side: int) -> tuple[float, float]:
    """(misfit, contrast) of strokes of a width to how colours differ across them.

    A picture's differences at a distance are the sum of its grain, full a pixel away; of strokes, full at their width;
    and of the scene, which grows all the way.
    """
    from scipy.optimize import nnls  # an eighth of a second, for a hand alone

    distances = np.unique(np.geomspace(1, len(differences), 26).round()).astype(int)
    found = differences[distances - 1]
    far = distances / (0.1 * side)
    parts = [1 - np.exp(-distances), 1 - np.clip(1 - distances / width, 0, 1) ** ROUND, far, far**2]
    weights = 1 / (found + 0.02 * found.max() + 1e-12)
    shares, misfit = nnls(np.stack(parts, axis=1) * weights[:, None], found * weights)
    return float(misfit), float(shares[1])


def _width(differences: F64, side: int) -> float:
    """The width in pixels that explains best how colours differ across strokes."""
    widths = np.geomspace(max(2.5, NARROWEST * side), WIDEST * side, WIDTHS)
    misfits = [_fitted(differences, width, side)[0] for width in widths]
    return float(widths[int(np.argmin(misfits))])


def _length(across: F64, along: F64, width: float) -> float:
    """Length of strokes in widths: how much farther colours keep along them than across them.

    Args:
        across: (steps,) by how much colours differ, at each distance.
        along: (steps,) the same along the strokes.
        width: in pixels.
    """
    distances = np.arange(1, len(across) + 1)
    level = float(np.interp(WITHIN * width, distances, across))
    beyond = np.flatnonzero(along >= level)
    # a picture so calm that it never differs so much is taken to go on as it does
    far = float(distances[beyond[0]]) if len(beyond) else level * len(along) / max(1e-12, float(along[-1]))
    read = far / (WITHIN * width)
    return float(np.clip(TRUE_LENGTH * (read / READ_LENGTH) ** LENGTH_GROWTH, SHORTEST, LONGEST))


def _bearing(angles: F32) -> tuple[float, float]:
    """Mean of directions without a head, and how long it is: 1 if all are equal."""
    mean = np.exp(2j * angles.astype(np.float64)).mean()
    return float(np.angle(mean)) / 2, float(abs(mean))


def _turn(angles: F32, calm: Bools, agreement: float) -> float:
    """How much directions turn: the mean of what their agreement far and wide and at two distances tells.

    Directions that turn by smooth noise n of deviation s pixels, turn x n, agree far apart like exp(-2 turn^2), and at
    distance d like exp(-4 turn^2 (1 - exp(-d^2 / 4 s^2))). The former is blind to large turns, the latter to small.
    """
    side = min(angles.shape)
    doubled = np.where(calm, np.exp(2j * angles.astype(np.float64)), 0)
    logs, expected = [], []
    for share in (NEAR, FAR):
        step = max(1, round(share * side))
        pairs = ((doubled[:, step:], doubled[:, :-step]), (doubled[step:], doubled[:-step]))
        agreeing = sum(float((there * here.conj()).real.sum()) for there, here in pairs)
        both = sum(int(((there != 0) & (here != 0)).sum()) for there, here in pairs)
        logs.append(math.log(max(0.02, agreeing / max(1, both))))
        expected.append(4 * (1 - math.exp(-((step / side) ** 2) / (4 * TURNING**2))))
    local = math.sqrt(max(0.0, (logs[0] - logs[1]) / (expected[1] - expected[0])))
    local = float(np.clip(TURN_GROWTH * (local - UNTURNED), 0, MOST_TURN))
    wide = min(MOST_TURN, math.sqrt(-math.log(max(1e-9, agreement)) / 2))
    return (local + wide) / 2
