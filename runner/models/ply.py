"""PLY, what scanners write: elements with properties, as text or binary -> mesh.

Read by hand: trimesh cuts polygons with notches as if they were convex, and loses texture coordinates of corners under
some of their names, silently.

Reference: Turk, The PLY Polygon File Format (1994).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from orbifolio.runner.arrays import F64
from orbifolio.runner.models.faults import ModelFault, too_many_triangles
from orbifolio.runner.models.mesh import Mesh
from orbifolio.runner.models.parts import MeshPart, check_places, joined
from orbifolio.runner.models.polygons import triangulated

_NUMBERS = {
    **dict.fromkeys(("char", "int8"), "b"),
    **dict.fromkeys(("uchar", "uint8"), "B"),
    **dict.fromkeys(("short", "int16"), "h"),
    **dict.fromkeys(("ushort", "uint16"), "H"),
    **dict.fromkeys(("int", "int32"), "i"),
    **dict.fromkeys(("uint", "uint32"), "I"),
    **dict.fromkeys(("float", "float32"), "f"),
    **dict.fromkeys(("double", "float64"), "d"),
}
_ORDERS = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
_UV = (("s", "t"), ("u", "v"), ("texture_u", "texture_v"), ("texture_s", "texture_t"))  # names in use, of corners
_NORMAL = ("nx", "ny", "nz")
_CORNERS = ("vertex_indices", "vertex_index")
_MAX_ROWS = 8  # rows of all elements, per triangle allowed

Row = tuple[tuple[float, ...], ...]  # a tuple for each property; a single number is one of length 1


@dataclass(frozen=True)
class Element:
    """What a header says of one kind of row: its name, how many there are, and each property's name and types.

    Attributes:
        properties: (name, type of the length of a list or "", type of its numbers), as `struct` spells types.
    """

    name: str
    count: int
    properties: tuple[tuple[str, str, str], ...]

    def column(self, rows: Sequence[Row], name: str) -> list[tuple[float, ...]]:
        """A property of all rows."""
        place = [item[0] for item in self.properties].index(name)
        return [row[place] for row in rows]

    def has(self, names: Sequence[str]) -> bool:
        """Whether it has all these properties."""
        return {*names} <= {item[0] for item in self.properties}

    def table(self, rows: Sequence[Row], names: Sequence[str]) -> F64:
        """(count, len(names)) some properties of all rows, each a number."""
        return np.array([self.column(rows, name) for name in names], dtype=np.float64).reshape(len(names), -1).T


def read_ply(data: bytes, *, max_triangles: int) -> Mesh:
    """The polygons of a PLY file as triangles, y up as in OBJ.

    Raises:
        ModelFault: it cannot be read, or not be unwrapped where it has no texture coordinates.
    """
    try:
        order, elements, body = _header(data)
        if sum(element.count for element in elements) > _MAX_ROWS * max_triangles:
            raise too_many_triangles(max_triangles)
        tables = _text(body, elements) if order == "" else _binary(body, elements, order)
        return _mesh(
            {element.name: (element, rows) for element, rows in zip(elements, tables, strict=True)}, max_triangles
        )
    except (ValueError, IndexError, KeyError, StopIteration, struct.error, OverflowError, TypeError) as error:
        raise ModelFault("is damaged or incomplete; its rows are not what its header says; export it again") from error


def _header(data: bytes) -> tuple[str, list[Element], bytes]:
    """The order of bytes ("" for text), the elements, and what follows."""
    head, ended, body = data[:100_000].partition(b"end_header")
    lines = head.decode("ascii", "replace").splitlines()
    if not ended or not lines or lines[0].strip() != "ply":
        raise ModelFault(
            "is not a PLY file; its first line is ply, and its header ends with end_header; export it again"
        )
    length = 2 if body[:2] == b"\r\n" else 1
    body = data[len(head) + len(ended) + length :]
    order, elements = "", []
    for line in lines[1:]:
        match line.split():
            case ["format", form, _]:
                order = _ORDERS[form]
            case ["element", name, count]:
                elements.append(Element(name, int(count), ()))
            case ["property", "list", length_kind, kind, name]:
                elements[-1] = _with(elements[-1], (name, _NUMBERS[length_kind], _NUMBERS[kind]))
            case ["property", kind, name]:
                elements[-1] = _with(elements[-1], (name, "", _NUMBERS[kind]))
    if any(element.count < 0 for element in elements):
        raise ValueError("a count below zero")
    return order, elements, body


def _with(element: Element, item: tuple[str, str, str]) -> Element:
    return Element(element.name, element.count, (*element.properties, item))


def _text(body: bytes, elements: Sequence[Element]) -> list[list[Row]]:
    """The rows of every element, from text."""
    words = iter(body.split())
    tables = []
    for element in elements:
        rows = []
        for _ in range(element.count):
            row: list[tuple[float, ...]] = []
            for _, length, _ in element.properties:
                count = int(next(words)) if length else 1
                row.append(tuple(map(float, islice(words, count))))
                if len(row[-1]) < count:
                    raise ValueError("too few numbers")
            rows.append(tuple(row))
        tables.append(rows)
    return tables


def _binary(body: bytes, elements: Sequence[Element], order: str) -> list[list[Row]]:
    """The rows of every element, from bytes."""
    tables: list[list[Row]] = []
    at = 0
    for element in elements:
        if not any(length for _, length, _ in element.properties):
            layout = struct.Struct(order + "".join(kind for *_, kind in element.properties))
            end = at + element.count * layout.size
            if end > len(body):
                raise ValueError("too few bytes")
            tables.append([tuple((float(value),) for value in row) for row in layout.iter_unpack(body[at:end])])
            at = end
            continue
        rows = []
        for _ in range(element.count):
            row: list[tuple[float, ...]] = []
            for _, length, kind in element.properties:
                if length:
                    (count,) = struct.unpack_from(order + length, body, at)
                    at += struct.calcsize(order + length)
                    if count < 0 or count * struct.calcsize(order + kind) > len(body) - at:
                        raise ValueError("a list longer than the file")
                    row.append(struct.unpack_from(f"{order}{count}{kind}", body, at))
                    at += count * struct.calcsize(order + kind)
                else:
                    row.append(struct.unpack_from(order + kind, body, at))
                    at += struct.calcsize(order + kind)
            rows.append(tuple(row))
        tables.append(rows)
    return tables


def _mesh(tables: dict[str, tuple[Element, list[Row]]], max_triangles: int) -> Mesh:
    """The mesh of a file's elements."""
    if "tristrips" in tables:
        raise ModelFault("has triangle strips; only faces are read; export its faces one by one")
    vertex, points = tables["vertex"]
    if "face" not in tables or not tables["face"][1]:
        raise ModelFault("has no faces; only surfaces are read, no clouds of points; export its meshes too")
    face, rows = tables["face"]
    positions = vertex.table(points, ("x", "y", "z"))
    polygons = [[int(corner) for corner in loop] for loop in face.column(rows, _names(face, _CORNERS))]
    if min(map(len, polygons)) < 3 or min(map(min, polygons)) < 0 or max(map(max, polygons)) >= len(positions):
        raise ModelFault("has faces whose corners are not there; a face has three corners or more; export it again")
    if sum(map(len, polygons)) - 2 * len(polygons) > max_triangles:
        raise too_many_triangles(max_triangles)
    normals = vertex.table(points, _NORMAL) if vertex.has(_NORMAL) else None
    uv = next((vertex.table(points, names) for names in _UV if vertex.has(names)), None)
    if face.has(("texcoord",)):  # of every corner of every face: corners are told apart where these differ
        uv = np.array([value for loop in face.column(rows, "texcoord") for value in loop], dtype=np.float64)
        uv = uv.reshape(-1, 2)
        corners = np.array([corner for loop in polygons for corner in loop], dtype=np.int64)
        if len(uv) != len(corners):
            raise ValueError("texture coordinates of other corners")
        ends = np.cumsum([len(loop) for loop in polygons])
        polygons = [list(range(end - len(loop), end)) for end, loop in zip(ends.tolist(), polygons, strict=True)]
        positions, normals = positions[corners], None if normals is None else normals[corners]
    check_places(positions[np.unique([corner for loop in polygons for corner in loop])])
    faces, sources = triangulated(polygons, np.nan_to_num(positions))
    materials = np.zeros(len(faces), dtype=np.int64)
    if face.has(("texnumber",)):
        materials = face.table(rows, ("texnumber",))[:, 0].astype(np.int64)[sources]
    if uv is not None:
        uv = uv * [1.0, -1.0] + [0.0, 1.0]  # counted upwards
    return joined([MeshPart(positions, faces, normals, uv, materials, "has no texture coordinates")])


def _names(element: Element, names: Sequence[str]) -> str:
    """The one of these names that an element's property has."""
    return next(name for name in names if element.has((name,)))
