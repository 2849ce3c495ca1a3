"""The agent: (canvas, target, last action, memory) -> (numbers of the next action, memory), after Nakano (2019).

    concat(canvas, target) -> conv 5 x 5;  + last action through a dense layer, all over the map
    -> conv 4 x 4 stride 2, without padding, until the map is small -> residual blocks -> dense -> LSTM -> dense

The paper's sizes are `channels: 32, blocks: 8, hidden: 256, stride: 1` at 64 pixels, which has three convolutions of
stride 2. The default is a compact one for a CPU: the first convolution has stride 2 too, and there are two blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

SMALL = 7  # pixels of the map that residual blocks work on, at most

Memory = tuple[Tensor, Tensor]
"""Of the LSTM: (n, hidden), (n, hidden)."""


@dataclass(frozen=True)
class AgentShape:
    """Of an agent's network.

    Attributes:
        side: of canvas and target in pixels.
        planes: channels of each of the two, 1 or 3.
        numbers: of an action, in and out.
        channels: of the maps.
        blocks: residual ones.
        hidden: numbers of the LSTM.
        stride: of the first convolution.
    """

    side: int
    planes: int
    numbers: int
    channels: int = 32
    blocks: int = 2
    hidden: int = 192
    stride: int = 2

    def sides(self) -> list[int]:
        """Of the maps, from the first convolution's on."""
        found = [-(-self.side // self.stride)]
        while found[-1] > SMALL:
            found.append((found[-1] - 4) // 2 + 1)
        return found


class ResidualBlock(nn.Module):
    """x + conv(relu(conv(relu(x))))."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, maps: Tensor) -> Tensor:
        """(n, channels, h, w) -> the same."""
        found: Tensor = maps + self.second(relu(self.first(relu(maps))))
        return found


class AgentNetwork(nn.Module):
    """The working network; see the module's docstring."""

    def __init__(self, shape: AgentShape) -> None:
        super().__init__()
        self.shape = shape
        sides = shape.sides()
        self.look = nn.Conv2d(2 * shape.planes, shape.channels, 5, stride=shape.stride, padding=2)
        self.recall = nn.Linear(shape.numbers, shape.channels)
        self.shrink = nn.ModuleList(nn.Conv2d(shape.channels, shape.channels, 4, stride=2) for _ in sides[1:])
        self.blocks = nn.ModuleList(ResidualBlock(shape.channels) for _ in range(shape.blocks))
        self.gather = nn.Linear(shape.channels * sides[-1] ** 2, shape.hidden)
        self.memory = nn.LSTMCell(shape.hidden, shape.hidden)
        self.decide = nn.Linear(shape.hidden, shape.numbers)

    def begin(self, count: int) -> Memory:
        """An empty memory for so many canvases."""
        empty = self.decide.weight.new_zeros(count, self.shape.hidden)
        return empty, empty.clone()

    def forward(self, canvas: Tensor, target: Tensor, last: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        """One look.

        Args:
            canvas: (n, planes, side, side) in [0, 1].
            target: likewise.
            last: (n, numbers) the last action in [0, 1]; zeros at first.
            memory: from the look before.

        Returns:
            (n, numbers) logits, and the memory.
        """
        # White paper is 0 to the network: most of what it sees.
        seen = self.look(1 - torch.cat((canvas, target), dim=1))
        maps = relu(seen + self.recall(last)[:, :, None, None])
        for layer in self.shrink:
            maps = relu(layer(maps))
        for block in self.blocks:
            maps = block(maps)
        memory = self.memory(relu(self.gather(relu(maps).flatten(1))), memory)
        logits: Tensor = self.decide(memory[0])
        return logits, memory


def draw_weights(network: nn.Module, random: torch.Generator) -> None:
    """First weights: normal with He's variance, no biases; torch's own would follow from a global seed."""
    with torch.no_grad():
        for name, tensor in sorted_parameters(network):
            if tensor.ndim == 1:
                tensor.zero_()
            else:
                inputs = tensor[0].numel()
                gain = 1.0 if name.startswith(("memory", "decide", "score")) else 2.0
                tensor.normal_(0.0, (gain / inputs) ** 0.5, generator=random)


def sorted_parameters(network: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """By name, so that the order of definition does not matter."""
    yield from sorted(network.named_parameters())
