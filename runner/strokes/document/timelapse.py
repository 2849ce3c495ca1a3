"""The time-lapse of a painting: pictures of its stages -> a film, with few strokes per picture at first, many later."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.images import encoding
from orbifolio.runner.images.mp4 import mp4

FRAMES = 90  # 5.4 seconds; each one more makes the file larger
SIDE = 512  # pixels of the longer side
MILLISECONDS, REST = 60, 2500  # for each picture, and for the finished one
ACCELERATION = 1.7  # exponent; 1 adds equally many strokes with each picture


def stages(count: int, frames: int = FRAMES) -> list[int]:
    """Numbers of strokes of the film's pictures, from 0 to all.

    >>> stages(5)
    [0, 1, 2, 3, 4, 5]
    """
    shares = (np.arange(frames) / max(frames - 1, 1)) ** ACCELERATION
    return sorted({*np.ceil(shares * count - 1e-9).astype(int).tolist(), 0, count})


def film(pictures: Sequence[F32]) -> bytes:
    """Pictures of one size, at least one, as an animated WebP that loops and rests on the last."""
    return encoding.animated(pictures, milliseconds=_times(pictures), whole=False)


def video(pictures: Sequence[F32]) -> bytes | None:
    """The film as MP4, for places that take no animated pictures; None without `orbifolio[video]`."""
    return mp4([encoding.image(picture) for picture in pictures], _times(pictures))


def _times(pictures: Sequence[F32]) -> list[int]:
    return [MILLISECONDS] * (len(pictures) - 1) + [REST]
