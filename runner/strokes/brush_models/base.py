"""A painter is a differentiable picture of a brush: actions (n, 12) -> opacities (n, side, side), on any device.

    PainterSettings.build(data) -> Trainer;   trainer.step(number) -> {term: value};   trainer.painter -> Painter

Every kind of painter is trained by the same loop (renderer `painter-training`), judged by the same metrics, and stored
as one file of weights whose metadata say how to rebuild it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Self

import torch
from torch import Tensor, nn

from orbifolio.runner.settings import Settings
from orbifolio.runner.strokes.blending import over
from orbifolio.runner.strokes.mypaint.actions import COLOUR, Space
from orbifolio.runner.strokes.mypaint.brush_file import BrushFile
from orbifolio.runner.strokes.mypaint.samples import Samples

MAX_DECAY = 0.998  # of the running mean of a learner's weights: over about 500 steps


class Painter(nn.Module):
    """A learnt brush; every kind has all of these methods, so that no code outside depends on the kind.

    Attributes:
        kind: its name in recipes and in files of weights.
        resolution: side in pixels of the only pictures that it can draw; None where it draws any size.
        stochastic: it can draw the same action in more than one way.
        space: what the numbers of an action mean.
    """

    kind: ClassVar[str] = ""
    resolution: ClassVar[int | None] = None
    stochastic: ClassVar[bool] = False
    space: Space

    @abstractmethod
    def alphas(self, actions: Tensor, *, scale: float = 1.0, random: torch.Generator | None = None) -> Tensor:
        """Each stroke alone.

        Args:
            actions: (n, 12) in [0, 1]; colours are ignored.
            scale: of the picture over the canvas that the painter was trained on.
            random: of the noise of a stochastic painter; None for the steady stroke, which is always the same.

        Returns:
            (n, side, side) opacity in [0, 1].

        Raises:
            InputError: the painter has a fixed resolution and the scale is not 1.
        """

    def paint(self, actions: Tensor, *, scale: float = 1.0) -> Tensor:
        """All strokes over each other on white, as the paint program's jump mode draws them: (side, side, 3)."""
        alphas = self.alphas(actions, scale=scale)
        canvas = actions.new_ones(*alphas.shape[1:], 3)
        for alpha, colour in zip(alphas, actions[:, COLOUR], strict=True):
            canvas = over(canvas, colour, alpha[..., None])
        return canvas

    def between(self, first: Tensor, second: Tensor, part: float, *, seeds: tuple[int, int], grain: int) -> Tensor:
        """Strokes on the way from some to others.

        Args:
            first: (n, 12) actions that the way begins at.
            second: (n, 12) actions that it ends at.
            part: of the way, in [0, 1].
            seeds: of the noise at either end, for painters whose noise is one of the things that change.
            grain: seed of noise that stays the same on the way.

        Returns:
            (n, side, side) opacity in [0, 1].
        """
        return self.alphas(torch.lerp(first, second, part))

    @abstractmethod
    def facts(self) -> dict[str, str]:
        """What `of` needs to rebuild the painter, for the metadata of its weights."""

    @classmethod
    @abstractmethod
    def of(cls, facts: Mapping[str, str], flat: Tensor) -> Self:
        """The painter of a file of weights, frozen.

        Args:
            facts: the metadata, with all that `facts` returned.
            flat: (count,) all weights, in the order of the state dictionary.

        Raises:
            KeyError, ValueError, TypeError, RuntimeError: the file is not of this kind.
        """

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return next(self.parameters()).device

    def count(self) -> int:
        """How many numbers were learnt."""
        return sum(parameter.numel() for parameter in self.parameters())


@dataclass(frozen=True)
class TrainingData:
    """What a painter learns from.

    Attributes:
        samples: strokes of the real program.
        brush: the brush that drew them; None where only the strokes are known.
        seed: of first weights, batches and noise.
        device: to train on, `cpu` or `cuda`.
        distance: how different pictures (n, 3, h, w) of two sets look to a vision network; None without a network.
    """

    samples: Samples
    brush: BrushFile | None
    seed: int
    device: str = "cpu"
    distance: Callable[[Tensor, Tensor], Tensor] | None = None


class Trainer(ABC):
    """A painter that is being trained.

    Attributes:
        painter: the painter as trained so far, ready to use.
        metrics: further numbers of the last step, by name.
    """

    painter: Painter
    metrics: Mapping[str, float] = MappingProxyType({})

    @abstractmethod
    def restart(self, rate: float, steps: int, stage: str = "") -> None:
        """Begin a phase with a fresh optimiser, whose rate falls over its steps.

        Args:
            rate: learning rate of the first step.
            steps: length of the phase.
            stage: what is trained, one of the painter's stages; empty for its last or only one.
        """

    @abstractmethod
    def step(self, number: int) -> Mapping[str, float]:
        """One step of the present phase.

        Args:
            number: of the step in its phase, from 0; what is random follows from it.

        Returns:
            The terms of the loss by name.
        """

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """Tensors and plain values from which training continues bit for bit."""

    @abstractmethod
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue from `state_dict()`."""


def falling_rate(rate: float, number: int, steps: int, *, final: float) -> float:
    """The learning rate of a step: on a half cosine from `rate` at the first of its phase down to `final * rate`."""
    progress = number / max(steps, 1)
    return rate * (final + (1 - final) * (1 + math.cos(math.pi * progress)) / 2)


@torch.no_grad()
def follow(average: nn.Module, learner: nn.Module, number: int) -> None:
    """Update a running mean `average` of the learner's state, over few steps at first; integers are copied."""
    decay = min(MAX_DECAY, (1 + number) / (10 + number))
    for mean, now in zip(average.state_dict().values(), learner.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(now, 1 - decay)
        else:
            mean.copy_(now)


class PainterSettings(Settings):
    """The base of every kind of painter.

    Attributes:
        stages: what a phase may train, in order; () where there is only one thing to train.
        required_stages: stages without which the painter cannot paint.
    """

    stages: ClassVar[tuple[str, ...]] = ()
    required_stages: ClassVar[tuple[str, ...]] = ()
    stochastic: ClassVar[bool] = False

    @property
    def perceptual(self) -> bool:
        """Whether it learns from what a vision network sees."""
        return False

    def stage_problems(self, stages: Sequence[str]) -> list[tuple[str, str]]:
        """Faults of the stages of a recipe's phases, as (path, message)."""
        names = " or ".join(self.stages)
        cure = f"this painter is trained in stages {names}" if names else "this painter has no stages; leave it out"
        problems = [
            (f"phases.{number}.stage", f"{stage}: no such stage; {cure}")
            for number, stage in enumerate(stages)
            if stage and stage not in self.stages
        ]
        missing = [stage for stage in self.required_stages if stage not in stages]
        if missing and not problems:
            problems.append(
                (
                    "phases",
                    f"no phase of stage {missing[0]}; this painter needs {' and '.join(self.required_stages)}; add one",
                )
            )
        return problems

    def build(self, data: TrainingData) -> Trainer:
        """A trainer with the painter's first weights."""
        raise NotImplementedError(type(self).__name__)

    def seconds_per_step(self, stage: str) -> float:
        """Measured seconds per step of a stage on two processor cores, for the plan."""
        raise NotImplementedError(type(self).__name__)

    def count(self, brush: BrushFile | None) -> int:
        """How many numbers it will learn, for the plan.

        Args:
            brush: to be learnt, or None where its file is missing.
        """
        raise NotImplementedError(type(self).__name__)
