"""Files of models: what is written can be read by others, what others write can be read, what is wrong is said."""

from __future__ import annotations

import contextlib
import copy
import io
import json
import struct
import sys
from pathlib import Path

import numpy as np
import pygltflib
import pytest
import trimesh
from hypothesis import given, settings
from hypothesis import strategies as st

from orbifolio.runner.models.faults import ModelFault
from orbifolio.runner.models.glb import read_glb, write_glb
from orbifolio.runner.models.mesh import icosphere, smooth_normals, uv_sphere
from orbifolio.runner.models.obj import read_obj
from orbifolio.runner.models.reading import locate, read_model

QUAD = b"""# a square
mtllib elsewhere.mtl
v 0 0 0
v 1 0 0
v 1 1 0
v 0 1 0
vt 0 0
vt 1 0
vt 1 1
vt 0 1
f 1/1 2/2 3/3 4/4
"""


def test_a_written_model_comes_back():
    ball = uv_sphere(24, 12)
    again = read_glb(write_glb(ball, b"not looked at", name="ball"), max_triangles=10_000)
    assert np.allclose(again.positions, ball.positions, atol=1e-6)
    assert np.allclose(again.uv, ball.uv, atol=1e-6)
    assert np.array_equal(again.faces, ball.faces)


def test_a_model_by_another_program_is_read_with_its_nodes():
    box = trimesh.creation.box()
    box = trimesh.Trimesh(box.vertices, box.faces, process=False)
    box.visual = trimesh.visual.TextureVisuals(uv=np.random.default_rng(0).random((len(box.vertices), 2)))
    scene = trimesh.Scene()
    move = trimesh.transformations.rotation_matrix(0.7, [1, 2, 3], [0, 0, 0])
    move[:3, 3] = [5, 6, 7]
    scene.add_geometry(box, transform=move)
    mesh = read_glb(scene.export(file_type="glb"), max_triangles=10_000)
    expected = trimesh.transformations.transform_points(box.vertices, move)
    shown = mesh.positions[mesh.faces].reshape(-1, 3)
    assert np.allclose(
        sorted(map(tuple, np.unique(np.round(shown, 4), axis=0))), sorted(map(tuple, np.round(expected, 4)))
    )
    assert mesh.centre == pytest.approx([5, 6, 7], abs=1e-5)


def test_an_obj_is_read_and_names_no_file():
    mesh = read_obj(QUAD, max_triangles=10)
    assert len(mesh.faces) == 2
    assert mesh.areas.sum() == pytest.approx(1)
    assert mesh.uv[0] == pytest.approx([0, 1])  # OBJ counts upwards, we downwards
    assert np.allclose(mesh.normals, [0, 0, 1])
    backwards = QUAD.replace(b"1/1 2/2 3/3 4/4", b"-4/-4 -3/-3 -2/-2 -1/-1")
    assert np.array_equal(read_obj(backwards, max_triangles=10).positions, mesh.positions)


FACE = b"1/1 2/2 3/3 4/4"
NUMBERS = "; v, vt, vn and f are followed by valid numbers; correct it"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            QUAD.replace(FACE, b"1 2 3 4"),
            "has a face without texture coordinates on line 11; making them takes the package xatlas, which is not "
            "installed; run pip install 'orbifolio[mesh]', or unwrap it (UV) before exporting",
        ),
        (QUAD.replace(b"f " + FACE, b""), "has no faces; only surfaces are read; export its meshes too"),
        (QUAD.replace(b"v 1 0 0", b"v 1 zero 0"), "cannot be read at line 4, 'v 1 zero 0'" + NUMBERS),
        (QUAD.replace(b"4/4", b"9/9"), "cannot be read at line 11, 'f 1/1 2/2 3/3 9/9'" + NUMBERS),
        (QUAD.replace(FACE, b"1/1 2/2"), "cannot be read at line 11, 'f 1/1 2/2'" + NUMBERS),
        (QUAD.replace(FACE, b"0/1 2/2 3/3"), "cannot be read at line 11, 'f 0/1 2/2 3/3'" + NUMBERS),
        (
            QUAD + b"surf 0 1 0 1 1/1 2/2\n",
            "has a curved surface (surf) on line 12; only polygons are read; convert it to a mesh before exporting",
        ),
        (
            QUAD + b"f 1/1 2/2 3/3\n" * 20,
            "has more than 10 triangles; that is the limit; decimate it before exporting",
        ),
        (b"\xff\xfe\x00binary", "has no faces; only surfaces are read; export its meshes too"),
    ],
)
def test_what_is_wrong_with_an_obj_is_said(data, message, monkeypatch):
    monkeypatch.setitem(sys.modules, "xatlas", None)  # as if it were not installed
    with pytest.raises(ModelFault) as fault:
        read_obj(data, max_triangles=10)
    assert str(fault.value) == message


def bare(**changes) -> bytes:
    model = pygltflib.GLTF2().load_from_bytes(write_glb(uv_sphere(6, 4), None, name="ball"))
    for name, value in changes.items():
        setattr(model, name, value)
    return b"".join(model.save_to_bytes())


def test_what_is_wrong_with_a_glb_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "xatlas", None)
    good = bare()
    assert len(read_glb(good, max_triangles=10_000).faces) == 36
    model = pygltflib.GLTF2().load_from_bytes(good)
    model.meshes[0].primitives[0].attributes.TEXCOORD_0 = None
    for data, told in (
        (b"", "is damaged or incomplete"),
        (b"glTF" + good[4:40], "is damaged or incomplete"),
        (b"PK\x03\x04" + good[4:], "is not a GLB file of version 2"),
        (good[: len(good) // 2], "is damaged or incomplete"),
        (bare(extensionsRequired=["KHR_draco_mesh_compression"]), "needs the extension KHR_draco"),
        (bare(nodes=[pygltflib.Node()]), "has no triangles"),
        (bare(nodes=[pygltflib.Node(children=[0])]), "inside itself, or twice"),
        (b"".join(model.save_to_bytes()), "has a part without texture coordinates"),
    ):
        with pytest.raises(ModelFault, match=told):
            read_glb(data, max_triangles=10_000)


def test_a_torn_or_tampered_glb_never_ends_in_anything_but_a_fault():
    good = bytearray(bare())
    random = np.random.default_rng(1)
    for _ in range(150):
        data = bytearray(good)
        for place in random.integers(0, len(data), 4):
            data[place] = random.integers(0, 256)
        try:
            mesh = read_glb(bytes(data), max_triangles=10_000)
        except ModelFault:
            continue
        assert mesh.faces.max() < len(mesh.positions)


def places_in(value, path=()):
    """The path of every value in a JSON document."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield (*path, key)
        yield from places_in(inner, (*path, key))


def repacked(document, binary: bytes) -> bytes:
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    head = struct.pack("<4sII", b"glTF", 2, 28 + len(text) + len(binary))
    return head + struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary


def test_a_document_that_lies_never_ends_in_anything_but_a_fault():
    good = bare()
    length = struct.unpack_from("<I", good, 12)[0]
    document, binary = json.loads(good[20 : 20 + length]), good[28 + length :]
    assert np.array_equal(read_glb(repacked(document, binary), max_triangles=99).faces, uv_sphere(6, 4).faces)
    lies = ["-1", "0", "1", "3", "252", "5120", "5125", "1e308", "NaN", "null", '"x"', "[]", "{}", "[0, 0]", str(2**62)]
    random = np.random.default_rng(1)
    paths, read = list(places_in(document)), 0
    for _ in range(600):
        told = copy.deepcopy(document)
        for path in (paths[number] for number in random.integers(len(paths), size=random.integers(1, 4))):
            with contextlib.suppress(TypeError, KeyError, IndexError):  # a lie told before has taken this place
                inner = told
                for key in path[:-1]:
                    inner = inner[key]
                inner[path[-1]] = json.loads(random.choice(lies))
        try:
            mesh = read_glb(repacked(told, binary), max_triangles=1000)
        except ModelFault:
            continue
        read += 1
        assert mesh.faces.max() < len(mesh.positions)
    assert 50 < read < 550


def test_a_glb_that_claims_a_huge_array_is_refused_at_once():
    model = pygltflib.GLTF2().load_from_bytes(bare())
    model.accessors[0].count = 2**40
    with pytest.raises(ModelFault, match="is damaged or incomplete"):
        read_glb(b"".join(model.save_to_bytes()), max_triangles=10_000)


def test_files_are_found_beside_the_recipe_and_nowhere_else(tmp_path: Path):
    (tmp_path / "quad.obj").write_bytes(QUAD)
    (tmp_path / "quad.fbx").write_bytes(QUAD)
    assert len(read_model(locate("quad.obj", tmp_path)).faces) == 2
    assert locate("orbifolio:pot", tmp_path).is_file()
    for source, told in (
        ("missing.glb", "does not exist"),
        (".", "is a folder"),
        ("quad.fbx", r"is not a model that is read \(.glb, .obj, .ply, .stl or .3mf\); export it as one of these"),
        ("https://example.com/a.glb", "is an address"),
        ("orbifolio:cup", "choose from pot"),
        ("x" * 5000, "cannot be read|does not exist"),
    ):
        with pytest.raises(ModelFault, match=told):
            locate(source, tmp_path)


def test_too_large_a_file_is_not_opened(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("orbifolio.runner.models.reading.MAX_BYTES", 10)
    (tmp_path / "quad.obj").write_bytes(QUAD)
    with pytest.raises(ModelFault, match="has more than 0 MB"):
        locate("quad.obj", tmp_path)


def glb(surfaces: list[dict], *, uv_type: str = "<f4") -> bytes:
    """A GLB by another writer, of surfaces with `mode`, `points`, `uv` and perhaps `indices`; no material."""
    model, blob = pygltflib.GLTF2(scene=0, scenes=[pygltflib.Scene(nodes=[0])], nodes=[pygltflib.Node(mesh=0)]), b""
    kinds = {"<f4": 5126, "<u2": 5123, "u1": 5121}

    def accessor(values, kind: str, shape: str, **options) -> int:
        nonlocal blob
        data = np.asarray(values).astype(kind).tobytes()
        model.bufferViews.append(pygltflib.BufferView(buffer=0, byteOffset=len(blob), byteLength=len(data)))
        blob += data + b"\0" * (-len(data) % 4)
        model.accessors.append(
            pygltflib.Accessor(
                bufferView=len(model.bufferViews) - 1,
                componentType=kinds[kind],
                count=len(values),
                type=shape,
                **options,
            )
        )
        return len(model.accessors) - 1

    mesh = pygltflib.Mesh()
    for item in surfaces:
        attributes = pygltflib.Attributes(
            POSITION=accessor(item["points"], "<f4", "VEC3"),
            TEXCOORD_0=accessor(item["uv"], uv_type, "VEC2", normalized=uv_type != "<f4"),
        )
        indices = accessor(item["indices"], "<u2", "SCALAR") if "indices" in item else None
        mesh.primitives.append(pygltflib.Primitive(attributes=attributes, indices=indices, mode=item["mode"]))
    model.meshes = [mesh]
    model.buffers = [pygltflib.Buffer(byteLength=len(blob))]
    model.set_binary_blob(blob)
    return b"".join(model.save_to_bytes())


RIBBON = np.array([[x, y, 0.1 * x * x] for x in range(9) for y in (0.0, 1.0)])
RIBBON_TRIANGLES = [face for i in range(0, 16, 2) for face in ((i, i + 3, i + 1), (i, i + 2, i + 3))]
STRIP = [number + shift for number in range(0, 18, 2) for shift in (1, 0)]  # upper corner first: same side as above


@pytest.mark.parametrize("bare_order", [False, True])
def test_a_strip_is_the_triangles_it_stands_for(bare_order):
    uv = RIBBON[:, :2] / 8
    plain = read_glb(
        glb([{"mode": 4, "points": RIBBON, "uv": uv, "indices": np.ravel(RIBBON_TRIANGLES)}]), max_triangles=99
    )
    surface = (
        {"mode": 5, "points": RIBBON[STRIP], "uv": uv[STRIP]}
        if bare_order
        else {"mode": 5, "points": RIBBON, "uv": uv, "indices": STRIP}
    )
    strip = read_glb(glb([surface]), max_triangles=99)
    assert corners_of(strip) == corners_of(plain)
    assert strip.areas.sum() == pytest.approx(plain.areas.sum())


def corners_of(mesh) -> set:
    """Every triangle by position and texture coordinate, begun at its least corner: the side it faces is kept."""
    found = set()
    for face in mesh.faces:
        corners = [tuple(np.round([*mesh.positions[c], *mesh.uv[c]], 5).tolist()) for c in face]
        first = corners.index(min(corners))
        found.add(tuple(corners[first:] + corners[:first]))
    return found


@pytest.mark.parametrize("corners", [3, 4, 5, 12])
def test_a_fan_is_the_polygon_it_stands_for(corners):
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    points = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
    mesh = read_glb(glb([{"mode": 6, "points": points, "uv": points[:, :2]}]), max_triangles=99)
    assert len(mesh.faces) == corners - 2
    assert mesh.areas.sum() == pytest.approx(corners / 2 * np.sin(2 * np.pi / corners), rel=1e-6)
    assert np.allclose(mesh.normals, [0, 0, 1])
    assert (mesh.faces[:, 0] == 0).all()


def test_triangles_strips_and_fans_of_one_mesh_are_all_read():
    square = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    surfaces = [
        {"mode": 4, "points": square, "uv": square[:, :2], "indices": [0, 1, 2, 0, 2, 3]},
        {"mode": 5, "points": square + [2, 0, 0], "uv": square[:, :2], "indices": [3, 0, 2, 1]},
        {"mode": 6, "points": square + [4, 0, 0], "uv": square[:, :2]},
        {"mode": 1, "points": square, "uv": square[:, :2]},  # lines
    ]
    mesh = read_glb(glb(surfaces), max_triangles=99)
    assert len(mesh.faces) == 6
    assert mesh.areas.sum() == pytest.approx(3)
    assert np.allclose(mesh.normals, [0, 0, 1])


@pytest.mark.parametrize(("kind", "most"), [("<u2", 65535), ("u1", 255)])
def test_whole_texture_coordinates_stand_for_fractions(kind, most):
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]])
    uv = np.array([[0, most], [most, 0], [51, 0]])
    mesh = read_glb(glb([{"mode": 4, "points": points, "uv": uv}], uv_type=kind), max_triangles=9)
    assert np.allclose(mesh.uv, uv / most)


@st.composite
def stars(draw) -> np.ndarray:
    """(N, 2) corners of a polygon seen whole from the origin, notches and all, counter-clockwise."""
    count = draw(st.integers(4, 12))
    radius = draw(st.lists(st.floats(0.2, 3), min_size=count, max_size=count))
    angle = 2 * np.pi * (np.arange(count) + draw(st.floats(0, 1))) / count
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) * np.array(radius)[:, None]


@settings(max_examples=60)
@given(star=stars(), begun=st.integers(0, 11), angle=st.floats(0, 6), mirrored=st.booleans())
def test_a_polygon_with_notches_is_covered_once_wherever_it_begins(star, begun, angle, mirrored):
    x, y = star.T
    area = 0.5 * np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)  # the shoelace formula
    loop = np.roll(star[::-1] if mirrored else star, begun % len(star), axis=0)
    turn = trimesh.transformations.rotation_matrix(angle, [1, 2, 3])[:3, :3]
    points = np.concatenate([loop, np.zeros((len(loop), 1))], axis=1) @ turn.T
    text = "".join(f"v {a!r} {b!r} {c!r}\nvt {a!r} {b!r}\n" for a, b, c in points.tolist())
    text += "f " + " ".join(f"{n}/{n}" for n in range(1, len(points) + 1)) + "\n"
    mesh = read_obj(text.encode(), max_triangles=99)
    a, b, c = (mesh.positions[mesh.faces[:, corner]] @ turn for corner in range(3))
    signed = np.cross(b - a, c - a)[:, 2] / 2
    assert signed.sum() == pytest.approx(-area if mirrored else area)
    assert (signed * (-1 if mirrored else 1) >= -1e-9).all()  # no triangle turned over, so nothing is covered twice


def test_a_convex_polygon_is_a_fan_from_its_first_corner():
    mesh = read_obj(QUAD, max_triangles=9)
    assert mesh.faces.tolist() == [[0, 1, 2], [0, 2, 3]]


@settings(max_examples=30)
@given(data=st.data())
def test_a_line_may_be_continued_anywhere_between_its_words(data):
    broken = []
    for line in QUAD.decode().splitlines():
        words = [line] if line.startswith("#") else line.split(" ")
        broken.append(data.draw(st.sampled_from([" ", " \\\n", "\\\n", "\\ \n  "])).join(words))
    mesh = read_obj("\n".join(broken).encode(), max_triangles=9)
    plain = read_obj(QUAD, max_triangles=9)
    assert np.array_equal(mesh.positions, plain.positions)
    assert np.array_equal(mesh.uv, plain.uv)
    assert np.array_equal(mesh.faces, plain.faces)


def test_a_fault_after_a_continued_line_has_its_own_lines_number(monkeypatch):
    monkeypatch.setitem(sys.modules, "xatlas", None)
    text = b"v 0 0 0\nv 1 \\\n 0 0\nv 0 1 0\nvt 0 0\nf 1/1 2/1 \\\n 3\n"
    with pytest.raises(ModelFault, match="^has a face without texture coordinates on line 6; making them takes "):
        read_obj(text, max_triangles=9)


@pytest.mark.parametrize("coding", ["utf-8-sig", "utf-16", "latin-1"])
def test_the_first_corner_is_read_whatever_mark_stands_before_it(coding):
    text = "v 0 0 0\nv 1 0 0\nv 1 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nusemtl Stra\xdfe\nf 1/1 2/2 3/3\n"
    assert read_obj(text.encode(coding), max_triangles=9).areas.sum() == pytest.approx(0.5)


def test_a_file_that_is_named_as_another_format_says_so(tmp_path: Path):
    (tmp_path / "a.obj").write_bytes(b"glTF\x02\0\0\0")
    with pytest.raises(ModelFault) as caught:
        read_model(tmp_path / "a.obj")
    assert str(caught.value) == (
        "is named .obj and begins as .glb does; a name's end says how a file is read; rename it"
    )


def test_backward_numbers_count_from_their_own_line():
    shifted = QUAD.replace(b"1/1 2/2 3/3 4/4", b"-4/-4 -3/-3 -2/-2 -1/-1")
    moved = shifted.replace(b"v 1", b"v 6").replace(b"v 0", b"v 5")
    mesh = read_obj(shifted + moved, max_triangles=9)
    assert sorted({*mesh.positions[:, 0]}) == [0, 1, 5, 6]
    assert mesh.areas.sum() == pytest.approx(2)


def test_surfaces_without_an_area_are_refused(tmp_path: Path):
    (tmp_path / "flat.obj").write_bytes(QUAD.replace(b"v 1 1 0", b"v 0 0 0").replace(b"v 1 0 0", b"v 0 0 0"))
    with pytest.raises(ModelFault, match="has no surface"):
        read_model(tmp_path / "flat.obj")
    (tmp_path / "often.obj").write_bytes(QUAD.replace(b"vt 1 1", b"vt 1 900"))
    with pytest.raises(ModelFault, match="repeats its texture"):
        read_model(tmp_path / "often.obj")


def test_the_icosphere_is_closed_and_round():
    points, faces = icosphere(3)
    ball = trimesh.Trimesh(points, faces, process=False)
    assert ball.is_watertight
    assert ball.euler_number == 2
    assert ball.volume == pytest.approx(4 / 3 * np.pi, rel=0.02)
    assert np.allclose(smooth_normals(points, faces), points, atol=0.02)


def test_the_own_model_is_what_its_script_makes(tmp_path: Path):
    import subprocess
    import sys

    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "scripts/make_model.py", str(tmp_path / "pot.glb")], cwd=root, check=True)
    shipped = (root / "recipes" / "models" / "pot.glb").read_bytes()
    assert len(shipped) < 300_000
    made, kept = (
        read_glb((tmp_path / "pot.glb").read_bytes(), max_triangles=10_000),
        read_glb(shipped, max_triangles=10_000),
    )
    assert np.allclose(made.positions, kept.positions, atol=1e-5)
    assert np.allclose(made.uv, kept.uv, atol=1e-5)
    loaded = trimesh.load(io.BytesIO(shipped), file_type="glb", force="mesh")
    assert loaded.volume > 1  # outside is out
    assert struct.unpack_from("<I", shipped, 8)[0] == len(shipped)


def test_many_copies_of_a_part_are_refused_before_they_fill_the_memory():
    model = pygltflib.GLTF2().load_from_bytes(bare())
    model.nodes = [pygltflib.Node(mesh=0) for _ in range(500)]
    model.scenes[0].nodes = list(range(500))
    with pytest.raises(ModelFault, match="more than 1,000 triangles"):
        read_glb(b"".join(model.save_to_bytes()), max_triangles=1000)
    model.nodes = [pygltflib.Node() for _ in range(2_001)]
    model.scenes[0].nodes = [0]
    with pytest.raises(ModelFault, match="more than 2,000 parts"):
        read_glb(b"".join(model.save_to_bytes()), max_triangles=1000)
    model.nodes = [pygltflib.Node(children=[1] * 1500), pygltflib.Node(children=[2] * 1500), pygltflib.Node(mesh=0)]
    model.scenes[0].nodes = [0]
    with pytest.raises(ModelFault, match="inside itself, or twice"):
        read_glb(b"".join(model.save_to_bytes()), max_triangles=1000)
