"""Reflection triangles of every curvature: angles, folding, and the finite groups they generate."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from orbifolio.runner.symmetry.charts import lift
from orbifolio.runner.symmetry.groups.coset_table import generated
from orbifolio.runner.symmetry.groups.triangle import Triangle

TRIANGLES = [
    (3, 3, 2),
    (4, 3, 2),
    (5, 3, 2),
    (2, 2, 9),
    (6, 3, 2),
    (4, 4, 2),
    (7, 3, 2),
    (4, 6, 2),
    (3, 20, 2),
    (5, 4, 3),
]


def places(triangle: Triangle, count: int = 400, *, radius: float = 0.97) -> np.ndarray:
    """Random points of the triangle's surface."""
    random = np.random.default_rng(5)
    if triangle.curvature > 0:
        return triangle.normalised(random.normal(size=(count, 3)))
    if triangle.curvature == 0:
        return np.hstack([random.uniform(-9, 9, (count, 2)), np.ones((count, 1))])
    angle, far = random.uniform(0, 2 * np.pi, count), radius * np.sqrt(random.random(count))
    return lift(far * np.exp(1j * angle))[0]


@pytest.mark.parametrize("angles", TRIANGLES)
def test_products_of_mirrors_are_turns_of_the_right_order(angles: tuple[int, int, int]) -> None:
    triangle = Triangle(*angles)
    for order, first, second in ((angles[0], 1, 2), (angles[1], 2, 0), (angles[2], 0, 1)):
        turn = triangle.reflection(first) @ triangle.reflection(second)
        powers = [np.abs(np.linalg.matrix_power(turn, n) - np.eye(3)).max() for n in range(1, order + 1)]
        assert powers[-1] < 1e-9
        assert min(powers[:-1]) > 1e-3


@pytest.mark.parametrize("angles", TRIANGLES)
def test_folding_forgets_the_group_and_nothing_else(angles: tuple[int, int, int]) -> None:
    triangle = Triangle(*angles)
    points = places(triangle, radius=0.9)
    folded = triangle.fold(points)
    assert folded.weights.min() >= 0
    np.testing.assert_allclose(folded.weights.sum(1), 1, atol=1e-12)
    back = triangle.normalised(folded.weights @ triangle.corners)
    np.testing.assert_allclose(triangle.fold(back).weights, folded.weights, atol=1e-7)
    assert not triangle.fold(back[folded.weights.min(1) > 1e-6]).reflections.any()
    for mirror in range(3):
        moved = points @ triangle.reflection(mirror).T
        np.testing.assert_allclose(triangle.fold(moved).weights, folded.weights, atol=1e-7)


def test_the_middle_is_p_and_r_lies_to_the_right() -> None:
    corners = Triangle(7, 3).corners
    np.testing.assert_allclose(corners[0], [0, 0, 1], atol=1e-12)
    assert corners[2][0] > 0
    assert corners[2][1] == pytest.approx(0, abs=1e-12)
    assert np.arctan2(corners[1][1], corners[1][0]) == pytest.approx(np.pi / 7)


@pytest.mark.parametrize(("angles", "name"), [((3, 3, 2), "T"), ((4, 3, 2), "O"), ((5, 3, 2), "I")])
def test_rotations_are_those_of_an_independent_table(angles: tuple[int, int, int], name: str) -> None:
    triangle = Triangle(*angles)
    mirrors = [triangle.reflection(number) for number in range(3)]
    ours, _ = generated([mirrors[2] @ mirrors[1], mirrors[1] @ mirrors[0]], [0, 0])
    theirs = Rotation.create_group(name).as_matrix()
    assert len(ours) == len(theirs)
    np.testing.assert_allclose(sorted(np.trace(m) for m in ours), sorted(np.trace(m) for m in theirs), atol=1e-9)
    everything, _ = generated(mirrors, [0, 0, 0])
    assert len(everything) == 2 * len(theirs)


def test_it_stops_with_a_reason_where_arithmetic_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orbifolio.runner.symmetry.groups.triangle._MAX_REFLECTIONS", 3)
    with pytest.raises(FloatingPointError, match="too near the rim"):
        Triangle(7, 3).fold(places(Triangle(7, 3)))


def test_no_triangle_has_a_straight_angle() -> None:
    with pytest.raises(ValueError, match="use numbers from 2 on"):
        Triangle(1, 3)
