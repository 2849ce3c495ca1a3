"""The networks of raster painters: numbers -> pictures by transposed convolutions, pictures -> numbers by strided ones.

    Upwards(first, stages):    (n, channels, s, s), maps -> (n, channels, 64, 64), before the sigmoid
    StrokeCritic(width):       pictures (n, c, 64, 64), actions (n, k), maps -> (n,)
    Downwards(width):          pictures (n, c, 64, 64) -> (n, 4 * 8 * width)

The shapes are those of Nakano's repositories (2019). Layers are made without drawing weights; `raster_base.fresh` does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from orbifolio.runner.strokes.brush_models.action_encoding import MAPS

LEAK = 0.2  # slope of the leaky ReLU for negative numbers, as in DCGAN (Radford et al. 2016)
MIN_GUIDED = 5  # pixels, side of the smallest layer that sees maps
FINE = 32  # channels where maps are seen at full size
HALF = 32  # pixels, half the full size
LAYOUT = torch.channels_last


def bare(kind: Callable[..., nn.Module], *arguments: Any, **options: Any) -> Any:
    """A layer without first weights."""
    return nn.utils.skip_init(kind, *arguments, **options)  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class UpsamplingStage:
    """One transposed convolution of stride 2.

    Attributes:
        side: of its input in pixels.
        inputs: channels of its input, without maps.
        outputs: channels of its output.
        kernel: side of the kernel in pixels.
        padding: pixels cut off at each edge.
    """

    side: int
    inputs: int
    outputs: int
    kernel: int
    padding: int


class Upwards(nn.Module):
    """Transposed convolutions with ReLU, and batch norms if wanted, the last without either."""

    def __init__(self, stages: Sequence[UpsamplingStage], *, norm: bool, more: int) -> None:
        """Make the layers.

        Args:
            stages: from the smallest on.
            norm: put batch norms between the stages.
            more: channels of the maps that every stage from a side of 5 pixels on sees; 0 for none, as in the
                reference. With maps the last stage is two convolutions on blocks of four pixels instead, so that maps
                are seen at full size for a fifth of the cost.
        """
        super().__init__()
        self.more = more
        last = stages[-1]
        transposed = stages[:-1] if more else stages
        self.sides = [stage.side for stage in transposed]
        self.layers = nn.ModuleList(
            bare(
                nn.ConvTranspose2d,
                stage.inputs + (more if stage.side >= MIN_GUIDED else 0),
                stage.outputs,
                stage.kernel,
                stride=2,
                padding=stage.padding,
            )
            for stage in transposed
        )
        self.norms = nn.ModuleList(bare(nn.BatchNorm2d, stage.outputs) for stage in stages[:-1]) if norm else None
        self.fine = bare(nn.Conv2d, last.inputs + 4 * more, FINE, 3, padding=1) if more else None
        self.finer = bare(nn.Conv2d, FINE, FINE, 3, padding=1) if more else None
        self.end = bare(nn.Conv2d, FINE, 4 * last.outputs, 3, padding=1) if more else None

    def upper(self) -> list[nn.Parameter]:
        """Parameters of the last transposed convolution and of all above it."""
        parts = [self.layers[-1], self.fine, self.finer, self.end] + ([] if self.norms is None else [self.norms[-1]])
        return [parameter for part in parts if part is not None for parameter in part.parameters()]

    def forward(self, x: Tensor, maps: Callable[[int], Tensor]) -> Tensor:
        """Up to 64 pixels.

        Args:
            x: (n, channels, side, side).
            maps: side -> (n, more, side, side); called only if there are maps.
        """
        for number, (layer, side) in enumerate(zip(self.layers, self.sides, strict=True)):
            if self.more and side >= MIN_GUIDED:
                x = torch.cat([x, maps(side)], dim=1)
            x = layer(x)
            if number + 1 < len(self.layers) or self.more:
                x = functional.relu(x if self.norms is None else self.norms[number](x))
        if self.fine is None or self.finer is None or self.end is None:
            return x
        x = functional.pad(x, [(HALF - x.shape[-1]) // 2] * 4)
        # Convolutions of few channels take half the time with the channels last in memory.
        x = torch.cat([x, functional.pixel_unshuffle(maps(2 * HALF), 2)], dim=1).contiguous(memory_format=LAYOUT)
        x = functional.relu(self.fine(x))
        x = x + functional.relu(self.finer(x))
        return functional.pixel_shuffle(self.end(x), 2)


class StrokeCritic(nn.Module):
    """How real a stroke looks, for its action: unbounded, larger is more real."""

    def __init__(self, width: int, channels: int, numbers: int, *, norm: bool, guided: bool, sighted: bool) -> None:
        """Make the layers.

        Args:
            width: channels of the first; each next one has twice as many.
            numbers: how many encode an action.
            norm: batch norms, as in the repository: it learns several times as fast; but they mix the strokes of a
                batch, for which the gradient penalty is not defined (Gulrajani et al. 2017).
            guided: maps of the action are laid beside the picture, and its roughness; the first convolution sees
                blocks of four pixels.
            sighted: it sees the action; one that does not only judges whether a stroke looks like some stroke.
        """
        super().__init__()
        sizes = [width * 2**k for k in range(4)]
        self.guided = guided
        self.first = (
            bare(nn.Conv2d, 4 * (2 * channels + MAPS), width, 3, padding=1)
            if guided
            else bare(nn.Conv2d, channels, width, 4, stride=2, padding=1)
        )
        self.layers = nn.ModuleList(
            bare(nn.Conv2d, inputs, outputs, 4, stride=2, padding=1)
            for inputs, outputs in zip(sizes, sizes[1:], strict=False)
        )
        self.norms = nn.ModuleList(bare(nn.BatchNorm2d, size) for size in sizes[1:]) if norm else None
        self.action = bare(nn.Linear, numbers, width) if sighted else None
        self.score = bare(nn.Linear, sizes[-1] * 16, 1)

    def forward(self, pictures: Tensor, numbers: Tensor, maps: Tensor | None) -> Tensor:
        """Scores (n,).

        Args:
            pictures: (n, channels, 64, 64).
            numbers: (n, numbers) of their actions.
            maps: (n, maps, 64, 64) where they are given.
        """
        seen = pictures
        if maps is not None:
            seen = functional.pixel_unshuffle(torch.cat([pictures, roughness(pictures), maps], dim=1), 2)
        x = functional.leaky_relu(self.first(seen.contiguous(memory_format=LAYOUT)), LEAK)
        if self.action is not None:
            x = x + functional.relu(self.action(numbers))[:, :, None, None]
        for number, layer in enumerate(self.layers):
            x = layer(x)
            x = functional.leaky_relu(x if self.norms is None else self.norms[number](x), LEAK)
        scores: Tensor = self.score(x.flatten(1))[:, 0]
        return scores


def roughness(pictures: Tensor) -> Tensor:
    """(n, c, h, w): how much each pixel differs from the mean of its four neighbours, times two."""
    one = pictures.shape[1]
    cross = pictures.new_tensor([[0.0, -0.5, 0.0], [-0.5, 2.0, -0.5], [0.0, -0.5, 0.0]]).expand(one, 1, 3, 3)
    return functional.conv2d(pictures, cross, padding=1, groups=one)


class Downwards(nn.Module):
    """Four convolutions of stride 2 without padding and ReLU: 64 pixels to 2 by 2 places of 8 widths."""

    def __init__(self, width: int, channels: int) -> None:
        """Make the layers.

        Args:
            width: channels of the first; each next one has twice as many.
        """
        super().__init__()
        sizes = [channels, *(width * 2**k for k in range(4))]
        self.layers = nn.ModuleList(
            bare(nn.Conv2d, inputs, outputs, 4, stride=2) for inputs, outputs in zip(sizes, sizes[1:], strict=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, 64, 64) -> (n, 32 * width)."""
        for layer in self.layers:
            x = functional.relu(layer(x))
        return x.flatten(1)
