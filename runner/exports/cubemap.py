"""The sphere on the six faces of a cube: (painted, face size) -> a cross of squares, each seen from the middle.

Convention: each face is the sphere as it is seen from outside, so that the middle row reads as the
equirectangular map does. From left to right its middles have longitude 180, -90, 0, 90 degrees; the north pole
is above longitude 0, the south pole below it.
"""

from __future__ import annotations

import math

import numpy as np

from orbifolio.runner.arrays import F32
from orbifolio.runner.exports.globe import towards
from orbifolio.runner.exports.painted_surface import PaintedSurface
from orbifolio.runner.symmetry.charts import Camera

QUARTER = math.pi / 2
FACES = {
    "back": ((0, 1), (2 * QUARTER, 0.0)),
    "west": ((1, 1), (-QUARTER, 0.0)),
    "front": ((2, 1), (0.0, 0.0)),
    "east": ((3, 1), (QUARTER, 0.0)),
    "north": ((2, 0), (0.0, QUARTER)),
    "south": ((2, 2), (0.0, -QUARTER)),
}
"""Face: its (column, row) in the cross, and the (longitude, latitude) in its middle."""


def face(painted: PaintedSurface, name: str, size: int) -> F32:
    """(size, size, 3) one face, exactly a quarter turn wide."""
    _, direction = FACES[name]
    return painted.picture(Camera(towards(*direction), math.pi / 4), size, size)


def cross(painted: PaintedSurface, size: int) -> F32:
    """(3 size, 4 size, 4) all faces, nothing between them."""
    picture = np.zeros((3 * size, 4 * size, 4), dtype=np.float32)
    for name, ((column, row), _) in FACES.items():
        square = picture[row * size : (row + 1) * size, column * size : (column + 1) * size]
        square[..., :3], square[..., 3] = face(painted, name, size), 1
    return picture
