"""A painting as one differentiable function: (strokes (n, 9), colours (n, 3)) -> cells (p, 3); see `Brushwork`.

Convention: strokes are rows as `tracing` has them; colours sRGB, blended as they are, as the paint program does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from orbifolio.runner.strokes.brush_models.implicit import ImplicitPainter
from orbifolio.runner.strokes.fitting.colour_actions import Turns
from orbifolio.runner.strokes.rasteriser.brush_table import Response
from orbifolio.runner.strokes.rasteriser.compositing import lay, lay_back, share_out
from orbifolio.runner.strokes.rasteriser.network_opacity import true_alphas
from orbifolio.runner.strokes.rasteriser.numba_threads import Floats, Integers
from orbifolio.runner.strokes.rasteriser.opacity import answer, answer_back, harden
from orbifolio.runner.strokes.rasteriser.pixel_blocks import Places
from orbifolio.runner.strokes.rasteriser.trace import Pairs, trace


@dataclass(frozen=True)
class Laid:
    """Strokes on a picture.

    Attributes:
        pairs: of the strokes.
        cells: (k,) of the pairs.
        kinds: (k,) of the pairs, see `layering.lay`.
        turns: of colours.
        alphas: (k,).
        below: (k, 3) the canvas under each pair.
        canvas: (p, 3) with everything on it.
    """

    pairs: Pairs
    cells: Integers
    kinds: Integers
    turns: Turns
    alphas: Floats
    below: Floats
    canvas: Floats

    def shares(self) -> Floats:
        """(k,) of each pair in the finished picture."""
        found = np.zeros_like(self.alphas)
        open_ = np.ones(len(self.canvas), np.float32)
        share_out(self.pairs.starts, self.pairs.ends, self.cells, self.alphas, open_, found)
        return found

    def recoloured(self, colours: Floats, paper: Floats) -> Laid:
        """The same strokes in other colours (n, 3) on paper (p, 3)."""
        canvas, below = paper.copy(), np.empty_like(self.below)
        paints = self.turns.paints(colours)
        lay(self.pairs.starts, self.pairs.ends, self.cells, self.kinds, self.alphas, paints, canvas, below)
        return replace(self, canvas=canvas, below=below)

    def without(self, gone: npt.NDArray[np.bool_]) -> Laid:
        """Without some strokes (n,); canvas and below are still those of all."""
        pairs = replace(self.pairs, starts=self.pairs.starts[~gone], ends=self.pairs.ends[~gone])
        return replace(self, pairs=pairs)


@dataclass(frozen=True)
class Brushwork:
    """What strokes are laid with.

    Attributes:
        response: the brush as a table.
        places: of the picture.
        painter: the brush itself, for `truly`.
        opaque: paint covers or does not.
    """

    response: Response
    places: Places
    painter: ImplicitPainter
    opaque: bool = False

    def lay(self, rows: Floats, units: Floats, colours: Floats, paper: Floats, *, truly: bool = False) -> Laid:
        """Strokes on paper.

        Args:
            rows: (n, 9).
            units: (n,) pixels.
            colours: (n, 3).
            paper: (p, 3).
            truly: as the brush's network has it, not its table; a hundred times as slow.
        """
        pairs = trace(rows, units, self.response.tip, self.places)
        alphas = self.truth(pairs, rows, units) if truly else self._answer(pairs, rows, units)
        cells, kinds = self.places.cells[pairs.places], self.places.kinds[pairs.places]
        below = np.empty((len(alphas), 3), np.float32)
        return Laid(pairs, cells, kinds, self.places.turns, alphas, below, paper).recoloured(colours, paper)

    def _answer(self, pairs: Pairs, rows: Floats, units: Floats) -> Floats:
        return answer(pairs, self.response.own(rows, units)[0], self.response, opaque=self.opaque)

    def truth(self, pairs: Pairs, rows: Floats, units: Floats) -> Floats:
        """The network's opacities of pairs, (k,)."""
        alphas = true_alphas(self.painter, pairs, rows, units, self.places)
        return harden(alphas) if self.opaque else alphas

    def __call__(self, rows: Tensor, units: Floats, colours: Tensor, paper: Floats) -> Tensor:
        """The picture, (p, 3), differentiable in rows and colours.

        Args:
            rows: (n, 9) on the CPU.
            units: (n,) pixels.
            colours: (n, 3) on the CPU.
            paper: (p, 3).
        """
        found: Tensor = _Paint.apply(self, rows, units, colours, paper)  # type: ignore[no-untyped-call]
        return found


class _Paint(torch.autograd.Function):
    """`Brushwork.lay` and its way back."""

    @staticmethod
    def forward(ctx: Any, work: Brushwork, rows: Tensor, units: Floats, colours: Tensor, paper: Floats) -> Tensor:
        held, paint = rows.detach().numpy(), np.ascontiguousarray(colours.detach().numpy())
        held = np.ascontiguousarray(held)
        laid = work.lay(held, units, paint, paper)
        ctx.held = (work, held, units, paint, laid)
        return torch.from_numpy(laid.canvas)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        work, rows, units, colours, laid = ctx.held
        above = gradients[0].contiguous().numpy().astype(np.float32)
        to_alphas, pairs = np.zeros_like(laid.alphas), laid.pairs
        paints = laid.turns.paints(colours)
        to_paints = np.zeros(paints.shape)
        held = (pairs.starts, pairs.ends, laid.cells, laid.kinds, laid.alphas, paints, laid.below)
        lay_back(*held, above, to_alphas, to_paints)
        to_colours = laid.turns.gathered(to_paints)
        own, slopes = work.response.own(rows, units)
        to_rows = answer_back(
            pairs,
            rows,
            units,
            work.places,
            own,
            slopes,
            work.response,
            to_alphas,
            opaque=work.opaque,
        )
        return None, torch.from_numpy(to_rows), None, torch.from_numpy(to_colours.astype(np.float32)), None
