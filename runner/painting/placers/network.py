"""The stroke predictor: (picture, canvas) at one scale -> for each cell of 8 pixels two strokes and how sure each is.

Convolutional all over, so a picture of any size is painted in one call, and no patch has a border that could be seen;
Paint Transformer (Liu et al. 2021) looks at patches, one by one, with a transformer.

    concat(picture, canvas) -> three convolutions of stride 2 -> residual blocks, dilated -> numbers of each cell

Convention: lengths in pixels of the network's picture, x to the right, y down, angles from x to y in radians; the
centre of pixel (row i, column j) is (j + 0.5, i + 0.5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

CELL = 8  # pixels from cell to cell: the stride of the network
OVERLAP = 0.25  # of a cell, by which a stroke's middle may leave it on each side
MIN_HALF, MAX_HALF = 3.0, 13.0  # half a stroke's length in pixels
MIN_RADIUS, MAX_RADIUS = 1.4, 4.4  # half its width
MIDDLE_RADIUS = 2.6  # about the mean of what it was trained on: a layer's picture is scaled so that this is its radius
MAX_BEND = 0.5  # by which its ends leave the straight line, as a share of half its length
NUMBERS = 9  # of a stroke: place (2), doubled angle (2), length, bend (2), radius, sureness


@dataclass(frozen=True)
class PredictorShape:
    """The sizes of a stroke predictor.

    Attributes:
        channels: of the smallest maps; the first ones have a quarter and a half of them.
        blocks: how many residual blocks, dilated by 1 and 2 in turn.
        strokes: of each cell.
    """

    channels: int = 80
    blocks: int = 3
    strokes: int = 2


class CellStrokes(NamedTuple):
    """Strokes of all cells, (n, strokes, rows, columns) each.

    Attributes:
        x: of the stroke's middle.
        y: likewise, down.
        cosine: of twice its angle, times how sure the angle is, in about [0, 1].
        sine: of twice its angle, times the same.
        half: half its length.
        lean_x: by how much its ends lie to the right of its middle's tangent, as a share of `half`.
        lean_y: and below.
        radius: half its width.
        logit: of the chance that it should be painted.
    """

    x: Tensor
    y: Tensor
    cosine: Tensor
    sine: Tensor
    half: Tensor
    lean_x: Tensor
    lean_y: Tensor
    radius: Tensor
    logit: Tensor

    def angle(self) -> Tensor:
        """Of the strokes, in radians; only known up to a half turn."""
        return torch.atan2(self.sine, self.cosine) / 2

    def bend(self) -> Tensor:
        """By how much the ends leave the tangent to the side that is a quarter turn on from `angle`."""
        angle = self.angle()
        return self.lean_y * angle.cos() - self.lean_x * angle.sin()


class DilatedBlock(nn.Module):
    """A residual block: x + conv(relu(conv(relu(x))))."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=dilation, dilation=dilation)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, maps: Tensor) -> Tensor:
        """(n, channels, h, w), of the same shape."""
        sums: Tensor = maps + self.second(relu(self.first(relu(maps))))
        return sums


class StrokePredictor(nn.Module):
    """The working network; see the module's docstring."""

    def __init__(self, shape: PredictorShape) -> None:
        super().__init__()
        self.shape = shape
        few, some, many = shape.channels // 4, shape.channels // 2, shape.channels
        self.look = nn.Conv2d(9, few, 5, stride=2, padding=2)
        self.shrink = nn.Conv2d(few, some, 4, stride=2, padding=1)
        self.gather = nn.Conv2d(some, many, 4, stride=2, padding=1)
        self.blocks = nn.ModuleList(DilatedBlock(many, 1 + number % 2) for number in range(shape.blocks))
        self.decide = nn.Conv2d(many, NUMBERS * shape.strokes, 1)

    def forward(self, picture: Tensor, canvas: Tensor) -> CellStrokes:
        """Strokes that bring the canvas nearer to the picture.

        Args:
            picture: (n, 3, h, w) sRGB in [0, 1]; h and w multiples of `CELL`.
            canvas: likewise, as painted so far.
        """
        # what is missing is given too: at first it is all that counts
        maps = relu(self.look(torch.cat((picture - 0.5, canvas - 0.5, 2 * (picture - canvas)), dim=1)))
        maps = relu(self.gather(relu(self.shrink(maps))))
        for block in self.blocks:
            maps = block(maps)
        numbers = self.decide(relu(maps))
        count, _, rows, columns = numbers.shape
        return _decode(numbers.view(count, self.shape.strokes, NUMBERS, rows, columns))


def _decode(numbers: Tensor) -> CellStrokes:
    """Strokes of the network's numbers, (n, strokes, NUMBERS, rows, columns)."""
    right, down, cosine, sine, length, lean_x, lean_y, width, logit = numbers.unbind(2)
    rows = torch.arange(numbers.shape[3], dtype=numbers.dtype, device=numbers.device)[:, None]
    columns = torch.arange(numbers.shape[4], dtype=numbers.dtype, device=numbers.device)
    reach = 1 + 2 * OVERLAP
    return CellStrokes(
        x=CELL * (columns - OVERLAP + reach * right.sigmoid()),
        y=CELL * (rows - OVERLAP + reach * down.sigmoid()),
        cosine=cosine,
        sine=sine,
        half=MIN_HALF + (MAX_HALF - MIN_HALF) * length.sigmoid(),
        lean_x=MAX_BEND * lean_x.tanh(),
        lean_y=MAX_BEND * lean_y.tanh(),
        radius=MIN_RADIUS + (MAX_RADIUS - MIN_RADIUS) * width.sigmoid(),
        logit=logit,
    )
