"""Strokes: brush strokes laid over each other, in levels from wide to thin; one level for each phase of a run.

    strokes (n, 9), colours (n, 3) -> opacities of a learnt brush -> picture -> orbit values

Mordvintsev et al. (2018) optimise pictures in other coordinates than pixels; Nakano (2019) takes strokes of a learnt
brush. A level's strokes begin where the picture so far differs most from what `init` holds; they move alone over the
frozen strokes of earlier levels, or all move. While strokes move the brush is a table (`BrushTable`); frozen
strokes, and the finished picture, are drawn by the network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from orbifolio.runner.canvas.base import Canvas, CanvasPhase, CanvasSettings
from orbifolio.runner.canvas.initial import AnyInitial, FromImage
from orbifolio.runner.errors import InputError
from orbifolio.runner.named_files import FileName
from orbifolio.runner.strokes.fitting.levels import budgets
from orbifolio.runner.symmetry.base import Layout, LayoutExtent
from orbifolio.runner.vector.hex_colours import Hex, from_hex

if TYPE_CHECKING:
    from torch import Tensor

    from orbifolio.runner.canvas.painted import LevelConfig, StrokeCanvas
    from orbifolio.runner.strokes.brush_models.implicit import ImplicitPainter
    from orbifolio.runner.strokes.rasteriser.brush_table import BrushTable


class Strokes(CanvasSettings):
    """Brush strokes; each phase adds a level of thinner ones."""

    kind: Literal["strokes"] = "strokes"
    brush: FileName = "classic/dry_brush"
    """A learnt brush: the name of a shipped one, or the path of a `painter.safetensors`."""
    strokes: int = Field(default=500, ge=1, le=50_000)
    """How many in all; the phases share them in proportion to their sizes."""
    init: AnyInitial = Field(default=FromImage(image="upload"))
    """What is painted: strokes begin where the canvas differs most from it, along its edges, in its colours."""
    colouring: Literal["fitted", "trained"] = "fitted"
    """Colours in closed form, nearest to what `init` holds; or moved by the optimiser, for other objectives."""
    palette: int | tuple[Hex, ...] | None = None
    """The only colours: so many, chosen from the picture, or these; none: any. One colour is an ink."""
    greyscale: bool = False
    """Greys only."""
    paper: Hex = "#ffffff"
    """What the strokes lie on."""
    widest: float = Field(default=40.0, gt=0, le=200)
    """Width of the widest stroke, per cent of the picture's shorter side."""
    thinnest: float = Field(default=1.0, gt=0, le=100)
    """Width of the thinnest stroke, per cent of the picture's shorter side."""
    shortest: float = Field(default=4.0, ge=0, le=50)
    """Length of the shortest stroke in radii; 0 allows dabs."""
    faintest: float = Field(default=0.4, ge=0.02, le=1)
    """Least pressure of a stroke: what thin glazes could do, strokes with body must."""
    block_in: int = Field(default=2, ge=0, le=16)
    """So many of the first levels cover calm parts as well as busy ones, and stay there; 0: only errors count."""
    ridge: float = Field(default=1.0, ge=0, le=100)
    """Weight of the picture's own colour under each stroke against the colours that fit best together, which run to
    black and white where strokes overlap; 0: the best fit alone. For `colouring: fitted`."""
    anchor: float = Field(default=0.0, ge=0, le=100)
    """How hard trained colours are held to those of the picture under each stroke; 0: they go where objectives lead."""
    grain: float = Field(default=0.5, ge=0, le=2)
    """How uneven strokes are while they are optimised, another way in each step, and in the finished picture where no
    real brush draws it; 0: the brush's smooth mean."""
    drawn_by: Literal["program", "network"] = "program"
    """Who draws the finished picture: the real brush, where MyPaint is installed, nothing repeats and strokes are not
    `opaque`, which it cannot be; or the learnt one."""
    drawn_side: int | None = Field(default=None, ge=16, le=16384)
    """Longer side in pixels of the picture that the real brush draws; none: that of the last phase."""
    moving: Literal["all", "level"] = "all"
    """Which strokes move: all, or those of the newest level over the frozen ones of the others, for large pictures."""
    connected: bool = False
    """One line: each stroke begins where the one before ended, with its pressure."""
    opaque: bool = False
    """Paint covers or does not, as for copying by hand; the brush's texture becomes its outline."""
    order: Literal["painter", "hand"] = "painter"
    """Order in which they are listed: from the undermost, or with short ways for a hand; the picture is the same."""
    paints: ClassVar[bool] = True
    wants_adam: ClassVar[bool] = True
    charted: ClassVar[tuple[str, ...]] = ("decibels",)
    work: ClassVar[float] = 1.0  # measured: 0.4 to 2, by how much strokes overlap
    cites: ClassVar[tuple[str, ...]] = ("nakano2019", "mordvintsev2018", "hertzmann1998")

    def build(self, layout: Layout, values: Tensor) -> StrokeCanvas:
        """The canvas of a run with one phase of no steps."""
        size = (layout.width, layout.height)
        return self.begin(CanvasPhase(layout, None, 0, 0, (size,), 0), values, None)

    def begin(self, phase: CanvasPhase, values: Tensor, previous: Canvas | None) -> StrokeCanvas:
        """A new level over the strokes of the one before; see the base class."""
        from orbifolio.runner.canvas.painted import StrokeCanvas  # compiles, so not before it is needed

        if previous is not None and not isinstance(previous, StrokeCanvas):
            raise TypeError(f"{type(previous).__name__} has no strokes to continue with")
        return StrokeCanvas.begin(self._config(phase, values), previous)

    def restore(self, phase: CanvasPhase, values: Tensor, state: Mapping[str, Tensor]) -> StrokeCanvas:
        """A saved level; see the base class."""
        from orbifolio.runner.canvas.painted import StrokeCanvas

        return StrokeCanvas.restore(self._config(phase, values), state)

    def parameter_count(self, extent: LayoutExtent, number: int, sizes: tuple[tuple[int, int], ...]) -> int:
        """Nine for each stroke of the level, and its colour."""
        share = budgets(self.strokes, tuple(width for width, _ in sizes))[number]
        return share * (9 if self.colouring == "fitted" else 12)

    def complaints(self, aspect_of: Callable[[str], float | None]) -> list[tuple[str, str]]:
        """An unknown brush, limits that contradict each other, a palette of greys."""
        from orbifolio.runner.strokes.brush_models.weights import load_scalable

        complaints = super().complaints(aspect_of)
        try:
            load_scalable(self.brush)
        except InputError as error:
            complaints.append(("brush", str(error)))
        if self.thinnest > self.widest:
            complaints.append(
                ("thinnest", f"{self.thinnest:g} % is above widest, {self.widest:g} %; lower it, or raise widest")
            )
        if isinstance(self.palette, int) and not 1 <= self.palette <= 64:
            complaints.append(("palette", f"{self.palette} colours; 1 to 64 are possible"))
        if self.palette is not None and self.palette != () and self.colouring == "trained" and self._colours() > 1:
            complaints.append(
                (
                    "palette",
                    "an optimiser cannot choose from several colours, which leave it no way from one to the next; "
                    "take colouring: fitted, or a palette of one",
                )
            )
        return complaints

    def _colours(self) -> int:
        return self.palette if isinstance(self.palette, int) else len(self.palette or ())

    def _drawn_side(self, layout: Layout) -> int:
        real = self.drawn_by == "program" and not self.opaque
        return (self.drawn_side or max(layout.width, layout.height)) if real else 0

    def _config(self, phase: CanvasPhase, values: Tensor) -> LevelConfig:
        from orbifolio.runner.canvas.painted import LevelConfig
        from orbifolio.runner.strokes.fitting.colour_solver import ColourRules

        painter, table = _brush(self.brush)
        return LevelConfig(
            phase=phase,
            values=values.detach(),
            painter=painter,
            table=table,
            brush=self.brush,
            strokes=self.strokes,
            fitted=self.colouring == "fitted",
            rules=ColourRules(grey=self.greyscale),
            palette=self.palette if isinstance(self.palette, int) else tuple(map(from_hex, self.palette or ())),
            paper=from_hex(self.paper),
            min_radius=self.thinnest / 200,
            max_radius=self.widest / 200,
            all_move=self.moving == "all",
            connected=self.connected,
            opaque=self.opaque,
            hand_order=self.order == "hand",
            ridge=self.ridge,
            anchor=self.anchor,
            faintest=self.faintest,
            shortest=self.shortest,
            block_in=self.block_in,
            grain=self.grain,
            drawn_side=self._drawn_side(phase.layout),
            device=str(values.device),
        )


@cache
def _brush(name: str) -> tuple[ImplicitPainter, BrushTable]:
    """A brush and its table; the table takes some seconds."""
    from orbifolio.runner.strokes.brush_models.weights import load_scalable
    from orbifolio.runner.strokes.rasteriser.brush_table import fit_table

    painter = load_scalable(name)
    return painter, fit_table(painter)
