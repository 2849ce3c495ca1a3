"""3MF, what slicers keep: a zip file of XML, in which objects are placed, z up.

Read by trimesh, after the sizes that the file claims are checked. Its colours and textures are left out: only the shape
is painted here.

Reference: 3MF Consortium, 3D Manufacturing Format, Core Specification 1.3.
"""

from __future__ import annotations

import io
import warnings
import zipfile

import numpy as np

from orbifolio.runner.models.faults import ModelFault, too_many_triangles
from orbifolio.runner.models.mesh import Mesh
from orbifolio.runner.models.parts import joined
from orbifolio.runner.models.stl import standing

_MAX_UNPACKED = 400_000_000  # bytes of all files in it: text of some 200 bytes a triangle, each in memory at once
_MAX_PARTS = 2_000


def read_3mf(data: bytes, *, max_triangles: int) -> Mesh:
    """All objects that a 3MF file builds, each where it is placed; unwrapped.

    Raises:
        ModelFault: it cannot be read, or not be unwrapped.
    """
    try:
        import lxml.etree  # noqa: F401  what trimesh reads XML by; without it, it says that it knows no such format
    except ImportError as error:
        raise ModelFault(
            "is a 3MF file; reading it takes the package lxml, which is not installed; run pip install "
            "'orbifolio[mesh]', or export it as .glb"
        ) from error
    import trimesh  # only here: importing it takes a third of a second

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > _MAX_UNPACKED:
            raise too_many_triangles(max_triangles)
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a number that is no number is only warned of
            scene = trimesh.load_scene(io.BytesIO(data), file_type="3mf", process=False)
        nodes = list(scene.graph.nodes_geometry)
        if len(nodes) > _MAX_PARTS:
            raise ModelFault(f"has more than {_MAX_PARTS:,} parts; that is the limit; join them into one mesh")
        placed = [scene.graph.get(node) for node in nodes]
        if sum(len(scene.geometry[name].faces) for _, name in placed) > max_triangles:
            raise too_many_triangles(max_triangles)
        parts = []
        for matrix, name in placed:
            surface = scene.geometry[name]
            points = surface.vertices.view(np.ndarray) @ matrix[:3, :3].T + matrix[:3, 3]
            faces = surface.faces.view(np.ndarray).astype(np.int64)
            if np.linalg.det(matrix[:3, :3]) < 0:
                faces = faces[:, ::-1]
            parts.append(standing(points, faces, "is a 3MF file, whose texture coordinates are not read"))
    except ModelFault:
        raise
    except Exception as error:  # a damaged file fails anywhere in the parser, in any way
        raise ModelFault("is damaged or incomplete; it is no 3MF file that can be read; export it again") from error
    return joined(parts)
