"""What tests that need the real paint program are marked with."""

import pytest

from orbifolio.runner.strokes.mypaint.brush_file import list_brushes
from orbifolio.runner.strokes.mypaint.mypaint import is_available

needs_program = pytest.mark.skipif(
    not (is_available() and "classic/dry_brush" in list_brushes()),
    reason="libmypaint or MyPaint's brushes are not here: apt-get install libmypaint-1.5-1 mypaint-brushes",
)
