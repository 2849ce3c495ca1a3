"""Antialiasing: pixels are means of what lies within them, so that sharp pictures measure as symmetric as soft ones."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import ndimage

from orbifolio.runner.symmetry.base import Layout, Symmetry, SymmetrySettings
from orbifolio.runner.symmetry.kinds.droste import Droste
from orbifolio.runner.symmetry.kinds.hyperbolic import Hyperbolic
from orbifolio.runner.symmetry.kinds.plane import Plane
from orbifolio.runner.symmetry.kinds.sphere import Sphere
from orbifolio.runner.symmetry.layouts.antialiasing import antialiased
from orbifolio.runner.symmetry.verify.measure import measure


def sharp(settings: SymmetrySettings, width: int) -> tuple[Symmetry, Layout, torch.Tensor]:
    """Spots with sharp edges, some pixels wide: what no turned pixel grid shows again just so."""
    symmetry = settings.build()
    layout = symmetry.layout(*symmetry.fit(width, multiple=1, ratio=symmetry.ratio or 1.0))
    noise = np.random.default_rng(4).normal(size=(layout.height, layout.width, 3))
    spots = ndimage.gaussian_filter(noise, (4, 4, 0), mode="wrap") > 0
    return symmetry, layout, layout.sample(torch.from_numpy(spots.astype(np.float32)).permute(2, 0, 1)[None])


def as_array(artwork: torch.Tensor) -> np.ndarray:
    return artwork[0].permute(1, 2, 0).numpy().clip(0, 1)


@pytest.mark.parametrize(
    ("settings", "width"),
    [(Plane(group="p6"), 128), (Hyperbolic(p=4, q=6), 192), (Sphere(group="O"), 256), (Droste(zoom=4, turn=90), 192)],
)
def test_sharp_pictures_become_more_exactly_symmetric(settings: SymmetrySettings, width: int) -> None:
    symmetry, layout, values = sharp(settings, width)
    values = torch.sign(values) / 2  # as sharp as orbits allow
    chart = symmetry.chart_for(layout.width, layout.height)
    claims = symmetry.claims()[:4]
    points = measure(as_array(layout.render(values)), chart, claims).worst
    means = measure(as_array(antialiased(layout, chart, values)), chart, claims).worst
    assert points is not None
    assert means is not None
    assert means < 0.5 * points


def test_pixels_that_are_orbits_stay_as_they_are() -> None:
    symmetry, layout, values = sharp(Plane(group="p4gm"), 64)
    picture = antialiased(layout, symmetry.chart_for(64, 64), values)
    assert torch.equal(picture, layout.render(values))


def test_a_pixel_is_the_mean_of_nine_points_within_it() -> None:
    symmetry, layout, values = sharp(Plane(group="p6"), 64)
    width, height = layout.width, layout.height
    chart = symmetry.chart_for(width, height)
    got = as_array(antialiased(layout, chart, values))
    row, column = 30, 40
    x = 2 * (column + np.array([1, 3, 5]) / 6) / width - 1
    y = 1 - 2 * (row + np.array([1, 3, 5]) / 6) / height
    across, up = (item.ravel() for item in np.meshgrid(x, y))
    taps = layout.tangent_planes().lookup.taps(chart.look(across, up).points)
    assert set(taps.elements.ravel()) == {0}  # no colours
    colours = (layout.constrain(values).numpy()[taps.orbits] * taps.weights[..., None]).sum(1)
    np.testing.assert_allclose(got[row, column], colours.mean(0) + 0.5, atol=1e-5)
