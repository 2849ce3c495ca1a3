"""OKLab (Ottosson 2020): a space in which straight distances are about as large as differences look.

    sRGB -> linear light -> cone responses -> their cube roots -> lightness L, green-red a, blue-yellow b

Unlike CIELAB it keeps hues where chroma changes (blue does not turn violet), so colours may be moved and averaged in
it.

Convention: arrays end in 3 channels; sRGB is encoded, in [0, 1]; L is 0 for black, 1 for white; a and b of colours that
a screen shows lie within 0.33 of 0.
"""

from __future__ import annotations

import numpy as np

from orbifolio.runner.arrays import F64, Bools

CITES = ("ottosson2020",)

_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
"""Linear sRGB to cone responses."""
_OPPONENTS = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
"""Cube roots of the responses to L, a, b. The rows of a and b sum to 0 up to the ten digits given: greys have none."""
_TO_LINEAR, _TO_ROOTS = np.linalg.inv(_CONES), np.linalg.inv(_OPPONENTS)
_HALVINGS = 12  # of the way to where a screen shows no more: to 1/4096 of it, finer than 8 bits
_SLACK = 1e-4  # beyond [0, 1] that counts as inside: rounding, and a fortieth of a step of 8 bits


def from_srgb(colours: F64) -> F64:
    """L, a, b of sRGB in [0, 1].

    >>> from_srgb(np.array([1.0, 1.0, 1.0])).round(4) + 0.0
    array([1., 0., 0.])
    """
    lab: F64 = np.cbrt(linear(colours) @ _CONES.T) @ _OPPONENTS.T
    return lab


def to_srgb(lab: F64) -> F64:
    """L, a, b as sRGB in [0, 1]; what no screen shows keeps its lightness and hue and loses chroma."""
    return np.clip(encoded(_to_linear(into_gamut(lab))), 0, 1)


def into_gamut(lab: F64) -> F64:
    """The nearest colours of equal hue, and of equal lightness in [0, 1], that a screen shows."""
    outside = ~_shown(lab)
    if not outside.any():
        return lab
    wrong = np.array(lab[outside], np.float64)
    wrong[:, 0] = np.clip(wrong[:, 0], 0, 1)
    result = np.array(lab, np.float64)
    result[outside] = last_shown(wrong * [1, 0, 0], wrong)
    return result


def last_shown(start: F64, end: F64) -> F64:
    """The last colours on straight ways that a screen shows.

    Args:
        start: (..., 3) colours that it shows.
        end: (..., 3).
    """
    outside = ~_shown(end)
    if not outside.any():
        return end
    begin, way = start[outside], end[outside] - start[outside]
    low, high = np.zeros((len(way), 1)), np.ones((len(way), 1))
    for _ in range(_HALVINGS):
        share = (low + high) / 2
        good = _shown(begin + share * way)[:, None]
        low, high = np.where(good, share, low), np.where(good, high, share)
    result: F64 = np.array(end, np.float64)
    result[outside] = begin + low * way
    return result


def linear(colours: F64) -> F64:
    """Encoded sRGB as linear light; what is below 0 counts as 0."""
    values = np.maximum(colours, 0.0)
    light: F64 = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    return light


def encoded(light: F64) -> F64:
    """Linear light as encoded sRGB; what is below 0 counts as 0."""
    values = np.maximum(light, 0.0)
    colours: F64 = np.where(values <= 0.0031308, 12.92 * values, 1.055 * values ** (1 / 2.4) - 0.055)
    return colours


def _to_linear(lab: F64) -> F64:
    light: F64 = (lab @ _TO_ROOTS.T) ** 3 @ _TO_LINEAR.T
    return light


def _shown(lab: F64) -> Bools:
    """Whether a screen shows each colour."""
    light = _to_linear(lab)
    inside: Bools = np.all((light > -_SLACK) & (light < 1 + _SLACK), axis=-1)
    return inside
