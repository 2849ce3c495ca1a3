"""The pen's strokes of a mask: mask -> the chains of pixels along its skeleton, continued through crossings.

The skeleton (Zhang and Suen 1984) is a graph of pixels; its branches between ends and crossings are joined in pairs
that go straight on, so that a signature's loop stays one stroke. Spurs shorter than the pen is wide are no strokes.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from scipy.ndimage import distance_transform_edt
from skimage.morphology import skeletonize

from orbifolio.runner.arrays import F64, Bools

DIRECTION_PIXELS = 8
"""Pixels along a branch whose chord is its direction at a crossing; a shorter chord follows single pixels' steps."""
MIN_COSINE = -0.3
"""Cosine of the turn below which two branches are not one stroke (about 107 degrees): lower ones join strokes that turn
back, higher ones end a stroke at a sharp bend that has a crossing."""

Pixel = tuple[int, int]
Chain = list[Pixel]


def strokes(mask: Bools, *, smoothness: float = 1.0) -> list[F64]:
    """Smooth strokes through the middle of the mask, the longest first.

    Args:
        mask: (height, width).
        smoothness: 0 follows the skeleton's pixels, 1 smooths what is shorter than the pen is wide.

    Returns:
        (k, 2) points about half a pixel apart; a closed stroke ends where it began.
    """
    skeleton: Bools = skeletonize(mask)
    if not skeleton.any():
        return []
    half = float(np.median(distance_transform_edt(mask)[skeleton]))
    smoothed = [smooth(_points(chain), half * smoothness) for chain in _joined(_branches(skeleton, spur=2 * half))]
    return sorted(smoothed, key=lambda path: (-_length(path), *path[0].tolist()))


def _points(chain: Chain) -> F64:
    return np.array(chain, dtype=np.float64)[:, ::-1] + 0.5


def _length(path: F64) -> float:
    return float(np.hypot(*np.diff(path, axis=0).T).sum())


def smooth(path: F64, scale: float) -> F64:
    """A cubic smoothing spline along a path, sampled every half pixel.

    Args:
        path: (k, 2).
        scale: pixels; wiggles shorter than a few times as much are smoothed away.
    """
    closed = len(path) > 3 and bool(np.hypot(*(path[0] - path[-1])) < 1.5)
    if closed:
        path = np.concatenate([path, path[:1]]) if (path[0] != path[-1]).any() else path
    gaps = np.hypot(*np.diff(path, axis=0).T)
    path = path[np.concatenate([[True], gaps > 1e-9])]
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    even = np.linspace(0, along[-1], max(2, int(np.ceil(2 * along[-1])) + 1))
    if len(path) < 5 or scale <= 0:
        return np.stack([np.interp(even, along, axis) for axis in path.T], axis=-1)
    if closed:  # twice around and the middle of it: no kink where the ends meet
        period = along[-1]
        around = np.concatenate([along[:-1] - period, along[:-1], along + period])
        rows = np.concatenate([path[:-1], path[:-1], path])
    else:
        around, rows = along, path
    # A penalty lam on the second derivative multiplies a wave of length l by 1 / (1 + lam (2 pi / l)^4). With
    # lam = (2 scale)^4 waves longer than 4 pi scale keep more than half: the steps of a skeleton go, letters stay.
    from scipy.interpolate import make_smoothing_spline  # here, as in `onelines`

    curves = [make_smoothing_spline(around, axis, lam=(2 * max(scale, 0.15)) ** 4)(even) for axis in rows.T]
    curve = np.stack(curves, axis=-1)
    if closed:
        curve[-1] = curve[0]
    return curve


def _branches(skeleton: Bools, *, spur: float) -> list[Chain]:
    """Chains of pixels between ends and crossings; spurs (from a crossing to an end, short) left out."""
    pixels = {(int(row), int(column)) for row, column in zip(*np.nonzero(skeleton), strict=True)}
    around = {pixel: _neighbours(pixel, pixels) for pixel in pixels}
    knots = {pixel for pixel in pixels if len(around[pixel]) != 2}
    chains: list[Chain] = []
    seen: set[tuple[Pixel, Pixel]] = set()
    for knot in sorted(knots):
        for step in around[knot]:
            if (knot, step) in seen:
                continue
            chain = _walk(knot, step, around, knots)
            seen.update(((chain[0], chain[1]), (chain[-1], chain[-2])))
            chains.append(chain)
    loose = pixels - knots - {pixel for chain in chains for pixel in chain}
    while loose:  # rings without a crossing
        start = min(loose)
        chain = _walk(start, around[start][0], around, {start})
        chains.append(chain)
        loose -= set(chain)
    ends = {pixel for pixel in knots if len(around[pixel]) < 2}
    return [chain for chain in chains if len(chain) > spur or not ((chain[0] in ends) ^ (chain[-1] in ends))]


def _neighbours(pixel: Pixel, pixels: set[Pixel]) -> list[Pixel]:
    """Neighbours of a pixel, without diagonal ones that a side neighbour leads to."""
    row, column = pixel
    sides = [(row + i, column + j) for i, j in ((-1, 0), (0, -1), (0, 1), (1, 0)) if (row + i, column + j) in pixels]
    corners = [
        (row + i, column + j)
        for i, j in ((-1, -1), (-1, 1), (1, -1), (1, 1))
        if (row + i, column + j) in pixels and (row + i, column) not in pixels and (row, column + j) not in pixels
    ]
    return sides + corners


def _walk(knot: Pixel, step: Pixel, around: dict[Pixel, list[Pixel]], knots: set[Pixel]) -> Chain:
    """From a knot over a neighbour to the next knot."""
    chain = [knot, step]
    while chain[-1] not in knots:
        onwards = [pixel for pixel in around[chain[-1]] if pixel != chain[-2]]
        if not onwards:
            break
        chain.append(onwards[0])
    return chain


def _joined(chains: list[Chain]) -> list[Chain]:
    """Branches joined in pairs where they meet, the straightest pairs first.

    Crossings are often two or three pixels, joined by short branches; those are walked like others.
    """
    meeting: dict[Pixel, list[tuple[int, int]]] = {}
    for number, chain in enumerate(chains):
        meeting.setdefault(chain[0], []).append((number, 0))
        meeting.setdefault(chain[-1], []).append((number, 1))
    partner: dict[tuple[int, int], tuple[int, int]] = {}
    for _, ends in sorted(meeting.items()):
        pairs = [(_turn(chains, a, b), a, b) for at, a in enumerate(ends) for b in ends[at + 1 :]]
        limit = -2.0 if len(ends) == 2 else MIN_COSINE
        for cosine, a, b in sorted(pairs, key=lambda pair: (-pair[0], pair[1:])):
            if cosine >= limit and a not in partner and b not in partner and a != b:
                partner[a], partner[b] = b, a
    return _followed(chains, partner)


def _turn(chains: list[Chain], a: tuple[int, int], b: tuple[int, int]) -> float:
    """Cosine of the turn from one branch into another: 1 straight on, -1 back."""

    def away(end: tuple[int, int]) -> F64:
        chain = chains[end[0]][:: -1 if end[1] else 1][: DIRECTION_PIXELS + 1]
        vector = np.array(chain[-1], dtype=np.float64) - chain[0]
        return vector / max(float(np.hypot(*vector)), 1e-9)

    return -float(away(a) @ away(b))


def _followed(chains: list[Chain], partner: dict[tuple[int, int], tuple[int, int]]) -> list[Chain]:
    """Strokes from branches and their partners: first those with loose ends, then rings."""
    left = set(range(len(chains)))
    starts = deque((number, end) for number in range(len(chains)) for end in (0, 1) if (number, end) not in partner)
    starts.extend((number, 0) for number in range(len(chains)))
    joined: list[Chain] = []
    while starts:
        end: tuple[int, int] | None = starts.popleft()
        stroke: Chain = []
        while end is not None and end[0] in left:
            left.discard(end[0])
            piece = chains[end[0]][:: -1 if end[1] else 1]
            stroke += piece[1:] if stroke else piece
            end = partner.get((end[0], 1 - end[1]))
        if len(stroke) > 1:
            joined.append(stroke)
    return joined
