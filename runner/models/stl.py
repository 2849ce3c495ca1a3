"""STL, what printers in three dimensions read: points and triangles without colours, in millimetres, z up."""

from __future__ import annotations

import io
import struct

import numpy as np

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.models.faults import ModelFault, too_many_triangles
from orbifolio.runner.models.mesh import Mesh
from orbifolio.runner.models.parts import MeshPart, joined

_HEAD, _TRIANGLE = 84, 50  # bytes of a binary file: title and count; one triangle


def write_stl(points: F64, faces: I64, *, title: str) -> bytes:
    """The bytes of a binary STL file.

    Args:
        points: (N, 3) millimetres, z up.
        faces: (M, 3), counter-clockwise as seen from outside.
        title: for the header's 80 bytes; must not begin with `solid`, which marks the text form.
    """
    from trimesh import Trimesh  # only here: importing it takes a third of a second
    from trimesh.exchange.stl import export_stl

    return title.encode("ascii", "replace")[:80].ljust(80) + export_stl(Trimesh(points, faces, process=False))[80:]


def read_stl(data: bytes, *, max_triangles: int) -> Mesh:
    """The triangles of an STL file, binary or text, z turned up to y; unwrapped, since it has no texture coordinates.

    Raises:
        ModelFault: it cannot be read, or not be unwrapped.
    """
    corners = _binary(data, max_triangles) if _is_binary(data) else _text(data, max_triangles)
    points, faces = np.unique(corners.reshape(-1, 3), axis=0, return_inverse=True)
    return joined([standing(points, faces.reshape(-1, 3), "is an STL file, which has no texture coordinates")])


def standing(points: F64, faces: I64, bare: str) -> MeshPart:
    """A part of points whose z is up, as printers have them, turned so that y is."""
    upright = points[:, [0, 2, 1]] * [1.0, 1.0, -1.0]
    return MeshPart(upright, faces, None, None, np.zeros(len(faces), dtype=np.int64), bare)


def _is_binary(data: bytes) -> bool:
    """Whether the length is that of a binary file; some of these begin with `solid`, too."""
    return len(data) >= _HEAD and len(data) == _HEAD + _TRIANGLE * struct.unpack_from("<I", data, 80)[0]


def _binary(data: bytes, max_triangles: int) -> F64:
    """(M, 3, 3) the corners."""
    count = struct.unpack_from("<I", data, 80)[0]
    if count > max_triangles:
        raise too_many_triangles(max_triangles)
    rows = np.frombuffer(data, np.uint8, count * _TRIANGLE, _HEAD).reshape(count, _TRIANGLE)
    return np.ascontiguousarray(rows[:, 12:48]).view("<f4").reshape(count, 3, 3).astype(np.float64)


def _text(data: bytes, max_triangles: int) -> F64:
    """(M, 3, 3) the corners of the text form."""
    if not data.lstrip().lower().startswith(b"solid"):
        raise ModelFault(
            "is not an STL file, or is cut off: its length is not that of its triangles, and it is no text; export it "
            "again"
        )
    corners: list[tuple[float, ...]] = []
    closed = False
    for number, line in enumerate(io.StringIO(data.decode("utf-8", "replace")), 1):
        word, *values = line.lower().split() or [""]
        closed = word == "endsolid" or (closed and not word)
        if word == "vertex":
            try:
                x, y, z = (float(value) for value in values)
            except ValueError as error:
                raise ModelFault(
                    f"cannot be read at line {number}, {line.strip()[:60]!r}; vertex is followed by three numbers; "
                    "correct it"
                ) from error
            corners.append((x, y, z))
        elif word == "endloop" and len(corners) % 3:
            raise ModelFault(f"has a loop without three corners before line {number}; STL has triangles; correct it")
        if len(corners) > 3 * max_triangles:
            raise too_many_triangles(max_triangles)
    if not closed or len(corners) % 3:
        raise ModelFault("is cut off; the last line of an STL file is endsolid; export it again")
    return np.array(corners, dtype=np.float64).reshape(-1, 3, 3)
