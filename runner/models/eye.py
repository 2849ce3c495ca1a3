"""An eye that looks at a mesh: (place, direction, width of view) -> corners on a picture and their distances."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from orbifolio.runner.models.mesh import Mesh
from orbifolio.runner.models.rasterising import Shown, nearest

Floats = npt.NDArray[np.float64]

AWAY = 4.0
"""Distance of the eye, in radii of the model: perspective without strain, and nothing is behind it."""


@dataclass(frozen=True)
class Eye:
    """An eye, in perspective.

    Attributes:
        target: (3,) what is in the middle of the picture.
        turn: (3, 3) whose columns are the directions to the right, up, and towards the viewer.
        distance: from target to eye.
        half: half the width of what is seen at the target's distance.
    """

    target: Floats
    turn: Floats
    distance: float
    half: float

    def see(self, mesh: Mesh, size: int) -> Shown:
        """What a square picture shows.

        Args:
            mesh: none of it behind the eye.
            size: pixels a side.
        """
        local = (mesh.positions - self.target) @ self.turn
        depth = np.maximum(self.distance - local[:, 2], 1e-6 * self.distance)
        scale = self.distance / self.half / depth
        across = (local[:, :2] * scale[:, None] * [1, -1] + 1) * (size / 2)
        return nearest(across[mesh.faces], depth[mesh.faces], size, size)

    @property
    def place(self) -> Floats:
        """(3,) of the eye."""
        found: Floats = self.target + self.turn[:, 2] * self.distance
        return found


def frame(towards: Floats, roll: float = 0.0) -> Floats:
    """(3, 3) for `Eye.turn`.

    Args:
        towards: (3,) unit vector to the viewer.
        roll: radians, counter-clockwise; at 0 the y axis is upright.
    """
    right = np.cross([0.0, 1.0, 0.0], towards)
    if np.linalg.norm(right) < 1e-6:
        right = np.array([1.0, 0.0, 0.0])
    right = right / np.linalg.norm(right)
    up = np.cross(towards, right)
    c, s = math.cos(roll), math.sin(roll)
    return np.stack([c * right + s * up, c * up - s * right, towards], axis=1)


def around(mesh: Mesh, longitude: float, latitude: float) -> Eye:
    """An eye that sees all of the mesh.

    Args:
        mesh: the model.
        longitude: radians from +z, about the y axis, counter-clockwise as seen from above.
        latitude: radians above.
    """
    circle = math.cos(latitude)
    towards = np.array([circle * math.sin(longitude), math.sin(latitude), circle * math.cos(longitude)])
    distance = AWAY * mesh.radius
    half = 1.04 * mesh.radius * AWAY / math.sqrt(AWAY * AWAY - 1)  # the sphere about the model just fits
    return Eye(mesh.centre, frame(towards), distance, half)
