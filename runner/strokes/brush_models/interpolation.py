"""Strokes that turn into one another: a painter, actions (n, 12) -> pictures of a loop, some strokes side by side.

A VAE goes straight from the latent numbers of one stroke to those of the next, as in the paper's figures (a guided one
gets the maps of the actions between, too); any other painter goes from action to action, and its noise, where it has
some, from one draw to another. A painter that has understood the brush shows a stroke at every moment of the way, never
two that fade.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from orbifolio.runner.strokes.brush_models.action_encoding import Maps
from orbifolio.runner.strokes.brush_models.gan import GanPainter, normal
from orbifolio.runner.strokes.brush_models.metrics import Opacities
from orbifolio.runner.strokes.brush_models.metrics_sheet import enlarged, tinted
from orbifolio.runner.strokes.brush_models.raster_base import RasterPainter
from orbifolio.runner.strokes.brush_models.vae import VaePainter
from orbifolio.runner.strokes.mypaint.actions import Actions

ROWS, COLUMNS = 2, 4
KEYS = 3  # strokes of each place of the grid that the loop visits
BETWEEN = 14  # pictures from one to the next
SIDE, GAP = 128, 6  # pixels
SEED = 11  # of the noise on the way

Picture = npt.NDArray[np.float32]


def eased(count: int) -> list[float]:
    """Moments in [0, 1) that linger at 0."""
    return [(1 - math.cos(math.pi * number / count)) / 2 for number in range(count)]


@torch.no_grad()
def between(painter: RasterPainter, first: Tensor, second: Tensor, part: float, key: int) -> Tensor:
    """Opacities on the way from some strokes to others.

    Args:
        painter: whose.
        first: (n, 12) actions.
        second: likewise.
        part: of the way, in [0, 1].
        key: number of the first strokes among those that the loop visits; its noise follows from it.

    Returns:
        (n, 64, 64).
    """
    mixed = torch.lerp(first, second, part)
    if painter.mode == "factored" and isinstance(painter, VaePainter):
        latent = torch.lerp(painter.predict(first)[0], painter.predict(second)[0], part)
        return painter.decode(latent, mixed)[:, 0]
    if painter.mode == "factored" and isinstance(painter, GanPainter):
        shape = (len(first), painter.noise)
        here, there = (normal(shape, first, torch.Generator().manual_seed(SEED + k % KEYS)) for k in (key, key + 1))
        noise = torch.lerp(here, there, part)
        return painter.generate(Maps(mixed, painter.space), noise, torch.Generator().manual_seed(SEED))[:, 0]
    return painter.alphas(mixed)


def morph(painter: RasterPainter, actions: Actions) -> list[Picture]:
    """The pictures of a loop without end.

    Args:
        painter: trained.
        actions: (n, 12); the first 24 are visited.
    """
    cells = ROWS * COLUMNS
    keys = torch.from_numpy(actions[: cells * KEYS]).reshape(KEYS, cells, -1).to(painter.device)
    return [
        _grid(between(painter, keys[key], keys[(key + 1) % KEYS], part, key).cpu().numpy())
        for key in range(KEYS)
        for part in eased(BETWEEN)
    ]


def _grid(alphas: Opacities) -> Picture:
    """Strokes side by side in rows."""
    step = SIDE + GAP
    found = np.full((ROWS * step + GAP, COLUMNS * step + GAP, 3), 0.94, np.float32)
    for number, picture in enumerate(tinted(alphas)):
        row, column = divmod(number, COLUMNS)
        top, left = GAP + row * step, GAP + column * step
        found[top : top + SIDE, left : left + SIDE] = np.asarray(enlarged(picture, SIDE), np.float32) / 255
    return found
