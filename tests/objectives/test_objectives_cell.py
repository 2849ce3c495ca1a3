"""One cell of a picture that repeats inside itself is scored, and pulled at, as the whole picture is."""

import pytest
import torch
from pydantic import TypeAdapter

from orbifolio.runner.objectives import AnyObjective
from orbifolio.runner.objectives.autograd_engine import AutogradEngine
from orbifolio.runner.objectives.base import Preparation
from orbifolio.runner.objectives.engine_choice import choose_engine
from orbifolio.runner.symmetry.aspect import parse_ratio
from orbifolio.runner.symmetry.kinds.plane import Plane
from orbifolio.runner.views.affine import Jitter
from orbifolio.runner.views.drawn_view import draw_view
from orbifolio.runner.vision.base import Shear
from orbifolio.runner.vision.untrained import Untrained

# In double precision: in single, the rounding of a value at zero decides now and then whether a ReLU lets it pass.
NETWORK = Untrained().build().to("cpu", torch.float64)
STRIDE = 4  # of conv3_1
RECORDS = (
    {"kind": "style", "images": ["a"], "layers": ["conv1_1", "conv2_1", "conv3_1"]},
    {"kind": "dream", "layer": "conv2_1", "channel": 3},
    {"kind": "smoothness"},
    {"kind": "smoothness", "power": 1},
    {"kind": "range"},
)
CYCLE = ["g", "b", "r"]
CASES = {  # by name: group, colours, aspect, width, parts of the picture that are the same
    "p3": ("p3", {}, None, 64, 2),
    "p3m1": ("p3m1", {}, None, 64, 2),
    "p31m": ("p31m", {}, None, 64, 2),
    "p6": ("p6", {}, None, 64, 2),
    "p6mm": ("p6mm", {}, None, 64, 2),
    "cm": ("cm", {}, "1:1", 64, 2),
    "c2mm": ("c2mm", {}, "3:2", 64, 2),
    "p6 in four": ("p6", {}, "2:sqrt(3)", 64, 4),
    "p4 in six": ("p4", {}, "3:2", 64, 6),
    "p6 in colours": ("p6", {"r6": CYCLE}, None, 64, 2),
    "p3 moving colours": ("p3", {"t1": CYCLE, "t2": CYCLE}, None, 96, 2),
}


def objectives(width: int, height: int):
    def picture(name: str) -> torch.Tensor:
        return torch.rand((1, 3, 24, 32), generator=torch.Generator().manual_seed(len(name)))

    preparation = Preparation(NETWORK, width, height, picture, picture)
    return [TypeAdapter(AnyObjective).validate_python(record).build(preparation) for record in RECORDS]


@pytest.mark.parametrize("make_engine", [AutogradEngine, choose_engine], ids=["plain", "by hand"])
@pytest.mark.parametrize("name", CASES)
def test_terms_and_gradient_of_a_cell_are_those_of_the_tile(name, make_engine):
    group, colours, aspect, wanted, parts = CASES[name]
    symmetry = Plane(group=group, colours=colours).build(parse_ratio(aspect) if aspect else None)
    width, height = symmetry.fit_cell(wanted, multiple=STRIDE, ratio=1.0)
    cell = symmetry.cell(width, height, multiple=STRIDE)
    assert cell is not None
    assert cell.width * cell.height * parts == width * height
    layout = symmetry.layout(width, height)
    random = torch.Generator().manual_seed(1)
    values = layout.constrain(torch.rand((layout.parameters, 3), generator=random) - 0.5) * 1.4
    view = draw_view((Jitter(amount=30),), width, height, random)
    terms, gradients = [], []
    for seen, shear in (
        (layout, None),
        (layout.corner(cell.width, cell.height), Shear(cell.share) if cell.share else None),
    ):
        leaf = values.clone().requires_grad_()
        artwork = seen.render(leaf)
        engine = make_engine(NETWORK, objectives(width, height), wrap=(True, True), shear=shear)
        evaluation = engine.evaluate(artwork, view)
        artwork.backward(evaluation.gradient)
        terms.append(evaluation.terms)
        gradients.append(leaf.grad)
    assert terms[1] == pytest.approx(terms[0], rel=1e-5, abs=1e-6)
    assert float((gradients[1] - gradients[0]).norm() / gradients[0].norm()) <= 1e-6


@pytest.mark.parametrize(
    ("group", "colours", "multiple", "why"),
    [
        ("p4", {}, 8, "one cell"),
        ("p2", {"t1": ["-r", "-g", "-b"]}, 8, "the two cells differ in colour"),
        ("p6", {}, 48, "half of the height is no multiple"),
    ],
)
def test_other_pictures_are_looked_at_whole(group, colours, multiple, why):
    symmetry = Plane(group=group, colours=colours).build()
    size = symmetry.fit(96, multiple=multiple, ratio=1.0)
    assert symmetry.cell(*size, multiple=multiple) is None, why


@pytest.mark.parametrize("width", [96, 200, 384, 511])
@pytest.mark.parametrize("group", ["p3", "p4", "p6mm", "cm"])
def test_a_size_with_a_whole_cell_is_hardly_another(group, width):
    symmetry = Plane(group=group).build()
    plain, fitted = (fit(width, multiple=8, ratio=1.0) for fit in (symmetry.fit, symmetry.fit_cell))
    assert symmetry.cell(*plain, multiple=8) is None or fitted == plain
    assert abs(fitted[0] / width - 1) <= max(0.055, abs(plain[0] / width - 1))
    assert fitted[0] % 8 == fitted[1] % 8 == 0
