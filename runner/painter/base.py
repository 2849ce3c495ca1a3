"""A painter is a differentiable picture of a brush: actions (n, 12) -> opacities (n, side, side), on any device.

    PainterSettings.build(lesson) -> Training;   training.step(number) -> {term: value};   training.painter

Every kind of painter is trained by the same loop (renderer `painter-training`), is judged by the same report card,
and is one file of weights with what it must know in the file's own metadata.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from runner.painter.brush import BrushFile
from runner.painter.samples import Samples
from runner.settings import Settings


class Painter(nn.Module):
    """The working painter."""

    kind: ClassVar[str] = ""

    @abstractmethod
    def alphas(self, actions: Tensor, *, scale: float = 1.0) -> Tensor:
        """Each stroke alone.

        Args:
            actions: (n, 12) in [0, 1]; colours are ignored.
            scale: of the picture over the canvas the painter was trained on.

        Returns:
            (n, side, side) opacity in [0, 1].

        Raises:
            InputError: the painter has a fixed resolution and the scale is not 1.
        """

    @abstractmethod
    def facts(self) -> dict[str, str]:
        """What must be known to build it again, for the weights' metadata."""

    def count(self) -> int:
        """How many numbers were learnt."""
        return sum(parameter.numel() for parameter in self.parameters())


@dataclass(frozen=True)
class Lesson:
    """What a painter learns from.

    Attributes:
        samples: strokes of the real program.
        brush: whose they are; None where only the strokes are there.
        seed: everything random follows from it.
        device: `cpu` or `cuda`.
    """

    samples: Samples
    brush: BrushFile | None
    seed: int
    device: str = "cpu"


class Training(ABC):
    """A painter that is being trained."""

    painter: Painter

    @abstractmethod
    def restart(self, rate: float, steps: int) -> None:
        """Begin a phase: a fresh optimiser that starts at a rate and lowers it over the steps."""

    @abstractmethod
    def step(self, number: int) -> Mapping[str, float]:
        """One step of the phase under way.

        Args:
            number: of the step in its phase, from 0; what is random follows from it.

        Returns:
            Terms; their sum is the loss.
        """

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """Tensors and plain values from which `load_state_dict` continues bit for bit."""

    @abstractmethod
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from `state_dict()`."""


class PainterSettings(Settings):
    """The base of every kind of painter."""

    def build(self, lesson: Lesson) -> Training:
        """The painter, untrained, and how it is trained."""
        raise NotImplementedError(type(self).__name__)

    def count(self, brush: BrushFile | None) -> int:
        """How many numbers it will learn; for the plan.

        Args:
            brush: its file, or None where it is not here.
        """
        raise NotImplementedError(type(self).__name__)
