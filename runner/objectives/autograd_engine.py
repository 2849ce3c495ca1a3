"""The plain engine: autograd through the encoder, in float32 or bfloat16, channels last."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from orbifolio.runner.deferred import torch
from orbifolio.runner.objectives.base import Objective, ObjectiveInput
from orbifolio.runner.objectives.engine import (
    Engine,
    Evaluation,
    evaluation_of,
    layers_seen,
    padding,
    weighted_terms,
)
from orbifolio.runner.views.drawn_view import DrawnView, apply_view
from orbifolio.runner.vision.base import Encoder, Shear

if TYPE_CHECKING:
    from torch import Tensor


class AutogradEngine(Engine):
    """Evaluates by autograd; the encoder's own dtype decides the precision."""

    def __init__(
        self,
        encoder: Encoder,
        objectives: Sequence[Objective],
        *,
        wrap: tuple[bool, bool],
        shear: Shear | None = None,
    ) -> None:
        """An engine for artworks of any size.

        Args:
            encoder: the network, on its device.
            objectives: what is made small.
            wrap: the artwork repeats over its (top-bottom, left-right) edges.
            shear: with which it repeats from top to bottom, where it wraps both ways.
        """
        self.objectives = tuple(objectives)
        self.wrap, self.shear = wrap, shear
        seen = layers_seen(self.objectives)
        self.layers = tuple(name for name in encoder.layers if name in seen)
        self.encoder = encoder.padded(padding(wrap, shear))
        self.cut_encoder = encoder.padded(("replicate", "replicate"))

    def evaluate(self, artwork: Tensor, view: DrawnView | None) -> Evaluation:
        """Terms and gradient; see the base class."""
        leaf = artwork.detach().requires_grad_(True)
        with torch.enable_grad():
            picture = apply_view(leaf, view, wrap=self.wrap, shear=self.shear)
            # A turned or scaled view of a tile no longer tiles.
            encoder = self.encoder if view is None or view.keeps_wrap else self.cut_encoder
            features = encoder.features(picture, self.layers) if self.layers else {}
            inputs = ObjectiveInput(leaf, picture, features, self.wrap, self.shear)
            names, values = weighted_terms(self.objectives, inputs)
            (gradient,) = torch.autograd.grad(values.sum(), leaf)
        return evaluation_of(names, values, gradient)
