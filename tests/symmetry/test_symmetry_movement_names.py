"""Movements of the sphere in words, against scipy's rotations."""

import math

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from orbifolio.runner.symmetry.kinds.sphere import axis_turn, name_movement


@pytest.mark.parametrize("latitude", [-60, -25, 3, 70])
@pytest.mark.parametrize("longitude", [-140, -88, 35, 92])
@pytest.mark.parametrize("degrees", [60, 120, 150])
def test_a_turn_is_named_by_its_angle_and_its_axis(latitude, longitude, degrees):
    up, around = math.radians(latitude), math.radians(longitude)
    axis = np.array([math.cos(up) * math.cos(around), math.cos(up) * math.sin(around), math.sin(up)])
    turn = Rotation.from_rotvec(axis * math.radians(degrees)).as_matrix()
    np.testing.assert_allclose(axis_turn(axis, math.radians(degrees)), turn, atol=1e-12)
    where = f"({latitude}, {longitude})"
    assert name_movement(turn) == f"{degrees} degree turn about {where}"
    assert name_movement(-turn) == f"exchange of opposite points with a {degrees} degree turn about {where}"


def test_mirrors_and_the_exchange_of_opposite_points_have_names_of_their_own():
    assert name_movement(-np.eye(3)) == "exchange of opposite points"
    assert name_movement(np.diag([1.0, 1.0, -1.0])) == "mirror across (90, 0)"
