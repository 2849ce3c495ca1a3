"""What a brush leaves, measured from one stroke; brushes that leave nothing are refused with the reason."""

import json
from dataclasses import replace

import numpy as np
import pytest
from program_here import needs_program

from orbifolio.runner.errors import InputError
from orbifolio.runner.strokes.mypaint.brush_file import BrushFile
from orbifolio.runner.strokes.mypaint.brush_mark import measure_mark, refuse_idle_brush, usual


def brush(name: str = "round", **settings: float) -> BrushFile:
    """A plain round brush of full opacity, with changes."""
    given = {"opaque": 1.0, "opaque_multiply": 1.0, "hardness": 0.98, "dabs_per_actual_radius": 6.0, **settings}
    record = {name: {"base_value": value, "inputs": {}} for name, value in given.items()}
    return BrushFile(name, json.dumps({"version": 3, "settings": record}).encode())


@needs_program
def test_a_round_brush_leaves_what_it_should():
    mark = measure_mark(brush())
    assert mark.half_width == pytest.approx(1, abs=0.12)
    assert mark.opacity > 0.95
    assert mark.other < 0.01
    glaze = measure_mark(brush(opaque=0.2, dabs_per_actual_radius=1.0))
    assert 0.1 < glaze.opacity < 0.9
    refuse_idle_brush(brush(opaque=0.2))


@needs_program
@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"eraser": 1.0}, "rubs paint out instead of leaving any"),
        ({"smudge": 1.0}, "leaves nothing on paper: it only moves paint that lies there"),
        ({"opaque": 0.0}, "leaves nothing on paper: it needs a faster pen, or more pressure"),
        ({"change_color_h": 0.3}, "does not paint in the colour that it is given"),
    ],
)
def test_brushes_that_leave_no_paint_are_refused_with_the_reason(settings, reason):
    with pytest.raises(InputError, match=f"odd: this brush {reason}; choose another"):
        refuse_idle_brush(replace(brush(**settings), name="odd"))


def test_what_is_usual_ignores_fringes_and_nothing():
    opacity = np.zeros((20, 20), np.float32)
    assert usual(opacity) == 0
    opacity[5:15] = 0.6
    opacity[15, 3] = 1
    assert usual(opacity) == pytest.approx(0.6)
