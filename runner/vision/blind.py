"""No network: (picture, no layers) -> no features; for objectives that look at the picture itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from orbifolio.runner.vision.base import Encoder, Padding, Provenance


class Blind(Encoder):
    """Has no layers and needs no weights; see `base.Encoder`."""

    name = "no network"
    layers = ()
    provenance = Provenance("none", "", "", "no objective looks through a network")

    def features(self, picture: Tensor, layers: Sequence[str]) -> Mapping[str, Tensor]:
        """Nothing: see `base.Encoder.features`."""
        if layers:
            raise KeyError(layers[0])
        return {}

    def stride(self, layer: str) -> int:
        """There is none: see `base.Encoder.stride`."""
        raise KeyError(layer)

    def channels(self, layer: str) -> int:
        """There is none: see `base.Encoder.channels`."""
        raise KeyError(layer)

    def to(self, device: str, dtype: torch.dtype) -> Blind:
        """Itself."""
        return self

    def padded(self, padding: tuple[Padding, Padding]) -> Blind:
        """Itself."""
        return self
