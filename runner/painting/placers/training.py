"""How a stroke predictor learns: scenes -> strokes -> loss -> gradient, Adam.

    loss = strokes * error of the numbers of known strokes, matched in the better of both orders
         + pixels * mean absolute difference of picture and softly painted canvas, less what length is worth
         + sureness * cross-entropy of "this stroke should be painted"

A stroke should be painted if it is one of the known strokes; where none are known, if it alone would mend a fair part
of what is missing beneath it. Paint Transformer (Liu et al. 2021) has the first and the third term and compares pixels
with the strokes that were drawn; here pixels are compared on pictures without known strokes, too, so that the network
learns edges that no stroke drew.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import permutations
from typing import Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from orbifolio.runner.errors import RunFailed
from orbifolio.runner.painting.placers.network import CELL, CellStrokes, StrokePredictor
from orbifolio.runner.painting.placers.scenes import Lessons, draw_lessons
from orbifolio.runner.painting.placers.soft_strokes import lay, sampled
from orbifolio.runner.settings import Settings
from orbifolio.runner.strokes.agent.network import draw_weights

FINAL_RATE = 0.03  # of a phase's rate, at its end
MAX_GRADIENT = 1.0  # norm
PLACE, ANGLE, LENGTH, BEND, WIDTH = 1.0, 0.5, 0.5, 0.5, 0.5  # weights of a known stroke's numbers
LEAST_PRESENCE = 0.25  # of a stroke in the loss of pixels: what is never laid would never learn
MENDED = 0.25  # share of what is missing beneath a stroke that it must mend
NOTABLE = 0.02  # mean absolute difference below which nothing is mended
LONG = 0.004  # worth of a stroke's length, as a factor of the logarithm of length over width


class PredictorPhase(Settings):
    """Some steps with a fresh optimiser, and the weights of their loss."""

    steps: int = Field(ge=0, le=10_000_000)
    """Steps of the network."""
    batch: int = Field(default=24, ge=2, le=4096, multiple_of=2)
    """Scenes of one step, half of them with known strokes."""
    rate: float = Field(default=1.5e-3, gt=0, le=1)
    """Adam's step size at the phase's beginning; it falls along a cosine."""
    strokes: float = Field(default=0.5, ge=0)
    """Weight of the error of known strokes."""
    pixels: float = Field(default=5.0, ge=0)
    """Weight of the difference of painting and picture."""
    sureness: float = Field(default=0.5, ge=0)
    """Weight of the cross-entropy of which strokes should be painted."""


class PredictorTrainer:
    """A stroke predictor that is being trained."""

    def __init__(self, network: StrokePredictor, seed: int, *, fresh: bool) -> None:
        """Draw first weights.

        Args:
            network: that learns.
            seed: of first weights and scenes.
            fresh: whether to draw weights, instead of going on with those it has.
        """
        self.network, self.seed = network, seed
        if fresh:
            draw_weights(network, torch.Generator().manual_seed(seed))
        self.restart(0, PredictorPhase(steps=0))

    def restart(self, number: int, phase: PredictorPhase) -> None:
        """Begin a phase, with a fresh optimiser."""
        self.number, self.phase = number, phase
        self.adam = torch.optim.Adam(self.network.parameters(), lr=phase.rate, betas=(0.9, 0.99))

    def step(self, number: int) -> Mapping[str, float]:
        """One step.

        Args:
            number: of the step in its phase, from 0; scenes follow from it.

        Returns:
            The terms of the loss.

        Raises:
            RunFailed: the loss is not finite.
        """
        phase = self.phase
        random = np.random.default_rng((self.seed, self.number, number))
        terms = losses(self.network, draw_lessons(phase.batch, self.network.shape.strokes, random), phase)
        loss = torch.stack(list(terms.values())).sum()
        if not math.isfinite(loss.item()):
            raise RunFailed(f"step {number + 1}: the loss is not finite; lower the phase's rate")
        share = (1 + math.cos(math.pi * number / phase.steps)) / 2
        for group in self.adam.param_groups:
            group["lr"] = phase.rate * (FINAL_RATE + (1 - FINAL_RATE) * share)
        self.adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), MAX_GRADIENT)
        self.adam.step()
        return {name: part.item() for name, part in terms.items()}

    def state_dict(self) -> dict[str, Any]:
        """Network and optimiser."""
        return {name: getattr(self, name).state_dict() for name in ("network", "adam")}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue the phase that `restart` began."""
        for name in ("network", "adam"):
            getattr(self, name).load_state_dict(state[name])


def losses(network: StrokePredictor, lessons: Lessons, phase: PredictorPhase) -> dict[str, Tensor]:
    """The terms of the loss; see the module's docstring."""
    targets, canvases = torch.from_numpy(lessons.targets), torch.from_numpy(lessons.canvases)
    known = torch.from_numpy(lessons.known)
    strokes = network(targets, canvases)
    wanted = torch.from_numpy(lessons.strokes)
    matched, error = match(CellStrokes(*(part[known] for part in strokes)), wanted[known])
    unknown = CellStrokes(*(part[~known] for part in strokes))
    presence = LEAST_PRESENCE + (1 - LEAST_PRESENCE) * unknown.logit.detach().sigmoid()
    picture = sampled(targets[~known])
    painted = lay(unknown, picture, sampled(canvases[~known]), presence)
    right = torch.zeros_like(strokes.logit)
    right[known] = matched
    right[~known] = ((painted.gains > MENDED * painted.missing) & (painted.missing > NOTABLE)).to(right)
    difference = (painted.canvas - picture).abs().mean()
    long = (unknown.half / unknown.radius).log().mean()
    return {
        "strokes": phase.strokes * error,
        "pixels": phase.pixels * (difference - LONG * long),
        "sureness": phase.sureness * binary_cross_entropy_with_logits(strokes.logit, right),
    }


def match(strokes: CellStrokes, wanted: Tensor) -> tuple[Tensor, Tensor]:
    """Known strokes and predicted ones of each cell, in the order that fits best.

    Args:
        strokes: (n, k, rows, columns) each.
        wanted: (n, k, 7, rows, columns); see `Lessons`.

    Returns:
        (n, k, rows, columns) 1 where a predicted stroke has a known one, and the mean error of those.
    """
    each = wanted.shape[1]
    costs = torch.stack([_error(strokes, wanted[:, list(order)]) for order in permutations(range(each))])
    presence = torch.stack([wanted[:, list(order), 6] for order in permutations(range(each))])
    with torch.no_grad():
        # an unsure stroke should not be the one that is matched
        total = (costs.detach() - 0.2 * presence * strokes.logit.detach()).sum(2)
        best = total.argmin(0)[None, :, None].expand(1, *costs.shape[1:])
    error = costs.gather(0, best)[0].sum() / presence[0].sum().clamp(min=1)
    return presence.gather(0, best)[0], error


def _error(strokes: CellStrokes, wanted: Tensor) -> Tensor:
    """(n, k, rows, columns) of each stroke to the known one of its number; 0 where there is none."""
    x, y, angle, half, bend, radius, present = wanted.unbind(2)
    place = ((strokes.x - x) ** 2 + (strokes.y - y) ** 2) / CELL**2
    doubled = (strokes.cosine - (2 * angle).cos()) ** 2 + (strokes.sine - (2 * angle).sin()) ** 2
    lean = (strokes.lean_x + bend * angle.sin()) ** 2 + (strokes.lean_y - bend * angle.cos()) ** 2
    length = (strokes.half / half.clamp(min=1)).log().abs()
    width = (strokes.radius / radius.clamp(min=1)).log().abs()
    return present * (PLACE * place + ANGLE * doubled + LENGTH * length + BEND * lean + WIDTH * width)
