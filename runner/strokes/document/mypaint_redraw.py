"""MyPaint, the real paint program, draws a document of strokes: painting -> picture (h, w, 3), at any size.

    redraw(painting, scale=4) -> pixels;   Paper(painting).opacity(stroke) -> where one stroke's paint goes

Each stroke is drawn by a fresh brush, whose random numbers start again, so a document is always the same picture, and a
stroke does not depend on those before it. That makes the program's canvas computable: a stroke's opacity is drawn once,
alone, and any colours can be laid over each other afterwards (`strokes.mypaint.mypaint_renderer` says why; a test
compares the result with the program's own canvas). Opaque paintings are computed so: a stroke covers where the brush
leaves at least half of what it leaves along most of the stroke, and nowhere else.

Convention: as in `strokes.document.document`; a box is (left, top, right, bottom) in pixels, the last two excluded.
"""

from __future__ import annotations

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.strokes.blending import lay_over, soft_threshold
from orbifolio.runner.strokes.brush_models.weights import real_brush
from orbifolio.runner.strokes.document.document import RADIUS, Painting
from orbifolio.runner.strokes.mypaint.actions import Space, bezier, pressure_at
from orbifolio.runner.strokes.mypaint.brush_file import BrushFile
from orbifolio.runner.strokes.mypaint.brush_mark import usual
from orbifolio.runner.strokes.mypaint.brush_sheet import Box, BrushSheet, PenStroke
from orbifolio.runner.strokes.mypaint.brush_trial import require_paint
from orbifolio.runner.strokes.mypaint.mypaint import hush
from orbifolio.runner.strokes.stroke_array import END, END_PRESSURE, ENTRY_PRESSURE, START, VIA

REACH, FRINGE = 3.2, 4.0  # radii, and pixels beyond them, within which a stroke may leave paint
ALONG = np.linspace(0.0, 1.0, 17)[:, None]  # where a curve's box is measured; what it misses is within `FRINGE`


def redraw(painting: Painting, *, brush: BrushFile | None = None, scale: float = 1.0) -> F32:
    """A painting by the real program, (height, width, 3) sRGB in [0, 1].

    Args:
        brush: to use instead of the document's, or None.
        scale: of the result over the picture.

    Raises:
        MissingProgram: the program is not installed.
        InputError: it has no such brush or one that does not paint, or the result is too large.
    """
    sized = painting if scale == 1 else painting.scaled(scale)
    paper = Paper(sized, brush)
    if painting.opaque:
        canvas = paper.picture()
        for stroke, colour in zip(sized.strokes, sized.colours, strict=True):
            (left, top, right, bottom), opacity = paper.opacity(stroke)
            lay_over(canvas[top:bottom, left:right], colour, opacity[..., None])
    else:
        for stroke, colour in zip(sized.strokes, sized.colours, strict=True):
            paper.draw(stroke, colour)
        canvas = paper.picture()
    hush()
    return canvas


class Paper:
    """A sheet with a painting's size and paper, and a brush to draw the painting's strokes on it."""

    def __init__(self, painting: Painting, brush: BrushFile | None = None, space: Space | None = None) -> None:
        """Take a fresh sheet.

        Args:
            painting: gives size, paper and brush; its strokes matter for the margin only.
            brush: to use instead of the painting's, or None.
            space: what pressures mean, and how a curve is given to the program.

        Raises:
            MissingProgram: the program is not installed.
            InputError: it has no such brush or one that does not paint, or the size is too large.
        """
        self.space = space or Space()
        self.width, self.height, self.opaque = painting.width, painting.height, painting.opaque
        max_radius = float(painting.strokes[:, RADIUS].max()) if len(painting) else 0.0
        brush = brush or real_brush(painting.brush)
        self._sheet = BrushSheet(
            brush,
            painting.width,
            painting.height,
            paper=painting.paper,
            max_radius=max_radius,
        )
        require_paint(brush)

    def draw(self, stroke: F32, colour: F32) -> None:
        """Lay a stroke (10,) of a document in a colour (3,) over what is there.

        Raises:
            InputError: the program cannot read the brush.
        """
        self._sheet.draw(self._pen_stroke(stroke), colour)

    def _pen_stroke(self, stroke: F32) -> PenStroke:
        """What the program is given."""
        wide = np.asarray(stroke, np.float64)
        times = self.space.times()
        places = bezier(wide[None, START], wide[None, VIA], wide[None, END], times[:, None])
        profile = pressure_at(wide[ENTRY_PRESSURE], wide[END_PRESSURE], times, self.space.ramp)
        track = np.concatenate([places, (profile * self.space.pressure)[:, None]], axis=1)
        return PenStroke(track, float(stroke[RADIUS]), self.space.seconds)

    def opacity(self, stroke: F32) -> tuple[Box, F32]:
        """The box of the picture that a stroke (10,) can reach, and its opacity (height, width) in [0, 1] there.

        The sheet is used for it, so what was painted there is lost.
        """
        box = reach(stroke, self.width, self.height)
        opacity = self._sheet.opacity(self._pen_stroke(stroke), box)
        if not self.opaque:
            return box, opacity
        return box, soft_threshold(opacity / np.float32(max(usual(opacity), FAINTEST)))

    def picture(self) -> F32:
        """(height, width, 3) sRGB in [0, 1]."""
        return self._sheet.picture()


FAINTEST = 0.05  # usual opacity of an opaque stroke: paint that is hardly seen is not made to cover


def reach(stroke: F32, width: int, height: int, *, more: float = 0.0) -> Box:
    """The box of a picture of some width and height that a stroke (10,) may reach, with `more` pixels around it."""
    wide = np.asarray(stroke, np.float64)
    places = bezier(wide[None, START], wide[None, VIA], wide[None, END], ALONG)
    far = REACH * wide[RADIUS] + FRINGE + more
    low, high = np.floor(places.min(0) - far), np.ceil(places.max(0) + far)
    left, top = (int(side) for side in np.clip(low, 0, (width, height)))
    right, bottom = (int(side) for side in np.clip(high, (left, top), (width, height)))
    return left, top, right, bottom
