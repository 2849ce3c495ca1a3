"""Unwrapping: a mesh without texture coordinates -> the same surface, cut into charts that lie flat on one texture.

Charts grow over triangles of nearly one direction and are flattened by least squares conformal maps; the package
xatlas does both, and packs them.

Reference: Levy, Petitjean, Ray, Maillot 2002 (least squares conformal maps).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from orbifolio.runner.models.faults import ModelFault
from orbifolio.runner.models.mesh import Mesh

_RESOLUTION, _PADDING = 1024, 8  # texels of the texture's side that charts are packed for, and between charts


def unwrap(mesh: Mesh, why: str) -> Mesh:
    """The mesh with texture coordinates of its own making.

    Args:
        mesh: positions finite; its texture coordinates are not used.
        why: as the fault begins if it cannot be done.

    Raises:
        ModelFault: the package that does it is not installed, or there is nothing to unwrap.
    """
    try:
        import xatlas
    except ImportError as error:
        raise ModelFault(
            f"{why}; making them takes the package xatlas, which is not installed; run pip install 'orbifolio[mesh]', "
            "or unwrap it (UV) before exporting"
        ) from error
    faces = mesh.faces[mesh.areas > 0]
    if not len(faces):
        raise ModelFault("has no surface; a model is made of triangles with an area; export its meshes too")
    # single precision: near the origin and of size 1, so that nothing is lost to its place or unit
    places = (mesh.positions - mesh.centre) / (mesh.radius or 1.0)
    atlas = xatlas.Atlas()
    atlas.add_mesh(places.astype(np.float32), faces.astype(np.uint32), mesh.normals.astype(np.float32))
    options = xatlas.PackOptions()
    options.resolution, options.padding, options.bilinear = _RESOLUTION, _PADDING, True
    atlas.generate(xatlas.ChartOptions(), options)
    source, corners, uv = atlas[0]
    return replace(
        mesh,
        positions=mesh.positions[source],
        normals=mesh.normals[source],
        uv=uv.astype(np.float64),
        faces=corners.astype(np.int64).reshape(-1, 3),
        notes=(*mesh.notes, f"it {why}: it was unwrapped automatically, into {atlas.chart_count} charts"),
    )
