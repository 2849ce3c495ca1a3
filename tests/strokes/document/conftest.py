"""A small painting of known strokes, its learnt brush, and what grows from it."""

import pytest
from some_strokes import STROKES, make

from orbifolio.runner.strokes.brush_models.weights import load_painter
from orbifolio.runner.strokes.document.document import Painting
from orbifolio.runner.strokes.document.opacities import learnt_opacities
from orbifolio.runner.strokes.document.outlines import Outlines, outlines
from orbifolio.runner.strokes.document.timelapse_states import Growth, grow


@pytest.fixture(scope="session")
def painting() -> Painting:
    return make()


@pytest.fixture(scope="session")
def painter():
    return load_painter("classic/dry_brush")


@pytest.fixture(scope="session")
def growth(painting, painter) -> Growth:
    return grow(painting, learnt_opacities(painter, painting), stages=(0, 4, STROKES), layered=True)


@pytest.fixture(scope="session")
def shapes(painting, painter) -> Outlines:
    return outlines(painter, painting)
