"""Encodings of an action for a network: its numbers as waves, and rough maps of where the curve runs.

    encode(actions (n, 12), columns, waves) -> (n, count);   Maps(actions (n, 12)).at(side) -> (n, 4, side, side)

A departure from Nakano (2019), who feeds the bare numbers to the network, which then spends most of its training on
learning that four of them are a place; both encodings can be switched off. Waves of rising frequency help with numbers
(Tancik et al. 2020). The maps draw the action without any brush: how much of the curve passes by within the width of
the brush, the same weighted by pressure, within twice the width, and along its thin spine. All is differentiable.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from orbifolio.runner.deferred import functional, torch
from orbifolio.runner.strokes.mypaint.actions import (
    END,
    END_PRESSURE,
    ENTRY_PRESSURE,
    SIZE,
    START,
    VIA,
    Space,
    bezier,
    pressure_at,
)

if TYPE_CHECKING:
    from torch import Tensor

MAPS = 4  # of the kinds that `maps` lists
WIDEST = 2  # index of the map that reaches farthest
KNOTS = 96  # of the curve, closer together than the Gaussians are wide on all but the longest curves
BREADTH = 0.8  # width of the Gaussians in basic radii
SUPPORT = 0.03  # value of the widest map from which paint is let through; loses less than 1e-9 of a dry brush's paint
SPINE = 1.0  # width of the thin Gaussians in pixels
MAX_SQUARE = 50.0  # squared distance in widths; beyond it exp() would give denormal numbers, which are slow


def count(columns: Sequence[int], waves: int) -> int:
    """How many numbers `encode` returns."""
    return len(columns) * (1 + 2 * waves)


def encode(actions: Tensor, columns: Sequence[int], waves: int) -> Tensor:
    """Some columns of actions, in [-1, 1], and their waves.

    Args:
        actions: (n, 12) in [0, 1].
        columns: which of the 12.
        waves: octaves of sine and cosine of each number; 0 for the bare numbers.

    Returns:
        (n, count).
    """
    bare = 2 * actions[:, list(columns)] - 1
    turns = [bare * (math.pi / 2 * 2**octave) for octave in range(waves)]
    return torch.cat([bare, *(wave(turn) for turn in turns for wave in (torch.sin, torch.cos))], dim=1)


class Maps:
    """Maps of where the curves of actions run, at any size; computed once, at full size."""

    def __init__(self, actions: Tensor, space: Space) -> None:
        """Compute nothing yet.

        Args:
            actions: (n, 12) in [0, 1].
            space: what the numbers of an action mean.
        """
        self.actions, self.space = actions, space
        self._sizes: dict[int, Tensor] = {}

    def at(self, side: int) -> Tensor:
        """(n, 4, side, side) in [0, 1): passing curve, the same by pressure, within twice the width, spine."""
        if side not in self._sizes:
            full = self.space.canvas
            self._sizes[side] = (
                maps(self.actions, self.space) if side == full else functional.adaptive_avg_pool2d(self.at(full), side)
            )
        return self._sizes[side]

    def repeated(self, times: int) -> Maps:
        """The maps of all actions, `times` times in a row."""
        copies = Maps(self.actions.repeat(times, 1), self.space)
        copies._sizes = {side: values.repeat(times, 1, 1, 1) for side, values in self._sizes.items()}
        return copies

    def within(self, pictures: Tensor, paper: float) -> Tensor:
        """Pictures (n, c, canvas, canvas) with bare paper (0 for opacities, 1 for colours) far from the curve."""
        return paper + (pictures - paper) * self.support()

    def support(self) -> Tensor:
        """Where paint may lie: 0 far from the curve, 1 near it, (n, 1, canvas, canvas)."""
        return (self.at(self.space.canvas)[:, WIDEST : WIDEST + 1] / SUPPORT).clamp(max=1)


def maps(actions: Tensor, space: Space) -> Tensor:
    """The maps at full size, (n, 4, canvas, canvas) in [0, 1).

    Each is s / (1 + s), where s is the integral along the curve of a Gaussian around the pixel.

    Args:
        actions: (n, 12) in [0, 1].
        space: what the numbers of an action mean.
    """
    t = (torch.arange(KNOTS, device=actions.device, dtype=actions.dtype) + 0.5) / KNOTS
    places = actions * space.canvas
    knots = bezier(places[:, None, START], places[:, None, VIA], places[:, None, END], t[None, :, None])
    pressure = pressure_at(actions[:, None, ENTRY_PRESSURE], actions[:, None, END_PRESSURE], t[None], space.ramp)
    step = (knots[:, 1:] - knots[:, :-1]).square().sum(-1).add(1e-6).sqrt()
    length = torch.cat([step[:, :1], step], dim=1)
    wide = (torch.exp(actions[:, SIZE] * space.log_radius) * BREADTH)[:, None].square().add(SPINE**2).sqrt()
    thin = torch.full_like(wide, SPINE)
    ticks = torch.arange(space.canvas, device=actions.device, dtype=actions.dtype) + 0.5
    layers = []
    even = torch.ones_like(pressure)
    for breadth, weights in ((wide, (even, pressure)), (2 * wide, (even,)), (thin, (even,))):
        # A Gaussian is the product of one over the columns and one over the rows.
        away = (ticks - knots[..., None]) / breadth[:, None, :, None]  # (n, knots, 2, canvas)
        across, down = torch.exp(-away.square().clamp(max=MAX_SQUARE) / 2).unbind(2)
        for weight in weights:
            scaled = across * (weight * length / breadth)[..., None]
            passing = torch.einsum("nkx,nky->nyx", scaled, down)
            layers.append(passing / (1 + passing))
    return torch.stack(layers, dim=1)
