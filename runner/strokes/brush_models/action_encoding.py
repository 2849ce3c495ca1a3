"""What a network is told of an action: its numbers as waves, and rough maps of where the curve runs.

    encode(actions (n, 12), columns, waves) -> (n, count);   Maps(actions (n, 12)).at(side) -> (n, 4, side, side)

Both are ours and can be switched off. Nakano (2019) gives the bare numbers to the network, which then has to learn
that four of them are a place: that is most of its long training. Waves of rising frequency are the cure for numbers
(Tancik et al. 2020). The maps are what the action says already, without any brush: how much of the curve passes by,
in the width of the brush, with which pressure, in twice that width, and where its thin spine is. All of it is
differentiable.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

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

MAPS = 4
WIDE = 2  # which of them reaches farthest
KNOTS = 96  # of the curve, nearer to each other than the Gaussians are wide, but for the longest curves
BREADTH = 0.8  # width of the Gaussians in basic radii
FAINTEST = 0.03  # of the widest map, where paint begins to be let through: less than 1e-9 of a dry brush's is lost
SPINE = 1.0  # width of the thin ones in pixels
FAR = 50.0  # squared distance in widths that counts as infinite: smaller numbers would be denormal, which is slow


def count(columns: Sequence[int], waves: int) -> int:
    """How many numbers `encode` gives."""
    return len(columns) * (1 + 2 * waves)


def encode(actions: Tensor, columns: Sequence[int], waves: int) -> Tensor:
    """Some columns of actions, in [-1, 1], and their waves.

    Args:
        actions: (n, 12) in [0, 1].
        columns: which.
        waves: octaves of sine and cosine of each; 0 for the bare numbers.

    Returns:
        (n, count).
    """
    bare = 2 * actions[:, list(columns)] - 1
    turns = [bare * (math.pi / 2 * 2**octave) for octave in range(waves)]
    return torch.cat([bare, *(wave(turn) for turn in turns for wave in (torch.sin, torch.cos))], dim=1)


class Maps:
    """Where the curves of some actions run, at any size; computed once at the full one."""

    def __init__(self, actions: Tensor, space: Space) -> None:
        """Nothing is computed yet.

        Args:
            actions: (n, 12) in [0, 1].
            space: what the numbers of an action mean.
        """
        self.actions, self.space = actions, space
        self._sizes: dict[int, Tensor] = {}

    def at(self, side: int) -> Tensor:
        """Paint in the brush's width, with pressure, in twice the width, the spine: (n, 4, side, side) in [0, 1)."""
        if side not in self._sizes:
            full = self.space.canvas
            self._sizes[side] = (
                maps(self.actions, self.space) if side == full else functional.adaptive_avg_pool2d(self.at(full), side)
            )
        return self._sizes[side]

    def repeated(self, times: int) -> Maps:
        """Those of all actions, then of all once more, and so on."""
        found = Maps(self.actions.repeat(times, 1), self.space)
        found._sizes = {side: known.repeat(times, 1, 1, 1) for side, known in self._sizes.items()}
        return found

    def within(self, pictures: Tensor, paper: float) -> Tensor:
        """Pictures (n, c, canvas, canvas) with bare paper (0 for opacities, 1 for colours) far from the curve."""
        return paper + (pictures - paper) * self.support()

    def support(self) -> Tensor:
        """Where paint may lie: 0 far from the curve, 1 near it, (n, 1, canvas, canvas)."""
        return (self.at(self.space.canvas)[:, WIDE : WIDE + 1] / FAINTEST).clamp(max=1)


def maps(actions: Tensor, space: Space) -> Tensor:
    """The maps at the full size: a pixel each.

    Args:
        actions: (n, 12) in [0, 1].
        space: what the numbers of an action mean.

    Returns:
        (n, 4, canvas, canvas) in [0, 1).
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
    found = []
    even = torch.ones_like(pressure)
    for breadth, weights in ((wide, (even, pressure)), (2 * wide, (even,)), (thin, (even,))):
        # A Gaussian is the product of one over the columns and one over the rows.
        away = (ticks - knots[..., None]) / breadth[:, None, :, None]  # (n, knots, 2, canvas)
        across, down = torch.exp(-away.square().clamp(max=FAR) / 2).unbind(2)
        for weight in weights:
            scaled = across * (weight * length / breadth)[..., None]
            passing = torch.einsum("nkx,nky->nyx", scaled, down)
            found.append(passing / (1 + passing))
    return torch.stack(found, dim=1)
