"""What a brush leaves on paper: (brush file) -> its width and its opacity.

Brushes of one basic radius leave marks of very different widths. One stroke, drawn once, tells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.strokes.mypaint.brush_file import BrushFile
from orbifolio.runner.strokes.mypaint.brush_sheet import BrushSheet, PenStroke
from orbifolio.runner.strokes.mypaint.mypaint import hush

SIDE = 384  # pixels of the paper
RADIUS = 10.0  # pixels, basic, of the brush: as of a middling stroke
LENGTH = 160  # pixels of the stroke: its ends are a small part of it
POINTS, SECONDS = 50, 0.02  # that the program is given, and from one to the next: a hand draws a stroke in a second
PRESSURES = 0.3, 0.8  # from its beginning to its end: some brushes paint when pressed, others only when not
PAPER, COLOUR = (1.0, 1.0, 1.0), (0.8, 0.2, 0.1)
LEAST = 0.03  # change of paper below which a stroke is not seen
MASS = 0.85  # of the paint, within which the width is measured: what is thrown aside does not count


@dataclass(frozen=True)
class BrushMark:
    """A brush's stroke of one basic radius.

    Attributes:
        half_width: of the mark, in basic radii.
        opacity: that the stroke alone has along most of itself, in [0, 1]; 0 for a brush that needs paint to take up.
    """

    half_width: float
    opacity: float


def measure_mark(brush: BrushFile) -> BrushMark:
    """The mark of a brush, from one stroke on paper and one alone; some milliseconds.

    Raises:
        MissingProgram: the program is not installed.
        InputError: it cannot read the brush.
    """
    along = np.linspace(0, 1, POINTS)
    middle = SIDE / 2
    columns = middle + LENGTH * (along - 0.5), np.full(POINTS, middle), PRESSURES[0] + np.ptp(PRESSURES) * along
    stroke = PenStroke(np.stack(columns, axis=1), RADIUS, SECONDS)
    sheet = BrushSheet(brush, SIDE, SIDE, paper=PAPER, max_radius=RADIUS)
    sheet.draw(stroke, np.array(COLOUR, np.float32))
    change = sheet.picture() - np.array(PAPER, np.float32)
    alone = sheet.opacity(stroke, (0, 0, SIDE, SIDE))
    hush()
    seen = alone if alone.max() > LEAST else np.abs(change).max(2)
    return BrushMark(half_width=_half_width(seen), opacity=usual(alone))


def usual(opacity: F32) -> float:
    """The opacity that a stroke has along most of itself: of what it leaves, nine tenths are fainter."""
    left = opacity[opacity > LEAST]
    return float(np.quantile(left, 0.9)) if left.size else 0.0


def _half_width(paint: F32) -> float:
    """How far paint (SIDE, SIDE) lies from the stroke's line where it is pressed, in basic radii; 0 for none."""
    pressed = slice(SIDE // 2 + LENGTH // 10, SIDE // 2 + LENGTH * 9 // 20)
    rows = paint[:, pressed].sum(1).astype(np.float64)
    away = np.abs(np.arange(SIDE) + 0.5 - SIDE / 2)
    order = np.argsort(away, kind="stable")
    within = np.cumsum(rows[order])
    if within[-1] < 1e-3:
        return 0.0
    return float(away[order][np.searchsorted(within, MASS * within[-1])]) / MASS / RADIUS
