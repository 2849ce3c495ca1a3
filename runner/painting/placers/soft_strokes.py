"""Strokes as a differentiable coverage, cell by cell: what a pass of strokes makes of a canvas, for the loss.

Each stroke is drawn in a window about its cell; its colour is the picture's mean beneath it. Where strokes overlap they
are averaged by their coverage, since their order is left to chance later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from torch.nn.functional import avg_pool2d, fold, unfold

from orbifolio.runner.deferred import torch
from orbifolio.runner.painting.placers.network import CELL, CellStrokes

if TYPE_CHECKING:
    from torch import Tensor

GRID = 2  # pixels from sample to sample: a quarter of the work, and strokes are wider than that
PAD = 16 // GRID  # samples about a cell: the longest stroke reaches so far
STRIDE = CELL // GRID  # samples from cell to cell
WINDOW = STRIDE + 2 * PAD
SOFT = 0.8  # pixels, over which a side fades: about as much as a mean over a sample would
FAINT = 1e-3  # coverage in all that still divides


class SoftPass(NamedTuple):
    """What strokes make of a canvas.

    Attributes:
        canvas: (n, 3, h, w) afterwards.
        gains: (n, strokes, rows, columns) by how much each stroke alone, laid on the canvas, lessens the mean absolute
            difference beneath it.
        missing: likewise, that difference before.
    """

    canvas: Tensor
    gains: Tensor
    missing: Tensor


def coverage(strokes: CellStrokes) -> Tensor:
    """(n, cells, WINDOW**2, strokes) in [0, 1], of strokes in the windows of their cells, rows of cells first."""
    count, each, rows, columns = strokes.x.shape
    corner_x = CELL * torch.arange(columns) - GRID * PAD
    corner_y = CELL * torch.arange(rows)[:, None] - GRID * PAD
    at = GRID * (torch.arange(WINDOW) + 0.5)

    def by_cell(value: Tensor) -> Tensor:
        return value.permute(0, 2, 3, 1).reshape(count, rows * columns, 1, 1, each)

    dx = at[:, None] + by_cell(corner_x - strokes.x)
    dy = at[:, None, None] + by_cell(corner_y - strokes.y)
    angle = strokes.angle()
    cosine, sine, half = by_cell(angle.cos()), by_cell(angle.sin()), by_cell(strokes.half)
    along = cosine * dx + sine * dy
    aside = cosine * dy - sine * dx - by_cell(strokes.bend() / strokes.half) * along * along
    sides = torch.sigmoid((by_cell(strokes.radius) - aside.abs()) / SOFT)
    ends = torch.sigmoid((half - along.abs()) / SOFT)
    return (sides * ends).reshape(count, rows * columns, WINDOW * WINDOW, each)


def sampled(picture: Tensor) -> Tensor:
    """(n, 3, h / GRID, w / GRID) a picture (n, 3, h, w) in samples."""
    return avg_pool2d(picture, GRID)


def lay(strokes: CellStrokes, picture: Tensor, canvas: Tensor, presence: Tensor) -> SoftPass:
    """A pass of strokes in the colours of the picture.

    Args:
        strokes: of all cells.
        picture: (n, 3, h, w), of which every sample is a mean of `GRID` x `GRID` pixels.
        canvas: likewise, before.
        presence: (n, strokes, rows, columns) in [0, 1], how far each stroke is there.
    """
    count, each, rows, columns = strokes.x.shape
    alphas = coverage(strokes)
    seen = torch.cat((picture, torch.ones_like(picture[:, :1]), (picture - canvas).abs().mean(1, keepdim=True)), dim=1)
    seen = _windows(seen)
    sums = alphas.transpose(2, 3) @ seen  # (n, cells, strokes, 5)
    total = sums[..., 3:4] + FAINT
    colours = sums[..., :3] / total
    with torch.no_grad():
        missing = (sums[..., 4:] / total)[..., 0]
        after = (colours[:, :, None] - seen[:, :, :, None, :3]).abs().mean(4)  # (n, cells, window, strokes)
        gains = missing - (alphas * after * seen[:, :, :, 3:4]).sum(2) / total[..., 0]
    weights = alphas * presence.permute(0, 2, 3, 1).reshape(count, rows * columns, 1, each)
    laid = _sums(weights @ torch.cat((colours, torch.ones_like(total)), dim=3), picture)
    left = torch.exp(_sums(torch.log1p(-0.97 * weights).sum(3, keepdim=True), picture))
    painted = left * canvas + (1 - left) * laid[:, :3] / (laid[:, 3:] + FAINT)
    return SoftPass(painted, _by_stroke(gains, rows), _by_stroke(missing, rows))


def _windows(picture: Tensor) -> Tensor:
    """(n, cells, WINDOW**2, channels) of a picture (n, channels, h, w); zeros beyond its border."""
    found = unfold(picture, WINDOW, padding=PAD, stride=STRIDE)
    return found.view(len(picture), picture.shape[1], WINDOW * WINDOW, -1).permute(0, 3, 2, 1)


def _sums(windows: Tensor, picture: Tensor) -> Tensor:
    """(n, channels, h, w) of windows (n, cells, WINDOW**2, channels), added up where they overlap."""
    count, cells, _, channels = windows.shape
    flat = windows.permute(0, 3, 2, 1).reshape(count, channels * WINDOW * WINDOW, cells)
    return fold(flat, picture.shape[2:], WINDOW, padding=PAD, stride=STRIDE)


def _by_stroke(values: Tensor, rows: int) -> Tensor:
    """(n, strokes, rows, columns) of values (n, cells, strokes)."""
    return values.transpose(1, 2).reshape(len(values), values.shape[2], rows, -1)
