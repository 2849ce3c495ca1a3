"""Grounds: what is painted on. The grain of paper and board, and the weave of canvas, both as heights of any part."""

from __future__ import annotations

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.deferred import ndimage

PERIOD = 1024  # pixels after which the grain repeats: paint hides it long before
FINE, COARSE = 0.7, 1.8  # deviations of its two parts, in units of its size
GRAIN_GROWTH = (
    0.7  # exponent of the canvas's size: at twice the size the grain is 1.6 times as wide, and finer to the eye
)
CONTRAST = 0.27  # of the grain about its middle: a tenth of it is cut at 0 and 1


def grain(width: int, height: int, size: float, seed: int) -> F32:
    """(height, width) grain in [0, 1], 1 the tops that take paint first.

    Args:
        width: in pixels.
        height: in pixels.
        size: of the grains in pixels.
        seed: of the noise.
    """
    random = np.random.default_rng((seed, 3))
    parts = []
    for share in (FINE, COARSE):
        noise = random.normal(size=(PERIOD, PERIOD)).astype(np.float32)
        part = ndimage.gaussian_filter(noise, share * size, mode="wrap")
        parts.append(part / part.std())
    cell = np.clip(0.5 + CONTRAST * (parts[0] + 0.7 * parts[1]), 0, 1).astype(np.float32)
    tall, wide = -(-height // PERIOD), -(-width // PERIOD)
    return np.ascontiguousarray(np.tile(cell, (tall, wide))[:height, :width])


def weave(width: int, height: int, thread: float) -> F32:
    """(height, width) threads of a canvas across each other, in about [-2, 2].

    Args:
        width: in pixels.
        height: in pixels.
        thread: pixels from one to the next.
    """
    turns = 2 * np.pi / thread
    across = np.arange(width, dtype=np.float32) * np.float32(turns)
    down = np.arange(height, dtype=np.float32)[:, None] * np.float32(turns)
    threads: F32 = np.sin(across) + np.sin(down) + 0.5 * np.sin(across / 2) * np.sin(down / 2)
    return threads
