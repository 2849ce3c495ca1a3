"""Parts: the surfaces of a file -> one mesh whose texture shows every place once.

What a file may leave out is made here: normals, texture coordinates, room for each material on one texture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.models.atlas import texture_corners
from orbifolio.runner.models.faults import ModelFault
from orbifolio.runner.models.mesh import Mesh, creased
from orbifolio.runner.models.rasteriser import covered
from orbifolio.runner.models.unwrapping import unwrap

MAX_PLACE = 1e12
"""Largest coordinate: squares and cubes of lengths must be numbers, in single precision where products are written."""
_RASTER = 256  # texels a side on which materials are laid over each other
_SHARED = 0.02
"""Share of the smaller material's texels from which two are said to lie over each other: neighbours on one atlas share
texels along their borders."""
_ROOM = 1 / 128  # of a material's square, left free around it so that neighbours do not blend


@dataclass(frozen=True)
class MeshPart:
    """A surface as its file has it.

    Attributes:
        positions: (N, 3) of the corners.
        faces: (M, 3) corners of the triangles, counter-clockwise as seen from outside.
        normals: (N, 3) of any length, or None.
        uv: (N, 2) texture coordinates, downwards, or None.
        materials: (M,) number of each triangle's material in the file.
        bare: where there are no texture coordinates, as a fault begins: `has a part without texture coordinates`.
    """

    positions: F64
    faces: I64
    normals: F64 | None
    uv: F64 | None
    materials: I64
    bare: str = "has no texture coordinates"


def check_places(places: F64) -> None:
    """Refuse places that are no numbers, or too large to be multiplied.

    Raises:
        ModelFault: there is one.
    """
    if not np.isfinite(places).all():
        raise ModelFault("has corners that are not numbers (NaN or infinite); every corner needs a place; repair it")
    if len(places) and np.abs(places).max() > MAX_PLACE:
        raise ModelFault(
            f"has a corner at {np.abs(places).max():.3g}; coordinates go up to {MAX_PLACE:.0e}; scale it down, or "
            "remove what lies far out"
        )


def joined(parts: Sequence[MeshPart]) -> Mesh:
    """All parts as one mesh.

    Raises:
        ModelFault: there is no triangle, a corner is no number, or texture coordinates are missing and cannot be made.
    """
    parts = [_with_normals(part) for part in parts if len(part.faces)]
    if not parts:
        raise ModelFault("has no faces; only surfaces are read; export its meshes too")
    offsets = np.cumsum([0] + [len(part.positions) for part in parts])
    positions = np.concatenate([part.positions for part in parts])
    faces = np.concatenate([part.faces + offset for part, offset in zip(parts, offsets, strict=False)])
    used = np.unique(faces)
    normals = np.concatenate([part.normals for part in parts if part.normals is not None])
    missing = [part for part in parts if part.uv is None]
    if missing:
        return unwrap(Mesh(positions, normals, np.zeros((len(positions), 2)), faces), missing[0].bare)
    uv = np.concatenate([part.uv for part in parts if part.uv is not None])
    if not np.isfinite(uv[used]).all() or np.abs(uv[used]).max() > MAX_PLACE:
        raise ModelFault(
            "has texture coordinates that are not numbers, or beyond all measure; every corner needs a place on the "
            "texture; unwrap it (UV) again"
        )
    mesh = Mesh(positions, normals, np.where(np.isfinite(uv), uv, 0.0), faces)
    return _apart(mesh, np.concatenate([part.materials for part in parts]))


def _with_normals(part: MeshPart) -> MeshPart:
    """A part whose corners are places, with unit normals: those of the file, if all are directions."""
    if part.faces.min() < 0 or part.faces.max() >= len(part.positions):
        raise ModelFault("has triangles whose corners are not there; their numbers are too large; export it again")
    used = np.unique(part.faces)
    check_places(part.positions[used])
    positions = np.where(np.isfinite(part.positions), part.positions, 0.0)  # of corners that no triangle has
    if part.normals is not None and np.isfinite(part.normals[used]).all():
        length = np.linalg.norm(np.nan_to_num(part.normals), axis=1, keepdims=True)
        if length[used].min() > 0:
            normals = np.nan_to_num(part.normals) / np.where(length > 0, length, 1.0)
            return replace(part, positions=positions, normals=normals)
    source, normals, faces = creased(positions, part.faces)
    uv = None if part.uv is None else part.uv[source]
    return replace(part, positions=positions[source], faces=faces, normals=normals, uv=uv)


def _apart(mesh: Mesh, materials: I64) -> Mesh:
    """The mesh with a square of the texture for each material, if materials lie over each other on it.

    Each had a texture of its own; on one texture for all, two places of the model would show the same picture, and
    neither could be painted alone.
    """
    numbers = np.unique(materials)
    if len(numbers) < 2 or not _overlap(mesh, materials, numbers):
        return mesh
    corners = texture_corners(mesh)
    if corners.max() > 1 + 1e-6:
        return unwrap(
            mesh, f"has {len(numbers)} materials that use the same places of the texture, one of them repeatedly"
        )
    side = int(np.ceil(np.sqrt(len(numbers))))
    square = np.searchsorted(numbers, materials)
    origin = np.stack([square % side, square // side], axis=1)[:, None]
    placed = (origin + _ROOM + np.clip(corners, 0, 1) * (1 - 2 * _ROOM)) / side
    # a corner that triangles of two materials share gets two places on the texture
    keys = np.concatenate([mesh.faces[..., None], np.round(placed * 2**40).astype(np.int64)], axis=2).reshape(-1, 3)
    rows, first, faces = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return replace(
        mesh,
        positions=mesh.positions[rows[:, 0]],
        normals=mesh.normals[rows[:, 0]],
        uv=placed.reshape(-1, 2)[first],
        faces=faces.reshape(-1, 3),
        notes=(*mesh.notes, f"its {len(numbers)} materials lie side by side on the texture, in {side} rows"),
    )


def _overlap(mesh: Mesh, materials: I64, numbers: I64) -> bool:
    """Whether two materials use the same places of the texture."""
    corners = texture_corners(mesh)
    times = max(1, int(np.ceil(corners.max() - 1e-6)))
    taken = np.zeros((len(numbers), _RASTER, _RASTER), dtype=bool)
    for face, texel, _ in covered(corners * _RASTER, times * _RASTER, times * _RASTER):
        row, column = np.divmod(texel, times * _RASTER)
        taken[np.searchsorted(numbers, materials[face]), row % _RASTER, column % _RASTER] = True
    flat = taken.reshape(len(numbers), -1).astype(np.float32)
    common, own = flat @ flat.T, flat.sum(1)
    np.fill_diagonal(common, 0.0)
    return bool((common > _SHARED * np.maximum(np.minimum(own[:, None], own), 1.0)).any())
