"""Demonstrations written by many hands: ways to draw each class -> pictures (n, side, side), dark on light.

Each picture is a way that is turned, sheared, stretched and bent at random, its lines each a little out of place, drawn
with a learnt brush pressed more or less, and laid out as MNIST's digits are: at most 20 of 28 parts high and wide, with
the middle of its strokes in the middle.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from orbifolio.runner.arrays import F32, F64, I64, U8, Bools
from orbifolio.runner.deferred import torch
from orbifolio.runner.strokes.agent.demonstrations import Demonstration
from orbifolio.runner.strokes.agent.glyphs import INNER, SIDE
from orbifolio.runner.strokes.agent.rollout import replay
from orbifolio.runner.strokes.mypaint.actions import END, END_PRESSURE, ENTRY_PRESSURE, START, VIA
from orbifolio.runner.strokes.rasteriser.separate_strokes import Stamp

MAX_TURN, MAX_SHEAR, MAX_STRETCH = 0.12, 0.2, 0.15  # radians; of the height; of width and height
MAX_BEND, WAVES, MAX_SHIFT = 0.02, 2, 0.015  # sides; plane waves that bend; sides that a line is out of place
PRESSURES = (0.85, 1.3)  # of the example's
CHUNK = 250  # pictures that are drawn at once


def draw_handwriting(
    ways: Sequence[Sequence[Demonstration]], stamp: Stamp, side: int, count: int, random: np.random.Generator
) -> tuple[U8, I64]:
    """Random pictures (count, side, side) and the numbers (count,) of their classes.

    Args:
        ways: of each class, all of the same number of strokes.
        stamp: the brush, at `side`.
        side: of the pictures in pixels.
    """
    classes = random.integers(len(ways), size=count)
    chosen = [ways[k][int(random.integers(len(ways[k])))] for k in classes.tolist()]
    actions = np.stack([_by_a_hand(way, random) for way in chosen])
    pens = np.stack([way.pens for way in chosen])
    pictures = np.empty((count, side, side), np.uint8)
    for first in range(0, count, CHUNK):
        part = slice(first, first + CHUNK)
        with torch.no_grad():
            drawn = replay(stamp, torch.from_numpy(actions[part]), torch.from_numpy(pens[part]), 1, side)
        pictures[part] = np.round(drawn[:, 0].numpy() * 255).astype(np.uint8)
    return pictures, classes.astype(np.int64)


def _by_a_hand(way: Demonstration, random: np.random.Generator) -> F32:
    """A way as some hand writes it, (t, 12)."""
    actions = way.actions.copy()
    lines = np.cumsum(way.pens == 0)
    points = np.stack([actions[:, part] for part in (START, VIA, END)], axis=1).astype(np.float64) - 0.5
    points += random.uniform(-MAX_SHIFT, MAX_SHIFT, (lines[-1] + 1, 2))[lines][:, None]
    turn, shear = random.uniform(-MAX_TURN, MAX_TURN), random.uniform(-MAX_SHEAR, MAX_SHEAR)
    stretch = random.uniform(1 - MAX_STRETCH, 1 + MAX_STRETCH, 2)
    points = points @ (np.array([[np.cos(turn), np.sin(turn)], [shear - np.sin(turn), np.cos(turn)]]) * stretch)
    for _ in range(WAVES):
        wave, phase, reach = random.normal(0, 3, 2), random.uniform(0, 2 * np.pi), random.uniform(-1, 1, 2)
        points += MAX_BEND * reach * np.sin(points @ wave + phase)[..., None]
    for number, part in enumerate((START, VIA, END)):
        actions[:, part] = _laid_out(points, way.pens > 0.5)[:, number]
    press = random.uniform(*PRESSURES)
    for column in (END_PRESSURE, ENTRY_PRESSURE):
        actions[:, column] *= press
    clipped: F32 = actions.clip(0, 1)
    return clipped


def _laid_out(points: F64, drawn: Bools) -> F64:
    """Points (t, 3, 2) scaled and moved so that those that are drawn fill the box of MNIST's digits."""
    ink = points[drawn].reshape(-1, 2)
    low, high = ink.min(axis=0), ink.max(axis=0)
    # Half a stroke's width lies outside the curve on each side: about a pixel of MNIST's.
    scale = (INNER - 2) / SIDE / max(float((high - low).max()), 1e-6)
    moved: F64 = (points - (low + high) / 2) * scale + 0.5
    return moved
