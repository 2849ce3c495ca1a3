"""A painter at work: (picture, look) -> passes of strokes on a canvas, from the block-in to the accents.

session = PaintingSession(brief, picture, (width, height));  session.paint_pass(number);  session.picture()
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from orbifolio.runner.arrays import F32, F64
from orbifolio.runner.deferred import torch
from orbifolio.runner.images import oklab
from orbifolio.runner.painting.bristle_canvas import BristleCanvas
from orbifolio.runner.painting.bristle_strokes import BristleStrokes
from orbifolio.runner.painting.folded_canvas import FoldedCanvas, domain_share, painting_window
from orbifolio.runner.painting.look import PaintingLook
from orbifolio.runner.painting.stroke_placement import PaintLayer, Sitting, StrokePlacement
from orbifolio.runner.painting.subject import PLAN_SIDE, Subject, see
from orbifolio.runner.strokes.fitting.surface import OrbifoldSurface

BLOCK_IN_SHARE = 0.5  # of all strokes, where they are counted: a picture must be covered before it is refined
COVERING = 2  # layers that cover it: the block-in, and the one that fills its gaps


@dataclass(frozen=True)
class Brief:
    """What a painter is asked for.

    Attributes:
        look: how.
        seed: of all choices.
        brush_size: factor of all radii.
        liveliness: factor of all jitter of colours.
        palette: (k, 3) OKLab, the only paints; None for the look's own choice.
        most_strokes: at most so many; None for as many as it takes.
        plan_side: pixels of the longer side that strokes are planned at.
        placement: what decides where strokes go; None for the look's own.
    """

    look: PaintingLook
    seed: int
    brush_size: float = 1.0
    liveliness: float = 1.0
    palette: F64 | None = None
    most_strokes: int | None = None
    plan_side: int = PLAN_SIDE
    placement: Callable[..., StrokePlacement] | None = None


class Pass(NamedTuple):
    """One pass over the canvas.

    Attributes:
        layer: that is painted.
        first: whether it is the layer's first.
    """

    layer: PaintLayer
    first: bool


@dataclass(frozen=True)
class PassReport:
    """What a pass did.

    Attributes:
        missing: mean difference of canvas and picture before it, in OKLab.
        strokes: how many it laid.
    """

    missing: float
    strokes: int


class PaintingSession:
    """Paints one picture; see the module's docstring.

    Attributes:
        strokes: all so far, in pixels of the plan.
        ends: how many there were after each pass.
    """

    def __init__(
        self, brief: Brief, picture: F32, size: tuple[int, int], *, surface: OrbifoldSurface | None = None
    ) -> None:
        """A painter before an empty canvas.

        Args:
            brief: what is asked for.
            picture: (h, w, 3) sRGB in [0, 1], of any size.
            size: (width, height) of the canvas in pixels.
            surface: that is painted on, where the painting has a symmetry; the picture then is what it shows in its
                `painting_window`.
        """
        self.brief, self._given, self.size, self._surface = brief, picture, size, surface
        self.strokes = BristleStrokes.empty()
        self.ends: list[int] = []

    def afresh(self) -> PaintingSession:
        """The same painter before an empty canvas; what has been seen in the picture is not looked for again."""
        again = PaintingSession(self.brief, self._given, self.size, surface=self._surface)
        again.subject, again.placement = self.subject, self.placement
        return again

    @cached_property
    def subject(self) -> Subject:
        """What the painter sees."""
        brief = self.brief
        subject = see(self._given, brief.look, seed=brief.seed, palette=brief.palette, side=brief.plan_side)
        if self._surface is None:
            return subject
        high, wide = subject.lab.shape[:2]
        share = domain_share(self._surface, painting_window(self._surface.domain), wide, high)
        return replace(subject, share=share)

    @cached_property
    def placement(self) -> StrokePlacement:
        """Where strokes go."""
        brief = self.brief
        place = brief.placement or brief.look.placement
        wanted = place(brief.look, self.subject, brief.seed, brief.brush_size, brief.liveliness)
        if brief.most_strokes is None:
            return wanted
        # few strokes must be wide ones, or the block-in alone would use them up
        wider = math.sqrt(wanted.block_in_strokes() / (BLOCK_IN_SHARE * brief.most_strokes))
        brush_size = brief.brush_size * max(1.0, wider)
        return place(brief.look, self.subject, brief.seed, brush_size, brief.liveliness)

    @cached_property
    def passes(self) -> tuple[Pass, ...]:
        """All passes, in order."""
        return tuple(Pass(layer, number == 0) for layer in self.placement.layers() for number in range(layer.passes))

    @cached_property
    def canvas(self) -> BristleCanvas | FoldedCanvas:
        """With the paint so far."""
        if self._surface is not None:
            return FoldedCanvas(self.brief.look, self._surface, ground=self.subject.ground, seed=self.brief.seed)
        return BristleCanvas(self.brief.look, self.size, ground=self.subject.ground, seed=self.brief.seed)

    @property
    def plan_size(self) -> tuple[int, int]:
        """(width, height) that strokes are planned at."""
        height, width = self.subject.lab.shape[:2]
        return width, height

    def paint_pass(self, number: int) -> PassReport:
        """Paint one of `passes`.

        Args:
            number: from 0; all before it have been painted.
        """
        seen = self.canvas.seen_at(*self.plan_size)
        sitting = Sitting(number, seen, self.strokes.size, self._budget(number))
        strokes, missing = self.placement.place(self.passes[number].layer, sitting)
        self.canvas.lay(strokes, seen)
        self.strokes = self.strokes.followed_by(strokes)
        self.ends.append(self.strokes.size)
        return PassReport(missing, strokes.size)

    def _budget(self, number: int) -> int | None:
        """Strokes of a pass: as many as cover the picture, then in proportion to how many follow an outline."""
        most = self.brief.most_strokes
        if most is None:
            return None
        left = most - self.strokes.size
        shares = [item.layer.extent / item.layer.radius for item in self.passes[number:]]
        share = max(0, round(left * shares[0] / (sum(shares) or 1)))  # a mask may be empty
        if self.passes[number].layer.level >= COVERING or not self.placement.block_in_strokes():
            return share
        return max(share, round(BLOCK_IN_SHARE * most) - self.strokes.size)

    def go_over(self, strokes: BristleStrokes, canvas: BristleCanvas | FoldedCanvas) -> None:
        """Take over the same strokes, moved, and the canvas that they are painted on."""
        self.strokes, self.canvas = strokes, canvas

    def paints(self) -> F64:
        """(k, 3) sRGB in [0, 1] of the paints on the palette; none where colours are not mixed from any."""
        look, paints = self.brief.look, self.subject.paints
        if paints is None or not look.purity:
            return np.zeros((0, 3))
        mixed: F64 = np.clip(oklab.to_srgb(paints * [1, look.saturation, look.saturation]), 0, 1)
        return mixed

    def picture(self) -> F32:
        """(height, width, 3) sRGB in [0, 1], the canvas under the lamp."""
        return self.canvas.picture()

    def state_dict(self) -> dict[str, Any]:
        """From which `load_state_dict` continues with the same bytes."""
        strokes = {name: torch.from_numpy(getattr(self.strokes, name)) for name in self.strokes._fields}
        return {"canvas": self.canvas.state_dict(), "strokes": strokes, "ends": list(self.ends)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Continue with what `state_dict` gave."""
        self.canvas.load_state_dict(state["canvas"])
        columns = {name: np.asarray(state["strokes"][name].cpu().numpy()) for name in BristleStrokes._fields}
        self.strokes = BristleStrokes(**columns)
        self.ends = [int(end) for end in state["ends"]]
