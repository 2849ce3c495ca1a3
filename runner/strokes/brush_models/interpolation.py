"""Strokes that turn into one another: a painter, actions (n, 12) -> pictures of a loop, some strokes side by side.

Each painter goes the way of its own (`Painter.between`). One that has understood the brush shows a stroke at every
moment of the way, never two that fade.
"""

from __future__ import annotations

import math

import numpy as np
import torch

from orbifolio.runner.arrays import F32
from orbifolio.runner.strokes.brush_models.base import Painter
from orbifolio.runner.strokes.brush_models.metrics_sheet import enlarged, tinted
from orbifolio.runner.strokes.mypaint.actions import Actions

ROWS, COLUMNS = 2, 4
KEYS = 3  # strokes of each place of the grid that the loop visits
BETWEEN = 14  # pictures from one to the next
SIDE, GAP = 128, 6  # pixels
SEED = 11  # of the noise that stays the same on the way
SEEDS = tuple((SEED + key, SEED + (key + 1) % KEYS) for key in range(KEYS))  # of the noise that changes


def eased(count: int) -> list[float]:
    """Moments in [0, 1) that linger at 0."""
    return [(1 - math.cos(math.pi * number / count)) / 2 for number in range(count)]


@torch.no_grad()
def morph(painter: Painter, actions: Actions) -> list[F32]:
    """The pictures of a loop without end.

    Args:
        painter: trained.
        actions: (n, 12); the first 24 are visited.
    """
    cells = ROWS * COLUMNS
    keys = torch.from_numpy(actions[: cells * KEYS]).reshape(KEYS, cells, -1).to(painter.device)
    return [
        _grid(painter.between(first, second, part, seeds=seeds, grain=SEED).cpu().numpy())
        for first, second, seeds in zip(keys, keys.roll(-1, 0), SEEDS, strict=True)
        for part in eased(BETWEEN)
    ]


def _grid(alphas: F32) -> F32:
    """Strokes side by side in rows."""
    step = SIDE + GAP
    found = np.full((ROWS * step + GAP, COLUMNS * step + GAP, 3), 0.94, np.float32)
    for number, picture in enumerate(tinted(alphas)):
        row, column = divmod(number, COLUMNS)
        top, left = GAP + row * step, GAP + column * step
        found[top : top + SIDE, left : left + SIDE] = np.asarray(enlarged(picture, SIDE), np.float32) / 255
    return found
