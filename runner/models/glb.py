"""GLB, the binary form of glTF 2.0: (mesh, texture) -> bytes, and bytes -> mesh.

Written by hand: trimesh would encode the texture again, with a loss, and by the version of its encoder. Read by
trimesh, which is handed a new document that holds only surfaces (triangles, strips, fans), the nodes that place
them, and the file's own buffer: nothing outside the file can be opened, and what a file claims is checked first.

Reference: Khronos Group, glTF 2.0 Specification (2021).
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from orbifolio.runner.arrays import F64
from orbifolio.runner.models.faults import ModelFault, too_many_triangles
from orbifolio.runner.models.mesh import Mesh, smooth_normals

_MAGIC, _VERSION, _JSON, _BINARY = 0x46546C67, 2, 0x4E4F534A, 0x004E4942  # of the file, and types of its chunks
_FLOAT, _SHORT, _WORD = 5126, 5123, 5125  # types of an array's numbers
_CORNERS, _INDEX = 34962, 34963  # what a view of the binary part is for
_TRIANGLES, _STRIP, _FAN = 4, 5, 6  # modes of a surface
_BUFFER = "buffer"  # the name under which trimesh is handed the binary part
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
    """The textured triangles, strips and fans of a GLB file, joined into one mesh.

    Raises:
        ModelFault: it is not a GLB file, or lacks what a textured model needs.
    """
    import trimesh  # only here: importing it takes a third of a second

    try:
        document, binary = _chunks(data)
        surfaces = io.BytesIO(json.dumps(_surfaces(document, max_triangles)).encode())
        scene = trimesh.load_scene(surfaces, file_type="gltf", resolver={_BUFFER: binary}, process=False)
        placed = [scene.graph.get(node) for node in scene.graph.nodes_geometry]
        pieces = [_piece(scene.geometry[name], matrix) for matrix, name in placed]
    except ModelFault:
        raise
    except Exception as error:  # a damaged file fails anywhere in the parser, in any way
        raise ModelFault("is damaged or incomplete; its parts do not fit together; export it again") from error
    if not pieces:
        raise ModelFault("has no triangles; only surfaces are read; export its meshes too")
    offsets = np.cumsum([0] + [len(piece.positions) for piece in pieces])
    mesh = Mesh(
        np.concatenate([piece.positions for piece in pieces]),
        np.concatenate([piece.normals for piece in pieces]),
        np.concatenate([piece.uv for piece in pieces]),
        np.concatenate([piece.faces + offset for piece, offset in zip(pieces, offsets, strict=False)]),
    )
    if len(mesh.faces) > max_triangles:
        raise too_many_triangles(max_triangles)
    return mesh


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


def _surfaces(document: Mapping[str, Any], max_triangles: int) -> dict[str, Any]:
    """A glTF document of the surfaces alone, its claims checked.

    Attributes get names of our own (with an underscore), which trimesh hands over as they are: it would flip
    texture coordinates, and drop those of a surface without a material.
    """
    extensions = document.get("extensionsRequired", [])
    if extensions:
        raise ModelFault(
            f"needs the extension {str(extensions[0])[:60]}; only plain glTF 2.0 is read; export it without compression"
        )
    buffers = document.get("buffers", [])
    if len(buffers) > 1 or any("uri" in buffer for buffer in buffers):
        raise ModelFault("keeps its shape in another file; a model is one file; export it as one .glb")
    meshes = [
        # points and lines have no surface
        [_primitive(item) for item in mesh["primitives"] if item.get("mode", _TRIANGLES) in (_TRIANGLES, _STRIP, _FAN)]
        for mesh in document.get("meshes", [])
    ]
    nodes = [
        {key: node[key] for key in ("mesh", "children", "matrix", "translation", "rotation", "scale") if key in node}
        for node in document.get("nodes", [])
    ]
    accessors, views = document.get("accessors", []), document.get("bufferViews", [])
    used = {number for mesh in meshes for item in mesh for number in _arrays(item)}
    unused: Mapping[str, Any] = {"count": 0, "componentType": _FLOAT, "type": "SCALAR"}
    plain = [_accessor(item, views) if number in used else unused for number, item in enumerate(accessors)]
    surfaces = [item for mesh in meshes for item in mesh]
    _check_size(len(nodes), surfaces, plain, max_triangles)
    placed = [item for node in nodes if "mesh" in node for item in meshes[node["mesh"]]]
    _check_size(len(nodes), placed, plain, max_triangles)
    return {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": _roots(document, nodes)}],
        "nodes": nodes,
        "meshes": [{"primitives": mesh} for mesh in meshes],
        "accessors": plain,
        "bufferViews": views,
        "buffers": [{**buffer, "uri": _BUFFER} for buffer in buffers],
    }


def _check_size(
    nodes: int, surfaces: Sequence[Mapping[str, Any]], accessors: Sequence[Mapping[str, Any]], max_triangles: int
) -> None:
    """Refuse what would fill the memory, before any of it is read."""
    if nodes + len(surfaces) > _MAX_PARTS:
        raise ModelFault(f"has more than {_MAX_PARTS:,} parts; that is the limit; join them into one mesh")
    rows = sum(int(accessors[number]["count"]) for item in surfaces for number in _arrays(item))
    if rows > _MAX_ROWS * max_triangles:
        raise too_many_triangles(max_triangles)


def _arrays(primitive: Mapping[str, Any]) -> list[int]:
    """The accessors that a surface reads."""
    return [*primitive["attributes"].values(), *([primitive["indices"]] if "indices" in primitive else [])]


def _primitive(primitive: Mapping[str, Any]) -> dict[str, Any]:
    """A surface for trimesh, which reads fans as strips; `_piece` turns them."""
    attributes = primitive["attributes"]
    if "TEXCOORD_0" not in attributes:
        raise ModelFault(
            "has a part without texture coordinates; every part needs them; unwrap it (UV) before exporting"
        )
    renamed = {"POSITION": attributes["POSITION"], "_UV": attributes["TEXCOORD_0"]}
    if "NORMAL" in attributes:
        renamed["_NORMAL"] = attributes["NORMAL"]
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


def _accessor(accessor: Mapping[str, Any], views: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """An array's description, if it is plain: inside its view, rows side by side or at a step the format allows."""
    if "sparse" in accessor or "bufferView" not in accessor:
        raise ModelFault("has sparse arrays; only plain ones are read; export it without morph targets")
    view = views[accessor["bufferView"]]
    if not 1 <= accessor["count"] <= view["byteLength"] or not 4 <= view.get("byteStride", 4) <= 252:
        raise ValueError("an array of no length, beyond its view, or of an impossible step")
    return accessor


def _piece(surface: Any, matrix: F64) -> Mesh:
    """One surface where its node places it.

    Args:
        surface: a trimesh.Trimesh, made from what `_primitive` returned.
        matrix: (4, 4), of the node.
    """
    columns = surface.vertex_attributes
    positions = surface.vertices.view(np.ndarray) @ matrix[:3, :3].T + matrix[:3, 3]
    uv = _fractions(columns["_UV"])
    faces = surface.faces.view(np.ndarray).astype(np.int64)
    if "_FAN" in columns:
        faces[1::2] = faces[1::2, ::-1]  # a strip turns every other triangle round
        faces[:, 0] = faces[:1, 0]
    if np.linalg.det(matrix[:3, :3]) < 0:
        faces = faces[:, ::-1]
    if len(faces) and (faces.min() < 0 or faces.max() >= len(positions) or uv.shape != (len(positions), 2)):
        raise ValueError("corners that are not there")
    if "_NORMAL" in columns:
        normals = _fractions(columns["_NORMAL"]) @ np.linalg.pinv(matrix[:3, :3])
        length = np.linalg.norm(normals, axis=1, keepdims=True)
        normals = normals / np.where(length > 0, length, 1)
    else:
        normals = smooth_normals(positions, faces)
    return Mesh(positions, normals, uv, faces)


def _fractions(array: npt.NDArray[Any]) -> F64:
    """Numbers as glTF defines them: integers of n bits are fractions of the largest."""
    numbers = array.astype(np.float64)
    return numbers if array.dtype.kind == "f" else np.maximum(numbers / np.iinfo(array.dtype).max, -1.0)
