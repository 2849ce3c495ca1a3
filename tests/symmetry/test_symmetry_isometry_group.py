"""Isometry groups and domains: where each orbit stands, on every surface, and the way home."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.groups.domain import fundamental_domain
from orbifolio.runner.symmetry.isometry_group import IsometryGroup
from orbifolio.runner.symmetry.kinds.frieze import Frieze
from orbifolio.runner.symmetry.kinds.hyperbolic import Hyperbolic
from orbifolio.runner.symmetry.kinds.none import NoSymmetry
from orbifolio.runner.symmetry.kinds.plane import Plane
from orbifolio.runner.symmetry.kinds.rotor import Rotor
from orbifolio.runner.symmetry.kinds.sphere import Sphere
from orbifolio.runner.symmetry.layouts.blended import BlendedLayout
from orbifolio.runner.symmetry.layouts.folded import FoldedLayout
from orbifolio.runner.symmetry.layouts.gather import build_gather
from orbifolio.runner.symmetry.layouts.orbits import PlaneLayout

SYMMETRIES = [
    NoSymmetry(),
    Plane(group="p1"),
    Plane(group="p4gm", colours={}),
    Plane(group="p6", colours={"r6": ["g", "b", "r"]}),
    Frieze(group="p2mg"),
    Rotor(order=5, mirrors=True),
    Hyperbolic(p=7, q=3),
    Hyperbolic(p=4, q=6, colours={"face": ["-r", "-g", "-b"]}),
    Hyperbolic(p=6, q=8, mirrors="sides"),
    Sphere(group="O", colours={"r4": ["g", "r", "b"]}),
    Sphere(group="Th"),
]


def built(settings):
    symmetry = settings.build()
    return symmetry, symmetry.layout(*symmetry.fit(120, multiple=1, ratio=symmetry.ratio or 1.0))


def shown(layout, group: IsometryGroup, values: torch.Tensor, points: np.ndarray) -> np.ndarray:
    """(n, 3) what the artwork shows at points of the surface, centred."""
    if isinstance(layout, FoldedLayout):
        taps = layout.surface.taps(points)
        return build_gather(taps.orbits, taps.elements, taps.weights, layout.parameters)(values).numpy()
    pixels = group.place(points)
    if isinstance(layout, PlaneLayout):
        return layout.evaluate(values, torch.from_numpy((pixels - 0.5) / [layout.width, layout.height])).numpy()
    if isinstance(layout, BlendedLayout):
        x, y = 2 * (pixels / [layout.width, layout.height]).T - 1
        return layout.evaluate(values, layout.chart.look(x, -y).points).numpy()
    column, row = np.floor(pixels.T).astype(int)
    return layout.render(values)[0].numpy()[:, row, column].T - 0.5


@pytest.mark.parametrize("settings", SYMMETRIES, ids=lambda item: f"{item.kind}-{getattr(item, 'group', '')}")
def test_representatives_and_their_images_at_home_show_the_orbits_values(settings) -> None:
    symmetry, layout = built(settings)
    values = layout.constrain(torch.rand(layout.parameters, 3, generator=torch.Generator().manual_seed(2)) - 0.5)
    group = IsometryGroup(symmetry, layout.width, layout.height)
    points = group.representatives(layout)
    np.testing.assert_allclose(shown(layout, group, values, points), values, atol=1e-4)
    domain = fundamental_domain(group)
    points, elements = domain.home(points)
    assert domain.holds(points).mean() > 0.95  # those on the border are held by either side
    there = np.einsum("nij,nj->ni", colour.MATRICES[elements], shown(layout, group, values, points))
    np.testing.assert_allclose(there, values, atol=1e-4)  # I(x) = element I(home)


def test_a_way_home_to_other_colours_is_told() -> None:
    symmetry, layout = built(Plane(group="p6", colours={"r6": ["g", "b", "r"]}))
    group = IsometryGroup(symmetry, layout.width, layout.height)
    _, elements = fundamental_domain(group).home(group.representatives(layout))
    assert len(set(elements.tolist())) > 1
