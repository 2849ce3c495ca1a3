"""Brushes that do not paint are refused with the reason, and what the library does not know is left out."""

import json

import pytest
from program_here import needs_program

from orbifolio.runner.errors import InputError
from orbifolio.runner.strokes.mypaint.brush_file import BrushFile, find_brush
from orbifolio.runner.strokes.mypaint.brush_trial import require_paint
from orbifolio.runner.strokes.mypaint.mypaint import known_settings

pytestmark = needs_program


@pytest.mark.parametrize(
    "name", ["classic/dry_brush", "deevad/4H_pencil", "tanda/oil-03-paint", "classic/impressionism", "classic/knife"]
)
def test_brushes_that_paint_pass(name):
    brush = find_brush(name)
    assert require_paint(brush) == brush


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("classic/smudge", r"leaves no paint on paper \(it only changes paint that is there\); choose another brush"),
        ("classic/ink_eraser", r"leaves no paint on paper \(it takes paint away\)"),
        ("Dieterle/Fan#1", "tears holes into the paint below, 80% deep"),
        ("Dieterle/HalfToneCMY#1", "paints in other colours than it is given"),
    ],
)
def test_others_are_refused_with_the_reason(name, reason):
    with pytest.raises(InputError, match=f"^{name}: {reason}"):
        require_paint(find_brush(name))


def test_what_the_library_does_not_know_is_left_out(capfd):
    setting = {"base_value": 0.5, "inputs": {"pressure": [[0, 0], [1, 1]], "surfacemap_x": [[0, 0], [1, 1]]}}
    text = json.dumps({"version": 3, "settings": {"opaque": setting, "taste": setting}}).encode()
    known = json.loads(known_settings(text))
    assert known["settings"] == {"opaque": {"base_value": 0.5, "inputs": {"pressure": [[0, 0], [1, 1]]}}}
    require_paint(BrushFile("mine", text))
    assert "Unknown" not in "".join(capfd.readouterr())
    assert known_settings(b"no brush") == b"no brush"
