"""GLB, the binary form of glTF 2.0: (mesh, texture) -> bytes, and bytes -> mesh.

Written by hand: a header, a JSON chunk and a chunk of arrays are all it is. Reading takes what a textured
model needs, meshes of triangles with TEXCOORD_0, placed by their nodes, and nothing from outside the file.

Reference: Khronos Group, glTF 2.0 Specification (2021).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from orbifolio.runner.models.faults import ModelFault
from orbifolio.runner.models.mesh import Mesh, smooth_normals

Floats = npt.NDArray[np.float64]

_MAGIC, _VERSION, _JSON, _BINARY = 0x46546C67, 2, 0x4E4F534A, 0x004E4942
_FLOAT, _SHORT, _WORD = 5126, 5123, 5125
_CORNERS, _INDEX = 34962, 34963  # what a view of the binary part is for
_TYPES = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}
_COLUMNS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_TRIANGLES = 4
_DEEPEST = 32  # nodes below each other
_MOST_PIECES = 2_000


def write_glb(mesh: Mesh, texture: bytes | None, *, name: str, kind: str = "image/jpeg") -> bytes:
    """A model with its texture inside, not shiny: any viewer of glTF shows it.

    Args:
        mesh: the surface.
        texture: an encoded picture, or None for a bare surface.
        name: of the model.
        kind: the picture's media type.
    """
    index = mesh.faces.astype("<u2" if len(mesh.positions) < 65535 else "<u4")
    arrays = [np.asarray(array, dtype="<f4") for array in (mesh.positions, mesh.normals, mesh.places)]
    chunks = [*(array.tobytes() for array in arrays), index.tobytes(), *([texture] if texture else [])]
    views: list[dict[str, int]] = []
    binary = bytearray()
    for chunk, target in zip(chunks, (_CORNERS, _CORNERS, _CORNERS, _INDEX, None), strict=False):
        view = {"buffer": 0, "byteOffset": len(binary), "byteLength": len(chunk)}
        views.append(view if target is None else {**view, "target": target})
        binary += chunk + b"\0" * (-len(chunk) % 4)
    surface: dict[str, Any] = {"metallicFactor": 0.0, "roughnessFactor": 1.0}
    if texture:
        surface["baseColorTexture"] = {"index": 0}
    parts = {"attributes": {"POSITION": 0, "NORMAL": 1, "TEXCOORD_0": 2}, "indices": 3, "material": 0}
    document: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": "orbifolio"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "name": name}],
        "meshes": [{"name": name, "primitives": [parts]}],
        "materials": [{"name": name, "pbrMetallicRoughness": surface}],
        "accessors": _accessors(arrays, index),
        "bufferViews": views,
        "buffers": [{"byteLength": len(binary)}],
    }
    if texture:
        document["textures"] = [{"source": 0, "sampler": 0}]
        document["samplers"] = [{"magFilter": 9729, "minFilter": 9987, "wrapS": 10497, "wrapT": 10497}]
        document["images"] = [{"bufferView": 4, "mimeType": kind}]
    text = json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
    text += b" " * (-len(text) % 4)
    head = struct.pack("<III", _MAGIC, _VERSION, 12 + 8 + len(text) + 8 + len(binary))
    lengths = struct.pack("<II", len(text), _JSON), struct.pack("<II", len(binary), _BINARY)
    return b"".join((head, lengths[0], text, lengths[1], bytes(binary)))


def _accessors(arrays: Sequence[npt.NDArray[Any]], index: npt.NDArray[Any]) -> list[dict[str, Any]]:
    """How the arrays are read: positions (with their box), normals, texture coordinates, triangles."""
    found: list[dict[str, Any]] = [
        {"bufferView": number, "componentType": _FLOAT, "count": len(array), "type": f"VEC{array.shape[1]}"}
        for number, array in enumerate(arrays)
    ]
    found[0].update(min=arrays[0].min(0).tolist(), max=arrays[0].max(0).tolist())
    kind = _SHORT if index.dtype.itemsize == 2 else _WORD
    return [*found, {"bufferView": len(arrays), "componentType": kind, "count": index.size, "type": "SCALAR"}]


def read_glb(data: bytes, *, most: int) -> Mesh:
    """The textured triangles of a GLB, all its meshes as one.

    Args:
        data: the file.
        most: triangles.

    Raises:
        ModelFault: it is no GLB, or has something that a textured model cannot do with.
    """
    try:
        document, binary = _chunks(data)
        pieces = []
        for piece in _pieces(document, binary):
            pieces.append(piece)
            if sum(len(item.faces) for item in pieces) > most:
                raise ModelFault(f"has more than {most:,} triangles; that is the limit; decimate it before exporting")
    except (KeyError, IndexError, TypeError, ValueError, struct.error, OverflowError, RecursionError) as error:
        raise ModelFault(
            "is no whole GLB file; its parts do not fit together; write it anew from the program it came from"
        ) from error
    if not pieces:
        raise ModelFault("has no triangles; a model is made of them; export its meshes too")
    offsets = np.cumsum([0] + [len(piece.positions) for piece in pieces])
    return Mesh(
        np.concatenate([piece.positions for piece in pieces]),
        np.concatenate([piece.normals for piece in pieces]),
        np.concatenate([piece.places for piece in pieces]),
        np.concatenate([piece.faces + offset for piece, offset in zip(pieces, offsets, strict=False)]),
    )


def _chunks(data: bytes) -> tuple[Mapping[str, Any], bytes]:
    magic, version, _ = struct.unpack_from("<III", data)
    if magic != _MAGIC or version != _VERSION:
        raise ModelFault("is no GLB file of version 2; export it as glTF 2.0 binary")
    place = 12
    found: dict[int, bytes] = {}
    while place + 8 <= len(data):
        length, kind = struct.unpack_from("<II", data, place)
        found.setdefault(kind, data[place + 8 : place + 8 + length])
        place += 8 + length
    document = json.loads(found[_JSON])
    used = document.get("extensionsRequired", [])
    if used:
        raise ModelFault(
            f"needs the extension {str(used[0])[:60]}; only plain glTF 2.0 is read; export it without compression"
        )
    if any("uri" in buffer for buffer in document.get("buffers", [])):
        raise ModelFault("keeps its shape in another file; a model is one file; export it as one .glb")
    return document, found.get(_BINARY, b"")


def _pieces(document: Mapping[str, Any], binary: bytes) -> Iterator[Mesh]:
    """Every primitive where its node puts it."""
    scenes = document.get("scenes", [])
    roots = scenes[document.get("scene", 0)]["nodes"] if scenes else range(len(document.get("nodes", [])))
    waiting = [(int(number), np.eye(4), 0) for number in roots]
    seen = 0
    while waiting:
        number, above, depth = waiting.pop(0)
        seen += 1
        if depth > _DEEPEST or seen + len(waiting) > _MOST_PIECES:
            raise ModelFault("has too many parts in parts; join them into one mesh before exporting")
        node = document["nodes"][number]
        matrix = above @ _placed(node)
        waiting += [(int(child), matrix, depth + 1) for child in node.get("children", [])]
        if "mesh" in node:
            for primitive in document["meshes"][node["mesh"]]["primitives"]:
                if primitive.get("mode", _TRIANGLES) == _TRIANGLES:
                    yield _piece(document, binary, primitive, matrix)


def _placed(node: Mapping[str, Any]) -> Floats:
    """(4, 4) where a node puts what it holds."""
    if "matrix" in node:
        return np.array(node["matrix"], dtype=np.float64).reshape(4, 4).T
    x, y, z, w = (float(value) for value in node.get("rotation", (0, 0, 0, 1)))
    turn = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
    found = np.eye(4)
    found[:3, :3] = turn * np.array(node.get("scale", (1, 1, 1)), dtype=np.float64)
    found[:3, 3] = node.get("translation", (0, 0, 0))
    return found


def _piece(document: Mapping[str, Any], binary: bytes, primitive: Mapping[str, Any], matrix: Floats) -> Mesh:
    attributes = primitive["attributes"]
    if "TEXCOORD_0" not in attributes:
        raise ModelFault(
            "has a part without texture coordinates; every part needs them; unwrap it (UV) before exporting"
        )
    local = _array(document, binary, attributes["POSITION"])
    positions = local @ matrix[:3, :3].T + matrix[:3, 3]
    places = _array(document, binary, attributes["TEXCOORD_0"])
    if "indices" in primitive:
        corners = _array(document, binary, primitive["indices"]).astype(np.int64).ravel()
    else:
        corners = np.arange(len(positions))
    faces = corners[: len(corners) // 3 * 3].reshape(-1, 3)
    if np.linalg.det(matrix[:3, :3]) < 0:
        faces = faces[:, ::-1]
    if len(faces) and (faces.min() < 0 or faces.max() >= len(positions) or len(places) != len(positions)):
        raise ValueError("corners that are not there")
    if "NORMAL" in attributes:
        normals = _array(document, binary, attributes["NORMAL"]) @ np.linalg.pinv(matrix[:3, :3])
        length = np.linalg.norm(normals, axis=1, keepdims=True)
        normals = normals / np.where(length > 0, length, 1)
    else:
        normals = smooth_normals(positions, faces)
    return Mesh(positions, normals, places, faces)


def _array(document: Mapping[str, Any], binary: bytes, number: int) -> Floats:
    """(count, columns) the numbers of an accessor; whole ones that stand for fractions are made so."""
    accessor = document["accessors"][number]
    if "sparse" in accessor:
        raise ModelFault("has sparse arrays; only plain ones are read; export it without morph targets")
    view = document["bufferViews"][accessor["bufferView"]]
    kind, columns = np.dtype(_TYPES[accessor["componentType"]]), _COLUMNS[accessor["type"]]
    count, step = int(accessor["count"]), int(view.get("byteStride", 0)) or kind.itemsize * columns
    start = int(view.get("byteOffset", 0)) + int(accessor.get("byteOffset", 0))
    if count < 0 or step < kind.itemsize * columns or start < 0:
        raise ValueError("an array of no length")
    if start + (count - 1) * step + kind.itemsize * columns > len(binary) and count:
        raise ValueError("an array beyond the file's end")
    found = np.ndarray((count, columns), kind, binary, start, (step, kind.itemsize)).astype(np.float64)
    if accessor.get("normalized") and kind.kind in "iu":
        found = np.maximum(found / np.iinfo(kind).max, -1.0)
    if not np.isfinite(found).all():
        raise ValueError("numbers that are none")
    return found
