"""The enlarging network with made-up weights: as large as the real one, and nothing that it draws makes sense."""

from __future__ import annotations

import torch

from orbifolio.runner.vision.base import Provenance
from orbifolio.runner.vision.enlarger import Enlarger, weight_shapes

PROVENANCE = Provenance("made-up/enlarger", "0" * 64, "CC0", "a generator", "RGB, 0 to 1")


def made_up_enlarger(*, strength: float = 0.1, seed: int = 5) -> Enlarger:
    """A network whose pictures differ from the input's repeated pixels by about `strength`; 0 for those pixels.

    Args:
        strength: standard deviation of what it adds.
        seed: another one is another network.
    """
    random = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, shape in weight_shapes().items():
        if name.endswith("weight"):
            tensors[name] = torch.randn(shape, generator=random) * (2 / (9 * shape[1])) ** 0.5
        else:
            tensors[name] = torch.full(shape, 0.25 if name.endswith("slope") else 0.0)
    tensors["conv18.weight"] *= strength
    return Enlarger(tensors, PROVENANCE)
