"""What a brush leaves, measured from one stroke."""

import json

import numpy as np
import pytest
from program_here import needs_program

from orbifolio.runner.strokes.mypaint.brush_file import BrushFile
from orbifolio.runner.strokes.mypaint.brush_mark import measure_mark, usual


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
    glaze = measure_mark(brush(opaque=0.2, dabs_per_actual_radius=1.0))
    assert 0.1 < glaze.opacity < 0.9


def test_what_is_usual_ignores_fringes_and_nothing():
    opacity = np.zeros((20, 20), np.float32)
    assert usual(opacity) == 0
    opacity[5:15] = 0.6
    opacity[15, 3] = 1
    assert usual(opacity) == pytest.approx(0.6)
