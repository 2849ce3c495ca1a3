"""An engine evaluates one step: artwork -> (terms, gradient with respect to the artwork).

This is the seam behind which speed lives. Everything before it (canvas, symmetry) and after it (the
optimiser) sees only the artwork and its gradient, both float32; precision, memory format, tiling or a
hand-written backward pass are an engine's own affair.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor

from orbifolio.runner.views.drawn_view import DrawnView


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
