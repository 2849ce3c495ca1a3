"""What the trainers of raster painters share: random batches, falling rates, the running mean that is kept.

    batch(number) -> (actions (b, 12), pictures (b, c, 64, 64));   follow(average, learner, number)

Each step has a random generator of its own, seeded by run, stage and step, so that an interrupted training continues
bit for bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from orbifolio.runner.errors import RunFailed
from orbifolio.runner.strokes.brush_models.base import Trainer, TrainingData, falling_rate
from orbifolio.runner.strokes.brush_models.raster_base import SIDE, ColourMode, on_white

FINAL_RATE = 0.02  # of a phase's rate, at its end


class RasterTrainer(Trainer):
    """The base of the trainers of raster painters.

    Attributes:
        order: names of the stages, in order.
        modules: every network that is trained in some stage, by name.
    """

    order: tuple[str, ...] = ()

    def __init__(self, data: TrainingData, mode: ColourMode, size: int) -> None:
        """Take the strokes.

        Args:
            data: strokes of 64 x 64 pixels.
            mode: of the pictures to learn.
            size: strokes per batch.

        Raises:
            RunFailed: the strokes have another size.
        """
        side = data.samples.alphas.shape[-1]
        if side != SIDE:
            raise RunFailed(
                f"strokes of {side} pixels; painters of a fixed resolution learn from {SIDE}; use painter: implicit"
            )
        self.device, self.seed, self.mode, self.size = data.device, data.seed, mode, size
        self.actions = torch.from_numpy(data.samples.actions)
        self.alphas = torch.from_numpy(data.samples.alphas)
        self.metrics: dict[str, float] = {}
        self.modules: dict[str, nn.Module] = {}
        self.adams: dict[str, torch.optim.Adam] = {}
        self.stage, self.rate, self.steps = "", 1e-4, 1

    def restart(self, rate: float, steps: int, stage: str = "") -> None:
        """Fresh optimisers for a stage; the rate falls along a cosine."""
        self.stage, self.rate, self.steps = stage or self.order[-1], rate, steps
        self.adams = {
            name: torch.optim.Adam(self._trained(name), lr=rate, betas=self._betas())
            for name in self._trained_modules()
        }
        for name, module in self.modules.items():
            module.train(name in self.adams)
            module.requires_grad_(name in self.adams)

    def _trained_modules(self) -> tuple[str, ...]:
        """Names of the modules that the present stage trains; all others are frozen."""
        raise NotImplementedError(type(self).__name__)

    def _betas(self) -> tuple[float, float]:
        return (0.9, 0.999)

    def _trained(self, name: str) -> Iterable[nn.Parameter]:
        return self.modules[name].parameters()

    def random(self, number: int) -> torch.Generator:
        """The generator of a step of the present stage."""
        stage = self.order.index(self.stage)
        return torch.Generator().manual_seed(((self.seed * 31 + stage) * 1_000_003 + self.steps) * 1_000_003 + number)

    def batch(self, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """Random strokes: actions (b, 12) and their pictures (b, channels, 64, 64)."""
        which = torch.randint(len(self.actions), (self.size,), generator=random)
        actions = self.actions[which].to(self.device)
        alphas = self.alphas[which].to(self.device).float().div(255)[:, None]
        return actions, alphas if self.mode == "factored" else on_white(alphas, actions)

    def falling(self, number: int) -> None:
        """Set the learning rate of a step, on a cosine from `rate` down to `FINAL_RATE` of it."""
        rate = falling_rate(self.rate, number, self.steps, final=FINAL_RATE)
        for adam in self.adams.values():
            adam.param_groups[0]["lr"] = rate

    def descend(self, loss: Tensor, number: int, *names: str) -> None:
        """One step of Adam for the named modules.

        Raises:
            RunFailed: the loss is not finite.
        """
        if not math.isfinite(loss.item()):
            raise RunFailed(f"step {number + 1}: the loss is not finite; lower the phase's rate")
        for name in names:
            self.adams[name].zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        for name in names:
            self.adams[name].step()

    def state_dict(self) -> dict[str, Any]:
        """Modules, painter, optimisers, phase; the strokes follow from the seed."""
        return {
            "stage": self.stage,
            "rate": self.rate,
            "steps": self.steps,
            "painter": self.painter.state_dict(),
            "modules": {name: module.state_dict() for name, module in self.modules.items()},
            "adams": {name: adam.state_dict() for name, adam in self.adams.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue; see the base class."""
        self.restart(float(state["rate"]), int(state["steps"]), str(state["stage"]))
        self.painter.load_state_dict(state["painter"])
        for name, module in self.modules.items():
            module.load_state_dict(state["modules"][name])
        for name, adam in self.adams.items():
            adam.load_state_dict(state["adams"][name])


def emphasis(pictures: Tensor, mode: ColourMode, weight: float) -> Tensor:
    """Weights of the error of pixels, (n, 1, h, w): more for pixels with paint.

    Args:
        pictures: (n, c, h, w) real strokes.
        mode: factored (paper is 0) or RGB (paper is 1).
        weight: of painted pixels, where that of paper is 1.
    """
    painted = (pictures > 0) if mode == "factored" else (pictures < 1)
    return 1 + (weight - 1) * painted.any(1, keepdim=True).to(pictures)
