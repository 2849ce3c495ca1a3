"""One evaluation of a canvas: (canvas, what is looked at) -> loss and terms, gradients left in the canvas.

The network may look at the artwork, or at several windows of it: then terms and gradients are their means.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from orbifolio.runner.canvas.base import Canvas
from orbifolio.runner.renderers.image.engine import Engine
from orbifolio.runner.symmetry.base import Layout


def evaluate_looks(
    canvas: Canvas, looks: Sequence[Layout], engine: Engine, view: Tensor | None
) -> tuple[float, dict[str, float]]:
    """The loss and its terms; the canvas' parameters get fresh gradients.

    Args:
        canvas: holds the parameters.
        looks: layouts with the canvas' orbits, all of one size.
        engine: judges a picture of that size.
        view: moves what the network sees, or None.
    """
    for parameter in canvas.parameters():
        parameter.grad = None
    values = canvas.values()
    pictures = looks[0].render_with(looks[1:], values)
    evaluations = [engine.evaluate(picture, view) for picture in pictures]
    share = 1 / len(looks)
    torch.autograd.backward(pictures, [evaluation.gradient * share for evaluation in evaluations])
    terms = {name: share * sum(item.terms[name] for item in evaluations) for name in evaluations[0].terms}
    return math.fsum(terms.values()), terms


def generator(seed: int, purpose: str, phase: int, step: int) -> torch.Generator:
    """A generator of its own for each purpose and step: resuming needs no generator's state."""
    digest = hashlib.sha256(f"{seed}/{purpose}/{phase}/{step}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)
