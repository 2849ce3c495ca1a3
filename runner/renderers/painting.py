"""Painting: picture -> layers of bristle strokes -> paint under a lamp; without a network, in seconds.

A phase is a layer, a step a pass over the canvas; passes of a layer mend what the one before left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

import numpy as np
import torch
from pydantic import Field

from orbifolio.runner.arrays import F32
from orbifolio.runner.images import oklab
from orbifolio.runner.images.finish import Tone, Traits
from orbifolio.runner.painting.document import BristlePainting
from orbifolio.runner.painting.look import PaintingLook
from orbifolio.runner.painting.looks import AnyLook, Oil
from orbifolio.runner.painting.products import products
from orbifolio.runner.painting.session import Brief, PaintingSession
from orbifolio.runner.painting.subject import PLAN_SIDE
from orbifolio.runner.renderers.base import Outcome, Phase, RenderContext, Renderer, RendererSettings
from orbifolio.runner.vector.hex_colours import Hex, from_hex

PASS_SECONDS = 0.15  # of planning a pass, for the plan; measured on two processor cores
PIXEL_SECONDS = 1.5e-7  # a pixel of the canvas in a pass, in the same way
SKETCH_SIDE = 360  # pixels that a preview is planned at: strokes of the last layer are then a pixel wide


class PaintedPicture(RendererSettings):
    """A picture painted in opaque strokes with bristles, body and light; or in washes."""

    kind: Literal["painting"] = "painting"
    image: str = Field(min_length=1)
    """The picture."""
    look: AnyLook = Oil()
    """How it is painted."""
    size: int = Field(default=1600, ge=64, le=16384)
    """Longer side of the painting in pixels. A larger one has the same strokes in finer bristles."""
    brush_size: float = Field(default=1.0, ge=0.2, le=5)
    """Factor of the width of all strokes."""
    liveliness: float = Field(default=1.0, ge=0, le=4)
    """Factor of how far colours leave the picture's, from stroke to stroke."""
    palette: Annotated[tuple[Hex, ...], Field(max_length=64)] = ()
    """The only paints, mixed two at a time; none: chosen from the picture, as many as the look wants."""
    strokes: int | None = Field(default=None, ge=1, le=500_000)
    """At most so many strokes, where they are needed most; none: as many as it takes."""

    def build(self, context: RenderContext) -> PaintingRenderer:
        """The renderer; the picture is read when first needed."""
        return PaintingRenderer(self, context)

    def sketch(self, context: RenderContext, width: int) -> F32:
        """All layers on a small canvas; see the base class."""
        picture = _pixels(context.plain_picture(self.image))
        height = max(1, round(width * picture.shape[0] / picture.shape[1]))
        session = PaintingSession(self.brief(context.seed, side=SKETCH_SIDE), picture, (width, height))
        for number in range(len(session.passes)):
            session.paint_pass(number)
        return session.picture()

    def brief(self, seed: int, *, side: int = PLAN_SIDE) -> Brief:
        """What a painter is asked for.

        Args:
            seed: of all choices.
            side: pixels of the longer side that strokes are planned at.
        """
        look: PaintingLook = self.look
        paints = np.array([from_hex(colour) for colour in self.palette]).reshape(-1, 3)
        return Brief(
            look=look,
            seed=seed,
            brush_size=self.brush_size,
            liveliness=self.liveliness,
            palette=oklab.from_srgb(paints) if self.palette else None,
            most_strokes=self.strokes,
            plan_side=side,
        )

    def complaints(self, aspect_of: Callable[[str], float | None]) -> list[tuple[str, str]]:
        """A palette without effect; see the base class."""
        look: PaintingLook = self.look
        if self.palette and look.purity == 0:
            return [
                (
                    "palette",
                    "the look takes the picture's own colours; raise look.purity above 0, or leave out palette",
                )
            ]
        return []

    def pictures(self) -> dict[str, str]:
        """The picture."""
        return {"image": self.image}


@dataclass
class PaintingState:
    """A layer under way.

    Attributes:
        phase: its number, from 0.
        done: passes painted in all.
        painter: with everything painted so far.
    """

    phase: int
    done: int
    session: PaintingSession


class PaintingRenderer(Renderer):
    """Paints the layers; see the module's docstring."""

    charted = ("strokes",)

    def __init__(self, settings: PaintedPicture, context: RenderContext) -> None:
        self.settings, self.context = settings, context

    @cached_property
    def _picture(self) -> F32:
        return _pixels(self.context.plain_picture(self.settings.image))

    @cached_property
    def size(self) -> tuple[int, int]:
        """(width, height) of the painting in pixels."""
        height, width = self._picture.shape[:2]
        scale = self.settings.size / max(width, height)
        return max(1, round(width * scale)), max(1, round(height * scale))

    def _session(self) -> PaintingSession:
        return PaintingSession(self.settings.brief(self.context.seed), self._picture, self.size)

    @cached_property
    def _first(self) -> PaintingSession:
        """Whose plan the phases follow."""
        return self._session()

    @cached_property
    def layers(self) -> list[int]:
        """Number of the first pass of each layer, and that of all passes."""
        firsts = [number for number, item in enumerate(self._first.passes) if item.first]
        return [*firsts, len(self._first.passes)]

    def phases(self) -> tuple[Phase, ...]:
        """One for each layer."""
        width, height = self.size
        pixels, factor = width * height, width / self._first.plan_size[0]
        phases = []
        for first, end in zip(self.layers, self.layers[1:], strict=False):
            layer = self._first.passes[first].layer
            title = f"{layer.title}, strokes {2 * layer.radius * factor:.0f} px wide"
            seconds = (end - first) * (PASS_SECONDS + PIXEL_SECONDS * pixels)
            phases.append(Phase(title, width, height, end - first, 0, seconds=seconds))
        return tuple(phases)

    def begin(self, phase: int, previous: PaintingState | None) -> PaintingState:
        """An empty canvas, or that of the layer before."""
        session = self._session() if previous is None else previous.session
        return PaintingState(phase, self.layers[phase], session)

    def step(self, state: PaintingState) -> Outcome:
        """One pass."""
        report = state.session.paint_pass(state.done)
        state.done += 1
        return Outcome({"missing": report.missing}, {"strokes": float(state.session.strokes.size)})

    def image(self, state: PaintingState) -> F32:
        """The canvas under the lamp."""
        return state.session.picture()

    def save(self, state: PaintingState) -> dict[str, Any]:
        """The paint, the strokes, and how far it is."""
        return {"done": state.done, **state.session.state_dict()}

    def load(self, phase: int, saved: Mapping[str, Any]) -> PaintingState:
        """The saved state; the plan is made anew, since it follows from picture and seed."""
        session = self._session()
        session.load_state_dict(saved)
        return PaintingState(phase, int(saved["done"]), session)

    def traits(self, phase: int) -> Traits:
        """A painting has edges."""
        return Traits(tiles=False)

    def extras(self, state: PaintingState, tone: Tone) -> Mapping[str, bytes]:
        """The document of strokes, and what follows from it."""
        return products(BristlePainting.of(state.session), title=self.context.title)

    def describe(self) -> str:
        """The look, and what it found in the picture."""
        saliency = self._first.subject.saliency
        faces = len(saliency.faces)
        lines = [f"look {self.settings.look!r}"]
        if faces:
            lines.append(f"{faces} {'face' if faces == 1 else 'faces'}, finished with finer brushes")
        return "\n".join(lines)


def _pixels(picture: torch.Tensor) -> F32:
    """(1, 3, h, w) -> (h, w, 3)."""
    return np.ascontiguousarray(picture[0].permute(1, 2, 0).cpu().numpy(), dtype=np.float32)
