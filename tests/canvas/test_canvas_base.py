"""What every canvas has by default: two members make one."""

import torch
from torch import Tensor

from orbifolio.runner.canvas.base import Canvas, CanvasPhase, CanvasSettings, Upkeep
from orbifolio.runner.symmetry.kinds.none import PlainPicture


class Grey(Canvas):
    """One grey everywhere: the smallest canvas."""

    def __init__(self, layout) -> None:
        self.layout = layout
        self.level = torch.zeros(1, requires_grad=True)

    def parameters(self) -> list[Tensor]:
        return [self.level]

    def values(self) -> Tensor:
        return self.level.expand(self.layout.parameters, 3)


class GreySettings(CanvasSettings):
    """Settings of the smallest canvas."""

    def build(self, layout, values) -> Grey:
        return Grey(layout)


LAYOUT = PlainPicture().layout(6, 4)
PHASE = CanvasPhase(LAYOUT, None, 0, 0, ((6, 4),), 3)


def test_two_members_make_a_canvas_that_can_be_optimised_and_shown():
    canvas = Grey(LAYOUT)
    (canvas.artwork() - 1).square().sum().backward()
    assert float(canvas.level.grad) < 0
    assert canvas.artwork().shape == (1, 3, 4, 6)
    assert torch.equal(canvas.finished(), canvas.artwork())


def test_a_canvas_leaves_nothing_beside_its_picture_unless_it_says_so():
    canvas = Grey(LAYOUT)
    assert canvas.after_step(1) == Upkeep(replaced=False, metrics={})
    assert canvas.products(title="a title", device="cpu") == {}
    assert canvas.describe() == ""


def test_a_state_is_a_copy_and_comes_back():
    canvas = Grey(LAYOUT)
    with torch.no_grad():
        canvas.level += 0.25
    state = canvas.state_dict()
    with torch.no_grad():
        canvas.level += 1
    assert float(state["0"]) == 0.25
    again = GreySettings().restore(PHASE, torch.zeros(24, 3), state)
    assert torch.equal(again.artwork(), torch.full((1, 3, 4, 6), 0.75))
    canvas.load_state_dict(state)
    assert torch.equal(again.artwork(), canvas.artwork())


def test_a_phase_builds_a_new_canvas_whatever_was_before():
    first = GreySettings().begin(PHASE, torch.zeros(24, 3), None)
    second = GreySettings().begin(PHASE, torch.zeros(24, 3), first)
    assert second is not first
    assert GreySettings().parameter_count(LAYOUT, 0, PHASE.sizes) == 6 * 4 * 3
