"""The order of strokes: what hands prefer, as a loss, and how consistent an agent is within a class.

    against_grammar(actions (n, t, 12), pens (n, t)) -> (n,);   order_kept(actions, pens, classes, seed) -> figures

Whoever copies a figure begins at its top or left, and draws downwards and to the right where there is a choice: the
grammar of action (Goodnow and Levine 1973). Nothing in a picture tells of it, so an agent that learns from pictures
alone has a habit of its own, the same sweep for all of them, in which what lies against the sweep is never drawn well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from torch.nn.functional import relu

from orbifolio.runner.arrays import F64
from orbifolio.runner.strokes.mypaint.actions import END, START, VIA, Actions, bezier

if TYPE_CHECKING:
    from torch import Tensor

LEFTWARD = 0.3  # of what a way upwards counts: hands mind it less
FROM_LEFT = 0.4  # of what the height of the beginning counts
MARKS = 8  # points of a painting, evenly spaced along what its pen draws
SAMPLES = 12  # of a stroke's curve
SHUFFLES = 8  # random orders of each class, averaged


def against_grammar(actions: Tensor, pens: Tensor) -> Tensor:
    """How far strokes go against the grammar of action, in sides of the canvas.

    How low and how far to the right the first stroke begins, and the ways that the pen draws upwards and to the left.

    Args:
        actions: (n, t, 12).
        pens: (n, t) 1 where the pen is down.

    Returns:
        (n,), differentiable.
    """
    starts, middles, ends = actions[:, :, START], actions[:, :, VIA], actions[:, :, END]
    first, ways = starts[:, 0], relu(starts - middles) + relu(middles - ends)
    against = ((ways[:, :, 1] + LEFTWARD * ways[:, :, 0]) * pens).sum(dim=1)
    return first[:, 1] + FROM_LEFT * first[:, 0] + against


def order_kept(actions: Tensor, pens: Tensor, classes: Tensor, seed: int) -> dict[str, float]:
    """How consistent paintings of a class are in their order, however their lines are cut into strokes.

    `spread` is how far the k-th of some marks, evenly spaced along what the pen draws, lies from the mean k-th mark of
    the class; `shuffled` the same with the marks of each picture in random order. So `order = 1 - spread / shuffled`
    is 0 without habits and 1 if the same is always drawn in the same way.

    Args:
        actions: (n, t, 12) of n paintings.
        pens: (n, t) 1 where the pen is down; of other strokes nothing is seen.
        classes: (n,) numbers; negative for pictures without a class.
        seed: of the random orders.

    Returns:
        `spread` and `shuffled` in sides of the canvas, and `order`; nothing without classes.
    """
    drawn = pens.detach().numpy() > 0.5
    labels = np.where(drawn.any(axis=1), classes.numpy(), -1)
    random = np.random.default_rng([seed, 21])
    spread, shuffled, count = 0.0, 0.0, 0
    for label in np.unique(labels[labels >= 0]):
        own = np.flatnonzero(labels == label)
        if len(own) < 2:
            continue
        alike = np.stack([_marks(actions[k].detach().numpy()[drawn[k]]) for k in own])
        count += len(alike)
        spread += len(alike) * _spread(alike)
        numbers = np.arange(MARKS)[None].repeat(len(alike), 0)
        orders = [random.permuted(numbers, axis=1)[..., None] for _ in range(SHUFFLES)]
        shuffled += len(alike) * float(np.mean([_spread(np.take_along_axis(alike, order, 1)) for order in orders]))
    if not count:
        return {}
    return {"spread": spread / count, "shuffled": shuffled / count, "order": 1 - spread / max(shuffled, 1e-12)}


def _marks(strokes: Actions) -> F64:
    """(t, 12) drawn strokes -> (MARKS, 2) points along them, in the middle of stretches of equal length."""
    t = np.linspace(0, 1, SAMPLES + 1)[:, None, None]
    rows = strokes.astype(np.float64)
    curves = bezier(rows[:, START], rows[:, VIA], rows[:, END], t)
    steps = np.moveaxis(np.diff(curves, axis=0), 1, 0).reshape(-1, 2)
    middles = np.moveaxis((curves[1:] + curves[:-1]) / 2, 1, 0).reshape(-1, 2)
    lengths = np.hypot(*steps.T) + 1e-9
    along = np.cumsum(lengths) - lengths / 2
    at = (np.arange(MARKS) + 0.5) / MARKS * lengths.sum()
    return np.stack([np.interp(at, along, column) for column in middles.T], axis=1)


def _spread(marks: F64) -> float:
    """Mean distance of the k-th mark from the mean k-th mark, (n, MARKS, 2) -> in sides."""
    return float(np.hypot(*np.moveaxis(marks - marks.mean(axis=0), 2, 0)).mean())
