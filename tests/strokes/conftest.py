"""A small painting of known strokes, its learnt brush, and what grows from it."""

import pytest
from some_strokes import STROKES, make

from runner.painter.learnt import load_painter
from runner.strokes.document import Painting
from runner.strokes.growth import Growth, grow
from runner.strokes.opacities import learnt
from runner.strokes.outlines import Outlines, outlines


@pytest.fixture(scope="session")
def painting() -> Painting:
    return make()


@pytest.fixture(scope="session")
def painter():
    return load_painter("classic/dry_brush")


@pytest.fixture(scope="session")
def growth(painting, painter) -> Growth:
    return grow(painting, learnt(painter, painting), stages=(0, 4, STROKES), layered=True)


@pytest.fixture(scope="session")
def shapes(painting, painter) -> Outlines:
    return outlines(painter, painting)
