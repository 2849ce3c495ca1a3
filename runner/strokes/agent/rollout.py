"""A rollout: the agent looks and paints, stroke by stroke -> paintings (n, planes, side, side), actions (n, t, 12).

The paper is white at first and each stroke is laid over what is there (`over`). Everything is differentiable, so the
gradient of the finished painting reaches every stroke, the first one too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orbifolio.runner.deferred import torch
from orbifolio.runner.strokes.agent.action_space import ActionSpace
from orbifolio.runner.strokes.agent.network import AgentNetwork
from orbifolio.runner.strokes.blending import over
from orbifolio.runner.strokes.mypaint.actions import COLOUR
from orbifolio.runner.strokes.rasteriser.separate_strokes import Stamp

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Rollout:
    """What was painted.

    Attributes:
        canvas: (n, planes, side, side) in [0, 1], after the last stroke.
        chosen: (n, t, numbers) in [0, 1], as the agent decided.
        actions: (n, t, 12) as drawn.
        pens: (n, t) 1 where the pen was down.
        laid: (n, side, side) opacities of all strokes, added up.
        covered: (n, side, side) in [0, 1], how much of the paper the strokes cover together.
    """

    canvas: Tensor
    chosen: Tensor
    actions: Tensor
    pens: Tensor
    laid: Tensor
    covered: Tensor


def roll_out(agent: AgentNetwork, stamp: Stamp, targets: Tensor, space: ActionSpace, *, exact: bool = False) -> Rollout:
    """Let an agent paint.

    Args:
        stamp: draws it, at the side of the targets.
        targets: (n, planes, side, side) in [0, 1].
        space: what the agent decides on, and what of it is drawn.
        exact: round discrete numbers as for the paint program, whatever the training does.
    """
    canvas, memory = torch.ones_like(targets), agent.begin(len(targets))
    last = targets.new_zeros(len(targets), space.numbers)
    laid, covered = torch.zeros_like(targets[:, 0]), torch.zeros_like(targets[:, 0])
    actions: Tensor | None = None
    steps: list[tuple[Tensor, Tensor, Tensor]] = []
    for _ in range(space.strokes):
        logits, memory = agent(canvas, targets, last, memory)
        last = torch.sigmoid(logits)
        actions, pen = space.to_actions(last, actions, exact=exact)
        steps.append((last, actions, pen))
        alphas = stamp(actions) * pen[:, None, None]
        canvas = _stroke(canvas, alphas, actions)
        laid, covered = laid + alphas, over(covered, 1.0, alphas)
    chosen, drawn, pens = (torch.stack(parts, dim=1) for parts in zip(*steps, strict=True))
    return Rollout(canvas, chosen, drawn, pens, laid, covered)


def replay(stamp: Stamp, actions: Tensor, pens: Tensor, planes: int, side: int) -> Tensor:
    """Paint the actions (n, t, 12) of a rollout again, at any size and with any brush: (n, planes, side, side).

    Args:
        stamp: draws strokes at `side`.
        pens: (n, t) 1 where the pen is down.
        planes: channels of the pictures, 1 for grey or 3 for colour.
        side: of the pictures in pixels.
    """
    canvas = actions.new_ones(len(actions), planes, side, side)
    for k in range(actions.shape[1]):
        canvas = _stroke(canvas, stamp(actions[:, k]) * pens[:, k, None, None], actions[:, k])
    return canvas


def _stroke(canvas: Tensor, alphas: Tensor, actions: Tensor) -> Tensor:
    colours = actions[:, COLOUR][:, : canvas.shape[1], None, None]
    return over(canvas, colours, alphas[:, None])
