"""Evaluation of an agent: targets -> paintings by the learnt brush and by MyPaint, figures, documents of strokes.

The same actions are drawn by both, for the triptychs of figure 7 of Nakano (2019). The agent trains with the learnt
brush only, so the difference between the two is one that it cannot learn to avoid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from orbifolio.runner.deferred import torch
from orbifolio.runner.strokes.agent.action_space import ActionSpace
from orbifolio.runner.strokes.agent.dataset import Targets
from orbifolio.runner.strokes.agent.demonstrations import Demonstration
from orbifolio.runner.strokes.agent.fitted_demonstrations import fit_demonstrations, followed
from orbifolio.runner.strokes.agent.metrics import ink_shares, picture_errors
from orbifolio.runner.strokes.agent.metrics_sheet import cell_of, in_order
from orbifolio.runner.strokes.agent.network import AgentNetwork
from orbifolio.runner.strokes.agent.rollout import Rollout, replay, roll_out
from orbifolio.runner.strokes.agent.stroke_order import order_kept
from orbifolio.runner.strokes.brush_models.base import Painter
from orbifolio.runner.strokes.document.document import Painting
from orbifolio.runner.strokes.mypaint.actions import COLOUR, Space
from orbifolio.runner.strokes.mypaint.mypaint_renderer import PaintProgram
from orbifolio.runner.strokes.rasteriser.separate_strokes import network_stamp
from orbifolio.runner.strokes.stroke_array import StrokeArray, rows_of_actions

if TYPE_CHECKING:
    from torch import Tensor

MAX_JUDGED = 100  # pictures: the painter and MyPaint take seconds for a hundred of them
DOCUMENT_SIDE = 512  # pixels of a painting's document, eight times the canvas of its actions


@torch.no_grad()
def paint(agent: AgentNetwork, painter: Painter, targets: Tensor, space: ActionSpace) -> Rollout:
    """Let an agent paint with the learnt brush itself, rounded as MyPaint needs it."""
    return roll_out(agent, network_stamp(painter, targets.shape[-1]), targets, space, exact=True)


@torch.no_grad()
def enlarged(painter: Painter, actions: Tensor, pens: Tensor, planes: int) -> tuple[Tensor, Tensor]:
    """Paintings at the size of a sheet's cell, and the same with strokes coloured by their order."""
    side = painter.resolution or cell_of(len(actions))
    stamp = network_stamp(painter, side)
    return replay(stamp, actions, pens, planes, side), in_order(stamp, actions, pens, side)


def in_program(
    program: PaintProgram, actions: Tensor, pens: Tensor, space: ActionSpace, side: int, seed: int
) -> Tensor:
    """The same paintings by MyPaint, (n, planes, side, side).

    Connected strokes are one line, drawn without lifting the pen unless the agent lifts it.
    """
    sized = PaintProgram(program.brush, replace(program.space, scale=side / program.space.canvas))
    joined = space.connected and bool((pens > 0.5).all())
    pictures = [
        sized.paint(drawn[pen > 0.5].numpy(), joined=joined, seed=seed)
        for drawn, pen in zip(actions, pens, strict=True)
    ]
    planes = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)
    return planes[:, : space.planes].contiguous()


def evaluate(
    agent: AgentNetwork,
    painter: Painter,
    program: PaintProgram | None,
    targets: Targets,
    space: ActionSpace,
    seed: int,
    ways: Sequence[Sequence[Demonstration]] | None = None,
) -> dict[str, Mapping[str, float]]:
    """The figures of an agent on pictures that it has not learnt from, by what is compared.

    Args:
        targets: at most `MAX_JUDGED` of them are painted.
        seed: of the program's noise and of random orders of strokes.
        ways: to draw each class, if the agent was led by examples.
    """
    judged = targets.first(MAX_JUDGED)
    pictures, classes = judged.take(torch.arange(len(judged)))
    rollout = paint(agent, painter, pictures, space)
    canvas, actions, pens = rollout.canvas, rollout.actions, rollout.pens
    figures: dict[str, Mapping[str, float]] = {
        "white paper": picture_errors(torch.ones_like(pictures), pictures),
        "neural": picture_errors(canvas, pictures),
        "ink": ink_shares(rollout, pictures),
    }
    if program is not None:
        real = in_program(program, actions, pens, space, pictures.shape[-1], seed)
        figures["program"] = picture_errors(real, pictures)
        figures["neural to program"] = picture_errors(canvas, real)
    habits = order_kept(actions, pens, classes, seed)
    if habits:
        figures["strokes"] = habits
    if ways is not None:
        stamp = network_stamp(painter, pictures.shape[-1])
        figures["led"] = followed(fit_demonstrations(ways, judged, stamp, space), actions, seed)
    return figures


def painting_of(actions: Tensor, pens: Tensor, brush: str, seed: int) -> Painting:
    """One painting, actions (t, 12) and pens (t,), as a document of strokes."""
    drawn = actions[pens > 0.5].detach()
    strokes = StrokeArray(rows_of_actions(drawn).numpy(), np.ones(len(drawn), np.float32))
    enlarged_by = DOCUMENT_SIDE / Space().canvas
    return Painting(
        DOCUMENT_SIDE,
        DOCUMENT_SIDE,
        brush,
        (1.0, 1.0, 1.0),
        seed,
        strokes.scaled(enlarged_by, enlarged_by).document_columns(),
        drawn[:, COLOUR].numpy(),
        np.zeros(len(drawn), np.int32),
    )
