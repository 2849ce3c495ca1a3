"""GLB, the binary form of glTF 2.0: (mesh, texture) -> bytes, and bytes -> mesh.

Written by hand: trimesh would encode the texture again, with a loss, and by the version of its encoder. Read by
trimesh, which is handed a new document that holds only surfaces (triangles, strips, fans) and the nodes that place
them: nothing outside the file can be opened, and what a file claims is checked first. Its arrays are decoded here,
since trimesh reads sparse arrays as zeros and fractions as whole numbers.

Reference: Khronos Group, glTF 2.0 Specification (2021); its extensions KHR_mesh_quantization, KHR_texture_transform.
"""

from __future__ import annotations

import io
import json
import math
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from orbifolio.runner.arrays import F64
from orbifolio.runner.models.faults import ModelFault, too_many_triangles
from orbifolio.runner.models.mesh import Mesh
from orbifolio.runner.models.parts import MeshPart, joined

_MAGIC, _VERSION, _JSON, _BINARY = 0x46546C67, 2, 0x4E4F534A, 0x004E4942  # of the file, and types of its chunks
_FLOAT, _SHORT, _WORD = 5126, 5123, 5125  # types of an array's numbers
_CORNERS, _INDEX = 34962, 34963  # what a view of the binary part is for
_TRIANGLES, _STRIP, _FAN = 4, 5, 6  # modes of a surface
_NUMBERS = {5120: "i1", 5121: "u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}  # of an array, by type
_COLUMNS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4}
_BUFFER = "buffer"  # the name under which trimesh is handed the decoded arrays
_MATERIAL = "_MATERIAL"  # what the name of an attribute begins with that carries the number of a surface's material
_SHAPE = ("KHR_mesh_quantization", "KHR_texture_transform")  # extensions that change shapes, and are understood
_LOOKS = ("KHR_materials_", "KHR_texture_", "EXT_texture_", "KHR_lights_", "KHR_xmp")
"""What the names of extensions begin with that only concern looks, which are made anew here."""
_MAX_PARTS = 2_000  # nodes, and surfaces; far more than any model that is one object
_MAX_ROWS = 20
"""Array rows read, per triangle allowed: three corners with three attributes and an index each are 12."""


def write_glb(mesh: Mesh, texture: bytes | None, *, name: str, kind: str = "image/jpeg") -> bytes:
    """A model with its texture inside, not shiny: any viewer of glTF shows it.

    Args:
        mesh: all of it, as one primitive.
        texture: an encoded picture, or None for a bare surface.
        name: that viewers show for node, mesh and material.
        kind: the picture's media type.
    """
    index = mesh.faces.astype("<u2" if len(mesh.positions) < 65535 else "<u4")
    arrays = [np.asarray(array, dtype="<f4") for array in (mesh.positions, mesh.normals, mesh.uv)]
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
    accessors: list[dict[str, Any]] = [
        {"bufferView": number, "componentType": _FLOAT, "count": len(array), "type": f"VEC{array.shape[1]}"}
        for number, array in enumerate(arrays)
    ]
    accessors[0].update(min=arrays[0].min(0).tolist(), max=arrays[0].max(0).tolist())
    kind = _SHORT if index.dtype.itemsize == 2 else _WORD
    return [*accessors, {"bufferView": len(arrays), "componentType": kind, "count": index.size, "type": "SCALAR"}]


def read_glb(data: bytes, *, max_triangles: int) -> Mesh:
    """The triangles, strips and fans of a GLB file, joined into one mesh.

    Raises:
        ModelFault: it is not a GLB file, or cannot be unwrapped where it has no texture coordinates.
    """
    import trimesh  # only here: importing it takes a third of a second

    try:
        document, binary = _chunks(data)
        surfaces, arrays = _surfaces(document, binary, max_triangles)
        text = io.BytesIO(json.dumps(surfaces).encode())
        scene = trimesh.load_scene(text, file_type="gltf", resolver={_BUFFER: arrays}, process=False)
        placed = [scene.graph.get(node) for node in scene.graph.nodes_geometry]
        parts = [_part(scene.geometry[name], matrix, document) for matrix, name in placed]
    except ModelFault:
        raise
    except Exception as error:  # a damaged file fails anywhere in the parser, in any way
        raise ModelFault("is damaged or incomplete; its parts do not fit together; export it again") from error
    if not parts:
        raise ModelFault("has no triangles; only surfaces are read; export its meshes too")
    if sum(len(part.faces) for part in parts) > max_triangles:
        raise too_many_triangles(max_triangles)
    return joined(parts)


def _chunks(data: bytes) -> tuple[Mapping[str, Any], bytes]:
    """The JSON document and the binary chunk."""
    magic, version, _ = struct.unpack_from("<III", data)
    if magic != _MAGIC or version != _VERSION:
        raise ModelFault("is not a GLB file of version 2; no other kind is read; export it as glTF 2.0 binary")
    chunks: dict[int, bytes] = {}
    start = 12
    while start + 8 <= len(data):
        length, kind = struct.unpack_from("<II", data, start)
        chunks.setdefault(kind, data[start + 8 : start + 8 + length])
        start += 8 + length
    return json.loads(chunks[_JSON]), chunks.get(_BINARY, b"")


def _surfaces(document: Mapping[str, Any], binary: bytes, max_triangles: int) -> tuple[dict[str, Any], bytes]:
    """A glTF document of the surfaces alone, its claims checked, and the arrays that it names, decoded.

    Attributes get names of our own (with an underscore), which trimesh hands over as they are: it would flip
    texture coordinates, and drop those of a surface without a material.
    """
    for name in document.get("extensionsRequired", []):
        if not str(name).startswith((*_SHAPE, *_LOOKS)):
            raise ModelFault(
                f"needs the extension {str(name)[:60]}; only plain and quantised glTF 2.0 is read; export it without "
                "compression"
            )
    buffers = document.get("buffers", [])
    if len(buffers) > 1 or any("uri" in buffer for buffer in buffers):
        raise ModelFault("keeps its shape in another file; a model is one file; export it as one .glb")
    if any("EXT_mesh_gpu_instancing" in node.get("extensions", {}) for node in document.get("nodes", [])):
        raise ModelFault("repeats a part by EXT_mesh_gpu_instancing; only nodes are read; make its instances real")
    meshes = [
        # points and lines have no surface
        [_primitive(item) for item in mesh["primitives"] if item.get("mode", _TRIANGLES) in (_TRIANGLES, _STRIP, _FAN)]
        for mesh in document.get("meshes", [])
    ]
    nodes = [
        {key: node[key] for key in ("mesh", "children", "matrix", "translation", "rotation", "scale") if key in node}
        for node in document.get("nodes", [])
    ]
    accessors = document.get("accessors", [])
    surfaces = [item for mesh in meshes for item in mesh]
    _check_size(len(nodes), surfaces, accessors, len(binary), max_triangles)
    placed = [item for node in nodes if "mesh" in node for item in meshes[node["mesh"]]]
    _check_size(len(nodes), placed, accessors, len(binary), max_triangles)
    unused: dict[str, Any] = {"count": 0, "componentType": _FLOAT, "type": "SCALAR"}
    plain = [unused] * len(accessors)
    views: list[dict[str, int]] = []
    arrays = bytearray()
    for number in sorted({number for item in surfaces for number in _arrays(item)}):
        values = _values(document, accessors[number], binary)
        plain[number] = {
            "bufferView": len(views),
            "count": len(values),
            "componentType": _WORD if values.dtype.kind == "u" else _FLOAT,
            "type": accessors[number]["type"],
        }
        views.append({"buffer": 0, "byteOffset": len(arrays), "byteLength": values.nbytes})
        arrays += values.tobytes()
    return {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": _roots(document, nodes)}],
        "nodes": nodes,
        "meshes": [{"primitives": mesh} for mesh in meshes],
        "accessors": plain,
        "bufferViews": views,
        "buffers": [{"byteLength": len(arrays), "uri": _BUFFER}],
    }, bytes(arrays)


def _check_size(
    nodes: int,
    surfaces: Sequence[Mapping[str, Any]],
    accessors: Sequence[Mapping[str, Any]],
    size: int,
    max_triangles: int,
) -> None:
    """Refuse what would fill the memory, before any of it is read.

    Args:
        nodes: number of them.
        surfaces: that are read.
        accessors: of the file.
        size: bytes of its binary part.
        max_triangles: that are allowed.
    """
    if nodes + len(surfaces) > _MAX_PARTS:
        raise ModelFault(f"has more than {_MAX_PARTS:,} parts; that is the limit; join them into one mesh")
    arrays = [accessors[number] for item in surfaces for number in _arrays(item)]
    if not all(1 <= array["count"] <= size or "bufferView" not in array for array in arrays):
        raise ValueError("an array of no length, or beyond the file")
    rows = sum(int(array["count"]) for array in arrays)
    if rows > _MAX_ROWS * max_triangles:
        raise too_many_triangles(max_triangles)


def _arrays(primitive: Mapping[str, Any]) -> list[int]:
    """The accessors that a surface reads."""
    return [*primitive["attributes"].values(), *([primitive["indices"]] if "indices" in primitive else [])]


def _primitive(primitive: Mapping[str, Any]) -> dict[str, Any]:
    """A surface for trimesh, which reads fans as strips; `_piece` turns them."""
    attributes = primitive["attributes"]
    names = {"POSITION": "POSITION", "_UV": "TEXCOORD_0", "_NORMAL": "NORMAL"}
    renamed = {ours: attributes[theirs] for ours, theirs in names.items() if theirs in attributes}
    renamed[f"{_MATERIAL}{int(primitive.get('material', -1))}"] = attributes["POSITION"]
    mode = primitive.get("mode", _TRIANGLES)
    if mode == _FAN:
        mode, renamed["_FAN"] = _STRIP, attributes["POSITION"]
    return {"mode": mode, "attributes": renamed, **{key: primitive[key] for key in ("indices",) if key in primitive}}


def _roots(document: Mapping[str, Any], nodes: Sequence[Mapping[str, Any]]) -> list[int]:
    """The nodes at the top of the scene; those below each must form a tree, so that following them ends."""
    children = [child for node in nodes for child in node.get("children", ())]
    scenes = document.get("scenes", [])
    roots = scenes[document.get("scene", 0)].get("nodes", []) if scenes else sorted({*range(len(nodes))} - {*children})
    if len({*children, *roots}) < len(children) + len(roots):
        raise ModelFault("places a part inside itself, or twice; parts form a tree; export it again")
    return list(roots)


def _values(document: Mapping[str, Any], accessor: Mapping[str, Any], binary: bytes) -> npt.NDArray[Any]:
    """(count, columns) the numbers of an array: whole ones where it is plain and whole, else in single precision."""
    sparse = accessor.get("sparse")
    if sparse is None and "bufferView" not in accessor:
        raise ModelFault("has an array without data; its shape is kept in a way that is not read; export it plainly")
    kind, columns, count = _NUMBERS[accessor["componentType"]], _COLUMNS[accessor["type"]], accessor["count"]
    values = np.zeros((count, columns), kind)
    if "bufferView" in accessor:
        values = _rows(document, accessor, binary, kind, columns, count)
    if sparse is not None:
        place, new = sparse["indices"], sparse["values"]
        where = _rows(document, place, binary, _NUMBERS[place["componentType"]], 1, sparse["count"])[:, 0]
        values[where] = _rows(document, new, binary, kind, columns, sparse["count"])
    if columns == 1:
        return values.astype("<u4")
    return (_fractions(values) if accessor.get("normalized") else values).astype("<f4")


def _rows(
    document: Mapping[str, Any], at: Mapping[str, Any], binary: bytes, kind: str, columns: int, count: int
) -> npt.NDArray[Any]:
    """(count, columns) rows of a view of the binary part, side by side or at a step the format allows."""
    view = document["bufferViews"][at["bufferView"]]
    offset, size = view.get("byteOffset", 0), view["byteLength"]
    begin, row = at.get("byteOffset", 0), np.dtype(kind).itemsize * columns
    step = view.get("byteStride", row)
    if not 1 <= count <= size or not row <= step <= max(252, row) or min(offset, begin) < 0:
        raise ValueError("an array of no length, beyond its view, or of an impossible step")
    data = memoryview(binary)[offset : offset + size][begin:]
    if len(data) < (count - 1) * step + row:
        raise ValueError("an array beyond its view")
    return np.ndarray((count, columns), kind, data, strides=(step, np.dtype(kind).itemsize)).copy()


def _part(surface: Any, matrix: F64, document: Mapping[str, Any]) -> MeshPart:
    """One surface where its node places it.

    Args:
        surface: a trimesh.Trimesh, made from what `_primitive` returned.
        matrix: (4, 4), of the node.
        document: of the file, for its materials.
    """
    columns = surface.vertex_attributes
    positions = surface.vertices.view(np.ndarray) @ matrix[:3, :3].T + matrix[:3, 3]
    faces = surface.faces.view(np.ndarray).astype(np.int64)
    if "_FAN" in columns:
        faces[1::2] = faces[1::2, ::-1]  # a strip turns every other triangle round
        faces[:, 0] = faces[:1, 0]
    if np.linalg.det(matrix[:3, :3]) < 0:
        faces = faces[:, ::-1]
    material = next(int(name.removeprefix(_MATERIAL)) for name in columns if name.startswith(_MATERIAL))
    uv = normals = None
    if "_UV" in columns:
        uv = _transformed(columns["_UV"].astype(np.float64), document, material)
    if "_NORMAL" in columns:
        normals = columns["_NORMAL"].astype(np.float64) @ np.linalg.pinv(matrix[:3, :3])
    for table, width in ((uv, 2), (normals, 3)):
        if table is not None and table.shape != (len(positions), width):
            raise ValueError("corners that are not there")
    bare = "has a part without texture coordinates"
    return MeshPart(positions, faces, normals, uv, np.full(len(faces), material), bare)


def _transformed(uv: F64, document: Mapping[str, Any], material: int) -> F64:
    """Texture coordinates as a material's own texture is shown: moved, turned and scaled by KHR_texture_transform."""
    if material < 0:
        return uv
    surface = document["materials"][material].get("pbrMetallicRoughness", {})
    change = surface.get("baseColorTexture", {}).get("extensions", {}).get("KHR_texture_transform", {})
    angle, scale = float(change.get("rotation", 0.0)), np.array(change.get("scale", [1.0, 1.0]), dtype=np.float64)
    turn = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    return np.asarray((uv * scale) @ turn.T + np.array(change.get("offset", [0.0, 0.0]), dtype=np.float64))


def _fractions(array: npt.NDArray[Any]) -> F64:
    """Numbers as glTF defines them: integers of n bits are fractions of the largest."""
    numbers = array.astype(np.float64)
    return numbers if array.dtype.kind == "f" else np.maximum(numbers / np.iinfo(array.dtype).max, -1.0)
