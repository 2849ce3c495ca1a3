"""Views: exact shifts, known maps, gradients, determinism."""

import math

import pytest
import torch

from orbifolio.runner.views import VIEWS, apply_view, draw_view, keeps_wrap
from orbifolio.runner.views.affine import Crop, Jitter, Rotate, Scale


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def picture(height: int = 12, width: int = 16) -> torch.Tensor:
    return torch.rand((1, 3, height, width), generator=generator(5), dtype=torch.float64)


def test_no_view_shows_the_picture_itself():
    here = picture()
    assert apply_view(here, draw_view((), 16, 12, generator()), wrap=(True, True)) is here


def test_jitter_is_a_roll_on_a_tile():
    here = picture()
    view = draw_view((Jitter(amount=5),), 16, 12, generator(3))
    seen = apply_view(here, view, wrap=(True, True))
    rows, columns = int(view[1, 2]), int(view[0, 2])
    assert (rows, columns) != (0, 0)
    assert torch.equal(seen, torch.roll(here, (-rows, -columns), (-2, -1)))
    assert keeps_wrap(view)


def test_jitter_mirrors_at_the_edges_of_an_untiled_picture():
    here = picture()
    view = torch.eye(3, dtype=torch.float64)
    view[0, 2] = 2
    seen = apply_view(here, view, wrap=(False, False))
    assert torch.allclose(seen[..., :14], here[..., 2:])
    assert torch.allclose(seen[..., 14], here[..., 14])
    assert torch.allclose(seen[..., 15], here[..., 13])


def test_a_half_turn_view_is_a_double_flip():
    here = picture()
    view = torch.diag(torch.tensor([-1.0, -1.0, 1.0], dtype=torch.float64))
    assert torch.allclose(apply_view(here, view, wrap=(False, False)), here.flip(-1, -2))


def test_rotation_keeps_the_middle_and_its_sense():
    view = Rotate(degrees=30).draw(16, 12, generator(1))
    angle = math.atan2(float(view[1, 0]), float(view[0, 0]))
    assert abs(math.degrees(angle)) <= 30
    assert torch.allclose(view[:2, 2], torch.zeros(2, dtype=torch.float64))
    assert not keeps_wrap(view)


@pytest.mark.parametrize("seed", range(20))
def test_a_crop_stays_inside(seed):
    view = Crop(smallest=0.4).draw(16, 12, generator(seed))
    for corner in ((-7.5, -5.5, 1), (7.5, 5.5, 1)):
        x, y, _ = (view @ torch.tensor(corner, dtype=torch.float64)).tolist()
        assert abs(x) <= 8
        assert abs(y) <= 6


@pytest.mark.parametrize("seed", range(10))
def test_scale_stays_in_its_limits(seed):
    view = Scale(low=0.8, high=1.25).draw(16, 12, generator(seed))
    assert 0.8 - 1e-9 <= 1 / float(view[0, 0]) <= 1.25 + 1e-9


@pytest.mark.parametrize("wrap", [(True, True), (False, False), (True, False)])
@pytest.mark.parametrize("kind", VIEWS, ids=lambda kind: kind.__name__)
def test_gradients_check(kind, wrap):
    view = draw_view((kind(),), 8, 8, generator(2))
    here = picture(8, 8).requires_grad_(True)
    assert torch.autograd.gradcheck(lambda p: apply_view(p, view, wrap=wrap), here)


@pytest.mark.parametrize("kind", VIEWS, ids=lambda kind: kind.__name__)
def test_equal_generators_give_equal_views(kind):
    assert torch.equal(kind().draw(9, 9, generator(4)), kind().draw(9, 9, generator(4)))
    assert not torch.equal(kind().draw(9, 9, generator(4)), kind().draw(9, 9, generator(5)))


def test_several_views_are_one_map():
    random, again = generator(8), generator(8)
    combined = draw_view((Rotate(), Scale()), 10, 10, random)
    assert torch.allclose(combined, Rotate().draw(10, 10, again) @ Scale().draw(10, 10, again))
