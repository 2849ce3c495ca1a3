"""A texture atlas: (mesh, size) -> which texels the mesh shows, and whose colour the others have.

Texels beside the covered ones, the gutter, repeat the nearest covered texel, so that blending at a cut of the
texture meets no foreign colour; all others are invisible.

Convention: texels are numbered row by row from the upper left; their middles lie at (i + 1/2) / size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from orbifolio.runner.arrays import F64, I64, Bools
from orbifolio.runner.models.faults import ModelFault
from orbifolio.runner.models.mesh import Mesh
from orbifolio.runner.models.rasteriser import covered

_MAX_REPEATS = 8  # of the texture in one triangle, along each axis: the area to be scanned grows with the square


@dataclass(frozen=True)
class Atlas:
    """The texels of a texture of one size, `width` by `height`.

    Attributes:
        owner: (height * width,) number of the covered texel whose colour each one has, -1 for none.
        own: (P,) indices of the covered texels.
    """

    width: int
    height: int
    owner: I64
    own: I64

    def taps(self, places: F64) -> tuple[I64, F64]:
        """The covered texels that places of the texture blend: (N, 4) numbers and (N, 4) weights.

        Args:
            places: (N, 2) texture coordinates; the texture repeats over its edges.
        """
        scaled = places * [self.width, self.height] - 0.5
        base = np.floor(scaled).astype(np.int64)
        x, y = (scaled - base).T
        columns = np.stack([base[:, 0], base[:, 0] + 1], axis=1) % self.width
        rows = np.stack([base[:, 1], base[:, 1] + 1], axis=1) % self.height
        texels = (rows[:, :, None] * self.width + columns[:, None, :]).reshape(-1, 4)
        weights = np.stack([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y], axis=1)
        owner = self.owner[texels]
        weights = np.where(owner >= 0, weights, 0.0)
        total = weights.sum(1, keepdims=True)
        return np.maximum(owner, 0), weights / np.where(total > 0, total, 1.0)


def texture_corners(mesh: Mesh) -> F64:
    """(M, 3, 2) texture coordinates of the triangles, moved by whole textures to begin in the first.

    Raises:
        ModelFault: the texture repeats too often.
    """
    corners: F64 = mesh.uv[mesh.faces]
    corners -= np.floor(corners.min(1, keepdims=True) + 1e-9)
    if corners.max() > _MAX_REPEATS:
        raise ModelFault(
            f"repeats its texture {corners.max():.0f} times in one triangle; at most {_MAX_REPEATS} are read; "
            "unwrap it into one atlas"
        )
    return corners


def _texels(mesh: Mesh, width: int, height: int) -> Iterator[tuple[I64, I64, F64]]:
    """The (K,) triangles, (K,) texels and (K, 3) weights of corners of everything that a texture covers."""
    corners = texture_corners(mesh) * [width, height]
    times = max(1, int(np.ceil(corners.max() / min(width, height))))
    for face, pixel, weights in covered(corners, times * width, times * height):
        row, column = np.divmod(pixel, times * width)
        yield face, row % height * width + column % width, weights


def places_and_normals(mesh: Mesh, atlas: Atlas) -> tuple[F64, F64]:
    """(P, 3) where the covered texels lie on the mesh, and the (P, 3) normals there."""
    number = np.full(atlas.width * atlas.height, -1, dtype=np.int64)
    number[atlas.own] = np.arange(len(atlas.own))
    places, normals = np.zeros((len(atlas.own), 3)), np.zeros((len(atlas.own), 3))
    for face, texel, weights in _texels(mesh, atlas.width, atlas.height):
        corners = mesh.faces[face]
        places[number[texel]] = np.einsum("nc,nci->ni", weights, mesh.positions[corners])
        normals[number[texel]] = np.einsum("nc,nci->ni", weights, mesh.normals[corners])
    return places, normals


def covered_texels(mesh: Mesh, width: int, height: int) -> Bools:
    """(height * width,) which texels of a texture a mesh shows."""
    is_covered = np.zeros(height * width, dtype=bool)
    for _, texel, _ in _texels(mesh, width, height):
        is_covered[texel] = True
    return is_covered


def make_atlas(mesh: Mesh, width: int, height: int, *, gutter: int) -> Atlas:
    """The atlas of a mesh with a texture of `width` by `height` texels.

    Args:
        mesh: its texture coordinates say which texels it shows.
        width: of the texture in texels.
        height: of the texture in texels.
        gutter: how many texels around the covered ones repeat them.

    Raises:
        ModelFault: the mesh shows no texel.
    """
    from scipy.ndimage import distance_transform_edt

    is_covered = covered_texels(mesh, width, height)
    own = np.flatnonzero(is_covered)
    if not len(own):
        raise ModelFault(
            "has texture coordinates without an area; no texel lies on it; unwrap it (UV) before exporting"
        )
    number = np.full(height * width, -1, dtype=np.int64)
    number[own] = np.arange(len(own))
    distance, (rows, columns) = distance_transform_edt(~is_covered.reshape(height, width), return_indices=True)
    owner = np.where(distance <= gutter, number[rows * width + columns], -1)
    return Atlas(width, height, owner.ravel(), own)
