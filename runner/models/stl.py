"""STL, what printers in three dimensions read: (points, triangles) -> bytes, without colours, in millimetres."""

from __future__ import annotations

from orbifolio.runner.arrays import F64, I64


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
