"""Views: exact shifts, known maps, gradients, determinism."""

import math
from fractions import Fraction

import pytest
import torch

from orbifolio.runner.views import VIEWS
from orbifolio.runner.views.affine import Crop, Jitter, Mirror, Rotate, Scale
from orbifolio.runner.views.drawn_view import DrawnView, apply_view, draw_view
from orbifolio.runner.views.filters import Grain, Lighting, Soften, Vignette
from orbifolio.runner.vision.base import Shear


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
    rows, columns = int(view.map[1, 2]), int(view.map[0, 2])
    assert (rows, columns) != (0, 0)
    assert torch.equal(seen, torch.roll(here, (-rows, -columns), (-2, -1)))
    assert view.keeps_wrap


def test_jitter_mirrors_at_the_edges_of_an_untiled_picture():
    here = picture()
    view = torch.eye(3, dtype=torch.float64)
    view[0, 2] = 2
    seen = apply_view(here, DrawnView(view), wrap=(False, False))
    assert torch.allclose(seen[..., :14], here[..., 2:])
    assert torch.allclose(seen[..., 14], here[..., 14])
    assert torch.allclose(seen[..., 15], here[..., 13])


def test_a_half_turn_view_is_a_double_flip():
    here = picture()
    view = torch.diag(torch.tensor([-1.0, -1.0, 1.0], dtype=torch.float64))
    assert torch.allclose(apply_view(here, DrawnView(view), wrap=(False, False)), here.flip(-1, -2))


def test_rotation_keeps_the_middle_and_its_sense():
    view = Rotate(degrees=30).draw(16, 12, generator(1))
    angle = math.atan2(float(view[1, 0]), float(view[0, 0]))
    assert abs(math.degrees(angle)) <= 30
    assert torch.allclose(view[:2, 2], torch.zeros(2, dtype=torch.float64))
    assert not DrawnView(view).keeps_wrap


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
    here = picture(24, 24)
    one, again, *others = (
        apply_view(here, draw_view((kind(),), 24, 24, generator(seed)), wrap=(False, False))
        for seed in (4, *range(4, 16))
    )
    assert torch.equal(one, again)
    assert any(not torch.equal(one, other) for other in others)


def test_several_views_are_one_map():
    random, again = generator(8), generator(8)
    combined = draw_view((Rotate(), Scale()), 10, 10, random)
    assert torch.allclose(combined.map, Rotate().draw(10, 10, again) @ Scale().draw(10, 10, again))


def test_a_mirror_is_a_flip():
    here = picture()
    seen = [apply_view(here, draw_view((Mirror(),), 16, 12, generator(seed)), wrap=(False, False)) for seed in range(9)]
    flipped = [torch.allclose(item, here.flip(-1)) for item in seen]
    assert 0 < sum(flipped) < 9
    assert all(is_flipped or torch.allclose(item, here) for item, is_flipped in zip(seen, flipped, strict=True))


def test_softening_keeps_means_and_takes_detail():
    board = ((torch.arange(32)[:, None] + torch.arange(32)) % 2).double().expand(1, 3, 32, 32)
    seen = apply_view(board, draw_view((Soften(smallest=0.5),), 32, 32, generator(11)), wrap=(False, False))
    assert abs(float(seen.mean()) - 0.5) < 0.01
    assert float(seen.std()) < 0.7 * float(board.std())


def test_a_vignette_shows_the_middle_and_hides_corners():
    here = picture(64, 64)
    seen = apply_view(
        here, draw_view((Vignette(smallest=0.6, largest=0.6),), 64, 64, generator(1)), wrap=(False, False)
    )
    assert torch.allclose(seen[..., 30:34, 30:34], here[..., 30:34, 30:34], atol=0.01)
    corner = seen[..., :4, :4].flatten(2)
    assert float((corner - corner.mean(-1, keepdim=True)).abs().max()) < 0.01


def test_lighting_is_affine_in_colour_and_grain_has_its_deviation():
    here = picture(40, 40)
    lit = apply_view(here, draw_view((Lighting(),), 40, 40, generator(2)), wrap=(True, True))
    slopes = [(lit[0, c, 0, 0] - lit[0, c, 5, 7]) / (here[0, c, 0, 0] - here[0, c, 5, 7]) for c in range(3)]
    assert max(slopes) - min(slopes) < 1e-9
    assert 0.85 <= float(slopes[0]) <= 1.15
    noisy = apply_view(here, draw_view((Grain(amount=0.1),), 40, 40, generator(2)), wrap=(True, True))
    assert abs(float((noisy - here).std()) - 0.1) < 0.005


def test_filters_leave_the_maps_of_other_views_alone():
    plain = draw_view((Rotate(), Scale()), 10, 10, generator(3))
    filtered = draw_view((Rotate(), Soften(), Scale(), Grain()), 10, 10, generator(3))
    assert torch.equal(plain.map, filtered.map)
    assert len(filtered.filters) == 2
    assert not filtered.keeps_wrap


@pytest.mark.parametrize("shift", [(3.0, -20.0), (2.5, 7.25), (-40.5, 31.0)])
def test_a_sheared_tile_is_seen_as_the_tile_of_its_copies(shift):
    part = picture()
    view = torch.eye(3, dtype=torch.float64)
    view[0, 2], view[1, 2] = shift
    whole = torch.cat([part, part.roll(8, dims=-1)], dim=-2)
    expected = apply_view(whole, DrawnView(view), wrap=(True, True))[..., :12, :]
    seen = apply_view(part, DrawnView(view), wrap=(True, True), shear=Shear(Fraction(1, 2)))
    assert torch.allclose(seen, expected, rtol=0, atol=1e-12)
