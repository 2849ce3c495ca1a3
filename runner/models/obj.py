"""OBJ, the old text form of models: (text) -> mesh. Shapes only: no other file is opened.

Read by hand: trimesh cuts every polygon as if it were convex, counts relative numbers from the end of the file instead
of from their line, and drops texture coordinates that it cannot match, all silently. Materials are told apart by name,
since each may have a texture of its own.

Reference: Wavefront Technologies, Advanced Visualizer Manual, Appendix B1 (1995).
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator

import numpy as np

from orbifolio.runner.models.faults import ModelFault, too_many_triangles
from orbifolio.runner.models.mesh import Mesh
from orbifolio.runner.models.parts import MeshPart, check_places, joined
from orbifolio.runner.models.polygons import triangulated

_COLUMNS = {"v": 3, "vt": 2, "vn": 3}  # numbers that are read of a position, texture coordinate, normal
_FREE_FORMS = {"curv", "curv2", "surf"}  # keywords of curves and curved surfaces


def read_obj(data: bytes, *, max_triangles: int) -> Mesh:
    """The polygons of an OBJ file as triangles.

    Raises:
        ModelFault: it cannot be read, or cannot be unwrapped where it has no texture coordinates.
    """
    tables: dict[str, list[tuple[float, ...]]] = {"v": [], "vt": [], "vn": []}
    numbers: dict[tuple[int, ...], int] = {}  # of the mesh's corners, by position, texture coordinate and normal
    polygons: list[list[int]] = []
    painted: list[int] = []  # number of each polygon's material
    materials = {"": 0}
    material, triangles, bare = 0, 0, ""
    for number, line in _lines(_text(data)):
        word, *values = line.split("#", 1)[0].split() or [""]
        try:
            if word in tables:
                row = tuple(float(value) for value in values[: _COLUMNS[word]])
                if len(row) < _COLUMNS[word]:
                    raise ValueError
                tables[word].append(row)
            elif word in ("f", "fo"):
                corners = [_corner(value, tables) for value in values]
                if len(corners) < 3:
                    raise ValueError
                if not bare and any(corner[1] < 0 for corner in corners):
                    bare = f"has a face without texture coordinates on line {number}"
                polygons.append([numbers.setdefault(corner, len(numbers)) for corner in corners])
                painted.append(material)
                triangles += len(corners) - 2
            elif word == "usemtl":
                material = materials.setdefault(" ".join(values), len(materials))
            elif word in _FREE_FORMS:
                raise ModelFault(
                    f"has a curved surface ({word}) on line {number}; only polygons are read; convert it to a mesh "
                    "before exporting"
                )
        except (ValueError, IndexError) as error:
            raise ModelFault(
                f"cannot be read at line {number}, {line[:60]!r}; v, vt, vn and f are followed by valid numbers; "
                "correct it"
            ) from error
        if triangles > max_triangles:
            raise too_many_triangles(max_triangles)
    if not polygons:
        raise ModelFault("has no faces; only surfaces are read; export its meshes too")
    rows = np.array(list(numbers), dtype=np.int64)
    positions = np.array(tables["v"], dtype=np.float64)[rows[:, 0]]
    check_places(positions)
    faces, sources = triangulated(polygons, positions)
    uv = normals = None
    if not bare:
        uv = np.array(tables["vt"], dtype=np.float64)[rows[:, 1]] * [1.0, -1.0] + [0.0, 1.0]  # OBJ counts upwards
    if (rows[:, 2] >= 0).all():
        normals = np.array(tables["vn"], dtype=np.float64)[rows[:, 2]]
    return joined([MeshPart(positions, faces, normals, uv, np.array(painted)[sources], bare)])


def _text(data: bytes) -> str:
    """With the byte order marks that editors of Windows put before a text, in UTF-16 too."""
    wide = data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return data.decode("utf-16" if wide else "utf-8-sig", "replace")


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their numbers from 1; one that ends in a backslash is continued by the next."""
    unfinished, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        first = first or number
        if line.rstrip().endswith("\\"):
            unfinished += line.rstrip()[:-1] + " "
            continue
        yield first, unfinished + line
        unfinished, first = "", 0
    if unfinished:
        yield first, unfinished


def _corner(word: str, tables: dict[str, list[tuple[float, ...]]]) -> tuple[int, ...]:
    """The rows of position, texture coordinate and normal that `7/2/5` means, -1 for one that is not given.

    Numbers count from 1, or backwards from the newest row.
    """
    rows = []
    for value, table in zip((word.split("/") + ["", ""])[:3], tables.values(), strict=True):
        number = int(value) if value else 0
        row = number - 1 if number > 0 else len(table) + number
        if value and not 0 <= row < len(table):
            raise IndexError(value)
        rows.append(row if value else -1)
    if rows[0] < 0:
        raise IndexError(word)
    return tuple(rows)
