"""Adam (Kingma and Ba 2015), for objectives that move: random views, dreams."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from orbifolio.runner.deferred import torch
from orbifolio.runner.optimisers.base import Evaluate, Optimiser, OptimiserSettings, OptimiserStep

if TYPE_CHECKING:
    from torch import Tensor


class Adam(OptimiserSettings):
    """Adaptive first-order steps; copes with moving objectives."""

    kind: Literal["adam"] = "adam"
    rate: float = Field(default=0.03, gt=0, le=10)
    """Step size: about the change of each parameter in one step."""
    momentum: float = Field(default=0.9, ge=0, lt=1)
    """Decay of the gradient's running mean (beta 1)."""
    memory: float = Field(default=0.99, ge=0, lt=1)
    """Decay of the gradient's running square (beta 2)."""
    cites: ClassVar[tuple[str, ...]] = ("kingma2015",)

    def build(self, parameters: Sequence[Tensor]) -> AdaptiveMoments:
        """The optimiser of these leaf tensors."""
        return AdaptiveMoments(
            parameters, torch.optim.Adam(parameters, lr=self.rate, betas=(self.momentum, self.memory))
        )


class AdaptiveMoments(Optimiser):
    """`torch.optim.Adam` as an `Optimiser`."""

    def __init__(self, parameters: Sequence[Tensor], adam: torch.optim.Adam) -> None:
        self.parameters = list(parameters)
        self.adam = adam

    def step(self, evaluate: Evaluate, *, moving: bool = False) -> OptimiserStep:
        """One Adam step; see the base class."""
        loss = evaluate()
        squares = [float(parameter.grad.square().mean()) for parameter in self.parameters if parameter.grad is not None]
        if not math.isfinite(loss) or not all(math.isfinite(square) for square in squares):
            raise FloatingPointError("the loss or its gradient is not finite")
        self.adam.step()
        rms = math.sqrt(sum(squares) / max(len(squares), 1))
        return OptimiserStep(loss, {"evaluations": 1.0, "gradient-rms": rms})

    def soften(self) -> None:
        """Halve the rate and forget the running moments."""
        for group in self.adam.param_groups:
            group["lr"] *= 0.5
        self.adam.state.clear()

    def state_dict(self) -> dict[str, Any]:
        """The wrapped optimiser's own state."""
        return self.adam.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Hand a state to the wrapped optimiser."""
        self.adam.load_state_dict(dict(state))
