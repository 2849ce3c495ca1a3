"""LPIPS (Zhang et al. 2018): how different two pictures look, by AlexNet's features and weights fitted to people.

    sum over layers of mean over places of sum over channels w_c (a_c / |a| - b_c / |b|)^2

with a, b the features of the two pictures at a place, and w learnt from judgements of people. 0 for equal pictures,
around 0.1 for slight distortions, 0.7 for unrelated pictures. Version 0.1 of the weights, as papers report it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from orbifolio.runner.errors import ShapeMismatch
from orbifolio.runner.vision.alexnet import LAYERS, WEIGHTS, AlexNetEncoder, weight_shapes
from orbifolio.runner.vision.base import Provenance
from orbifolio.runner.vision.weights import default_store

if TYPE_CHECKING:
    from torch import Tensor

MIN_NORM = 1e-10  # keeps the quotient finite where a feature vector is zero
MIN_SIDE = 64  # pixels; below, the last layers see hardly more than the zeros around the picture


class Lpips:
    """The distance, with its network.

    Attributes:
        provenance: where its weights come from.
    """

    def __init__(self, tensors: Mapping[str, Tensor], provenance: Provenance) -> None:
        self.encoder = AlexNetEncoder(tensors, provenance).padded(("zero", "zero"))
        self.heads = {name: tensors[f"lpips{number}"] for number, name in enumerate(LAYERS, 1)}
        self.provenance = provenance

    def each(self, pictures: Tensor, targets: Tensor) -> Tensor:
        """(n, 3, h, w) sRGB in [0, 1] twice -> (n,); gradients flow to both.

        Raises:
            ShapeMismatch: shapes differ, or a side is below 64 px.
        """
        if pictures.shape != targets.shape or min(pictures.shape[-2:]) < MIN_SIDE:
            raise ShapeMismatch(
                "LPIPS: pictures (sides of 64 px and more)", expected=list(targets.shape), actual=pictures.shape
            )
        seen, wanted = (self.encoder.features(x, tuple(LAYERS)) for x in (pictures, targets))
        total = pictures.new_zeros(len(pictures))
        for name, head in self.heads.items():
            difference = (_unit(seen[name]) - _unit(wanted[name])).square()
            total = total + (difference * head.view(1, -1, 1, 1)).sum(1).mean((1, 2))
        return total


def _unit(features: Tensor) -> Tensor:
    """Feature vectors of length 1 at every place."""
    return features / (features.square().sum(1, keepdim=True).sqrt() + MIN_NORM)


def load_lpips() -> Lpips:
    """The published distance; fetches its weights (64 MB) on first use.

    Raises:
        MissingWeights: they are not here and cannot be fetched.
    """
    heads = {f"lpips{number}": (layer.after,) for number, layer in enumerate(LAYERS.values(), 1)}
    return Lpips(*default_store().load(WEIGHTS, shapes=weight_shapes() | heads))
