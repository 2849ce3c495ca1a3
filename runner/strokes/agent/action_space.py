"""The action space of an agent: its numbers (n, k) -> actions (n, 12) for a brush, and whether the pen is down (n,).

Connected strokes begin where the last one ended, with its pressure; only the first has a start of its own (in the paper
that is the pen's place of rest, and the first stroke is spent on leaving it). Ink is black or has any colour.

In a discrete space (SPIRAL's, and appendix C.1 of Nakano 2019) size and pressures have a few levels each, and one more
number lifts the pen. Rounding has no gradient, so there are three ways to train: `relaxed` rounds only for the paint
program; `cut` always rounds and learns nothing from the rounded numbers; `straight-through` rounds, with the gradient
of no rounding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from orbifolio.runner.deferred import torch
from orbifolio.runner.settings import Settings
from orbifolio.runner.strokes.mypaint.actions import (
    COLOUR,
    COUNT,
    END,
    END_PRESSURE,
    ENTRY_PRESSURE,
    SIZE,
    START,
    VIA,
)

if TYPE_CHECKING:
    from torch import Tensor

STEPPED = (END_PRESSURE, SIZE, ENTRY_PRESSURE)
FIRST_ONLY = (*range(START.start, START.stop), ENTRY_PRESSURE)
"""Columns that a connected stroke takes from the one before."""


class Discrete(Settings):
    """Sizes and pressures in levels, and a pen that is down or up."""

    levels: int | None = Field(default=10, ge=2, le=1000)
    """Number of levels of size and of pressure; none leaves both continuous, so that only the pen is discrete."""
    lift: bool = True
    """One more number decides whether the stroke is drawn or the pen only moved."""
    gradient: Literal["relaxed", "cut", "straight-through"] = "straight-through"
    """How rounding is trained: not at all in training, without a gradient, or with the gradient of no rounding."""


class ActionSpace(Settings):
    """How the agent may paint."""

    strokes: int = Field(default=8, ge=1, le=64)
    """Strokes of each painting."""
    connected: bool = True
    """Each stroke begins where the one before ended."""
    ink: Literal["black", "colours"] = "black"
    """Black strokes on grey pictures, or a colour for each stroke."""
    faintest: float = Field(default=0.0, ge=0, le=0.9)
    """Least pressure of a stroke. Without one an agent that cannot lift its pen draws grey lines to where it goes."""
    discrete: Discrete | None = None
    """Levels for sizes and pressures, and a pen that can be lifted; continuous and always down by default."""

    @property
    def planes(self) -> int:
        """Channels of pictures and canvases."""
        return 1 if self.ink == "black" else 3

    @property
    def numbers(self) -> int:
        """How many numbers the agent decides on for each stroke."""
        return COUNT + self.lifts

    @property
    def lifts(self) -> bool:
        """Whether the pen can be lifted."""
        return self.discrete is not None and self.discrete.lift

    def free_columns(self, first: bool) -> list[int]:
        """Columns of an action that the agent's numbers decide, for a first or a later stroke."""
        colours = range(COLOUR.start, COLOUR.stop) if self.ink == "black" else ()
        return [k for k in range(COUNT) if k not in colours and (first or not self.connected or k not in FIRST_ONLY)]

    def to_actions(self, chosen: Tensor, last: Tensor | None, *, exact: bool = False) -> tuple[Tensor, Tensor]:
        """The actions that are drawn.

        Args:
            chosen: (n, numbers) in [0, 1], the agent's decisions.
            last: (n, 12) the actions before, or None for the first stroke.
            exact: round in any case, as the paint program needs it.

        Returns:
            (n, 12) actions, and (n,) 1 where the pen is down.
        """
        columns = list(chosen[:, :COUNT].unbind(1))
        pen = torch.ones_like(columns[0])
        if self.discrete is not None:
            if self.discrete.levels is not None:
                for k in STEPPED:
                    columns[k] = self._step(columns[k], self.discrete.levels - 1, exact)
            if self.lifts:
                pen = 1 - self._step(chosen[:, COUNT], 1, exact)
        for k in (END_PRESSURE, ENTRY_PRESSURE):
            columns[k] = self.faintest + (1 - self.faintest) * columns[k]
        if self.ink == "black":
            for k in range(COLOUR.start, COLOUR.stop):
                columns[k] = torch.zeros_like(pen)
        if self.connected and last is not None:
            columns[START.start], columns[START.start + 1] = last[:, END].unbind(1)
            columns[ENTRY_PRESSURE] = last[:, END_PRESSURE]
        return torch.stack(columns, dim=1), pen

    def led_numbers(self, actions: Tensor, pens: Tensor) -> tuple[Tensor, Tensor]:
        """The decisions that would draw some actions, the inverse of `to_actions` but for levels.

        Args:
            actions: (n, t, 12).
            pens: (n, t) 1 where the pen is down.

        Returns:
            (n, t, numbers) decisions in [0, 1], and as many booleans, whether each makes a difference: colours of black
            ink do not, nor starts of connected strokes, nor the way and width of a stroke with the pen up.
        """
        numbers = actions.clone()
        for k in (END_PRESSURE, ENTRY_PRESSURE):
            numbers[:, :, k] = ((numbers[:, :, k] - self.faintest) / (1 - self.faintest)).clamp(0, 1)
        counted = torch.zeros_like(numbers, dtype=torch.bool)
        counted[:, :1, self.free_columns(first=True)] = True
        counted[:, 1:, self.free_columns(first=False)] = True
        counted[:, :, [*range(VIA.start, VIA.stop), SIZE]] &= pens[:, :, None] > 0.5
        if self.lifts:
            numbers = torch.cat((numbers, 1 - pens[:, :, None]), dim=2)
            counted = torch.cat((counted, torch.ones_like(counted[:, :, :1])), dim=2)
        return numbers, counted

    def _step(self, values: Tensor, levels: int, exact: bool) -> Tensor:
        assert self.discrete is not None
        rounded = (values * levels).round() / levels
        if exact:
            return rounded
        if self.discrete.gradient == "relaxed":
            return values
        return rounded.detach() if self.discrete.gradient == "cut" else values + (rounded - values).detach()
