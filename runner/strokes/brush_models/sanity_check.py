"""A sanity check of painters: small pictures painted by gradient descent -> actions (n, strokes, 12).

    actions -> opacities -> strokes over each other on white (n, 3, 64, 64) -> loss -> Adam on the actions' logits

First strokes, steps and loss are the same for every painter, so that only the painter makes a difference: how well its
strokes can be steered, and what they look like. Strokes begin where the picture is dark, in its colour, large ones
first. Canvas `strokes` paints far better; this is meant to compare.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from orbifolio.runner.deferred import torch
from orbifolio.runner.strokes.blending import over
from orbifolio.runner.strokes.brush_models.base import Painter
from orbifolio.runner.strokes.mypaint.actions import COLOUR, COUNT, END, END_PRESSURE, ENTRY_PRESSURE, SIZE, START, VIA

if TYPE_CHECKING:
    from torch import Tensor

BOUND = 0.02  # distance of first actions from 0 and 1, whose logits are infinite
PAPER = 0.04  # chance of a stroke in white places over that in black ones
SPREAD = 0.12  # of the ends of first strokes around their middle, for the largest
Loss = Callable[["Tensor", "Tensor"], "Tensor"]


def first_strokes(targets: Tensor, strokes: int, random: torch.Generator, *, ink: bool) -> Tensor:
    """First actions, (n, strokes, 12).

    Args:
        targets: (n, 3, h, w) in [0, 1].
        strokes: how many for each picture.
        ink: thin black strokes where the picture is dark; else strokes in the local colour all over, large to small.
    """
    count, _, height, width = targets.shape
    dark = (1 - targets.mean(1)).flatten(1)
    chances = dark + PAPER * dark.amax(1, keepdim=True) if ink else torch.ones_like(dark)
    places = torch.multinomial(chances + 1e-6, strokes, replacement=True, generator=random)
    middle = torch.stack(((places % width + 0.5) / width, (places // width + 0.5) / height), dim=-1)
    size = torch.full((strokes,), 0.35) if ink else torch.linspace(0.95, 0.1, strokes)
    half = torch.randn(middle.shape, generator=random) * (SPREAD * (0.4 + size))[None, :, None]
    actions = torch.full((count, strokes, COUNT), 0.7)
    actions[..., SIZE] = size
    actions[..., START], actions[..., VIA], actions[..., END] = middle - half, middle, middle + half
    if ink:
        actions[..., COLOUR] = 0
    else:
        local = torch.gather(targets.flatten(2), 2, places[:, None].expand(-1, 3, -1))
        actions[..., COLOUR] = local.transpose(1, 2)
    actions[..., END_PRESSURE] = actions[..., ENTRY_PRESSURE] = 0.7
    return actions


def painted(painter: Painter, actions: Tensor) -> Tensor:
    """The pictures (n, 3, 64, 64) of actions (n, strokes, 12) over each other on white, differentiable."""
    count, strokes, _ = actions.shape
    flat = painter.alphas(actions.flatten(0, 1))
    alphas = flat.reshape(count, strokes, *flat.shape[1:])
    canvas = alphas.new_ones(count, 3, *alphas.shape[-2:])
    for number in range(strokes):
        colour = actions[:, number, COLOUR, None, None]
        canvas = over(canvas, colour, alphas[:, number, None])
    return canvas


class Trial:
    """One painter that paints some pictures."""

    def __init__(self, painter: Painter, targets: Tensor, first: Tensor, *, ink: bool, rate: float) -> None:
        """Set up the optimiser.

        Args:
            targets: (n, 3, 64, 64) in [0, 1].
            first: (n, strokes, 12) actions to begin with.
            ink: keep all strokes black.
        """
        self.painter, self.targets, self.ink = painter, targets, ink
        self.logits = torch.logit(first.clamp(BOUND, 1 - BOUND)).requires_grad_()
        self.adam = torch.optim.Adam([self.logits], lr=rate)

    def actions(self) -> Tensor:
        """(n, strokes, 12) in [0, 1]."""
        actions = torch.sigmoid(self.logits)
        if not self.ink:
            return actions.clone()
        return torch.cat((actions[..., :6], torch.zeros_like(actions[..., COLOUR]), actions[..., 9:]), dim=-1)

    def step(self, loss: Loss) -> float:
        """One step of Adam; returns the loss before it."""
        self.adam.zero_grad()
        value = loss(painted(self.painter, self.actions()), self.targets)
        value.backward()  # type: ignore[no-untyped-call]
        self.adam.step()
        return float(value.detach())
