"""Many strokes on one canvas, differentiable: strokes, colours (n, 3), paper -> picture (height, width, 3).

Each stroke is evaluated only where it has paint (`ImplicitPainter.near`). Strokes are laid one over the other from
back to front, with any colours:

    canvas <- over(canvas, colour, alpha)        see `blending`

The gradients of that are closed forms, so only the canvas under each painted pixel is stored. The insides of the
network are computed again on the way back, in pieces. So the memory grows with the painted pixels only: less than 100
bytes for each.

Convention: x to the right, y down; sRGB in [0, 1], blended as it is, as the paint program does.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from orbifolio.runner.strokes.brush_models.implicit import ImplicitPainter
from orbifolio.runner.strokes.mypaint.actions import COLOUR
from orbifolio.runner.strokes.stroke_array import rows_of_actions


def rasterise(
    painter: ImplicitPainter,
    rows: Tensor,
    colours: Tensor,
    *,
    width: int,
    height: int,
    unit: Tensor | float = 1.0,
    paper: Tensor | float = 1.0,
) -> Tensor:
    """Paint strokes over each other.

    Args:
        rows: (n, 9) in units, see `stroke_array`; the first lies undermost.
        colours: (n, 3) sRGB in [0, 1].
        width: of the picture in pixels.
        height: of the picture in pixels.
        unit: pixels per unit, one for all or (n,); a stroke of unit 8 is one of unit 1 drawn eight times as large.
        paper: (height, width, 3) or one value.

    Returns:
        (height, width, 3).
    """
    units = torch.as_tensor(unit, dtype=colours.dtype, device=colours.device).expand(len(colours))
    near = painter.near(rows, width, height, units)
    alphas = painter.values(rows, near, width, units)
    ground = torch.as_tensor(paper, dtype=colours.dtype, device=colours.device).expand(height, width, 3)
    ends = torch.searchsorted(near.stroke, torch.arange(len(colours), device=colours.device), right=True)
    painted: Tensor = Layers.apply(alphas, colours, ground.reshape(-1, 3), near.pixel, ends)  # type: ignore[no-untyped-call]
    return painted.reshape(height, width, 3)


def rasterise_actions(painter: ImplicitPainter, actions: Tensor, *, scale: float = 1.0) -> Tensor:
    """The picture of (n, 12) actions on white, (side, side, 3), as the paint program's jump mode draws them."""
    side = round(painter.space.canvas * scale)
    rows = rows_of_actions(actions, painter.space)
    return rasterise(painter, rows, actions[:, COLOUR], width=side, height=side, unit=scale)


class Layers(torch.autograd.Function):
    """Strokes over paper: opacities (k,), colours (n, 3), paper (p, 3), pixels (k,), ends (n,) -> (p, 3)."""

    @staticmethod
    def forward(ctx: Any, alphas: Tensor, colours: Tensor, paper: Tensor, pixels: Tensor, ends: Tensor) -> Tensor:
        """Back to front; see the module's docstring."""
        canvas = paper.clone()
        below = alphas.new_empty(len(alphas), 3)
        begin = 0
        for colour, end in zip(colours, ends.tolist(), strict=True):
            if end > begin:
                where = pixels[begin:end]
                under = canvas[where]
                below[begin:end] = under
                # `over`, rounded so that an opacity of 1 leaves exactly the colour.
                canvas[where] = torch.lerp(under, colour.expand_as(under), alphas[begin:end, None])
            begin = end
        ctx.save_for_backward(alphas, colours, below, pixels, ends)
        return canvas

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        """Front to back."""
        alphas, colours, below, pixels, ends = ctx.saved_tensors
        above = gradients[0].clone()
        to_alphas, to_colours = torch.empty_like(alphas), torch.zeros_like(colours)
        bounds = [0, *ends.tolist()]
        for number in range(len(colours) - 1, -1, -1):
            part = slice(bounds[number], bounds[number + 1])
            if part.start == part.stop:
                continue
            where, alpha = pixels[part], alphas[part, None]
            gradient = above[where]
            to_alphas[part] = (gradient * (colours[number] - below[part])).sum(-1)
            to_colours[number] = (gradient * alpha).sum(0)
            above[where] = gradient * (1 - alpha)
        return to_alphas, to_colours, above, None, None
