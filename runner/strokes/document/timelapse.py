"""A time-lapse is a painting that paints itself: stages -> a film, few strokes a picture first, many later."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.exports import encoding
from orbifolio.runner.exports.mp4 import mp4

FRAMES = 90
SIDE = 512  # pixels of the longer side
MILLISECONDS, REST = 60, 2500  # each picture, and the finished one
CROWDED = 1.7  # 1 is as many strokes in each picture; more begins slower


def stages(count: int, frames: int = FRAMES) -> list[int]:
    """Numbers of strokes of the film's pictures, from 0 to all.

    >>> stages(5)
    [0, 1, 2, 3, 4, 5]
    """
    shares = (np.arange(frames) / max(frames - 1, 1)) ** CROWDED
    return sorted({*np.ceil(shares * count - 1e-9).astype(int).tolist(), 0, count})


def film(pictures: Sequence[F32]) -> bytes:
    """The stages of a painting as a loop, which rests on the last.

    Args:
        pictures: at least one, of one size.
    """
    return encoding.animated(pictures, milliseconds=_times(pictures), whole=False)


def video(pictures: Sequence[F32]) -> bytes | None:
    """The same as MP4, for where animated pictures are not taken; None where `orbifolio[video]` is not installed."""
    return mp4([encoding.image(picture) for picture in pictures], _times(pictures))


def _times(pictures: Sequence[F32]) -> list[int]:
    return [MILLISECONDS] * (len(pictures) - 1) + [REST]
