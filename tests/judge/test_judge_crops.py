"""Windows of pictures: nothing but the surface, alike for tiles and tilings, and turned as the symmetry turns."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from orbifolio.runner.judge.crops import QUARTERS, SIDE, style_windows, windows
from orbifolio.runner.objectives.base import PLAIN, Appearance
from orbifolio.runner.objectives.style import show

SWAPPED = ((0.0, 1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0))
TORUS, PLANE = (True, True), (False, False)


def smooth(height: int, width: int, seed: int = 1) -> Tensor:
    """A periodic picture of a few waves: (3, height, width)."""
    random = torch.Generator().manual_seed(seed)
    down, across = torch.meshgrid(torch.arange(height) / height, torch.arange(width) / width, indexing="ij")
    planes = []
    for _ in range(3):
        total = torch.zeros(height, width)
        for number in range(1, 5):
            phase = 6.28 * float(torch.rand(1, generator=random))
            total += torch.sin(6.28318530718 * (number * down + (number % 3) * across) + phase)
        planes.append(0.5 + total / 9)
    return torch.stack(planes)


@pytest.mark.parametrize("size", [(384, 384), (128, 256), (100, 96), (200, 330)])
def test_a_tile_and_its_tiling_are_seen_alike(size):
    tile = smooth(*size)
    one, four = (windows(picture, wrap=TORUS) for picture in (tile, tile.tile(1, 2, 2)))
    means = [(seen.crops.mean((2, 3)) * seen.weights[:, None]).sum(0) for seen in (one, four)]
    assert torch.allclose(*means, atol=0.01)
    if not size[0] % SIDE and not size[1] % SIDE:
        kinds = [{crop.numpy().tobytes() for crop in seen.crops} for seen in (one, four)]
        assert kinds[0] == kinds[1]


@pytest.mark.parametrize("size", [(40, 300), (128, 128), (300, 2000), (64, 64)])
@pytest.mark.parametrize("wrap", [TORUS, PLANE, (False, True)])
def test_windows_have_one_size_whatever_the_picture_has(size, wrap):
    seen = windows(smooth(*size), wrap=wrap)
    assert seen.crops.shape[1:] == (3, SIDE, SIDE)
    assert 1 <= len(seen.crops) <= 40
    assert float(seen.weights.sum()) == pytest.approx(1)


def test_only_what_shows_the_surface_counts():
    picture = torch.zeros(3, 512, 512)
    rows, columns = np.mgrid[:512, :512] - 255.5
    disk = np.hypot(rows, columns) < 250
    picture[:, torch.from_numpy(disk)] = 1
    seen = windows(picture, wrap=PLANE, shown=disk.astype(np.float64))
    assert 4 <= len(seen.crops) <= 36
    assert float(seen.crops.mean()) > 0.97
    tiny = np.hypot(rows, columns) < 50  # no window lies within: the one that shows most of it
    assert len(windows(picture, wrap=PLANE, shown=tiny.astype(np.float64)).crops) >= 1


@pytest.mark.parametrize("side", [300.0, 512.0, 700.0])
def test_style_windows_show_the_picture_itself(side):
    """Red tells how far to the right a place lies, green how far down."""
    down, across = torch.meshgrid(*[(torch.arange(512) + 0.5) / 512] * 2, indexing="ij")
    quarters = style_windows(torch.stack([across, down, across * 0]), side, (PLAIN,))
    for quarter, crops in enumerate(quarters):
        below, right = divmod(quarter, 2)
        for crop in crops:
            assert torch.allclose(crop[0].diff(dim=1), torch.tensor(1 / side), atol=0.1 / side)
            assert torch.allclose(crop[1].diff(dim=0), torch.tensor(1 / side), atol=0.1 / side)
            assert crop[:2].diff(dim=2)[1].abs().max() < 1e-5
            x, y = float(crop[0].mean()), float(crop[1].mean())
            assert (x > 0.5, y > 0.5) == (bool(right), bool(below))
            assert min(x, 1 - x, y, 1 - y) >= SIDE / 2 / side - 1e-4


@pytest.mark.parametrize(("degrees", "mirrored"), [(90.0, False), (180.0, True), (60.0, False), (240.0, True)])
def test_they_turn_and_mirror_as_the_objective_of_style_does(degrees, mirrored):
    """Seen from far away, where place and blur say nothing: the direction in which a ramp of light rises."""
    down, across = torch.meshgrid(torch.arange(512) / 512, torch.arange(512) / 512, indexing="ij")
    ramp = (0.2 + 0.5 * across + 0.1 * down).expand(3, 512, 512)
    appearance = Appearance(degrees, mirrored, PLAIN.colour)

    def slope(picture: Tensor) -> Tensor:
        middle = picture[0, 40:-40, 40:-40]
        return torch.stack([middle.diff(dim=0).median(), middle.diff(dim=1).median()])

    (wanted,) = show(ramp[None], appearance, pixels=512 * 512)
    found = [slope(crop) for crop in style_windows(ramp, 512.0, (appearance,)).flatten(0, 1)]
    for item in found:
        torch.testing.assert_close(item, slope(wanted[:, 192:320, 192:320]), atol=2e-5, rtol=0.05)


def test_every_quarter_shows_itself_in_every_colour():
    picture = torch.zeros(3, 600, 800)
    for quarter in range(QUARTERS):
        below, right = divmod(quarter, 2)
        picture[:, 300 * below : 300 * below + 300, 400 * right : 400 * right + 400] = torch.tensor(
            [0.9 - 0.2 * quarter, 0.1, 0.5]
        )[:, None, None]
    appearances = (PLAIN, Appearance(90.0, False, SWAPPED), Appearance(180.0, False, PLAIN.colour))
    seen = style_windows(picture, 600.0, appearances)
    for quarter in range(QUARTERS):
        colours = seen[quarter].mean((2, 3))
        plain = torch.tensor([0.9 - 0.2 * quarter, 0.1, 0.5])
        swapped = plain[[1, 0, 2]]
        near = [[bool((colour - wanted).abs().max() < 0.02) for colour in colours] for wanted in (plain, swapped)]
        assert sum(near[0]) == sum(near[1]) == len(colours) / 2 >= 2
    assert torch.equal(seen, style_windows(picture, 600.0, appearances))


def test_small_pictures_are_enlarged_and_large_ones_shrunk():
    for side in (60, 2000):
        seen = style_windows(smooth(side, side + 30), 256.0, (PLAIN,))
        assert seen.shape[2:] == (3, SIDE, SIDE)
        assert 0.05 < float(seen.std()) < 0.4
