"""What tests that need the real paint program are marked with."""

import pytest

from runner.painter.brush import list_brushes
from runner.painter.mypaint import is_available

needs_program = pytest.mark.skipif(
    not (is_available() and "classic/dry_brush" in list_brushes()),
    reason="libmypaint or MyPaint's brushes are not here: apt-get install libmypaint-1.5-1 mypaint-brushes",
)
