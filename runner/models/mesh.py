"""A mesh: corners with positions, normals and texture coordinates, and the triangles between them.

Convention: positions are right-handed with y up, as glTF has them; texture coordinates run to the right and
*down* from the texture's upper left corner, in units of the texture; triangles turn counter-clockwise as
seen from outside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from orbifolio.runner.arrays import F64, I64

_CREASE = math.cos(math.radians(50))  # of the angle between triangles from which there is an edge between them
_MAX_AROUND = 24  # triangles at a place beyond which it is smooth: comparing them grows with the square


@dataclass(frozen=True)
class Mesh:
    """A surface of triangles, with texture coordinates.

    Attributes:
        positions: (N, 3) of the corners.
        normals: (N, 3) unit vectors.
        uv: (N, 2) texture coordinates.
        faces: (M, 3) corners of the triangles.
        notes: what a reader should know of how it was read.
    """

    positions: F64
    normals: F64
    uv: F64
    faces: I64
    notes: tuple[str, ...] = ()

    @cached_property
    def centre(self) -> F64:
        """(3,) the middle of the box around it."""
        used = self.positions[np.unique(self.faces)]
        middle: F64 = (used.min(0) + used.max(0)) / 2
        return middle

    @cached_property
    def radius(self) -> float:
        """Of the sphere about the centre that holds all of it."""
        used = self.positions[np.unique(self.faces)]
        return float(np.linalg.norm(used - self.centre, axis=1).max())

    @cached_property
    def areas(self) -> F64:
        """(M,) of the triangles."""
        a, b, c = (self.positions[self.faces[:, corner]] for corner in range(3))
        areas: F64 = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
        return areas


def _places(positions: F64) -> I64:
    """(N,) a number for each position, the same for corners at one place."""
    size = float(np.ptp(positions, axis=0).max())
    _, same = np.unique(np.round(positions / (size or 1.0), 9), axis=0, return_inverse=True)
    return same.reshape(-1)


def smooth_normals(positions: F64, faces: I64) -> F64:
    """(N, 3) the mean direction of the triangles around each position, larger ones weighing more.

    Corners at one position count as one, so that no edge shows where the texture is cut.
    """
    same = _places(positions)
    a, b, c = (positions[faces[:, corner]] for corner in range(3))
    direction = np.cross(b - a, c - a)
    total = np.zeros((same.max() + 1, 3))
    for corner in range(3):
        np.add.at(total, same[faces[:, corner]], direction)
    length = np.linalg.norm(total, axis=1, keepdims=True)
    total = np.where(length > 0, total / np.where(length > 0, length, 1), [0.0, 1.0, 0.0])
    normals: F64 = total[same]
    return normals


def creased(positions: F64, faces: I64) -> tuple[I64, F64, I64]:
    """Normals for a surface that has none, smooth but at its edges, where corners become several.

    At a corner, a triangle has the mean direction of those triangles around the place that face within 50 degrees of
    it, larger ones weighing more.

    Args:
        positions: (N, 3).
        faces: (M, 3).

    Returns:
        (K,) which corner each comes from, (K, 3) its unit normal, and (M, 3) the triangles between them; the first N
        are the corners themselves.
    """
    a, b, c = (positions[faces[:, corner]] for corner in range(3))
    direction = np.cross(b - a, c - a)
    length = np.linalg.norm(direction, axis=1, keepdims=True)
    facing = direction / np.where(length > 0, length, 1.0)
    place = _places(positions)[faces].ravel()
    order = np.argsort(place, kind="stable")
    _, begins, counts = np.unique(place[order], return_index=True, return_counts=True)
    total = smooth_normals(positions, faces)[faces.ravel()]
    for count in np.unique(counts[counts <= _MAX_AROUND]):  # all places with as many triangles at once
        corners = order[begins[counts == count][:, None] + np.arange(count)]
        near = np.einsum("pic,pjc->pij", facing[corners // 3], facing[corners // 3]) > _CREASE
        total[corners] = np.einsum("pij,pjc->pic", near, direction[corners // 3])
    length = np.linalg.norm(total, axis=1, keepdims=True)
    total = np.where(length > 0, total / np.where(length > 0, length, 1.0), [0.0, 1.0, 0.0])
    keys = np.concatenate([faces.reshape(-1, 1), np.round(total * 1e4).astype(np.int64)], axis=1)
    rows, first, number = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    leads = np.concatenate([[True], rows[1:, 0] != rows[:-1, 0]])
    index = np.where(leads, rows[:, 0], len(positions) + np.cumsum(~leads) - 1)
    source = np.arange(len(positions) + int((~leads).sum()))
    source[index] = rows[:, 0]
    normals = np.tile([0.0, 1.0, 0.0], (len(source), 1))
    normals[index] = total[first]
    return source, normals, index[number.reshape(-1)].reshape(-1, 3)


def icosphere(subdivisions: int) -> tuple[F64, I64]:
    """Points of the unit sphere and the triangles between them, nearly all alike; closed.

    Args:
        subdivisions: how often each of the icosahedron's 20 triangles is cut into four.
    """
    golden = (1 + math.sqrt(5)) / 2
    points = np.array([(0, s, t * golden) for s in (-1, 1) for t in (-1, 1)], dtype=np.float64)
    points = np.concatenate([points, np.roll(points, 1, axis=1), np.roll(points, 2, axis=1)])
    near = np.isclose(np.linalg.norm(points[:, None] - points[None], axis=2), 2)
    corners = [
        (i, j, k) for i in range(12) for j in range(i) for k in range(j) if near[i, j] and near[j, k] and near[i, k]
    ]
    faces = np.array(corners, dtype=np.int64)
    inwards = np.einsum("ij,ij->i", np.cross(points[faces[:, 0]], points[faces[:, 1]]), points[faces[:, 2]]) < 0
    faces[inwards] = faces[inwards][:, ::-1]
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    for _ in range(subdivisions):
        edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), axis=1)
        unique, number = np.unique(edges, axis=0, return_inverse=True)
        middle = points[unique].sum(1)
        ab, bc, ca = (number.reshape(-1) + len(points)).reshape(3, -1)
        points = np.concatenate([points, middle / np.linalg.norm(middle, axis=1, keepdims=True)])
        a, b, c = faces.T
        faces = np.concatenate(
            [np.stack(item, axis=1) for item in ((a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca))]
        )
    return points, faces


def uv_sphere(columns: int, rows: int) -> Mesh:
    """The unit sphere under an equirectangular map.

    The column where the map's two ends meet occurs twice, and every triangle at a pole has a pole of its own, in the
    middle of its column: nothing is stretched over the seam.

    Convention: the map's middle (longitude 0) is at +z, longitude 90 at +x, the north pole at +y.
    """
    across, down = np.meshgrid(np.arange(columns + 1) / columns, np.arange(rows + 1) / rows)
    across[[0, -1]] += 0.5 / columns  # the last pole of each row is used by no triangle
    across[[0, -1], -1] = 1.0
    longitude, latitude = (2 * across - 1) * math.pi, (0.5 - down) * math.pi
    circle = np.cos(latitude)
    circle[[0, -1]] = 0.0
    points = np.stack([circle * np.sin(longitude), np.sin(latitude), circle * np.cos(longitude)], axis=-1)
    points = points.reshape(-1, 3)
    row, column = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    a = (row * (columns + 1) + column).ravel()
    b, below = a + 1, a + columns + 1
    lower = np.stack([a, below, below + 1], axis=1)[row.ravel() < rows - 1]
    last = np.stack([a, below, b], axis=1)[row.ravel() == rows - 1]
    upper = np.stack([a, below + 1, b], axis=1)[(row.ravel() > 0) & (row.ravel() < rows - 1)]
    faces = np.concatenate([lower, upper, last])
    return Mesh(points, points.copy(), np.stack([across.ravel(), down.ravel()], axis=1), faces)
