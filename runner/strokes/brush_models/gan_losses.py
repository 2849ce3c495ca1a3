"""Losses of generators and critics: scores (n,) of real and (n,) of drawn strokes, in pairs of one action -> loss.

    ADVERSARIES["paired"].generator(real, drawn);   energy(first, second, pictures) -> the error of two drawings

The energy score judges noise without any critic: a squared error is least for strokes without noise, an energy score
for strokes whose noise is the brush's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from orbifolio.runner.deferred import functional, torch

if TYPE_CHECKING:
    from torch import Tensor

SQUARES = (4, 16)  # pixels, sides of the squares in which drawings are compared
FLOOR = 1e-3  # added under the root, whose slope at 0 is infinite
Name = Literal["wasserstein", "logistic", "paired"]
Judge = Callable[["Tensor", "Tensor"], "Tensor"]


@dataclass(frozen=True)
class Adversary:
    """The two losses of an adversarial game.

    Attributes:
        penalised: the critic needs a penalty that keeps the norm of its gradient near 1.
    """

    generator: Judge
    critic: Judge
    penalised: bool = False


def _difference(real: Tensor, drawn: Tensor) -> Tensor:
    return drawn.mean() - real.mean()


def _classes(real: Tensor, drawn: Tensor) -> Tensor:
    return functional.softplus(-real).mean() + functional.softplus(drawn).mean()


def _fooled(real: Tensor, drawn: Tensor) -> Tensor:
    return functional.softplus(-drawn).mean()


def _order(real: Tensor, drawn: Tensor) -> Tensor:
    """Which of two strokes of the same action is real, so that what strokes of an action have in common cancels."""
    return functional.softplus(drawn - real).mean()


ADVERSARIES: dict[Name, Adversary] = {
    "wasserstein": Adversary(lambda real, drawn: -drawn.mean(), _difference, penalised=True),
    "logistic": Adversary(_fooled, _classes),
    "paired": Adversary(lambda real, drawn: _order(drawn, real), _order),
}
"""Gulrajani et al. 2017; Goodfellow et al. 2014; Jolicoeur-Martineau 2019, with real and drawn of one action."""


def energy(first: Tensor, second: Tensor, pictures: Tensor) -> Tensor:
    """The energy score of two drawings of each action, in squares of two sizes: least for the brush's own noise.

    E |x - y| - E |x - x'| / 2 of drawings x, x' and a real y is a proper score (Gneiting and Raftery 2007): unlike the
    squared error, it is not lowered by leaving the noise out.

    Args:
        first: (n, c, h, w) drawings.
        second: (n, c, h, w) other drawings of the same actions.
        pictures: (n, c, h, w) real strokes of the same actions.
    """

    def distance(one: Tensor, other: Tensor) -> Tensor:
        squares = (one - other).square().sum(1, keepdim=True)
        parts = [functional.avg_pool2d(squares, side).mul(side**2).add(FLOOR).sqrt() for side in SQUARES]
        return torch.stack([part.flatten(1).sum(1).mean() for part in parts]).sum()

    return (distance(first, pictures) + distance(second, pictures) - distance(first, second)) / 2
