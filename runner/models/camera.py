"""A camera: (place, direction, width of view) and a mesh -> the triangles that each pixel of a picture shows."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.models.mesh import Mesh
from orbifolio.runner.models.rasteriser import VisibleFaces, nearest

CAMERA_DISTANCE = 4.0
"""Distance of the camera, in radii of the model: moderate perspective, and no part is behind the camera."""


@dataclass(frozen=True)
class MeshCamera:
    """A camera, in perspective.

    Attributes:
        target: (3,) what is in the middle of the picture.
        axes: (3, 3) whose columns are the directions to the right, up, and towards the viewer.
        distance: from target to camera.
        half_width: half the width of what is seen at the target's distance.
    """

    target: F64
    axes: F64
    distance: float
    half_width: float

    def visible_faces(self, mesh: Mesh, size: int) -> VisibleFaces:
        """What a square picture of `size` by `size` pixels shows of a mesh, none of which is behind the camera."""
        local = (mesh.positions - self.target) @ self.axes
        depth = np.maximum(self.distance - local[:, 2], 1e-6 * self.distance)
        scale = self.distance / self.half_width / depth
        across = (local[:, :2] * scale[:, None] * [1, -1] + 1) * (size / 2)
        return nearest(across[mesh.faces], depth[mesh.faces], size, size)

    @property
    def position(self) -> F64:
        """(3,) the camera itself."""
        position: F64 = self.target + self.axes[:, 2] * self.distance
        return position


def camera_axes(towards: F64, roll: float = 0.0) -> F64:
    """(3, 3) for `MeshCamera.axes`.

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


def orbit_camera(mesh: Mesh, longitude: float, latitude: float) -> MeshCamera:
    """A camera that sees all of the mesh.

    Args:
        mesh: what is in the middle.
        longitude: radians from +z, about the y axis, counter-clockwise as seen from above.
        latitude: radians above the plane of x and z.
    """
    circle = math.cos(latitude)
    towards = np.array([circle * math.sin(longitude), math.sin(latitude), circle * math.cos(longitude)])
    distance = CAMERA_DISTANCE * mesh.radius
    # the sphere about the model just fits between rays that leave at asin(1 / CAMERA_DISTANCE), and 4 % more
    half_width = 1.04 * mesh.radius * CAMERA_DISTANCE / math.sqrt(CAMERA_DISTANCE * CAMERA_DISTANCE - 1)
    return MeshCamera(mesh.centre, camera_axes(towards), distance, half_width)
