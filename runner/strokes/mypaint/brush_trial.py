"""A trial on paper: does a brush of MyPaint paint?  require_paint(brush) -> the brush, or an error with the reason.

Of MyPaint's 196 brushes some forty blur, smear or erase what is there and leave a white sheet white; a few tear holes
into the paint below, and one lays the colours of a printer whatever it is given. Neither can a painter be learnt from
these, nor a picture be drawn with them.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.errors import InputError
from orbifolio.runner.strokes.mypaint.actions import COLOUR, END, END_PRESSURE, ENTRY_PRESSURE, SIZE, START, VIA
from orbifolio.runner.strokes.mypaint.brush_file import BrushFile
from orbifolio.runner.strokes.mypaint.mypaint_renderer import PaintProgram

RADII = (0.3, 0.6, 0.9, 1.0)  # of the strokes on trial, as numbers of actions
PRESSURES = (1.0, 0.7, 1.0, 0.5)
PAINT = np.array([0.8, 0.2, 0.4], np.float32)  # a colour with a hue, no channel of it at an end
MIN_CHANGE = 0.03
"""Of a channel, eight steps of 255: the faintest brush that paints (`deevad/4H_pencil`) changes .098, and of those that
do not, `experimental/DNA_brush` .013, all others less than .001."""
MAX_LOSS = 0.25
"""Of the sheet's opacity: brushes of the older sets that paint lose .12 at most, those that tear holes .31 and more."""
MAX_ASTRAY = 0.5
"""Share of the change beside the paint's colour, as a ratio of lengths: `classic/puantilism`, which plays with hues on
purpose, .30; `Dieterle/HalfToneCMY#1` .56."""
CURE = "choose another brush, such as classic/dry_brush"


@lru_cache(maxsize=256)
def require_paint(brush: BrushFile) -> BrushFile:
    """The brush itself, after four strokes on white paper have shown that it paints.

    Raises:
        MissingProgram: the program is not installed.
        InputError: the program cannot read the brush, or it leaves no paint, takes paint away or ignores its colour.
    """
    sheets = PaintProgram(brush).sheets(_strokes())
    opacity = sheets[..., 3:]
    change = opacity - sheets[..., :3]  # on white paper, 1 - (colour + what shows through)
    loss = float(1 - opacity.min())
    if np.abs(change).max() < MIN_CHANGE:
        reason = "it takes paint away" if loss >= MIN_CHANGE else "it only changes paint that is there"
        raise InputError(f"{brush.name}: leaves no paint on paper ({reason}); {CURE}")
    if loss > MAX_LOSS:
        raise InputError(f"{brush.name}: tears holes into the paint below, {loss:.0%} deep; {CURE}")
    wanted = (1 - PAINT) / np.linalg.norm(1 - PAINT)
    beside = change - (change @ wanted)[..., None] * wanted
    astray = float(np.linalg.norm(beside) / np.linalg.norm(change))
    if astray > MAX_ASTRAY:
        raise InputError(f"{brush.name}: paints in other colours than it is given; {CURE}")
    return brush


def _strokes() -> F32:
    """Bent strokes of four widths, from the upper left to the lower right."""
    actions = np.zeros((len(RADII), 12), np.float32)
    actions[:, START], actions[:, VIA], actions[:, END] = (0.15, 0.3), (0.5, 0.5), (0.85, 0.7)
    actions[:, ENTRY_PRESSURE] = actions[:, END_PRESSURE] = PRESSURES
    actions[:, SIZE], actions[:, COLOUR] = RADII, PAINT
    return actions
