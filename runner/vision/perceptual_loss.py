"""How different two pictures look to a network: (pictures, targets) (n, 3, h, w) -> one number each.

    |pixels| + sum over layers of weight (|features| / |target features| + |Gram matrices| / |target Gram matrices|)

All |.| are mean absolute values, of differences above and of targets below the fraction line. This is the loss of
neural-painters-x, which trains its generator and paints with it, on the last layers before VGG16's third to fifth
pooling and with its weights 5 : 15 : 2. There it is the plain differences of VGG16 with batch norms, whose features are
all of one size; those of the network without them are of hundreds, so the differences are relative here, and any
network will do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from orbifolio.runner.deferred import torch
from orbifolio.runner.vision.base import Encoder

if TYPE_CHECKING:
    from torch import Tensor

LAYERS: Mapping[str, float] = {"conv3_3": 5 / 22, "conv4_3": 15 / 22, "conv5_3": 2 / 22}  # of neural-painters-x
MIN_FEATURE = 1e-6  # mean absolute feature of a layer, below which it counts as this: keeps the quotient finite


class PerceptualLoss:
    """The loss, for one network."""

    def __init__(self, encoder: Encoder, layers: Mapping[str, float] = LAYERS) -> None:
        """A loss on some layers of a network.

        Args:
            encoder: on the device of the pictures.
            layers: weight of each layer.
        """
        self.encoder, self.layers = encoder, layers

    def each(self, pictures: Tensor, targets: Tensor) -> Tensor:
        """(n, 3, h, w) in [0, 1] twice -> (n,); gradients flow to the first."""
        with torch.no_grad():
            wanted = self.encoder.features(targets, tuple(self.layers))
        seen = self.encoder.features(pictures, tuple(self.layers))
        total = (pictures - targets).abs().flatten(1).mean(1)
        for name, weight in self.layers.items():
            for here, there in ((seen[name], wanted[name]), (gram(seen[name]), gram(wanted[name]))):
                size = there.abs().flatten(1).mean(1).clamp(min=MIN_FEATURE)
                total = total + weight * (here - there).abs().flatten(1).mean(1) / size
        return total

    def __call__(self, pictures: Tensor, targets: Tensor) -> Tensor:
        """The mean over the pictures."""
        return self.each(pictures, targets).mean()


def gram(features: Tensor) -> Tensor:
    """(n, c, h, w) -> (n, c, c), divided by all of c h w."""
    flat = features.flatten(2)
    return flat @ flat.transpose(1, 2) / (flat.shape[1] * flat.shape[2])
