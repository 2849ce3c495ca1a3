"""A canvas is an image parameterisation: it holds the trainable tensors and makes the artwork of them.

After Mordvintsev et al. (2018): what is optimised need not be pixels. A canvas lives on a `Layout`, so
whatever it holds, the artwork has the layout's symmetry exactly.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from pydantic import Field

from orbifolio.runner.canvas.initial import AnyInitial, InitialState, Noise
from orbifolio.runner.deferred import torch
from orbifolio.runner.settings import Settings
from orbifolio.runner.symmetry.base import Layout, LayoutExtent, Symmetry

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class CanvasPhase:
    """The phase that a canvas is made for.

    Attributes:
        layout: maps orbit values to pixels at the phase's size.
        symmetry: that the layout has; None for a picture without.
        seed: of the run.
        number: of the phase, from 0.
        sizes: (width, height) in pixels of all phases.
        steps: optimisation steps of the phase.
        picture: source -> (1, 3, h, w) picture in [0, 1], for canvases that show one; None without any.
    """

    layout: Layout
    symmetry: Symmetry | None
    seed: int
    number: int
    sizes: tuple[tuple[int, int], ...]
    steps: int
    picture: Callable[[str], Tensor] | None = None


@dataclass(frozen=True)
class Upkeep:
    """What a canvas did by itself after a step.

    Attributes:
        replaced: parameters were replaced, so that the optimiser's history of them is void.
        metrics: numbers worth a curve, by name.
    """

    replaced: bool = False
    metrics: Mapping[str, float] = field(default_factory=dict)


class Canvas(ABC):
    """Holds the trainable tensors; a kind needs `parameters` and `values`, the rest has defaults."""

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

    def after_step(self, done: int) -> Upkeep:
        """Keep limits, and solve for what has a formula, after a step of the optimiser.

        Args:
            done: steps of this phase so far.
        """
        return Upkeep()

    def finished(self) -> Tensor:
        """The artwork at the end of a phase, (1, 3, height, width); it may be better than between steps."""
        return self.artwork()

    def products(self, *, title: str, device: str) -> Mapping[str, bytes]:
        """Files that follow from the finished artwork, beside its picture, by name.

        Args:
            title: for products that name the picture.
            device: torch's name of it: `cpu`, `cuda` or `cuda:N`.
        """
        return {}

    def describe(self) -> str:
        """One line for the report; empty for none."""
        return ""

    def state_dict(self) -> dict[str, Tensor]:
        """Copies of the parameters by number."""
        return {str(number): tensor.detach().clone() for number, tensor in enumerate(self.parameters())}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Copy the values of `state_dict()` into the parameters."""
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

    paints: ClassVar[bool] = False
    """Whether it paints what `init` holds, instead of being it: then every phase gets it anew, at its own size."""
    wants_adam: ClassVar[bool] = False
    """Whether its parameters also change between steps, which L-BFGS cannot follow."""
    charted: ClassVar[tuple[str, ...]] = ()
    """Metrics that are worth a curve in the report."""
    work: ClassVar[float] = 0.0
    """What making a pixel costs in a step, relative to what VGG16 up to its fourth block costs; for the plan."""

    @property
    def initial(self) -> InitialState:
        """`init` as mypy should see it."""
        value: InitialState = self.init
        return value

    @property
    def shown_first(self) -> InitialState:
        """What the picture begins as, for a preview."""
        return self.initial

    def pictures(self) -> Mapping[str, str]:
        """Image sources it will read, by their path below the canvas."""
        start = self.initial
        return {
            f"init.{start.picture_field if number == 0 else number}": source
            for number, source in enumerate(start.pictures())
        }

    def build(self, layout: Layout, values: Tensor) -> Canvas:
        """The canvas that shows these orbit values.

        Args:
            layout: maps them to pixels.
            values: (parameters, 3), centred and constrained.
        """
        raise NotImplementedError(type(self).__name__)

    def begin(self, phase: CanvasPhase, values: Tensor, previous: Canvas | None) -> Canvas:
        """The canvas at the start of a phase.

        Args:
            phase: its layout, number and sizes.
            values: (parameters, 3) carried over from the phase before, or of `init`.
            previous: the canvas of the phase before; None at the first.
        """
        return self.build(phase.layout, values)

    def restore(self, phase: CanvasPhase, values: Tensor, state: Mapping[str, Tensor]) -> Canvas:
        """The canvas of a saved phase.

        Args:
            phase: its layout, number and sizes.
            values: (parameters, 3) of `init` where it `paints`; otherwise ignored.
            state: from `Canvas.state_dict`; copied into the parameters.
        """
        canvas = self.begin(phase, values, None)
        canvas.load_state_dict(state)
        return canvas

    def parameter_count(self, extent: LayoutExtent, number: int, sizes: tuple[tuple[int, int], ...]) -> int:
        """Numbers that are optimised in a phase, for the plan."""
        return extent.parameters * 3

    def complaints(self, aspect_of: Callable[[str], float | None]) -> list[tuple[str, str]]:
        """What is wrong with it, as (path below the canvas, "what; rule; cure")."""
        return [(f"init.{path}", text) for path, text in self.initial.complaints()]
