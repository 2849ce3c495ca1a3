"""OBJ, the old text form of models: (text) -> mesh. Shapes only: no other file is opened.

Read by hand: trimesh cuts every polygon as if it were convex, counts relative numbers from the end of the file instead
of from their line, and drops texture coordinates that it cannot match, all silently.

Reference: Wavefront Technologies, Advanced Visualizer Manual, Appendix B1 (1995).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from orbifolio.runner.arrays import F64, I64
from orbifolio.runner.models.faults import ModelFault, too_many_triangles
from orbifolio.runner.models.mesh import Mesh, smooth_normals

_COLUMNS = {"v": 3, "vt": 2, "vn": 3}  # numbers that are read of a position, texture coordinate, normal
_FREE_FORMS = {"curv", "curv2", "surf"}  # keywords of curves and curved surfaces


def read_obj(data: bytes, *, max_triangles: int) -> Mesh:
    """The textured polygons of an OBJ file as triangles.

    Raises:
        ModelFault: it cannot be read, or has no texture coordinates.
    """
    tables: dict[str, list[tuple[float, ...]]] = {"v": [], "vt": [], "vn": []}
    numbers: dict[tuple[int, ...], int] = {}  # of the mesh's corners, by position, texture coordinate and normal
    polygons: list[list[int]] = []
    triangles = 0
    for number, line in _lines(data.decode("utf-8", "replace")):
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
                if any(corner[1] < 0 for corner in corners):
                    raise ModelFault(
                        f"has a face without texture coordinates on line {number}; every face needs them; "
                        "unwrap it (UV) before exporting"
                    )
                polygons.append([numbers.setdefault(corner, len(numbers)) for corner in corners])
                triangles += len(corners) - 2
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
    uv = np.array(tables["vt"], dtype=np.float64)[rows[:, 1]] * [1.0, -1.0] + [0.0, 1.0]  # OBJ counts upwards
    faces = _triangles(polygons, positions)
    if (rows[:, 2] >= 0).all():
        normals = np.array(tables["vn"], dtype=np.float64)[rows[:, 2]]
        length = np.linalg.norm(normals, axis=1, keepdims=True)
        normals = normals / np.where(length > 0, length, 1)
    else:
        normals = smooth_normals(positions, faces)
    return Mesh(positions, normals, uv, faces)


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


def _triangles(polygons: Sequence[Sequence[int]], positions: F64) -> I64:
    """(M, 3) the polygons cut in their order: a convex one as a fan, one with a notch ear by ear."""
    by_size: dict[int, list[int]] = defaultdict(list)
    for number, polygon in enumerate(polygons):
        by_size[len(polygon)].append(number)
    notched = set()
    for size in by_size.keys() - {3}:
        loops = positions[[polygons[number] for number in by_size[size]]]
        turns, area = _turns(loops)
        # a straight corner may turn back by rounding: 1e-9 of the polygon's own size
        bent = (np.einsum("knc,kc->kn", turns, area) < -1e-9 * np.square(area).sum(1, keepdims=True)).any(1)
        notched.update(np.array(by_size[size])[bent].tolist())
    faces: list[Sequence[int]] = []
    for number, polygon in enumerate(polygons):
        if number in notched:
            faces += [[polygon[corner] for corner in ear] for ear in _ears(positions[list(polygon)])]
        else:
            faces += [(polygon[0], second, third) for second, third in zip(polygon[1:], polygon[2:], strict=False)]
    return np.array(faces, dtype=np.int64)


def _turns(loops: F64) -> tuple[F64, F64]:
    """(K, N, 3) the cross product of the two sides at every corner, and (K, 3) twice the area, as a vector.

    The vector area of a polygon (Newell's) is half the sum of p_i x p_(i+1): for a flat polygon it is normal to it,
    and a corner turns the way of the whole where its cross product has that direction.
    """
    loops = loops - loops[:, :1]
    after = np.roll(loops, -1, axis=1)
    sides = after - loops
    turns: F64 = np.cross(np.roll(sides, 1, axis=1), sides)
    area: F64 = np.cross(loops, after).sum(1)
    return turns, area


def _ears(loop: F64) -> list[list[int]]:
    """Triangles of a polygon with (N, 3) corners, turning as it does."""
    import mapbox_earcut  # only here: few models have such polygons

    normal = _turns(loop[None])[1][0]
    axes = np.delete(np.arange(3), np.abs(normal).argmax())  # projected along the axis nearest to its normal
    flat = np.ascontiguousarray(loop[:, axes])
    ears = mapbox_earcut.triangulate_float64(flat, np.array([len(flat)], dtype=np.uint32)).reshape(-1, 3)
    a, b, c = (flat[ears[:, corner]] for corner in range(3))
    turn = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    whole = (flat[:, 0] * np.roll(flat[:, 1], -1) - np.roll(flat[:, 0], -1) * flat[:, 1]).sum()
    ears[turn * whole < 0] = ears[turn * whole < 0][:, ::-1]
    return [[int(corner) for corner in ear] for ear in ears]
