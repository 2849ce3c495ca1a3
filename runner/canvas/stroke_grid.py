"""Strokes on overlapping tiles: (tiles, strokes, 12) actions -> any painter's 64-pixel opacities -> picture.

The canvas of Nakano (2019) for painters of a fixed resolution: n tiles of 64 pixels that overlap span 64 n - overlap
(n - 1); each stroke lies on its tile, tile after tile or in turns. Actions are numbers before a sigmoid, drawn at
random. It is here for parity: `strokes` paints with less, at any resolution and without tiles.

Departures: the painter draws all strokes at once, and only what changes is padded to the whole picture. A painter with
noise draws another sample of each stroke in every step, and strokes may begin in the picture's colours.

The strokes are left as a document for the implicit painter of the same brush, which draws them at any size, and for the
real program, which draws the finished picture; both are compared with this canvas. Paint that the edge of a tile cuts
off here is complete there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import ClassVar, Literal

import numpy as np
import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional

from orbifolio.runner.arrays import F32
from orbifolio.runner.canvas.base import Canvas, CanvasPhase, CanvasSettings, Upkeep
from orbifolio.runner.canvas.painted import document_files, drawn_by_program
from orbifolio.runner.errors import InputError
from orbifolio.runner.named_files import FileName
from orbifolio.runner.strokes.brush_models.base import Painter
from orbifolio.runner.strokes.brush_models.weights import find_painter, load_painter, shipped, unpack
from orbifolio.runner.strokes.document.document import Painting
from orbifolio.runner.strokes.mypaint.actions import COLOUR, COUNT, END, END_PRESSURE, ENTRY_PRESSURE, START, VIA
from orbifolio.runner.strokes.stroke_array import CURVE, StrokeArray, rows_of_actions
from orbifolio.runner.symmetry.base import Layout, LayoutExtent

TILE = 64  # pixels; the canvas that painters are learnt on


class StrokeGrid(CanvasSettings):
    """Strokes on overlapping tiles, as in the paper; for painters of a fixed resolution too."""

    kind: Literal["stroke-grid"] = "stroke-grid"
    brush: FileName = "classic/dry_brush"
    """A learnt painter of any kind: the name of a shipped one, or the path of a `painter.safetensors`."""
    overlap: int = Field(default=32, ge=0, le=60)
    """Pixels that neighbouring tiles share."""
    strokes: int = Field(default=4, ge=1, le=256)
    """Strokes of each tile."""
    connected: bool = False
    """Each stroke of a tile begins where the one before ended."""
    greyscale: bool = False
    """Greys only."""
    order: Literal["tiles", "turns"] = "turns"
    """Tile by tile, or a stroke of each tile in turn."""
    noisy: bool = True
    """Strokes of a painter that is never twice the same (`gan`) are drawn anew in each step, so that the painting does
    not depend on one drawing of them."""
    local_colours: bool = True
    """Strokes begin in the colours that `init` has where they lie; or in random ones, as in the paper."""
    drawn_by: Literal["program", "network"] = "program"
    """Who draws the finished picture: the real brush, if MyPaint is here and nothing repeats; or the learnt one."""
    drawn_side: int | None = Field(default=None, ge=16, le=16384)
    """Longer side in pixels of the picture that the real brush draws; none: that of the phase."""
    wants_adam: ClassVar[bool] = False
    paints: ClassVar[bool] = True
    cites: ClassVar[tuple[str, ...]] = ("nakano2019", "mordvintsev2018")

    def build(self, layout: Layout, values: Tensor) -> GridCanvas:
        """The canvas of a run with one phase of no steps."""
        return self.begin(CanvasPhase(layout, None, 0, 0, ((layout.width, layout.height),), 0), values, None)

    def begin(self, phase: CanvasPhase, values: Tensor, previous: Canvas | None) -> GridCanvas:
        """Each phase starts from random strokes, not from the phase before."""
        plain = phase.symmetry is None or not (phase.symmetry.claims() or any(phase.symmetry.wrap))
        picture = phase.layout.render(values) if self.local_colours else None
        painter = _painter(self.brush)
        return GridCanvas(self, phase.layout, painter, phase.seed, str(values.device), picture, plain=plain)

    def parameter_count(self, extent: LayoutExtent, number: int, sizes: tuple[tuple[int, int], ...]) -> int:
        """Twelve for each stroke."""
        return len(corners(extent.width, extent.height, self.overlap)) * self.strokes * COUNT

    def complaints(self, aspect_of: Callable[[str], float | None]) -> list[tuple[str, str]]:
        """An unknown brush."""
        try:
            load_painter(self.brush)
        except InputError as error:
            return [("brush", str(error)), *super().complaints(aspect_of)]
        return super().complaints(aspect_of)


@cache
def _painter(name: str) -> Painter:
    return load_painter(name)


def _document_brush(name: str) -> str | None:
    """The implicit painter of the brush that a painter of a fixed resolution has learnt; None where none is shipped."""
    path = find_painter(name)
    facts = unpack(path)[1]
    brush = str(facts.get("brush", ""))
    if facts["kind"] == "implicit":
        return name
    return brush if brush in shipped() else None


def corners(width: int, height: int, overlap: int) -> list[tuple[int, int]]:
    """(left, top) of tiles that cover a picture; the last of a row or column is moved in to end with it.

    >>> corners(96, 64, 32)
    [(0, 0), (32, 0)]
    """
    step = TILE - overlap

    def along(length: int) -> list[int]:
        count = max(1, -(-(length - overlap) // step))
        return [min(number * step, max(0, length - TILE)) for number in range(count)]

    return [(left, top) for top in along(height) for left in along(width)]


class GridCanvas(Canvas):
    """The working canvas: holds (tiles, strokes, 12) numbers."""

    def __init__(
        self,
        settings: StrokeGrid,
        layout: Layout,
        painter: Painter,
        seed: int,
        device: str,
        picture: Tensor | None = None,
        *,
        plain: bool = True,
    ) -> None:
        """Random strokes.

        Args:
            picture: (1, 3, height, width) that strokes have their first colours of; None for random ones.
            plain: the picture has no symmetry, so that a document of its strokes is complete.
        """
        self.settings, self.layout, self.painter, self.device = settings, layout, painter, device
        self.seed, self.plain, self.done = seed, plain, 0
        self.corners = corners(layout.width, layout.height, settings.overlap)
        random = torch.Generator().manual_seed(seed)
        drawn = torch.rand((len(self.corners), settings.strokes, COUNT), generator=random)
        if picture is not None:
            drawn[..., COLOUR] = self._colours_under(drawn, picture)
        # Away from 0 and 1, whose logits are infinite.
        self.tensor = torch.logit(drawn.clamp(0.02, 0.98)).requires_grad_(True)

    def _colours_under(self, actions: Tensor, picture: Tensor) -> Tensor:
        """(tiles, strokes, 3) of a picture in the middle of each stroke."""
        places = actions[..., VIA] * TILE + torch.tensor(self.corners, dtype=torch.float32)[:, None]
        columns = places[..., 0].long().clamp(0, picture.shape[-1] - 1)
        rows = places[..., 1].long().clamp(0, picture.shape[-2] - 1)
        return picture[0].detach().float().cpu()[:, rows, columns].permute(1, 2, 0).clamp(0, 1)

    def parameters(self) -> list[Tensor]:
        """The actions before their sigmoid."""
        return [self.tensor]

    def actions(self) -> Tensor:
        """(tiles, strokes, 12) in [0, 1], as the settings want them."""
        actions = torch.sigmoid(self.tensor)
        if self.settings.greyscale:
            grey = actions[..., COLOUR].mean(-1, keepdim=True).expand(*actions.shape[:2], 3)
            actions = torch.cat((actions[..., :6], grey, actions[..., 9:]), dim=-1)
        if self.settings.connected:
            starts = torch.cat((actions[:, :1, START], actions[:, :-1, END]), dim=1)
            first = actions[:, :1, ENTRY_PRESSURE : ENTRY_PRESSURE + 1]
            entries = torch.cat((first, actions[:, :-1, END_PRESSURE : END_PRESSURE + 1]), dim=1)
            actions = torch.cat((actions[..., :9], starts, entries), dim=-1)
        return actions

    def values(self) -> Tensor:
        """The orbits' values, of a fresh sample of the strokes in each step; see the base class."""
        noisy = self.settings.noisy and self.painter.stochastic
        sample = torch.Generator().manual_seed(self.seed * 1_000_003 + self.done) if noisy else None
        return self._values(sample)

    def _values(self, sample: torch.Generator | None) -> Tensor:
        actions, count = self.actions(), self.settings.strokes
        alphas = self.painter.alphas(actions.reshape(-1, COUNT), random=sample)
        alphas = alphas.reshape(len(self.corners), count, TILE, TILE)
        width, height = max(self.layout.width, TILE), max(self.layout.height, TILE)
        canvas = torch.ones((3, height, width))
        for tile, stroke in self._order():
            left, top = self.corners[tile]
            part = canvas[:, top : top + TILE, left : left + TILE]
            colour = actions[tile, stroke, COLOUR, None, None].expand_as(part)
            change = alphas[tile, stroke] * (colour - part)
            canvas = canvas + functional.pad(change, (left, width - left - TILE, top, height - top - TILE))
        return self.layout.sample(canvas[None, :, : self.layout.height, : self.layout.width].to(self.device))

    def after_step(self, done: int) -> Upkeep:
        """The next step draws another sample; see the base class."""
        self.done = done
        return Upkeep()

    def finished(self) -> Tensor:
        """The real program's picture where the brush is here, otherwise the painter's; see the base class."""
        painting = self._document() if self.settings.drawn_by == "program" else None
        side = self.settings.drawn_side or max(self.layout.width, self.layout.height)
        drawn = None if painting is None else drawn_by_program(painting, side)
        return self.steady() if drawn is None else drawn

    def steady(self) -> Tensor:
        """The picture of strokes without noise, (1, 3, height, width)."""
        return self.layout.render(self._values(None))

    def state_dict(self) -> dict[str, Tensor]:
        """Actions and step."""
        return {**super().state_dict(), "done": torch.tensor(self.done)}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Back to an earlier state."""
        super().load_state_dict(state)
        self.done = int(state.get("done", torch.tensor(0)))

    def _order(self) -> list[tuple[int, int]]:
        """(tile, stroke) from the undermost."""
        tiles, strokes = range(len(self.corners)), range(self.settings.strokes)
        if self.settings.order == "tiles":
            return [(tile, stroke) for tile in tiles for stroke in strokes]
        return [(tile, stroke) for stroke in strokes for tile in tiles]

    def painting(self) -> tuple[Painting, F32] | None:
        """The strokes as a document, and this canvas' picture, (height, width, 3).

        None under a symmetry, and where the brush has no implicit painter.
        """
        painting = self._document()
        if painting is None:
            return None
        with torch.no_grad():
            picture = self.steady()[0].clamp(0, 1).permute(1, 2, 0).cpu().numpy()
        return painting, picture.astype(np.float32)

    def _document(self) -> Painting | None:
        brush = _document_brush(self.settings.brush) if self.plain else None
        if brush is None:
            return None
        order = np.array(self._order())
        with torch.no_grad():
            actions = self.actions().cpu()[order[:, 0], order[:, 1]]
        rows = rows_of_actions(actions, self.painter.space).numpy()
        rows[:, CURVE] += np.tile(np.array(self.corners, np.float32)[order[:, 0]], 3)
        return Painting(
            self.layout.width,
            self.layout.height,
            brush,
            (1.0, 1.0, 1.0),
            self.seed,
            StrokeArray(rows, np.ones(len(rows), np.float32)).document_columns(),
            np.ascontiguousarray(actions[:, COLOUR].numpy(), np.float32),
            np.zeros(len(rows), np.int32),
        )

    def products(self, *, title: str, device: str) -> Mapping[str, bytes]:
        """The stroke document and what follows from it; see the base class."""
        painting = self.painting()
        return {} if painting is None else document_files(*painting, title=title, device=device)

    def describe(self) -> str:
        """Tiles, strokes and brush."""
        return f"{len(self.corners)} tiles of {self.settings.strokes} strokes of {self.settings.brush}"
