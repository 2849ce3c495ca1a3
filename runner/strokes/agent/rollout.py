"""An rollout: the agent looks and paints, stroke by stroke -> paintings (n, planes, side, side), actions (n, t, 12).

White paper at first; each stroke is laid over what is there, canvas + alpha (colour - canvas), and everything is
differentiable: what a later stroke can no longer mend flows back to the first.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from orbifolio.runner.strokes.agent.action_space import ActionSpace
from orbifolio.runner.strokes.agent.network import AgentNetwork
from orbifolio.runner.strokes.agent.swift import Stamp
from orbifolio.runner.strokes.mypaint.actions import COLOUR


@dataclass(frozen=True)
class Rollout:
    """What was painted.

    Attributes:
        canvas: (n, planes, side, side) in [0, 1], after the last stroke.
        chosen: (n, t, numbers) in [0, 1], as the agent decided.
        actions: (n, t, 12) as they were drawn.
        pens: (n, t) 1 where the pen was down.
    """

    canvas: Tensor
    chosen: Tensor
    actions: Tensor
    pens: Tensor


def roll_out(agent: AgentNetwork, stamp: Stamp, targets: Tensor, space: ActionSpace, *, exact: bool = False) -> Rollout:
    """Paint pictures.

    Args:
        agent: decides.
        stamp: draws.
        targets: (n, planes, side, side) in [0, 1].
        space: what the agent decides on, and what of it is drawn.
        exact: rounded as the paint program needs it, in a discrete action space.
    """
    canvas, memory = torch.ones_like(targets), agent.begin(len(targets))
    last = targets.new_zeros(len(targets), space.numbers)
    settled: Tensor | None = None
    kept: list[tuple[Tensor, Tensor, Tensor]] = []
    for _ in range(space.strokes):
        logits, memory = agent(canvas, targets, last, memory)
        last = torch.sigmoid(logits)
        settled, pen = space.to_actions(last, settled, exact=exact)
        kept.append((last, settled, pen))
        canvas = lay(canvas, stamp(settled), settled, pen)
    chosen, actions, pens = (torch.stack(parts, dim=1) for parts in zip(*kept, strict=True))
    return Rollout(canvas, chosen, actions, pens)


def replay(stamp: Stamp, actions: Tensor, pens: Tensor, planes: int, side: int) -> Tensor:
    """Paint what was decided before, at any size and with any brush.

    Args:
        stamp: draws pictures of `side`.
        actions: (n, t, 12).
        pens: (n, t).
        planes: 1 or 3.
        side: of the pictures.

    Returns:
        (n, planes, side, side).
    """
    canvas = actions.new_ones(len(actions), planes, side, side)
    for k in range(actions.shape[1]):
        canvas = lay(canvas, stamp(actions[:, k]), actions[:, k], pens[:, k])
    return canvas


def lay(canvas: Tensor, alphas: Tensor, actions: Tensor, pen: Tensor) -> Tensor:
    """One stroke on each canvas.

    Args:
        canvas: (n, planes, side, side).
        alphas: (n, side, side).
        actions: (n, 12), for their colours.
        pen: (n,).
    """
    colours = actions[:, COLOUR][:, : canvas.shape[1], None, None]
    return canvas + (alphas * pen[:, None, None])[:, None] * (colours - canvas)
