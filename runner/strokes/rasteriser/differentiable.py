"""A painting as one differentiable function: (rows (n, 9), colours (n, 3)) -> cells (p, 3); see `Rasteriser`.

Convention: strokes are those of `stroke_array`; colours sRGB, blended as they are, as the paint program does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from orbifolio.runner.arrays import F32, I32, Bools
from orbifolio.runner.strokes.blending import soft_threshold
from orbifolio.runner.strokes.brush_models.implicit import ImplicitPainter
from orbifolio.runner.strokes.rasteriser.brush_table import BrushTable
from orbifolio.runner.strokes.rasteriser.colour_actions import ColourActions
from orbifolio.runner.strokes.rasteriser.compositing import PairPaint, lay, lay_vjp, visible_shares
from orbifolio.runner.strokes.rasteriser.grain import BrushGrain, StrokePlaces, grained
from orbifolio.runner.strokes.rasteriser.network_opacity import network_opacities
from orbifolio.runner.strokes.rasteriser.opacity import OpacityInputs, opacities, opacities_vjp
from orbifolio.runner.strokes.rasteriser.pixel_blocks import PixelBlocks
from orbifolio.runner.strokes.rasteriser.trace import StrokePixelPairs, trace
from orbifolio.runner.strokes.stroke_array import StrokeArray


@dataclass(frozen=True)
class Composite:
    """Strokes on a picture.

    Attributes:
        pairs: of n strokes and k places.
        cells: (k,) of the pairs.
        kinds: (k,) of the pairs, see `PairPaint`.
        alphas: (k,).
        slopes: (k,) the derivative of each by the opacity without grain and threshold; empty where it is 1 everywhere.
        below: (k, 3) the canvas under each pair.
        canvas: (p, 3) with everything on it.
    """

    pairs: StrokePixelPairs
    cells: I32
    kinds: I32
    actions: ColourActions
    alphas: F32
    slopes: F32
    below: F32
    canvas: F32

    @property
    def paint(self) -> PairPaint:
        """What the strokes leave where."""
        return PairPaint(self.pairs.starts, self.pairs.ends, self.cells, self.kinds, self.alphas)

    def shares(self) -> F32:
        """(k,) of each pair in the finished picture."""
        shares = np.zeros_like(self.alphas)
        visible_shares(self.paint, np.ones(len(self.canvas), np.float32), shares)
        return shares

    def recoloured(self, colours: F32, paper: F32) -> Composite:
        """The same strokes in other colours (n, 3) on paper (p, 3)."""
        canvas, below = paper.copy(), np.empty_like(self.below)
        lay(self.paint, self.actions.apply(colours), canvas, below)
        return replace(self, canvas=canvas, below=below)

    def without(self, removed: Bools) -> Composite:
        """Without some strokes (n,); canvas and below are still those of all."""
        pairs = self.pairs._replace(starts=self.pairs.starts[~removed], ends=self.pairs.ends[~removed])
        return replace(self, pairs=pairs)


@dataclass(frozen=True)
class Rasteriser:
    """What strokes are laid with.

    Attributes:
        table: the brush, quick and differentiable.
        opaque: paint covers or does not.
        grain: the sample of the brush's unevenness that is drawn; None for the mean.
    """

    table: BrushTable
    blocks: PixelBlocks
    painter: ImplicitPainter
    opaque: bool = False
    grain: BrushGrain | None = None

    def composite(self, strokes: StrokeArray, colours: F32, paper: F32, *, by_network: bool = False) -> Composite:
        """Strokes on paper.

        Args:
            strokes: n of them.
            colours: (n, 3).
            paper: (p, 3).
            by_network: opacities of the brush's network, not of its table; a hundred times as slow.
        """
        pairs = trace(strokes, self.table.footprint, self.blocks)
        if by_network:
            alphas = network_opacities(self.painter, pairs, strokes, self.blocks)
        else:
            alphas = opacities(pairs, self.table.slice_for(strokes), opaque=self.opaque and self.grain is None)
        slopes = alphas[:0]
        if self.grain is not None:
            places = StrokePlaces(pairs, strokes, self.blocks)
            alphas, slopes = grained(places, alphas, self.grain, opaque=self.opaque)
        elif by_network and self.opaque:
            alphas = soft_threshold(alphas)
        cells, kinds = self.blocks.cells[pairs.places], self.blocks.kinds[pairs.places]
        below = np.empty((len(alphas), 3), np.float32)
        return Composite(pairs, cells, kinds, self.blocks.actions, alphas, slopes, below, paper).recoloured(
            colours, paper
        )

    def __call__(self, rows: Tensor, units: F32, colours: Tensor, paper: F32) -> Tensor:
        """The picture, (p, 3), differentiable in rows and colours.

        Args:
            rows: (n, 9) on the CPU.
            units: (n,) pixels.
            colours: (n, 3) on the CPU.
            paper: (p, 3).
        """
        picture: Tensor = _Rasterise.apply(self, rows, units, colours, paper)  # type: ignore[no-untyped-call]
        return picture


class _Rasterise(torch.autograd.Function):
    """`Rasteriser.composite` and its gradient."""

    @staticmethod
    def forward(ctx: Any, rasteriser: Rasteriser, rows: Tensor, units: F32, colours: Tensor, paper: F32) -> Tensor:
        strokes = StrokeArray(np.ascontiguousarray(rows.detach().numpy()), units)
        paint = np.ascontiguousarray(colours.detach().numpy())
        composite = rasteriser.composite(strokes, paint, paper)
        ctx.inputs = (rasteriser, strokes, paint, composite)
        return torch.from_numpy(composite.canvas)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        rasteriser, strokes, colours, composite = ctx.inputs
        above = gradients[0].contiguous().numpy().astype(np.float32)
        to_alphas = np.zeros_like(composite.alphas)
        shown = composite.actions.apply(colours)
        to_shown = np.zeros(shown.shape)
        lay_vjp(composite.paint, shown, composite.below, above, to_alphas, to_shown)
        to_colours = composite.actions.transpose(to_shown).astype(np.float32)
        if rasteriser.grain is not None:
            to_alphas *= composite.slopes
        table = rasteriser.table
        inputs = OpacityInputs(
            composite.pairs,
            strokes,
            rasteriser.blocks,
            table.footprint,
            table.slice_for(strokes),
            rasteriser.opaque and rasteriser.grain is None,
        )
        to_rows = opacities_vjp(inputs, to_alphas)
        return None, torch.from_numpy(to_rows), None, torch.from_numpy(to_colours), None
