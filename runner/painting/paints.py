"""Paints: the colours of a picture -> a few paints; each stroke's colour mixes two, with a painter's liberties.

All in OKLab. Jitter of chroma is relative to the colour's own, so that near-whites stay clean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from orbifolio.runner.arrays import F32, F64, I64
from orbifolio.runner.images import oklab

SAMPLES = 5000  # pixels that paints are chosen from: more change no paint visibly
ROUNDS = 12  # of Lloyd's algorithm; the paints have settled by then
CHROMA = 2.5  # weight of chroma beside lightness where paints are chosen: hues are what a palette is for
MIXED_CHROMA = 3.0  # weight of squared chroma where mixtures are
DISTANCE_COST = 0.008  # of two paints' squared distance: a mixture of neighbours is cleaner than one of opposites
STRONG = 0.1  # chroma, from which liberties grow no further: half of what a screen shows of red, more would be clipped
CHUNK = 2000  # colours compared at once, for memory
DITHER = 0.42  # of a mixture's step: neighbouring strokes take different mixtures, which the eye blends
DITHER_DISTANCE = 0.14  # of two paints, above which dithering would be seen as spots


@dataclass(frozen=True)
class Liberty:
    """How far strokes leave the colours of the picture.

    Attributes:
        lightness: deviation of a stroke's lightness.
        chroma: relative deviation of its chroma.
        hue: deviation of its hue, in radians.
        warmth: how much warmer lights and cooler shadows get.
        saturation: factor of all chroma.
    """

    lightness: float
    chroma: float
    hue: float
    warmth: float
    saturation: float


def choose_paints(lab: F32, weights: F32, count: int, generator: np.random.Generator) -> F64:
    """(count, 3) paints in OKLab, by k-means++ and Lloyd's algorithm over pixels drawn by their weights.

    Args:
        lab: (h, w, 3) OKLab.
        weights: (h, w), not negative; small bright things get a paint if theirs are large.
        count: of paints.
        generator: of the draw.
    """
    flat, chances = lab.reshape(-1, 3).astype(np.float64), weights.ravel().astype(np.float64)
    scale = np.array([1, CHROMA, CHROMA])
    drawn = flat[generator.choice(len(flat), SAMPLES, p=chances / chances.sum())] * scale
    centres = [drawn[0]]
    nearest = np.full(len(drawn), np.inf)
    for _ in range(count - 1):
        nearest = np.minimum(nearest, ((drawn - centres[-1]) ** 2).sum(1))
        total = nearest.sum()
        chances = nearest / total if total > 0 else np.full(len(drawn), 1 / len(drawn))
        centres.append(drawn[generator.choice(len(drawn), p=chances)])
    paints = np.array(centres)
    for _ in range(ROUNDS):
        number = ((drawn[:, None] - paints[None]) ** 2).sum(2).argmin(1)
        for paint in range(count):
            members = drawn[number == paint]
            if len(members):
                paints[paint] = members.mean(0)
    chosen: F64 = paints / scale
    return chosen


class NearestMixtures(NamedTuple):
    """Of each of n colours the mixture of two paints that is nearest; the first and the second may be the same.

    Attributes:
        first: (n,) number of a paint.
        second: (n,) number of a paint.
        shares: (n,) of the second.
    """

    first: I64
    second: I64
    shares: F64


def mix(colours: F64, paints: F64, steps: int, generator: np.random.Generator) -> F64:
    """Each colour's nearest mixture of two paints, dithered: (n, 3) OKLab; see `nearest_mixtures`."""
    if len(paints) == 1:
        return np.broadcast_to(paints[0], colours.shape).copy()
    found = nearest_mixtures(colours, paints, steps, generator)
    start = paints[found.first]
    mixed: F64 = start + found.shares[:, None] * (paints[found.second] - start)
    return mixed


def nearest_mixtures(
    colours: F64, paints: F64, steps: int, generator: np.random.Generator | None = None
) -> NearestMixtures:
    """Each colour's nearest mixture of two paints.

    Args:
        colours: (n, 3) OKLab.
        paints: (k, 3) OKLab, at least one.
        steps: mixtures are in so many equal steps from one paint to the other; 0 for any.
        generator: of a dither of the steps; None for none.
    """
    if len(paints) == 1:
        only = np.zeros(len(colours), np.int64)
        return NearestMixtures(only, only, np.zeros(len(colours)))
    first, second = np.triu_indices(len(paints), 1)
    start, way = paints[first], paints[second] - paints[first]
    squared = (way * way).sum(1) + 1e-9
    visible = np.clip(DITHER_DISTANCE / np.sqrt(squared), 0, 1) * min(steps, 3) ** 0.5
    weights = np.array([1, MIXED_CHROMA, MIXED_CHROMA])
    pairs, shares = np.empty(len(colours), np.int64), np.empty(len(colours))
    for low in range(0, len(colours), CHUNK):
        wanted = colours[low : low + CHUNK, None]
        share = np.clip(((wanted - start) * way).sum(2) / squared, 0, 1)
        if steps:
            noise = generator.uniform(-DITHER, DITHER, (len(wanted), 1)) if generator is not None else 0.0
            share = np.clip(np.round(share * steps + noise * visible) / steps, 0, 1)
        mixtures = start + share[..., None] * way
        cost = ((mixtures - wanted) ** 2 * weights).sum(2) + DISTANCE_COST * squared
        best = cost.argmin(1)
        pairs[low : low + CHUNK], shares[low : low + CHUNK] = best, share[np.arange(len(wanted)), best]
    return NearestMixtures(first[pairs], second[pairs], shares)


def take_liberties(colours: F64, lightness: F64, calm: F32, liberty: Liberty, generator: np.random.Generator) -> F64:
    """Colours of strokes with a painter's liberties.

    Args:
        colours: (n, 3) OKLab, mixed already.
        lightness: (n,) of the picture there.
        calm: (n,) in [0, 1], how far to hold back: 1 within faces.
        liberty: how far to go.
        generator: of the jitter.

    Returns:
        (n, 3) OKLab.
    """
    play = 1 - 0.75 * calm.astype(np.float64)
    count = len(colours)
    chroma = np.hypot(colours[:, 1], colours[:, 2])
    held = play * np.minimum(1, STRONG / np.maximum(chroma, 1e-9))
    turn = held * generator.normal(0, liberty.hue, count)
    factor = np.maximum(0.4, 1 + held * generator.normal(0, liberty.chroma, count))
    a, b = colours[:, 1] * factor, colours[:, 2] * factor
    done = colours.copy()
    done[:, 1], done[:, 2] = a * np.cos(turn) - b * np.sin(turn), a * np.sin(turn) + b * np.cos(turn)
    # warm lights, cool shadows; little where there is hardly a colour, and none at white
    warm = np.clip((lightness - 0.55) * 2, -1, 1) * np.clip(1.25 - lightness, 0.25, 1)
    warm *= liberty.warmth * np.clip(0.35 + 6 * chroma, 0, 1)
    done[:, 1] += 0.35 * warm
    done[:, 2] += 1.2 * warm
    done[:, 0] += play * generator.normal(0, liberty.lightness, count) * np.clip(1.6 - 1.2 * lightness, 0.3, 1)
    return done


def saturate(colours: F64, factor: float) -> F64:
    """Colours with so many times their chroma; strong ones gain no more than one of `STRONG` would.

    Args:
        colours: (n, 3) OKLab.
        factor: of chroma; below 1, all colours are paled alike.
    """
    chroma = np.hypot(colours[:, 1], colours[:, 2])
    share = np.minimum(1, STRONG / np.maximum(chroma, 1e-9)) if factor > 1 else np.ones(len(colours))
    stronger = colours.copy()
    stronger[:, 1:] *= (1 + (factor - 1) * share)[:, None]
    return stronger


def desaturate(colours: F64, factor: float) -> F64:
    """The colours that `saturate` gives these of, by the same factor.

    Args:
        colours: (..., 3) OKLab.
        factor: of chroma, above 0.
    """
    chroma = np.hypot(colours[..., 1], colours[..., 2])
    before = np.where((factor > 1) & (chroma > factor * STRONG), chroma - (factor - 1) * STRONG, chroma / factor)
    paler = colours.copy()
    paler[..., 1:] *= (before / np.maximum(chroma, 1e-9))[..., None]
    return paler


def to_paint(lab: F64) -> F32:
    """(n, 3) sRGB in [0, 1] of OKLab."""
    return oklab.to_srgb(lab).astype(np.float32)
