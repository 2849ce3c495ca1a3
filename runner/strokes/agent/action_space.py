"""The manner of painting: the agent's numbers (n, k) -> actions (n, 12) that a brush understands, and the pen.

Connected strokes begin where the last one ended, with its pressure; only the first places the brush by itself (in the
paper its start is the pen's place of rest, and the first stroke is spent on moving it). Ink is black, or any colour.

In the discrete manner (SPIRAL's, and appendix C.1 of Nakano 2019) size and pressures have a few levels each, and one
more number lifts the pen. What a level cannot pass is a gradient, so three ways are here: `relaxed` practises with
unrounded numbers and rounds them only for the paint program; `cut` rounds always, and learns nothing there;
`straight-through` rounds, and lets the gradient pass as if it did not.
"""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from orbifolio.runner.settings import Settings
from orbifolio.runner.strokes.mypaint.actions import COLOUR, COUNT, END, END_PRESSURE, ENTRY_PRESSURE, SIZE, START

STEPPED = (END_PRESSURE, SIZE, ENTRY_PRESSURE)
FIRST_ONLY = (*range(START.start, START.stop), ENTRY_PRESSURE)
"""Numbers that connected strokes take from the one before."""


class Discrete(Settings):
    """Sizes and pressures in levels, and a pen that is down or up."""

    levels: int = Field(default=10, ge=2, le=1000)
    """Of size and of pressure."""
    lift: bool = True
    """One more number says whether the stroke is drawn, or the pen only moved."""
    gradient: Literal["relaxed", "cut", "straight-through"] = "straight-through"
    """How the agent learns through a level: unrounded numbers in training, no gradient, or the gradient as if
    nothing was rounded."""


class ActionSpace(Settings):
    """How the agent may paint."""

    strokes: int = Field(default=8, ge=1, le=64)
    """Of each painting."""
    connected: bool = True
    """Each stroke begins where the one before ended."""
    ink: Literal["black", "colours"] = "black"
    """Black, on pictures in grey; or a colour for each stroke."""
    discrete: Discrete | None = None
    """Sizes and pressures in levels; none: any number."""

    @property
    def planes(self) -> int:
        """Channels of pictures and canvases."""
        return 1 if self.ink == "black" else 3

    @property
    def numbers(self) -> int:
        """That the agent decides on for each stroke."""
        return COUNT + (self.discrete is not None and self.discrete.lift)

    def free(self, first: bool) -> list[int]:
        """Numbers of a stroke that matter, of the 12."""
        colours = range(COLOUR.start, COLOUR.stop) if self.ink == "black" else ()
        return [k for k in range(COUNT) if k not in colours and (first or not self.connected or k not in FIRST_ONLY)]

    def to_actions(self, chosen: Tensor, last: Tensor | None, *, exact: bool = False) -> tuple[Tensor, Tensor]:
        """What is drawn of what was chosen.

        Args:
            chosen: (n, numbers) in [0, 1].
            last: (n, 12) the action before, or None at first.
            exact: as the paint program does it, rounded in any case.

        Returns:
            (n, 12) actions, and (n,) 1 where the pen is down.
        """
        columns = list(chosen[:, :COUNT].unbind(1))
        pen = torch.ones_like(columns[0])
        if self.discrete is not None:
            for k in STEPPED:
                columns[k] = self._step(columns[k], self.discrete.levels - 1, exact)
            if self.discrete.lift:
                pen = 1 - self._step(chosen[:, COUNT], 1, exact)
        if self.ink == "black":
            for k in range(COLOUR.start, COLOUR.stop):
                columns[k] = torch.zeros_like(pen)
        if self.connected and last is not None:
            columns[START.start], columns[START.start + 1] = last[:, END].unbind(1)
            columns[ENTRY_PRESSURE] = last[:, END_PRESSURE]
        return torch.stack(columns, dim=1), pen

    def _step(self, values: Tensor, levels: int, exact: bool) -> Tensor:
        assert self.discrete is not None
        rounded = (values * levels).round() / levels
        if exact:
            return rounded
        if self.discrete.gradient == "relaxed":
            return values
        return rounded.detach() if self.discrete.gradient == "cut" else values + (rounded - values).detach()
