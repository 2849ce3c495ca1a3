"""Seams and grain of pictures that have them, and of pictures that have none."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from orbifolio.runner.judge.profiles import domain_seam, fineness, grain, shown_part, tile_seam
from orbifolio.runner.symmetry.kinds.hyperbolic import Hyperbolic
from orbifolio.runner.symmetry.kinds.none import PlainPicture
from orbifolio.runner.symmetry.kinds.plane import Plane
from orbifolio.runner.symmetry.kinds.rotor import Rotor


def soft_noise(height: int, width: int, *, wrap: bool = True, seed: int = 1, blur: float = 3.0) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(size=(height, width, 3))
    soft = ndimage.gaussian_filter(noise, (blur, blur, 0), mode="wrap" if wrap else "nearest")
    return np.clip(0.5 + 0.15 * soft / soft.std(), 0, 1).astype(np.float32)


def test_a_picture_that_tiles_has_no_step_at_its_edges():
    assert tile_seam(soft_noise(96, 128), (True, True)) == pytest.approx(1, abs=0.25)
    assert tile_seam(soft_noise(96, 128, wrap=False), (True, True)) > 3
    assert tile_seam(soft_noise(96, 128, wrap=False), (False, False)) is None


@pytest.mark.parametrize(
    "settings",
    [Plane(group="p4"), Plane(group="p6"), Plane(group="p2"), Rotor(order=5, mirrors=False)],
    ids=["p4", "p6", "p2", "rotor"],
)
def test_a_step_at_the_domains_border_is_found(settings):
    symmetry = settings.build()
    width, height = symmetry.fit(144, multiple=1, ratio=symmetry.ratio or 1.0)
    layout = symmetry.layout(width, height)

    def picture(values: np.ndarray) -> np.ndarray:
        shown = layout.render(torch.from_numpy(values).float())[0].permute(1, 2, 0).numpy()
        return np.clip(shown, 0, 1)

    everywhere = torch.from_numpy(soft_noise(height, width)).permute(2, 0, 1)[None]
    smooth = layout.sample(everywhere).double().numpy()  # copies meet without a step: their mean has the symmetry
    assert domain_seam(picture(smooth), symmetry) == pytest.approx(1, abs=0.35)
    places = layout.representatives()[:, :2]
    ramp = np.repeat(0.8 * (places[:, :1] - 0.5), 3, axis=1)  # light that rises through the domain and falls at its end
    assert domain_seam(picture(ramp), symmetry) > 3


def test_where_nothing_repeats_there_is_no_border():
    assert domain_seam(soft_noise(64, 64), PlainPicture()) is None


def test_mirrors_fold_without_a_step():
    symmetry = Rotor(order=4, mirrors=True).build()
    width, height = symmetry.fit(96, multiple=1, ratio=1.0)
    assert domain_seam(soft_noise(height, width), symmetry) is None


def test_only_the_middle_of_a_disk_counts():
    symmetry = Hyperbolic(p=4, q=5).build()
    width, height = symmetry.fit(128, multiple=1, ratio=1.0)
    shown = shown_part(symmetry.chart_for(width, height), width, height)
    assert shown is not None
    assert 0.05 < shown.mean() < 0.6
    assert shown[height // 2, width // 2] == 1
    assert shown[0, 0] == 0
    assert shown_part(Plane(group="p4").build().chart_for(64, 64), 64, 64) is None


def test_grain_tells_soft_from_crisp_and_noisy():
    crisp = torch.from_numpy(soft_noise(128, 128, blur=1.0)).permute(2, 0, 1)[None]
    soft = torch.from_numpy(soft_noise(128, 128, blur=4.0)).permute(2, 0, 1)[None]
    noisy = (crisp + 0.1 * torch.randn(crisp.shape, generator=torch.Generator().manual_seed(2))).clamp(0, 1)
    assert grain(crisp, [(crisp, 2.0)]) == pytest.approx(1)
    assert grain(soft, [(crisp, 1.0)]) < 0.6
    assert grain(noisy, [(crisp, 1.0)]) > 1.1
    assert fineness(torch.full((1, 3, 32, 32), 0.4)) == 0
    assert grain(crisp, [(torch.full((1, 3, 32, 32), 0.4), 1.0)]) is None
