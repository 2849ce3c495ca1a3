"""Enlarged pictures: in place, without a seam, their symmetry exact whatever the network draws."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from made_up_enlarger import made_up_enlarger

from orbifolio.runner.errors import InputError
from orbifolio.runner.exports.enlarging import enlarge, passes
from orbifolio.runner.images.writing import check_size
from orbifolio.runner.symmetry.base import Symmetry
from orbifolio.runner.symmetry.claims import generated
from orbifolio.runner.symmetry.kinds.frieze import Frieze
from orbifolio.runner.symmetry.kinds.hyperbolic import Hyperbolic
from orbifolio.runner.symmetry.kinds.none import PlainPicture
from orbifolio.runner.symmetry.kinds.partial import CopyMean, CopySettings, Partial
from orbifolio.runner.symmetry.kinds.plane import Plane
from orbifolio.runner.symmetry.kinds.rotor import Rotor
from orbifolio.runner.symmetry.kinds.sphere import Sphere
from orbifolio.runner.symmetry.layouts.resample import resample
from orbifolio.runner.symmetry.verify.measure import measure_symmetry

PLANES = {
    "p1": Plane(group="p1"),
    "p4, colours inverted": Plane(group="p4", colours={"r4": ("-r", "-g", "-b")}),
    "p4, colours exchanged": Plane(group="p4", colours={"r4": ("g", "r", "b")}),
    "p4gm": Plane(group="p4gm"),
    "p6, a cycle of colours": Plane(group="p6", colours={"r6": ("g", "b", "r")}),
    "p31m": Plane(group="p31m"),
    "cm": Plane(group="cm"),
    "frieze": Frieze(group="p2mg"),
    "rotor": Rotor(order=5, mirrors=True),
}


def smooth_artwork(symmetry: Symmetry, width: int, *, seed: int = 0) -> np.ndarray:
    """Blurred noise through the symmetry, with contrast: (height, width, 3)."""
    size = symmetry.fit(width, multiple=1, ratio=symmetry.ratio or 1.0)
    layout = symmetry.layout(*size)
    noise = torch.randn(1, 3, 12, 12, generator=torch.Generator().manual_seed(seed))
    picture = resample(noise, size[1], size[0], wrap=(True, True)) * 0.25 + 0.5
    artwork = layout.render(layout.sample(picture.clamp(0, 1)))[0]
    artwork = (artwork - 0.5) * 0.2 / artwork.std() + 0.5
    return np.ascontiguousarray(artwork.clamp(0, 1).permute(1, 2, 0).numpy())


@pytest.mark.parametrize("name", PLANES)
def test_movements_of_the_plane_are_kept_exactly(name):
    symmetry = PLANES[name].build()
    small = smooth_artwork(symmetry, 48)
    height, width = small.shape[:2]
    large = enlarge(small, (4 * width, 4 * height), made_up_enlarger(strength=0.2), symmetry=symmetry)
    assert large.shape == (4 * height, 4 * width, 3)
    measured = measure_symmetry(large, symmetry)
    assert all(claim.best == claim.claimed for claim in measured.claims)
    assert (measured.worst or 0.0) < (2e-3 if name == "rotor" else 1e-3)  # a fifth of a turn leads between the pixels
    assert large.std() > 0.05


def test_the_network_alone_would_break_them():
    symmetry = PLANES["p4gm"].build()
    small = smooth_artwork(symmetry, 48)
    torus = generated((), (True, True))
    alone = Plane(group="p1").build()
    assert len(alone.movements(1.0)) == len(torus) == 1
    large = enlarge(small, (192, 192), made_up_enlarger(strength=0.2), symmetry=alone)
    assert measure_symmetry(large, symmetry).worst > 0.02


@pytest.mark.parametrize("settings", [Sphere(group="O"), Hyperbolic(p=4, q=6)], ids=["sphere", "hyperbolic"])
def test_curved_surfaces_are_led_through_their_layout(settings):
    symmetry = settings.build()
    small = smooth_artwork(symmetry, 80)
    height, width = small.shape[:2]
    large = enlarge(small, (4 * width, 4 * height), made_up_enlarger(strength=0.2), symmetry=symmetry)
    assert large.shape == (4 * height, 4 * width, 3)
    layout = symmetry.layout(4 * width, 4 * height)
    again = layout.render(layout.sample(torch.from_numpy(large).permute(2, 0, 1)[None]))[0].permute(1, 2, 0).numpy()
    assert np.abs(again - large).mean() < 0.1 * np.abs(large - 0.5).mean()  # all copies of a place show the same
    assert measure_symmetry(large, symmetry).worst < 0.03  # towards the rim pixels this large show no more
    back = large.reshape(height, 4, width, 4, 3).mean((1, 3))
    assert np.corrcoef(back.ravel(), small.ravel())[0, 1] > 0.9


def test_what_a_mean_of_copies_keeps_is_kept_and_nothing_is_mixed_again():
    folds = (CopyMean(elements=(CopySettings(), CopySettings(turn=60))),)
    symmetry = Partial(base=Plane(group="p3"), folds=folds).build()
    small = smooth_artwork(symmetry, 48)
    height, width = small.shape[:2]
    network = made_up_enlarger(strength=0)
    large = enlarge(small, (4 * width, 4 * height), network, symmetry=symmetry)
    plain = enlarge(small, (4 * width, 4 * height), network, symmetry=Plane(group="p1").build())
    assert measure_symmetry(large, symmetry).worst < 1e-3
    assert np.abs(large - plain).mean() < 0.1 * small.std()  # a second mean would lose more


@pytest.mark.parametrize("wrapped", [True, False])
@pytest.mark.parametrize("factor", [2, 4, 16])
def test_nothing_moves(wrapped, factor):
    """A wave is where it was: its phase, by the discrete Fourier transform, is that of the same wave drawn large."""
    symmetry = Plane(group="p1").build() if wrapped else PlainPicture()
    middle = 0.0 if wrapped else 0.5

    def wave(size: int) -> np.ndarray:
        x = (np.arange(size) + middle) / size
        picture = 0.5 + 0.2 * np.cos(2 * np.pi * (x[None] + 2 * x[:, None]) + 0.3)
        return np.repeat(picture[..., None], 3, axis=2).astype(np.float32)

    size = 20 if factor < 16 else 12
    large = enlarge(wave(size), (factor * size,) * 2, made_up_enlarger(strength=0), symmetry=symmetry)
    found, expected = (np.fft.fft2(item[..., 0])[2, 1] for item in (large, wave(factor * size)))
    assert abs(np.angle(found / expected)) < 2e-3 * 2 * np.pi / size
    assert abs(abs(found / expected) - 1) < 0.15  # steps of pixels lose a little of it


def test_there_is_no_seam():
    symmetry = PLANES["p4, colours exchanged"].build()
    small = smooth_artwork(symmetry, 48)
    large = enlarge(small, (192, 192), made_up_enlarger(strength=0.2), symmetry=symmetry)
    inner = np.abs(np.diff(large, axis=1)).mean()
    seam = np.abs(large[:, 0] - large[:, -1]).mean()
    assert seam < 1.5 * inner


def test_threads_and_bands_do_not_matter(monkeypatch):
    symmetry = PLANES["p6, a cycle of colours"].build()
    small = smooth_artwork(symmetry, 24)
    size = (4 * small.shape[1], 4 * small.shape[0])
    once = enlarge(small, size, made_up_enlarger(), symmetry=symmetry)
    monkeypatch.setattr("orbifolio.runner.exports.enlarging._BAND", 7)
    assert np.array_equal(enlarge(small, size, made_up_enlarger(), symmetry=symmetry), once)


def test_progress_rises_to_the_end():
    told: list[float] = []
    enlarge(smooth_artwork(PlainPicture(), 16), (128, 128), made_up_enlarger(), progress=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len(told) >= 3


def test_sizes_on_the_way_stay_within_four_times():
    for new in ((100, 130), (401, 520), (1600, 2080)):
        sizes = [(100, 130), *passes((100, 130), new)]
        assert sizes[-1] == new
        assert all(
            b <= 4.2 * a for one, two in zip(sizes, sizes[1:], strict=False) for a, b in zip(one, two, strict=True)
        )


def test_too_many_pixels_are_refused_with_the_most_that_may_be():
    check_size((13000, 13000), "--to 13000")
    with pytest.raises(InputError, match=r"--to 16384: makes 16,384 x 16,384 pixels.*at most 13,038 along the longer"):
        check_size((16384, 16384), "--to 16384")


@pytest.mark.parametrize(
    ("settings", "order"),
    [
        (Plane(group="p4mm"), 8),
        (Plane(group="p6"), 12),  # the rectangle holds two cells
        (Plane(group="p4", colours={"r4": ("g", "r", "b")}), 4),
        (Rotor(order=7, mirrors=True), 14),
        (Frieze(group="p2mg"), 4),
    ],
)
def test_claims_generate_a_group_with_its_colours(settings, order):
    symmetry = settings.build()
    movements = symmetry.movements(symmetry.ratio or 1.0)
    assert len(movements) == order
    assert movements[0].colour == 0
    assert np.array_equal(movements[0].matrix, np.eye(3)[:2])
