"""L-BFGS: a quasi-Newton direction from the last few steps, with a line search.

The direction is the two-loop recursion of Liu and Nocedal (1989). The line search tries the full step
first and accepts it in nearly every iteration, so that one step costs little more than one evaluation;
otherwise it backtracks by cubic interpolation (Armijo) or doubles the step while the slope is still
steep (weak Wolfe).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from orbifolio.runner.deferred import torch
from orbifolio.runner.optimisers.base import Evaluate, Optimiser, OptimiserSettings, OptimiserStep

if TYPE_CHECKING:
    from torch import Tensor

SUFFICIENT_DECREASE = 1e-4  # Nocedal and Wright (2006), section 3.1
CURVATURE = 0.9  # the same, for quasi-Newton directions
PROBES = 12  # evaluations of a line search: each backtrack at least halves, so the 12th tries 2^-11 of the step or less


class Lbfgs(OptimiserSettings):
    """Quasi-Newton; the best choice for style, where the objective does not move."""

    wants_stillness: ClassVar[bool] = True
    kind: Literal["lbfgs"] = "lbfgs"
    history: int = Field(default=20, ge=1, le=200)
    """Number of past steps remembered; memory is two copies of the canvas for each."""
    first_step: float = Field(default=0.02, gt=0, le=1)
    """Root mean square change of the canvas in the very first step, before anything was learnt."""
    cites: ClassVar[tuple[str, ...]] = ("liu1989", "nocedal2006")

    def parameter_bytes(self, steps: int) -> float:
        """Two numbers for each step that is remembered."""
        return 8.0 * min(steps, self.history)

    def build(self, parameters: Sequence[Tensor]) -> LimitedMemoryBfgs:
        """The optimiser of these leaf tensors."""
        return LimitedMemoryBfgs(parameters, history=self.history, first_step=self.first_step)


class LimitedMemoryBfgs(Optimiser):
    """The working L-BFGS; works on all parameters as one flat vector."""

    def __init__(self, parameters: Sequence[Tensor], *, history: int, first_step: float) -> None:
        self.parameters = list(parameters)
        self.history = history
        self.first_step = first_step
        self.steps: list[Tensor] = []  # s_k, oldest first
        self.changes: list[Tensor] = []  # y_k = gradient change over s_k
        self.current: tuple[float, Tensor] | None = None  # loss and gradient at the present point

    def step(self, evaluate: Evaluate, *, moving: bool = False) -> OptimiserStep:
        """One quasi-Newton step; see the base class."""
        evaluations = 0
        if self.current is None or moving:
            self.current = self._probe(evaluate)
            evaluations += 1
        loss, gradient = self.current
        direction = self._direction(gradient)
        finite, norm, slope = _read(torch.isfinite(gradient).all(), gradient.norm(), direction.dot(gradient))
        if not (math.isfinite(loss) and finite):
            self.current = None
            raise FloatingPointError("the loss or its gradient is not finite")
        if norm == 0.0:
            return OptimiserStep(loss, {"evaluations": evaluations, "step-length": 0.0, "gradient-rms": 0.0})
        if not slope < 0:  # curvature information has gone bad: back to steepest descent
            self._forget()
            direction = self._direction(gradient)
            slope = float(direction.dot(gradient))
        start = self._flat()
        length, probed, accepted = self._search(evaluate, start, direction, loss, slope)
        evaluations += probed
        if accepted is None:
            # No decrease along a descent direction: the model of the landscape is wrong. The next step
            # is a short gradient step.
            self._put(start)
            self._forget()
            self.first_step *= 0.5
            self.current = (loss, gradient)
            return OptimiserStep(loss, {"evaluations": evaluations, "step-length": 0.0, "restart": 1.0})
        new_loss, new_gradient = accepted
        self._remember(direction * length, new_gradient - gradient)
        self.current = accepted
        return OptimiserStep(
            new_loss,
            {"evaluations": evaluations, "step-length": length, "gradient-rms": norm / gradient.numel() ** 0.5},
        )

    def _search(
        self, evaluate: Evaluate, start: Tensor, direction: Tensor, loss: float, slope: float
    ) -> tuple[float, int, tuple[float, Tensor] | None]:
        """Weak Wolfe line search: (length, evaluations, (loss, gradient) there or None)."""
        length = 1.0
        finite = False
        best: tuple[float, tuple[float, Tensor]] | None = None
        for probe in range(1, PROBES + 1):
            self._put(start + direction * length)
            trial = self._probe(evaluate)
            trial_loss, trial_gradient = trial
            trial_slope = float(direction.dot(trial_gradient))
            if not (math.isfinite(trial_loss) and math.isfinite(trial_slope)):
                if best is not None:
                    break
                length *= 0.1
                continue
            finite = True
            if trial_loss <= loss + SUFFICIENT_DECREASE * length * slope:
                if best is not None and trial_loss >= best[1][0]:
                    break  # doubling did not pay
                best = (length, trial)
                if trial_slope >= CURVATURE * slope or probe >= 4:  # at most three doublings: 8 times the step
                    break
                length *= 2.0
                continue
            if best is not None:
                break
            length *= _cubic_minimum(length, loss, slope, trial_loss, trial_slope)
        if best is None:
            if not finite:
                self._put(start)
                self.current = None
                raise FloatingPointError("no step along the direction has a finite loss")
            return 0.0, probe, None
        self._put(start + direction * best[0])
        return best[0], probe, best[1]

    def _direction(self, gradient: Tensor) -> Tensor:
        """-H g by the two-loop recursion, H scaled by s.y / y.y of the newest pair; -g scaled without any."""
        if not self.steps:
            rms = float(gradient.norm()) / gradient.numel() ** 0.5
            return gradient.mul(-self.first_step / rms) if rms else -gradient
        direction = -gradient
        weights: list[Tensor] = []
        for s, y in zip(reversed(self.steps), reversed(self.changes), strict=True):
            weight = s.dot(direction) / y.dot(s)
            direction = direction - weight * y
            weights.append(weight)
        s, y = self.steps[-1], self.changes[-1]
        direction = direction * (s.dot(y) / y.dot(y))
        for s, y, weight in zip(self.steps, self.changes, reversed(weights), strict=True):
            direction = direction + s * (weight - y.dot(direction) / y.dot(s))
        return direction

    def _remember(self, s: Tensor, y: Tensor) -> None:
        curvature, length, change = _read(s.dot(y), s.norm(), y.norm())
        if curvature <= 1e-10 * length * change:
            return  # a pair without positive curvature would break the inverse Hessian's definiteness
        self.steps.append(s)
        self.changes.append(y)
        if len(self.steps) > self.history:
            del self.steps[0], self.changes[0]

    def _forget(self) -> None:
        self.steps.clear()
        self.changes.clear()

    def soften(self) -> None:
        """Forget the history; the next first step is a fifth of what it was."""
        self._forget()
        self.current = None
        self.first_step *= 0.2

    def _probe(self, evaluate: Evaluate) -> tuple[float, Tensor]:
        loss = evaluate()
        gradients = []
        for parameter in self.parameters:
            gradient = parameter.grad
            gradients.append(torch.zeros_like(parameter).flatten() if gradient is None else gradient.flatten())
        return loss, torch.cat(gradients).clone()

    def _flat(self) -> Tensor:
        return torch.cat([parameter.detach().flatten() for parameter in self.parameters]).clone()

    def _put(self, vector: Tensor) -> None:
        offset = 0
        with torch.no_grad():
            for parameter in self.parameters:
                count = parameter.numel()
                parameter.copy_(vector[offset : offset + count].view_as(parameter))
                offset += count

    def state_dict(self) -> dict[str, Any]:
        """History, step scale, and the loss and gradient at the present point."""
        return {
            "steps": list(self.steps),
            "changes": list(self.changes),
            "first_step": self.first_step,
            "known": None if self.current is None else list(self.current),  # the key of checkpoints on disk
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue with a saved history; the next step reuses the saved loss and gradient."""
        self.steps = list(state["steps"])
        self.changes = list(state["changes"])
        self.first_step = float(state["first_step"])
        current = state["known"]
        self.current = None if current is None else (float(current[0]), current[1])


def _read(*scalars: Tensor) -> list[float]:
    """Their values, for which the device is waited for once."""
    values: list[float] = torch.stack([scalar.to(torch.float64) for scalar in scalars]).tolist()
    return values


def _cubic_minimum(length: float, loss: float, slope: float, trial: float, trial_slope: float) -> float:
    """Fraction of `length` that minimises the cubic through both ends' values and slopes, within [0.1, 0.5].

    Reference: Nocedal and Wright (2006), equation 3.59; the bounds keep the search from stalling.
    """
    middle = slope + trial_slope - 3 * (loss - trial) / (-length)
    square = middle * middle - slope * trial_slope
    if square < 0:
        return 0.5
    root = math.sqrt(square)
    denominator = trial_slope - slope + 2 * root
    if denominator == 0:
        return 0.5
    fraction = 1 - (trial_slope + root - middle) / denominator
    return min(max(fraction, 0.1), 0.5) if math.isfinite(fraction) else 0.5
