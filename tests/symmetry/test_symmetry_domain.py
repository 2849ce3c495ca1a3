"""The area of a fundamental domain: by counting what the group repeats, and by Gauss and Bonnet."""

from __future__ import annotations

import math

import pytest

from orbifolio.runner.symmetry.base import SymmetrySettings
from orbifolio.runner.symmetry.kinds.frieze import Frieze
from orbifolio.runner.symmetry.kinds.hyperbolic import Hyperbolic
from orbifolio.runner.symmetry.kinds.none import NoSymmetry
from orbifolio.runner.symmetry.kinds.partial import Partial
from orbifolio.runner.symmetry.kinds.plane import Plane
from orbifolio.runner.symmetry.kinds.rotor import Rotor
from orbifolio.runner.symmetry.kinds.sphere import Sphere

SIX_COPIES = Partial.model_validate({"folds": [{"elements": [{}, {"turn": 60}, {"turn": 120}]}]})


@pytest.mark.parametrize(
    ("settings", "copies"),
    [
        (NoSymmetry(), 1),
        (Plane(group="p1"), 1),
        (Plane(group="p2"), 2),
        (Plane(group="p4"), 4),
        (Plane(group="p4mm"), 8),
        (Plane(group="p6"), 12),  # two cells in the rectangle
        (Plane(group="p31m"), 12),
        (Frieze(group="p2mm"), 4),
        (Rotor(order=6), 6),
        (Rotor(order=5, mirrors=True), 10),
        (SIX_COPIES, 3),
    ],
    ids=lambda item: getattr(item, "kind", None),
)
def test_flat_domains_share_the_picture(settings: SymmetrySettings, copies: int) -> None:
    symmetry = settings.build()
    width, height = symmetry.fit(480, multiple=1, ratio=1.0)
    # texels in mirrors and centres count in full
    assert symmetry.domain_pixels(width, 1.0) == pytest.approx(width * height / copies, rel=0.15)


@pytest.mark.parametrize(("group", "order"), [("none", 1), ("T", 12), ("O", 24), ("Ih", 120), ("C5", 5), ("D3d", 12)])
def test_domains_of_the_sphere_share_it(group: str, order: int) -> None:
    width = 1024
    assert Sphere(group=group).build().domain_pixels(width, 2.0) == pytest.approx(
        4 * math.pi / order / (2 * math.pi / width) ** 2
    )


def test_domains_of_the_hyperbolic_plane_are_by_gauss_and_bonnet() -> None:
    pixel = 2 * 2 / 500  # a unit in the disk's middle is two
    triangle = math.pi * (1 - 1 / 2 - 1 / 4 - 1 / 6)
    with_mirrors, turns = (Hyperbolic(p=4, q=6, mirrors=item).build() for item in (True, False))
    assert with_mirrors.domain_pixels(500, 1.0) == pytest.approx(triangle / pixel**2)
    assert turns.domain_pixels(500, 1.0) == pytest.approx(2 * triangle / pixel**2)
