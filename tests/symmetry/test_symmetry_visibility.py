"""Visibility: carpets against shapes of a domain's size, on every surface; noise; pictures without contrast."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from orbifolio.runner.symmetry.base import SymmetrySettings
from orbifolio.runner.symmetry.kinds.droste import Droste
from orbifolio.runner.symmetry.kinds.frieze import Frieze
from orbifolio.runner.symmetry.kinds.hyperbolic import Hyperbolic
from orbifolio.runner.symmetry.kinds.plane import Plane
from orbifolio.runner.symmetry.kinds.rotor import Rotor
from orbifolio.runner.symmetry.kinds.sphere import Sphere
from orbifolio.runner.symmetry.layouts.flat_charts import Tile
from orbifolio.runner.symmetry.verify.visibility import visibility

SYMMETRIES = [
    Plane(group="p4"),
    Plane.model_validate({"group": "p6", "colours": {"r6": ["g", "b", "r"]}}),
    Plane(group="p2mm"),
    Frieze(group="p2mg"),
    Rotor(order=6),
    Sphere(group="O"),
    Hyperbolic(p=4, q=6),
]


def waves(width: int, height: int, length: float) -> torch.Tensor:
    """(1, 3, height, width) noise of waves about as long as that, in pixels."""
    frequency = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.fftfreq(width)[None, :])
    noise = np.random.default_rng(0).normal(size=(3, height, width))
    band = np.fft.ifft2(np.fft.fft2(noise) * np.exp(-(((frequency * length - 1) / 0.4) ** 2))).real
    return torch.from_numpy(0.5 + 0.2 * band / band.std())[None]


def score(settings: SymmetrySettings, shapes: float) -> float:
    """Of a picture with this symmetry and about so many shapes in a domain."""
    symmetry = settings.build()
    width, height = symmetry.fit(320, multiple=1, ratio=1.0)
    domain, layout = symmetry.domain_pixels(width, width / height), symmetry.layout(width, height)
    values = layout.sample(waves(width, height, math.sqrt(domain / shapes)))
    picture = layout.render(values / values.std() * 0.2)[0].permute(1, 2, 0).clamp(0, 1).numpy()
    found = visibility(picture, symmetry.chart_for(width, height), domain)
    assert found is not None
    return found


@pytest.mark.parametrize("settings", SYMMETRIES, ids=lambda item: f"{item.kind}")
def test_few_shapes_in_a_domain_are_seen_and_many_are_a_carpet(settings: SymmetrySettings) -> None:
    one, four, many = (score(settings, shapes) for shapes in (1, 4, 30))
    assert one > four > many
    assert four > 0.15
    assert many < 0.05


def test_a_zoom_is_judged_where_it_shows_most() -> None:
    symmetry = Droste().build()
    chart, domain = symmetry.chart_for(200, 200), symmetry.domain_pixels(200, 1.0)
    coarse, fine = (waves(200, 200, length)[0].permute(1, 2, 0).numpy() for length in (100, 6))
    assert (visibility(coarse, chart, domain) or 0) > 0.2 > 0.05 > (visibility(fine, chart, domain) or 0)


def test_noise_and_blank_pictures_show_nothing() -> None:
    noise = np.random.default_rng(0).random((128, 128, 3))
    found = visibility(noise, Tile(128, 128), 1024.0)
    assert found is not None
    assert found < 0.02
    assert visibility(np.full((64, 64, 3), 0.4), Tile(64, 64), 1024.0) is None
    assert visibility(noise, Tile(128, 128), 20.0) is None  # no picture of 4 x 4 pixels
