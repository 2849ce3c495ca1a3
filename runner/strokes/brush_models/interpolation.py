"""Interpolation: a painter, actions (n, 12) -> pictures of a loop in which strokes turn into one another.

Each painter has its own way to interpolate (`Painter.between`). One that has learnt the brush shows a stroke at every
moment, never two that fade into each other.
"""

from __future__ import annotations

import math

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.deferred import torch
from orbifolio.runner.strokes.brush_models.base import Painter
from orbifolio.runner.strokes.brush_models.metrics_sheet import enlarged, tinted
from orbifolio.runner.strokes.mypaint.actions import Actions

ROWS, COLUMNS = 2, 4  # of strokes in a picture
KEYS = 3  # strokes that the loop visits at each place of the grid
FRAMES_BETWEEN = 14  # pictures from one stroke to the next
SIDE, GAP = 128, 6  # pixels
SEED = 11  # of the noise that stays the same on the way
SEEDS = tuple((SEED + key, SEED + (key + 1) % KEYS) for key in range(KEYS))  # of the noise that changes


def eased(count: int) -> list[float]:
    """Moments in [0, 1), denser towards both ends, as half a cosine wave."""
    return [(1 - math.cos(math.pi * number / count)) / 2 for number in range(count)]


@torch.no_grad()
def morph(painter: Painter, actions: Actions) -> list[F32]:
    """The pictures of an endless loop, (h, w, 3) each.

    Args:
        actions: (n, 12); the first 24 are visited.
    """
    cells = ROWS * COLUMNS
    keys = torch.from_numpy(actions[: cells * KEYS]).reshape(KEYS, cells, -1).to(painter.device)
    return [
        _grid(painter.between(first, second, part, seeds=seeds, grain=SEED).cpu().numpy())
        for first, second, seeds in zip(keys, keys.roll(-1, 0), SEEDS, strict=True)
        for part in eased(FRAMES_BETWEEN)
    ]


def _grid(alphas: F32) -> F32:
    """A picture of strokes (n, h, w) side by side in rows."""
    step = SIDE + GAP
    sheet = np.full((ROWS * step + GAP, COLUMNS * step + GAP, 3), 0.94, np.float32)
    for number, picture in enumerate(tinted(alphas)):
        row, column = divmod(number, COLUMNS)
        top, left = GAP + row * step, GAP + column * step
        sheet[top : top + SIDE, left : left + SIDE] = np.asarray(enlarged(picture, SIDE), np.float32) / 255
    return sheet
