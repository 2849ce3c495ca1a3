"""Strokes each on a picture of its own: actions (n, 12) -> opacities (n, side, side), by a brush's table or network.

    table_stamp(painter, side)(actions) -> (n, side, side), with gradients

An agent draws millions of strokes before it can draw one. The implicit painter's network takes 2 milliseconds for
each at 32 pixels; its table takes a fiftieth of that. The agent is judged, and its pictures are shown, with the painter
itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from orbifolio.runner.strokes.brush_models.base import Painter
from orbifolio.runner.strokes.brush_models.implicit import ImplicitPainter
from orbifolio.runner.strokes.rasteriser.brush_table import BrushTable, action_strokes, fit_table
from orbifolio.runner.strokes.rasteriser.opacity import OpacityInputs, opacities, opacities_vjp
from orbifolio.runner.strokes.rasteriser.pixel_blocks import PixelBlocks, pixel_grid
from orbifolio.runner.strokes.rasteriser.trace import trace
from orbifolio.runner.strokes.stroke_array import CURVE, StrokeArray, rows_of_actions

Stamp = Callable[[Tensor], Tensor]
"""(n, 12) actions in [0, 1] -> (n, side, side) opacities, differentiable."""


def table_stamp(painter: ImplicitPainter, side: int) -> Stamp:
    """The table of a brush that draws any size; painters of a fixed resolution are quick by themselves.

    Args:
        painter: learnt, on the CPU in float32.
        side: of the pictures in pixels.
    """
    table, blocks = fit_table(painter, action_strokes), pixel_grid(side, side)
    unit = side / painter.space.canvas

    def stamp(actions: Tensor) -> Tensor:
        rows = rows_of_actions(actions, painter.space)
        rows = torch.cat((rows[:, CURVE] * unit, rows[:, CURVE.stop :]), dim=1)
        alphas: Tensor = _SeparateStrokes.apply(rows, unit, table, blocks)  # type: ignore[no-untyped-call]
        return alphas.reshape(len(actions), side, side)

    return stamp


def network_stamp(painter: Painter, side: int) -> Stamp:
    """The painter itself, for pictures of `side` pixels."""
    return lambda actions: painter.alphas(actions, scale=side / painter.space.canvas)


class _SeparateStrokes(torch.autograd.Function):
    """Rows (n, 9) -> opacities (n, cells)."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, unit: float, table: BrushTable, blocks: PixelBlocks) -> Tensor:
        strokes = StrokeArray(
            np.ascontiguousarray(rows.detach().numpy(), np.float32), np.full(len(rows), unit, np.float32)
        )
        pairs, slices = trace(strokes, table.footprint, blocks), table.slice_for(strokes)
        numbers, owners = pairs.numbers(), pairs.owners()
        cells = blocks.cells[pairs.places[numbers]]
        ctx.inputs = OpacityInputs(pairs, strokes, blocks, table.footprint, slices)
        ctx.scatter = numbers, owners, cells
        pictures = np.zeros((len(rows), blocks.cell_count), np.float32)
        pictures[owners, cells] = opacities(pairs, slices)[numbers]
        return torch.from_numpy(pictures)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        numbers, owners, cells = ctx.scatter
        above = np.zeros(len(ctx.inputs.pairs.places), np.float32)
        above[numbers] = gradients[0].numpy()[owners, cells]
        return torch.from_numpy(opacities_vjp(ctx.inputs, above)), None, None, None
