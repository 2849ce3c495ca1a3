"""A canvas is an image parameterisation: it holds the trainable tensors and makes the artwork of them.

After Mordvintsev et al. (2018): what is optimised need not be pixels. A canvas lives on a `Layout`, so
whatever it holds, the artwork has the layout's symmetry exactly.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

import torch
from pydantic import Field
from torch import Tensor

from runner.canvas.initial import AnyInitial, Initial, Noise
from runner.settings import Settings
from runner.symmetry.base import Layout


class Canvas(ABC):
    """The working canvas.

    Attributes:
        layout: where it lives.
    """

    layout: Layout

    @abstractmethod
    def parameters(self) -> list[Tensor]:
        """The leaf tensors that an optimiser moves."""

    @abstractmethod
    def values(self) -> Tensor:
        """(orbits, 3) of the layout, centred and constrained, differentiable in the parameters."""

    def artwork(self) -> Tensor:
        """(1, 3, height, width) sRGB, not clamped, differentiable in the parameters."""
        return self.layout.render(self.values())

    def state_dict(self) -> dict[str, Tensor]:
        """Copies of the parameters by number."""
        return {str(number): tensor.detach().clone() for number, tensor in enumerate(self.parameters())}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on from `state_dict()`."""
        with torch.no_grad():
            for number, tensor in enumerate(self.parameters()):
                tensor.copy_(state[str(number)])


class CanvasSettings(Settings):
    """The base of every kind of canvas."""

    aspect: str | float | None = None
    """Width:height where the symmetry leaves it free: `3:2`, `1:sqrt(3)`, `1.5`; none: the symmetry's own, or
    that of the picture the run begins with."""
    init: AnyInitial = Field(default=Noise())
    """What the canvas holds before the first step."""

    @property
    def initial(self) -> Initial:
        """`init`, typed."""
        value: Initial = self.init
        return value

    def build(self, layout: Layout, values: Tensor) -> Canvas:
        """The canvas that shows these orbit values.

        Args:
            layout: of the phase.
            values: (parameters, 3), centred and constrained.
        """
        raise NotImplementedError(type(self).__name__)
