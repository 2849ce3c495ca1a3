"""How large a picture's motifs are: its mean wavelength, from its power spectrum.

A symmetry is seen where a fundamental domain holds a few motifs. With very many it is a carpet, and with less than one
it is a smear. So a style is magnified until its motifs, some wavelengths across, fit the domain.
"""

from __future__ import annotations

import math

import numpy as np

from orbifolio.runner.arrays import F32

SIDE = 256  # pixels of the shorter side at which the spectrum is taken: finer detail carries hardly any power
MIN_CYCLES = 1.5  # on the shorter side; slower waves are light and shade over the whole picture
WAVES = 3.0  # wavelengths across a motif: a ring of stained glass has two, a swirl of brush strokes three
MOTIFS = 2.0  # in a fundamental domain, by area


def wavelength(picture: F32) -> float:
    """The mean wavelength, weighted by power over all channels, as a share of the shorter side.

    Args:
        picture: (height, width, 3) sRGB in [0, 1].

    Returns:
        About 0.05 for feathers and cloth, 0.1 for stained glass, 0.2 for a landscape; at most 1 / MIN_CYCLES.
    """
    tall, wide = picture.shape[:2]
    step = max(1, min(tall, wide) // SIDE)
    tall, wide = tall // step * step, wide // step * step
    small = picture[:tall, :wide].reshape(tall // step, step, wide // step, step, 3).mean((1, 3))
    tall, wide = small.shape[:2]
    window = np.hanning(tall)[:, None] * np.hanning(wide)[None, :]
    spectrum = np.fft.rfft2((small - small.mean((0, 1))) * window[..., None], axes=(0, 1))
    power = (np.abs(spectrum) ** 2).sum(2)
    cycles = min(tall, wide) * np.hypot(np.fft.fftfreq(tall)[:, None], np.fft.rfftfreq(wide)[None, :])
    counted = cycles >= MIN_CYCLES
    total = float(power[counted].sum())
    if not total > 1e-9:
        return 1 / MIN_CYCLES  # a single colour
    return float((power[counted] / cycles[counted]).sum()) / total


def fitting_side(picture: F32, domain: float, *, motifs: float = MOTIFS) -> float:
    """The shorter side in pixels at which a fundamental domain holds some of a picture's motifs.

    Args:
        picture: (height, width, 3) sRGB in [0, 1].
        domain: area of a fundamental domain in pixels.
        motifs: how many, by area.

    Returns:
        At most the picture's own size, above which it is blurred.
    """
    motif = WAVES * wavelength(picture)
    return min(math.sqrt(domain / motifs) / motif, float(min(picture.shape[:2])))
