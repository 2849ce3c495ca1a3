"""Strokes to learn from: actions and their opacities, drawn on demand or read from shards.

    draw_samples(program, count, seed) -> Samples(actions (n, 12), alphas (n, side, side) uint8)

No data set is needed: the program draws more than a thousand strokes a second. Strokes are drawn in small batches,
each with a noise and actions of its own that follow from the seed and the batch's number, so a longer draw begins
with the shorter one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orbifolio.runner.arrays import F32, U8
from orbifolio.runner.strokes.mypaint.actions import Actions, draw_actions
from orbifolio.runner.strokes.mypaint.mypaint_renderer import PaintProgram

BATCH = 64  # strokes that share a sequence of noise


@dataclass(frozen=True)
class Samples:
    """Strokes of a brush.

    Attributes:
        actions: (n, 12) in [0, 1].
        alphas: (n, side, side) opacity, 255 is covering paint.
    """

    actions: Actions
    alphas: U8

    def __len__(self) -> int:
        return len(self.actions)


def draw_samples(program: PaintProgram, count: int, *, seed: int) -> Samples:
    """Noisy strokes of uniform actions.

    Args:
        program: a brush.
        count: how many strokes.
        seed: everything random follows from it.
    """
    actions = np.empty((count, 12), np.float32)
    alphas = np.empty((count, program.space.pixels, program.space.pixels), np.uint8)
    for begin in range(0, count, BATCH):
        part = slice(begin, min(begin + BATCH, count))
        # The whole batch is drawn of the random numbers, so that a shorter draw has the same strokes.
        actions[part] = draw_actions(BATCH, np.random.default_rng([seed, begin]))[: part.stop - begin]
        alphas[part] = program.alphas(actions[part], seed=seed * 1_000_003 + begin)
    return Samples(actions, alphas)


@dataclass(frozen=True)
class Repeats:
    """The same actions drawn again and again with other noise.

    Attributes:
        actions: (n, 12).
        mean: (n, side, side) mean opacity in [0, 1].
        single: (n, side, side) one of them.
        noise: mean squared difference of one drawing from the true mean, over all pixels: what no painter that gives
            the same stroke for the same action can get below.
        count: how many repeats.
    """

    actions: Actions
    mean: F32
    single: F32
    noise: float
    count: int


def draw_repeats(program: PaintProgram, actions: Actions, count: int, *, seed: int) -> Repeats:
    """Each action `count` times.

    Args:
        program: a brush.
        actions: (n, 12).
        count: at least 2.
        seed: of the noise; never the same as the samples' to learn from.
    """
    side = program.space.pixels
    total = np.zeros((len(actions), side, side))
    squares = 0.0
    for number in range(count):
        drawn = program.alphas(actions, seed=seed * 1_000_003 + number).astype(np.float64) / 255
        total += drawn
        squares += float(np.square(drawn).mean())
        if number == 0:
            single = drawn
    mean = total / count
    # The unbiased variance: the mean of few drawings has noise of its own.
    noise = max(squares / count - float(np.square(mean).mean()), 0.0) * count / (count - 1)
    return Repeats(actions, mean.astype(np.float32), single.astype(np.float32), noise, count)
