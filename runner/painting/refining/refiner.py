"""Refining: (painting, what it should become) -> the same strokes in better colours, with better ends and widths.

Each step paints the strokes on a small canvas, with all their bristles and under the lamp; networks look at that
painting, not at a model of it, and the gradient that they ask for is passed back to the strokes through the shares in
which they are seen (`pull_back`). So what is judged is what is delivered, smaller.

    refiner = StrokeRefiner(settings, painting, subject, context);  refiner.step() -> terms;  refiner.painting()
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.devices import choose_precision
from orbifolio.runner.errors import RunFailed
from orbifolio.runner.images import oklab
from orbifolio.runner.objectives.base import PLAIN, Objective, Preparation, appearances_of
from orbifolio.runner.objectives.engine import padding
from orbifolio.runner.objectives.engine_choice import choose_engine
from orbifolio.runner.objectives.target_cache import default_target_cache
from orbifolio.runner.painting.document import BristlePainting
from orbifolio.runner.painting.paints import nearest_mixtures, to_paint
from orbifolio.runner.painting.refining.movable_strokes import MovableStrokes
from orbifolio.runner.painting.refining.pull_back import pulled_back
from orbifolio.runner.painting.refining.settings import StrokeRefinement
from orbifolio.runner.random_generators import generator
from orbifolio.runner.views.drawn_view import draw_view
from orbifolio.runner.vision.base import Encoder
from orbifolio.runner.vision.null_encoder import NullEncoder

RIDGE = "ridge"


@dataclass(frozen=True)
class RefiningContext:
    """What refining needs beside the painting.

    Attributes:
        seed: of the views.
        phase: number of the run's phase, for the views.
        device: that the network works on.
        picture: source -> (1, 3, h, w) sRGB in [0, 1], prepared as the recipe says.
        plain_picture: the same, not prepared.
        mask: the same of a mask.
        subject: (width, height) -> (1, 3, height, width) of what is painted.
        paints: (k, 3) OKLab, the only paints; None where colours are free.
        fast_bf16: as `RenderContext` has it.
    """

    seed: int
    phase: int
    device: str
    picture: Callable[[str], Tensor]
    plain_picture: Callable[[str], Tensor]
    subject: Callable[[tuple[int, int]], Tensor]
    paints: F64 | None = None
    mask: Callable[[str], Tensor] | None = None
    fast_bf16: bool | None = None


class StrokeRefiner:
    """See the module's docstring.

    Attributes:
        settings: what is wanted.
        placed: the painting before.
        size: (width, height) in pixels of the painting that the network looks at.
        done: steps so far.
    """

    def __init__(self, settings: StrokeRefinement, placed: BristlePainting, context: RefiningContext) -> None:
        """A refiner that has done no step; computes the objectives' targets.

        Args:
            settings: what is wanted.
            placed: the painting, in opaque paint.
            context: the rest.
        """
        self.settings, self.placed, self.context = settings, placed, context
        self.small = placed.resized(settings.size)
        self.size = self.small.size
        self.strokes = MovableStrokes(placed.strokes, settings.leeway)
        self.optimiser = settings.optimiser.build(self.strokes.parameters())
        self.done = 0
        self.precision, dtype = choose_precision(
            settings.precision, context.device, agrees=settings.vision.half_precision, fast=context.fast_bf16
        )
        encoder: Encoder = settings.vision.build() if settings.layers() else NullEncoder()
        self.encoder = encoder.to(context.device, dtype)
        symmetric = placed.symmetric
        self.wrap = (False, False) if symmetric is None else symmetric.symmetry.wrap
        preparation = Preparation(
            encoder=self.encoder.padded(padding(self.wrap)),
            width=self.size[0],
            height=self.size[1],
            picture=context.picture,
            plain_picture=context.plain_picture,
            mask=context.mask,
            device=context.device,
            initial=lambda: context.subject(self.size),
            appearances=(PLAIN,) if symmetric is None else appearances_of(symmetric.symmetry),
            targets=default_target_cache(),
        )
        self.objectives: list[Objective] = [item.build(preparation) for item in settings.objectives]
        self.engine = choose_engine(self.encoder, self.objectives, wrap=self.wrap)

    def step(self) -> tuple[Mapping[str, float], Mapping[str, float]]:
        """Move the strokes once.

        Returns:
            Weighted terms of the loss, and other numbers, by name.

        Raises:
            RunFailed: the loss is not finite.
        """
        random = generator(self.context.seed, "refine", self.context.phase, self.done)
        view = draw_view(self.settings.views, *self.size, random)
        tried: list[tuple[float, dict[str, float]]] = []

        def loss() -> float:
            now = self._painting(self.small)
            canvas = now.drawn()
            evaluation = self.engine.evaluate(_batch(canvas.picture()).to(self.context.device), view)
            towards = np.ascontiguousarray(evaluation.gradient[0].permute(1, 2, 0).cpu().numpy())
            gradient = canvas.passed_back(now.strokes, now.plan_size, towards, pulled_back)
            radii = canvas.here(self.placed.strokes, now.plan_size).radii
            held = self.strokes.differentiated(gradient, radii, self.settings.ridge)
            tried.append((evaluation.loss + held, {**evaluation.terms, RIDGE: held}))
            return tried[-1][0]

        try:
            outcome = self.optimiser.step(loss, moving=True)  # strokes are brought back after each step
        except FloatingPointError as error:
            raise RunFailed(
                f"refine, step {self.done + 1}: {error}; weights of the objectives are too large for the optimiser or "
                "for bf16; lower them, lower refine.optimiser.rate, or set refine.precision: fp32"
            ) from error
        with torch.no_grad():
            self.strokes.keep_body()
        self.done += 1
        terms = next((terms for value, terms in reversed(tried) if value == outcome.loss), tried[-1][1])
        return terms, outcome.metrics

    def painting(self) -> BristlePainting:
        """With the strokes as they are now, of its own size."""
        return self._painting(self.placed)

    def picture(self) -> F32:
        """(height, width, 3) sRGB in [0, 1], as small as the network sees it."""
        return self._painting(self.small).picture()

    def _painting(self, of: BristlePainting) -> BristlePainting:
        strokes = self.strokes.strokes()
        if self.context.paints is not None:
            strokes = strokes._replace(colours=held_to(strokes.colours, self.context.paints, of.look.purity))
        return replace(of, strokes=strokes)

    def state_dict(self) -> dict[str, Any]:
        """From which `load_state_dict` continues bit for bit."""
        return {"done": self.done, "strokes": self.strokes.state_dict(), "optimiser": self.optimiser.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue with what `state_dict` gave."""
        self.done = int(state["done"])
        self.strokes.load_state_dict(state["strokes"])
        self.optimiser.load_state_dict(state["optimiser"])

    def describe(self) -> str:
        """Network, objectives and optimiser, one line each."""
        lines = [f"refined under {self.encoder.name} in {self.precision}"]
        lines += [objective.describe() for objective in self.objectives]
        return "\n".join([*lines, f"optimiser {self.settings.optimiser!r}"])


def held_to(colours: F32, paints: F64, purity: float) -> F32:
    """Colours on their way to the nearest mixtures of two paints.

    Args:
        colours: (n, 3) sRGB in [0, 1].
        paints: (k, 3) OKLab.
        purity: how far they go, 0 to 1.
    """
    lab = oklab.from_srgb(colours.astype(np.float64))
    found = nearest_mixtures(lab, paints, steps=0)
    mixed = paints[found.first] + found.shares[:, None] * (paints[found.second] - paints[found.first])
    return to_paint(lab + purity * (mixed - lab))


def _batch(picture: F32) -> Tensor:
    """(1, 3, h, w) of (h, w, 3)."""
    return torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1), np.float32))[None]
