"""Tangent planes: what lies at an offset is seen at that offset; samples of lattices are texels."""

from __future__ import annotations

import numpy as np
import pytest

from orbifolio.runner.symmetry.kinds.hyperbolic import Hyperbolic
from orbifolio.runner.symmetry.kinds.plane import Plane
from orbifolio.runner.symmetry.kinds.sphere import Sphere
from orbifolio.runner.symmetry.tangent_planes import SQUARE, CurvedPlanes, SampleLattice, SurfacePlanes
from orbifolio.runner.symmetry.taps import Taps


class Remember:
    """A lookup that keeps the points it was asked for."""

    def taps(self, points: np.ndarray) -> Taps:
        self.points = points
        nothing = np.zeros((len(points), 1), np.int64)
        return Taps(nothing, nothing, np.ones((len(points), 1)))


def surface_points(curvature: int) -> np.ndarray:
    random = np.random.default_rng(3)
    across = random.normal(size=(20, 2)) * 0.8
    if curvature < 0:
        return np.column_stack([across, np.sqrt(1 + (across**2).sum(1))])
    points = np.column_stack([across, random.normal(size=20)])
    return points / np.linalg.norm(points, axis=1, keepdims=True)


@pytest.mark.parametrize("curvature", [1, -1])
def test_a_curved_plane_sees_a_point_where_it_looked_for_it(curvature: int) -> None:
    lookup, points = Remember(), surface_points(curvature)
    planes = CurvedPlanes(points, 0.02, curvature, lookup)
    offsets = SQUARE.offsets(3)
    planes.around(np.arange(20), offsets)
    seen = planes.see(np.repeat(np.arange(20), len(offsets)), lookup.points)
    np.testing.assert_allclose(seen.reshape(20, -1, 2), np.broadcast_to(offsets, (20, *offsets.shape)), atol=1e-6)
    # Points lie on the surface, as far away as the offset says.
    norm = (lookup.points[:, :2] ** 2).sum(1) + curvature * lookup.points[:, 2] ** 2
    np.testing.assert_allclose(norm, curvature, atol=1e-9)
    products = lookup.points.reshape(20, -1, 3) * points[:, None]
    inner = products[..., :2].sum(2) * curvature + products[..., 2]
    distance = np.arccos(np.clip(inner, -1, 1)) if curvature > 0 else np.arccosh(np.maximum(inner, 1))
    np.testing.assert_allclose(distance, np.broadcast_to(0.02 * np.hypot(*offsets.T), distance.shape), atol=2e-7)


@pytest.mark.parametrize("settings", [Plane(group="p4"), Plane(group="p6"), Plane(group="p3m1"), Plane(group="cm")])
def test_samples_of_a_plane_are_texels(settings: Plane) -> None:
    symmetry = settings.build()
    layout = symmetry.layout(*symmetry.fit(40, multiple=1, ratio=1.0))
    planes = layout.tangent_planes()
    taps = planes.around(np.arange(layout.parameters), planes.lattice.offsets(3))
    assert np.allclose(taps.weights.max(1), 1)
    # In the middle of a patch every orbit sees itself, in its own colours.
    samples = len(planes.lattice.offsets(3))
    middle = taps.weights[::samples].argmax(1)[:, None]
    assert np.array_equal(np.take_along_axis(taps.orbits[::samples], middle, 1)[:, 0], np.arange(layout.parameters))
    assert not np.take_along_axis(taps.elements[::samples], middle, 1).any()


@pytest.mark.parametrize("settings", [Sphere(), Hyperbolic(p=5, q=4)])
def test_the_middle_of_a_curved_patch_is_the_orbit(settings: Sphere | Hyperbolic) -> None:
    symmetry = settings.build()
    layout = symmetry.layout(*symmetry.fit(96, multiple=1, ratio=1.0))
    taps = layout.tangent_planes().around(np.arange(layout.parameters), np.zeros((1, 2)))
    own = (taps.orbits == np.arange(layout.parameters)[:, None]) * taps.weights
    assert own.sum(1).min() > 0.99


def test_hexagonal_patches_have_thirty_seven_samples() -> None:
    lattice = SampleLattice(np.array([[1.0, 0.0], [0.5, np.sqrt(0.75)]]), hexagonal=True)
    offsets = lattice.offsets(3)
    assert len(offsets) == 37
    assert np.hypot(*offsets[: 1 + lattice.ring].T).max() == pytest.approx(1)
    assert len(SQUARE.offsets(3)) == 49


def test_planes_of_a_surface_of_points_point_up() -> None:
    angles = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    ring = np.column_stack([np.cos(angles), np.zeros(200), np.sin(angles)])
    places = np.concatenate([ring + [0, height, 0] for height in (-0.05, -0.025, 0.0, 0.025, 0.05)])
    planes = SurfacePlanes(places, np.tile(ring, (5, 1)), 0.025)
    orbit = np.array([450])
    up = planes.around(orbit, np.array([[0.0, -1.0]])).orbits[0, 0]
    assert places[up] == pytest.approx(places[450] + [0, 0.025, 0])
    assert planes.see(orbit, places[[up]])[0] == pytest.approx([0, -1])
