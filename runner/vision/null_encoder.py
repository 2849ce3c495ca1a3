"""No network: (picture, no layers) -> no features; for objectives that use the picture itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from orbifolio.runner.deferred import torch
from orbifolio.runner.vision.base import Encoder, Padding, Provenance

if TYPE_CHECKING:
    from torch import Tensor


class NullEncoder(Encoder):
    """Has no layers and needs no weights; see `base.Encoder`."""

    name = "no network"
    layers = ()
    provenance = Provenance("none", "", "", "no objective uses a network")

    def features(self, picture: Tensor, layers: Sequence[str]) -> Mapping[str, Tensor]:
        """No features; any layer is unknown."""
        if layers:
            raise KeyError(layers[0])
        return {}

    def stride(self, layer: str) -> int:
        """Raises KeyError: there are no layers."""
        raise KeyError(layer)

    def channels(self, layer: str) -> int:
        """Raises KeyError: there are no layers."""
        raise KeyError(layer)

    def to(self, device: str, dtype: torch.dtype) -> NullEncoder:
        """Itself, as it holds no tensors."""
        return self

    def padded(self, padding: tuple[Padding, Padding]) -> NullEncoder:
        """Itself, as it reads no pictures."""
        return self
