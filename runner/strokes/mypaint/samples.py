"""Strokes to learn from: actions and their opacities, drawn on demand or read from shards.

    draw_samples(program, count, seed) -> Samples(actions (n, 12), alphas (n, side, side) uint8)

No data set is needed: the program draws over a thousand strokes per second. Strokes are drawn in small batches, each
with noise and actions that follow from the seed and the batch's number, so a longer draw begins with the shorter one.
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
        alphas: (n, side, side) opacity, 255 where paint covers.
    """

    actions: Actions
    alphas: U8

    def __len__(self) -> int:
        return len(self.actions)


def draw_samples(program: PaintProgram, count: int, *, seed: int) -> Samples:
    """Noisy strokes of uniform actions.

    Args:
        program: the brush that draws them.
        seed: of actions and noise.
    """
    actions = np.empty((count, 12), np.float32)
    alphas = np.empty((count, program.space.pixels, program.space.pixels), np.uint8)
    for begin in range(0, count, BATCH):
        part = slice(begin, min(begin + BATCH, count))
        # Always draw a whole batch of random numbers, so that a shorter draw has the same strokes.
        actions[part] = draw_actions(BATCH, np.random.default_rng([seed, begin]))[: part.stop - begin]
        alphas[part] = program.alphas(actions[part], seed=seed * 1_000_003 + begin)
    return Samples(actions, alphas)


@dataclass(frozen=True)
class Repeats:
    """Actions that are each drawn several times, with different noise.

    Attributes:
        actions: (n, 12) in [0, 1].
        mean: (n, side, side) mean opacity in [0, 1].
        single: (n, side, side) opacity of one drawing.
        noise: mean squared difference between a drawing and the true mean, over all pixels: no deterministic painter
            can have a smaller error.
        count: drawings of each action.
    """

    actions: Actions
    mean: F32
    single: F32
    noise: float
    count: int


def draw_repeats(program: PaintProgram, actions: Actions, count: int, *, seed: int) -> Repeats:
    """Draw each action `count` times.

    Args:
        program: the brush that draws them.
        actions: (n, 12) in [0, 1].
        count: of drawings, at least 2.
        seed: of the noise; not that of the samples to learn from.
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
    # Unbiased: E[mean of squares - square of the sample mean] = (1 - 1/count) * variance.
    noise = max(squares / count - float(np.square(mean).mean()), 0.0) * count / (count - 1)
    return Repeats(actions, mean.astype(np.float32), single.astype(np.float32), noise, count)
