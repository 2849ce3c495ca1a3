"""An eye without a network, and a judge of two of them: they see colours, and how these change over a few pixels."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from orbifolio.runner.judge.eyes import Eye
from orbifolio.runner.judge.judgement import Judge
from orbifolio.runner.vision.alexnet import weight_shapes
from orbifolio.runner.vision.base import Provenance
from orbifolio.runner.vision.lpips import Lpips

NOWHERE = Provenance("made-up/eye", "0" * 64, "CC0", "a formula")


class ColourEye(Eye):
    """Means of colours, of their products, and of their differences over 1, 4 and 16 pixels."""

    name = "gram"
    title = "Colours"
    weights = "made-up/colours"
    provenance = NOWHERE

    @classmethod
    def open(cls) -> ColourEye:
        return cls()

    def look(self, crops: Tensor) -> Tensor:
        products = torch.einsum("nihw,njhw->nij", crops, crops).flatten(1) / crops[0, 0].numel()
        parts = [crops.mean((2, 3)), products]
        for step in (1, 4, 16):
            small = functional.avg_pool2d(crops, step)
            parts += [small.diff(dim=axis).abs().mean((2, 3)) for axis in (2, 3)]
        return torch.cat(parts, 1)

    def distance(self, first: Tensor, second: Tensor) -> float:
        return float((first - second).norm())


class LightEye(ColourEye):
    """The same without colours."""

    name = "features"
    title = "Light"
    weights = "made-up/light"

    def look(self, crops: Tensor) -> Tensor:
        return super().look(crops.mean(1, keepdim=True).expand(-1, 3, -1, -1))


def made_up_lpips() -> Lpips:
    """The distance with random weights."""
    random = torch.Generator().manual_seed(8)
    tensors = {
        name: torch.randn(shape, generator=random) * (2 / max(1, shape.numel() // shape[0])) ** 0.5
        if name.endswith("weight")
        else torch.zeros(shape)
        for name, shape in ((name, torch.Size(sides)) for name, sides in weight_shapes().items())
    }
    heads = {f"lpips{number}": torch.ones(size) for number, size in enumerate((64, 192, 384, 256, 256), 1)}
    return Lpips({**tensors, **heads}, NOWHERE)


def made_up_judge() -> Judge:
    """A judge that needs no weights."""
    return Judge([ColourEye(), LightEye()], made_up_lpips())
