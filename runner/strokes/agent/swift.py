"""A quick copy of a learnt brush, to practise with: actions (n, 12) -> opacities (n, side, side), compiled.

    swift_brush(painter, side)(actions) -> (n, side, side), with gradients

An agent draws millions of strokes before it can draw one. The implicit painter's network takes 2 milliseconds for
each at 32 pixels; here its answers are looked up in a table (`table`), by the stroke's radius, the distance to the
curve in radii, the pressure there and how much of the stroke passes, which takes a fiftieth of that. The agent is
judged, and its pictures are shown, with the painter itself.

The gradient is that of the picture while the point of the curve that is nearest to a pixel is held. For the distance
that is exact (it is a minimum there); how pressure and passing change as that point slides along is left out.

Convention: x to the right, y down, in units of the brush's 64-unit canvas.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from orbifolio.runner.strokes.agent.table import Table, table_of
from orbifolio.runner.strokes.agent.tracing import NUMBERS, draw, rows_of, undo
from orbifolio.runner.strokes.brush_models.base import Painter
from orbifolio.runner.strokes.brush_models.implicit import ImplicitPainter

Stamp = Callable[[Tensor], Tensor]
"""(n, 12) actions in [0, 1] -> (n, side, side) opacities, differentiable."""


def swift_brush(painter: Painter, side: int) -> Stamp:
    """The brush at a size; painters that are not implicit are quick by themselves and stay as they are.

    Args:
        painter: learnt, on the CPU in float32.
        side: of the pictures in pixels.
    """
    if not isinstance(painter, ImplicitPainter):
        return true_brush(painter, side)
    table, canvas = table_of(painter), painter.space.canvas

    def stamp(actions: Tensor) -> Tensor:
        found: Tensor = Swift.apply(rows_of(actions, painter.space), table, side, side / canvas)  # type: ignore[no-untyped-call]
        return found

    return stamp


def true_brush(painter: Painter, side: int, canvas: int = 64) -> Stamp:
    """The painter itself at a size."""
    return lambda actions: painter.alphas(actions, scale=side / canvas)


class Swift(torch.autograd.Function):
    """Rows (n, 9) -> opacities (n, side, side)."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, table: Table, side: int, unit: float) -> Tensor:
        """Look up."""
        held = np.ascontiguousarray(rows.detach().numpy(), np.float32)
        tables, slopes = table.own(held[:, 6])
        ctx.saved, ctx.table, ctx.unit = (held, tables, slopes), table, unit
        found = np.zeros((len(held), side, side), np.float32)
        draw(held, tables, *table.tip(), unit, found)
        return torch.from_numpy(found)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Walk the same pixels again."""
        held, tables, slopes = ctx.saved
        table: Table = ctx.table
        above = np.ascontiguousarray(gradients[0].numpy(), np.float32)
        found = np.zeros((len(held), NUMBERS))
        undo(held, tables, slopes, *table.tip(), ctx.unit, above, found)
        return torch.from_numpy(found.astype(np.float32)), None, None, None
