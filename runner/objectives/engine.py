"""An engine evaluates one step: artwork -> (terms, gradient with respect to the artwork).

This is the seam behind which speed lives. Everything before it (canvas, symmetry) and after it (the
optimiser) sees only the artwork and its gradient, both float32; precision, memory format, tiling or a
hand-written backward pass are an engine's own affair.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orbifolio.runner.deferred import torch
from orbifolio.runner.objectives.base import Objective, ObjectiveInput
from orbifolio.runner.views.drawn_view import DrawnView
from orbifolio.runner.vision.base import Padding, Shear

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Evaluation:
    """One evaluation of the objectives.

    Attributes:
        terms: weighted terms by name; their sum is the loss.
        gradient: (1, 3, height, width) float32, of the loss with respect to the artwork.
    """

    terms: Mapping[str, float]
    gradient: Tensor

    @property
    def loss(self) -> float:
        """The sum of all terms."""
        return sum(self.terms.values())


class Engine(ABC):
    """Evaluates a run's objectives and their gradient."""

    @abstractmethod
    def evaluate(self, artwork: Tensor, view: DrawnView | None) -> Evaluation:
        """Terms and gradient at an artwork.

        Args:
            artwork: (1, 3, height, width) float32; its graph, if it has one, is not touched.
            view: this step's view (see `orbifolio.runner.views`), or None to see the artwork as it is.
        """


def layers_seen(objectives: Sequence[Objective]) -> set[str]:
    """Names of all layers that objectives score."""
    return {name for objective in objectives for name in objective.layers}


def weighted_terms(objectives: Sequence[Objective], inputs: ObjectiveInput) -> tuple[tuple[str, ...], Tensor]:
    """Names and (terms,) float32 values of all terms, differentiable as the inputs are."""
    terms: dict[str, Tensor] = {}
    for number, objective in enumerate(objectives, start=1):
        for name, value in objective(inputs).items():
            title = name
            while title in terms:
                title = f"{title}'{number}"  # a second objective of the same kind
            terms[title] = value
    return tuple(terms), torch.stack([value.float() for value in terms.values()])


def evaluation_of(names: Sequence[str], values: Tensor, gradient: Tensor) -> Evaluation:
    """The evaluation with these terms; here the device is waited for, once."""
    return Evaluation(dict(zip(names, values.detach().double().tolist(), strict=True)), gradient)


def padding(wrap: tuple[bool, bool], shear: Shear | None = None) -> tuple[Padding, Padding]:
    """How a network continues a picture that wraps, or not, over its (top-bottom, left-right) edges."""
    if shear is not None:
        return shear, "wrap"
    return ("wrap" if wrap[0] else "replicate", "wrap" if wrap[1] else "replicate")
