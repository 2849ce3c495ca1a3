"""Raster painters draw the whole picture of a stroke at once, at a fixed size: action (12,) -> (channels, 64, 64).

    picture = network(action, noise);   alpha = picture                in the factored mode, one channel
                                        alpha = 1 - mean(picture)      in the RGB mode, of the stroke in black

As in Nakano's two painters (2019). His networks draw RGB and recover the opacity from it, as darkness divided by the
darkest pixel of the image: a white stroke has none, and one that is pale everywhere becomes opaque. Since the colour
factors out of a stroke exactly, our networks learn one channel of opacity. The RGB mode is kept for comparison; its
opacity is that of the stroke in black, which needs no division.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Literal, Self

import torch
from torch import Tensor, nn

from orbifolio.runner.errors import InputError
from orbifolio.runner.strokes.brush_models.base import Painter
from orbifolio.runner.strokes.mypaint.actions import COLOUR, COUNT, SHAPE, Space

ColourMode = Literal["factored", "rgb"]
SIDE = 64  # of the pictures that the networks draw


class RasterPainter(Painter):
    """The base of painters with a fixed resolution.

    Attributes:
        mode: `factored` (one channel of opacity) or `rgb` (the stroke in its colour on white).
    """

    resolution = SIDE
    stochastic = True
    mode: ColourMode

    @property
    def channels(self) -> int:
        """Channels of the network's pictures: opacity, or red, green and blue."""
        return 1 if self.mode == "factored" else 3

    @property
    def columns(self) -> tuple[int, ...]:
        """Columns of an action that the network sees."""
        return SHAPE if self.mode == "factored" else tuple(range(COUNT))

    @abstractmethod
    def draw(self, actions: Tensor, random: torch.Generator | None = None) -> Tensor:
        """The network's pictures, (n, channels, 64, 64) in [0, 1].

        Args:
            actions: (n, 12) in [0, 1].
            random: of the brush's noise; None for the steady stroke, always the same for an action.
        """

    def alphas(self, actions: Tensor, *, scale: float = 1.0, random: torch.Generator | None = None) -> Tensor:
        """Each stroke alone, at scale 1; see the base class."""
        if scale != 1:
            raise InputError(
                f"scale {scale:g}: a painter of kind {self.kind} draws {SIDE} pixels only; use an implicit painter, "
                "which draws at any size, or canvas: stroke-grid"
            )
        if self.mode == "factored":
            return self.draw(actions, random)[:, 0]
        black = torch.zeros_like(actions)
        black[:, SHAPE] = actions[:, SHAPE]
        return 1 - self.draw(black, random).mean(1)

    def pictures(self, actions: Tensor, random: torch.Generator | None = None) -> Tensor:
        """Each stroke alone in its colour on white, (n, 3, 64, 64)."""
        drawn = self.draw(actions, random)
        return drawn if self.mode == "rgb" else on_white(drawn, actions)

    @abstractmethod
    def plan(self) -> dict[str, Any]:
        """The constructor's arguments as plain values, without the space."""

    def facts(self) -> dict[str, str]:
        """Plan and space, as JSON."""
        return {"plan": json.dumps(self.plan(), sort_keys=True), "space": json.dumps(asdict(self.space))}

    @classmethod
    def of(cls, facts: Mapping[str, str], flat: Tensor) -> Self:
        """The painter of a file of weights; see the base class."""
        painter = cls(**json.loads(facts["plan"]), space=Space(**json.loads(facts["space"])))
        fill(painter, flat)
        return painter.eval().requires_grad_(False)


def on_white(alphas: Tensor, actions: Tensor) -> Tensor:
    """Strokes of opacities (n, 1, h, w) in their actions' colours on white, (n, 3, h, w)."""
    return 1 - alphas * (1 - actions[:, COLOUR])[:, :, None, None]


def fill(network: nn.Module, flat: Tensor) -> None:
    """Set all weights of a network, and the statistics of its norms.

    Args:
        flat: (count,) values in the order of the state dictionary.

    Raises:
        ValueError: too few or too many numbers.
    """
    tensors = list(network.state_dict().values())
    sizes = [tensor.numel() for tensor in tensors]
    if sum(sizes) != len(flat):
        raise ValueError(f"{len(flat)} numbers; {sum(sizes)} are needed")
    for tensor, part in zip(tensors, torch.split(flat, sizes), strict=True):
        tensor.copy_(part.reshape(tensor.shape))


def fresh(network: nn.Module, random: torch.Generator | None, *, spread: float | None = None) -> None:
    """Draw the first weights; biases are zero.

    Args:
        network: of linear and convolutional layers and batch norms.
        random: source of the weights; None leaves them zero, to be loaded.
        spread: standard deviation; None for the inverse root of each layer's number of inputs.
    """
    with torch.no_grad():
        for part in network.modules():
            if isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
                part.reset_parameters()
            elif isinstance(part, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
                inputs = _inputs(part)
                part.weight.zero_()
                if random is not None:
                    part.weight.normal_(0.0, inputs**-0.5 if spread is None else spread, generator=random)
                if part.bias is not None:
                    part.bias.zero_()


def _inputs(layer: nn.Linear | nn.Conv2d | nn.ConvTranspose2d) -> float:
    """How many inputs an output of the layer is a sum of."""
    if isinstance(layer, nn.Linear):
        return layer.in_features
    if isinstance(layer, nn.Conv2d):
        return layer.in_channels * layer.kernel_size[0] ** 2
    return layer.in_channels * (layer.kernel_size[0] / layer.stride[0]) ** 2
