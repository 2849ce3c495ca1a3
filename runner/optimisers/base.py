"""An optimiser moves parameter tensors downhill: `step(evaluate) -> OptimiserStep`.

`evaluate()` computes the objective at the parameters' present values, leaves its gradient in each
`parameter.grad`, and returns the loss. One call is one network evaluation, the unit of cost.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from orbifolio.runner.settings import Settings

if TYPE_CHECKING:
    from torch import Tensor

Evaluate = Callable[[], float]


@dataclass(frozen=True)
class OptimiserStep:
    """What one step did.

    Attributes:
        loss: at the new parameters where the optimiser knows it, else where the gradient was taken.
        metrics: numbers for the log: `evaluations`, `step-length`, `gradient-rms`, ...
    """

    loss: float
    metrics: Mapping[str, float] = field(default_factory=dict)


class Optimiser(ABC):
    """Moves the parameters it was built with."""

    @abstractmethod
    def step(self, evaluate: Evaluate, *, moving: bool = False) -> OptimiserStep:
        """Move the parameters downhill once.

        Args:
            evaluate: see the module's docstring.
            moving: the objective differs from step to step (random views), so that values of the step
                before must not be reused.

        Raises:
            FloatingPointError: the loss or gradient at the present parameters is not finite.
        """

    @abstractmethod
    def soften(self) -> None:
        """Forget what was learnt of the landscape and take smaller steps, after a failure."""

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """All that resuming bit for bit needs: tensors, numbers, strings, lists and dicts of these."""

    @abstractmethod
    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue as the optimiser that `state_dict()` was taken from."""


class OptimiserSettings(Settings):
    """The base of every kind of optimiser."""

    wants_stillness: ClassVar[bool] = False
    """Whether it learns from how the gradient changes, which random views mislead."""

    def parameter_bytes(self, steps: int) -> float:
        """Memory that a number takes beside itself after some steps, for the plan; by default two running moments."""
        return 8.0

    def build(self, parameters: Sequence[Tensor]) -> Optimiser:
        """The optimiser of these leaf tensors."""
        raise NotImplementedError(type(self).__name__)
