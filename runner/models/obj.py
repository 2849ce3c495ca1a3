"""OBJ, the old text form of models: (text) -> mesh. Shapes only: nothing that the file names is opened."""

from __future__ import annotations

import numpy as np

from orbifolio.runner.models.faults import ModelFault
from orbifolio.runner.models.mesh import Mesh, smooth_normals


def read_obj(data: bytes, *, most: int) -> Mesh:
    """The textured triangles of an OBJ; larger polygons are cut into triangles from their first corner.

    Args:
        data: the file.
        most: triangles.

    Raises:
        ModelFault: it cannot be read, or has no texture coordinates.
    """
    points: list[tuple[float, ...]] = []
    places: list[tuple[float, ...]] = []
    directions: list[tuple[float, ...]] = []
    known: dict[tuple[int, int, int], int] = {}
    faces: list[tuple[int, int, int]] = []
    kinds = {"v": (points, 3), "vt": (places, 2), "vn": (directions, 3)}

    def corner(word: str) -> int:
        numbers = [*word.split("/"), "", ""][:3]
        if not numbers[1]:
            raise ModelFault(
                "has faces without texture coordinates; every face needs them; unwrap it (UV) before exporting"
            )
        key = tuple(
            _index(number, len(rows)) if number else -1
            for number, rows in zip(numbers, (points, places, directions), strict=True)
        )
        return known.setdefault((key[0], key[1], key[2]), len(known))

    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        words = line.split("#", 1)[0].split()
        if not words:
            continue
        try:
            if words[0] in kinds:
                rows, width = kinds[words[0]]
                rows.append(tuple(float(word) for word in words[1 : width + 1]))
                if len(rows[-1]) != width:
                    raise ValueError
            elif words[0] == "f":
                corners = [corner(word) for word in words[1:]]
                faces += [(corners[0], corners[n], corners[n + 1]) for n in range(1, len(corners) - 1)]
        except (ValueError, IndexError) as error:
            raise ModelFault(
                f"line {number} cannot be read: {line[:60]!r}; numbers follow v, vt, vn, f; mend it"
            ) from error
        if len(faces) > most:
            raise ModelFault(f"has more than {most:,} triangles; that is the limit; decimate it before exporting")
    if not faces:
        raise ModelFault("has no faces; a model is made of them; export its meshes too")
    table = np.array(list(known), dtype=np.int64)
    positions = np.array(points, dtype=np.float64)[table[:, 0]]
    across = np.array(places, dtype=np.float64)[table[:, 1]] * [1.0, -1.0] + [0.0, 1.0]  # OBJ counts upwards
    index = np.array(faces, dtype=np.int64)
    if (table[:, 2] >= 0).all():
        normals = np.array(directions, dtype=np.float64)[table[:, 2]]
        length = np.linalg.norm(normals, axis=1, keepdims=True)
        normals = normals / np.where(length > 0, length, 1)
    else:
        normals = smooth_normals(positions, index)
    return Mesh(positions, normals, across, index)


def _index(word: str, count: int) -> int:
    """A row's number: from 1, or backwards from the newest."""
    number = int(word)
    found = number - 1 if number > 0 else count + number
    if not 0 <= found < count:
        raise IndexError(word)
    return found
