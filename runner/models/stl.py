"""STL, what printers in three dimensions read: (points, triangles) -> bytes, without colours, in millimetres."""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt


def write_stl(points: npt.NDArray[np.float64], faces: npt.NDArray[np.int64], *, title: str) -> bytes:
    """A binary STL.

    Args:
        points: (N, 3) millimetres, z up.
        faces: (M, 3), counter-clockwise as seen from outside.
        title: kept in the header; must not begin with `solid`, which would read as the text form.
    """
    corners = points[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    normals = normals / np.where(length > 0, length, 1)
    record = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("extra", "<u2")])
    rows = np.zeros(len(faces), dtype=record)
    rows["normal"], rows["corners"] = normals, corners
    return title.encode("ascii", "replace")[:80].ljust(80) + struct.pack("<I", len(faces)) + rows.tobytes()
