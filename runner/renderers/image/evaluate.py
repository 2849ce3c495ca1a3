"""One evaluation of a canvas: (canvas, crops) -> loss and terms, with gradients left in the canvas.

The network may see the artwork, or several crops of it: then terms and gradients are their means.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from orbifolio.runner.canvas.base import Canvas
from orbifolio.runner.deferred import torch
from orbifolio.runner.objectives.engine import Engine
from orbifolio.runner.symmetry.base import Layout
from orbifolio.runner.views.drawn_view import DrawnView


def evaluate(
    canvas: Canvas, crops: Sequence[Layout], engine: Engine, view: DrawnView | None
) -> tuple[float, dict[str, float]]:
    """The loss and its terms; the canvas' parameters get fresh gradients.

    Args:
        canvas: whose parameters are differentiated by.
        crops: layouts with the canvas' orbits, all of one size: what the network sees, equally weighted.
        engine: judges a picture of that size.
        view: from `draw_view`, through which the network sees it, or None.
    """
    for parameter in canvas.parameters():
        parameter.grad = None
    values = canvas.values()
    pictures = crops[0].render_with(crops[1:], values)
    evaluations = [engine.evaluate(picture, view) for picture in pictures]
    share = 1 / len(crops)
    torch.autograd.backward(pictures, [evaluation.gradient * share for evaluation in evaluations])
    terms = {name: share * sum(item.terms[name] for item in evaluations) for name in evaluations[0].terms}
    return math.fsum(terms.values()), terms
