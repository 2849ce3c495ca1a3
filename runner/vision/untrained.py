"""VGG16 with random orthogonal filters: needs no weights, and is the tests' network.

Random filters already distinguish textures (Ustyuzhaninov et al. 2016); brick and similar fields come out
well. Orthogonal filters (Saxe et al. 2014) keep a layer's channels from seeing the same thing twice.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from orbifolio.runner.vision.base import Convention, Provenance
from orbifolio.runner.vision.vgg import VggEncoder, VggSettings

CENTRED = Convention((0, 1, 2), 1.0, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))  # [0, 1] becomes [-2, 2]


class Untrained(VggSettings):
    """VGG16 with random orthogonal filters: works anywhere at once, textures are rougher."""

    kind: Literal["untrained"] = "untrained"
    path: None = None
    """There is no file of weights."""
    seed: int = Field(default=0, ge=0, le=2**63 - 1)
    """Seed of the filters."""
    cites: ClassVar[tuple[str, ...]] = ("simonyan2014", "ustyuzhaninov2016", "saxe2014")

    def build(self) -> VggEncoder:
        """The network; filters are drawn when a layer is first used."""
        filters = RandomFilters(self.shapes(), self.seed)
        return VggEncoder(
            "untrained",
            self.depths,
            filters,
            CENTRED,
            Provenance("untrained", "", "none needed", f"random orthogonal filters, seed {self.seed}"),
            pooling=self.pooling,
        )

    def weight_names(self) -> tuple[str, ...]:
        """No file: the filters are drawn."""
        return ()


class RandomFilters(Mapping[str, Tensor]):
    """Weights that are drawn when first used, each layer from a generator of its own."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], seed: int) -> None:
        self._shapes = dict(shapes)
        self._seed = seed

    def __getitem__(self, name: str) -> Tensor:
        shape = self._shapes[name]
        if len(shape) == 1:
            return torch.zeros(shape)
        return _filters(shape, self._seed, list(self._shapes).index(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._shapes)

    def __len__(self) -> int:
        return len(self._shapes)


@lru_cache(maxsize=32)
def _filters(shape: tuple[int, ...], seed: int, number: int) -> Tensor:
    random = torch.Generator().manual_seed((seed * 1_000_003 + number) % 2**63)
    kernel = torch.empty(shape)
    fan_in = math.prod(shape[1:])
    # Rows (or, where there are more filters than inputs, columns) are orthonormal; the gain keeps the
    # variance through a ReLU, which halves it.
    gain = math.sqrt(2.0) * max(1.0, math.sqrt(shape[0] / fan_in))
    torch.nn.init.orthogonal_(kernel, gain=gain, generator=random)
    return kernel
