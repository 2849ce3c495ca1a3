"""The agent: (canvas, target, last action, memory) -> (numbers of the next action, memory), after Nakano (2019).

    concat(canvas, target) -> conv 5 x 5;  + last action through a dense layer, all over the map
    -> conv 4 x 4 stride 2, without padding, until the map is small -> residual blocks -> dense -> LSTM -> dense

The paper's sizes are `channels: 32, blocks: 8, hidden: 256, stride: 1` at 64 pixels, with three convolutions of stride
2. The default is compact, for a CPU: the first convolution has stride 2 too, and there are two blocks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

MAX_SIDE = 7  # pixels of the map that residual blocks work on; what the paper's network has

Memory = tuple[Tensor, Tensor]
"""Output and cell of the LSTM, (n, hidden) each."""


@dataclass(frozen=True)
class AgentShape:
    """The sizes of an agent's network.

    Attributes:
        side: of canvas and target in pixels.
        planes: channels of canvas and target, 1 or 3.
        numbers: how many decide on a stroke; the network gets the last ones and gives the next.
        channels: of the network's maps.
        blocks: how many residual blocks.
        hidden: size of the LSTM's memory.
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
        """Sides of the maps in pixels, from the first convolution on."""
        sides = [-(-self.side // self.stride)]
        while sides[-1] > MAX_SIDE:
            sides.append((sides[-1] - 4) // 2 + 1)
        return sides


class ResidualBlock(nn.Module):
    """A residual block: x + conv(relu(conv(relu(x))))."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, maps: Tensor) -> Tensor:
        """(n, channels, h, w), of the same shape."""
        sums: Tensor = maps + self.second(relu(self.first(relu(maps))))
        return sums


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
        """The memory of `count` canvases before the first stroke."""
        empty = self.decide.weight.new_zeros(count, self.shape.hidden)
        return empty, empty.clone()

    def forward(self, canvas: Tensor, target: Tensor, last: Tensor, memory: Memory) -> tuple[Tensor, Memory]:
        """Look at canvas and target, (n, planes, side, side) in [0, 1] each, and decide on a stroke.

        Args:
            canvas: as painted so far.
            last: (n, numbers) the last decision in [0, 1]; zeros at first.
            memory: after the stroke before.

        Returns:
            (n, numbers) logits, and the new memory.
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
    """First weights: normal with He's variance, biases zero; torch's own initialisation uses the global seed."""
    with torch.no_grad():
        for name, tensor in sorted_parameters(network):
            if tensor.ndim == 1:
                tensor.zero_()
            else:
                inputs = tensor[0].numel()
                # Twice the variance where a ReLU follows, which halves it.
                gain = 1.0 if name.startswith(("memory", "decide", "score")) else 2.0
                tensor.normal_(0.0, (gain / inputs) ** 0.5, generator=random)


def sorted_parameters(network: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Parameters by name, so that drawing weights does not depend on the order of definition."""
    yield from sorted(network.named_parameters())
