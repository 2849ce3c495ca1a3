"""Models of every format: the same surface whatever it is written in, unwrapped if it must be, or refused in words."""

from __future__ import annotations

import io
import json
import struct
import sys

import numpy as np
import pygltflib
import pytest
import trimesh
from test_models_files import bare, glb, repacked

from orbifolio.runner.models.atlas import make_atlas, texture_corners
from orbifolio.runner.models.faults import ModelFault
from orbifolio.runner.models.glb import read_glb
from orbifolio.runner.models.mesh import creased, icosphere, smooth_normals
from orbifolio.runner.models.obj import read_obj
from orbifolio.runner.models.ply import read_ply
from orbifolio.runner.models.rasteriser import covered
from orbifolio.runner.models.reading import READERS, locate, read_model
from orbifolio.runner.models.stl import read_stl
from orbifolio.runner.symmetry.kinds.model import ModelSymmetry

SQUARE = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
L = [(0, 0), (2, 0), (2, 1), (1, 1), (1, 2), (0, 2)]  # a notch at its fourth corner; area 3


def volume(mesh) -> float:
    """What the triangles enclose, by the divergence theorem; negative if they are inside out."""
    a, b, c = (mesh.positions[mesh.faces[:, corner]] for corner in range(3))
    return float(np.einsum("ni,ni->n", a, np.cross(b, c)).sum() / 6)


def encoded(suffix: str, form: str) -> bytes:
    """A block of 1 x 2 x 3 with its middle at (5, 0, 0), written by another program."""
    block = trimesh.creation.box((1, 2, 3))
    block.apply_translation([5, 0, 0])
    if suffix == ".ply":
        data = block.export(file_type="ply", encoding=form)
    elif suffix == ".stl":
        data = block.export(file_type=form)
    else:
        data = block.export(file_type=suffix[1:])
    return data.encode() if isinstance(data, str) else data


FORMS = {".glb": [""], ".obj": [""], ".ply": ["ascii", "binary"], ".stl": ["stl", "stl_ascii"], ".3mf": [""]}


@pytest.mark.parametrize(("suffix", "form"), [(suffix, form) for suffix in FORMS for form in FORMS[suffix]])
def test_a_block_is_the_same_in_every_format_and_is_unwrapped(suffix, form, tmp_path):
    pytest.importorskip("xatlas")
    (tmp_path / f"block{suffix}").write_bytes(encoded(suffix, form))
    mesh = read_model(locate(f"block{suffix}", tmp_path))
    assert len(mesh.faces) == 12
    assert mesh.areas.sum() == pytest.approx(22)
    assert volume(mesh) == pytest.approx(6)
    assert mesh.centre == pytest.approx([5, 0, 0])
    height = 2 if suffix in (".stl", ".3mf") else 1  # those for printers have z up, the others y
    assert np.ptp(mesh.positions, axis=0)[1] == pytest.approx({1: 2, 2: 3}[height])
    assert "was unwrapped automatically, into 6 charts" in mesh.notes[0]
    assert mesh.uv.min() >= 0
    assert mesh.uv.max() <= 1
    assert shown_twice(mesh) < 0.01
    assert ModelSymmetry(mesh, "block", 4).advisories() == (f"block: {mesh.notes[0]}",)
    a, b, c = (mesh.positions[mesh.faces[:, corner]] for corner in range(3))
    flat = np.cross(b - a, c - a) / (2 * mesh.areas[:, None])
    assert np.allclose(mesh.normals[mesh.faces], flat[:, None], atol=1e-6)  # its edges are edges


def test_a_surface_is_smooth_but_at_its_edges():
    """A cylinder of 40 sides: around it normals point away from the axis, on its ends along it."""
    block = trimesh.creation.cylinder(radius=1, height=2, sections=40)
    source, normals, faces = creased(np.asarray(block.vertices), np.asarray(block.faces))
    assert np.array_equal(source[: len(block.vertices)], np.arange(len(block.vertices)))
    assert np.array_equal(source[faces], block.faces)
    ends = np.abs(block.face_normals[:, 2]) > 0.9
    assert np.allclose(normals[faces[ends]], block.face_normals[ends][:, None])
    around = block.vertices[block.faces[~ends]] * [1, 1, 0]
    assert np.allclose(normals[faces[~ends]], around, atol=0.05)
    ball, sides = icosphere(2)
    source, normals, _ = creased(ball, sides)
    assert len(source) == len(ball)
    assert np.allclose(normals, smooth_normals(ball, sides))


def shown_twice(mesh, side: int = 256) -> float:
    """The share of covered texels that more than one triangle shows, borders apart."""
    times = np.zeros(side * side)
    for _, texel, weights in covered(texture_corners(mesh) * side, side, side):
        np.add.at(times, texel[weights.min(1) > 0.05], 1)
    return float((times > 1).sum() / (times > 0).sum())


def test_without_the_package_that_unwraps_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "xatlas", None)
    with pytest.raises(ModelFault) as caught:
        read_stl(encoded(".stl", "stl"), max_triangles=99)
    assert str(caught.value) == (
        "is an STL file, which has no texture coordinates; making them takes the package xatlas, which is not "
        "installed; run pip install 'orbifolio[mesh]', or unwrap it (UV) before exporting"
    )


def ply(loop, *, header: str = "", rows: str = "", face: str = "", corners: str = "") -> bytes:
    """A PLY file of one polygon."""
    numbers = " ".join(str(number) for number in range(len(loop)))
    points = "\n".join(f"{x} {y} 0{rows.format(x=x, y=y)}" for x, y in loop)
    return (
        f"ply\nformat ascii 1.0\ncomment ours\nelement vertex {len(loop)}\nproperty float x\nproperty float y\n"
        f"property float z\n{header}element face 1\nproperty list uchar int vertex_indices\n{face}end_header\n"
        f"{points}\n{len(loop)} {numbers}{corners}\n"
    ).encode()


@pytest.mark.parametrize("begun", range(6))
def test_a_ply_polygon_with_a_notch_has_its_area_wherever_it_begins(begun):
    loop = L[begun:] + L[:begun]
    named = ply(loop, header="property float s\nproperty float t\n", rows=" {x} {y}")
    mesh = read_ply(named, max_triangles=9)
    assert mesh.areas.sum() == pytest.approx(3)
    assert mesh.uv[2] == pytest.approx([loop[2][0], 1 - loop[2][1]])
    flat = [value for x, y in loop for value in (x / 2, y / 2)]
    listed = ply(loop, face="property list uchar float texcoord\n", corners=f" {len(flat)} " + " ".join(map(str, flat)))
    mesh = read_ply(listed, max_triangles=9)
    assert mesh.areas.sum() == pytest.approx(3)
    assert mesh.uv[3] == pytest.approx([loop[3][0] / 2, 1 - loop[3][1] / 2])


def test_two_materials_on_one_square_get_a_square_each_and_an_atlas_of_two_stays():
    uv = SQUARE[:, :2]
    surfaces = [
        {"mode": 4, "points": SQUARE + [2 * number, 0, 0], "uv": uv, "indices": [0, 1, 2, 0, 2, 3]} for number in (0, 1)
    ]
    painted = pygltflib.GLTF2().load_from_bytes(glb(surfaces))
    painted.materials = [pygltflib.Material(), pygltflib.Material()]
    for number, primitive in enumerate(painted.meshes[0].primitives):
        primitive.material = number
    mesh = read_glb(b"".join(painted.save_to_bytes()), max_triangles=9)
    assert shown_twice(mesh) == 0
    assert mesh.notes == ("its 2 materials lie side by side on the texture, in 2 rows",)
    left, right = mesh.uv[np.unique(mesh.faces[:2])], mesh.uv[np.unique(mesh.faces[2:])]
    assert left[:, 0].max() < 0.5 < right[:, 0].min()
    assert mesh.areas.sum() == pytest.approx(2)
    assert shown_twice(read_glb(glb(surfaces), max_triangles=9)) == 1  # one material may show its texture twice
    for number, surface in enumerate(surfaces):
        surface["uv"] = uv * [0.5, 1] + [0.5 * number, 0]
    halves = pygltflib.GLTF2().load_from_bytes(glb(surfaces))
    halves.materials = painted.materials
    for number, primitive in enumerate(halves.meshes[0].primitives):
        primitive.material = number
    assert read_glb(b"".join(halves.save_to_bytes()), max_triangles=9).uv[:, 0].max() == 1


def test_materials_of_an_obj_are_told_apart_by_name():
    corners = "".join(f"v {x} {y} {z}\nvt {x} {y}\n" for z in (0, 1) for x, y, _ in SQUARE)
    faces = "usemtl {}\nf 1/1 2/2 3/3 4/4\nusemtl {}\nf 5/5 6/6 7/7 8/8\n"
    apart = read_obj((corners + faces.format("a", "b")).encode(), max_triangles=9)
    assert shown_twice(apart) == 0
    assert apart.notes
    assert shown_twice(read_obj((corners + faces.format("a", "a")).encode(), max_triangles=9)) == 1


def document(data: bytes) -> tuple[dict, bytes]:
    """The two chunks of a GLB file."""
    length = struct.unpack_from("<I", data, 12)[0]
    return json.loads(data[20 : 20 + length]), data[28 + length :]


def test_quantised_arrays_stand_for_the_numbers_they_mean():
    plain = read_glb(bare(), max_triangles=99)
    text, binary = document(bare())
    low, size = plain.positions.min(0), np.ptp(plain.positions, axis=0).max()
    whole = np.round((plain.positions - low) / size * 65535).astype("<u2")
    fine = np.round(plain.uv * 4095).astype("<u2")  # 12 bits of 16: the material's texture says by how much to enlarge
    eights = np.round(plain.normals * 127).astype("i1")
    views, rows = [], b""
    for array, row in ((whole, 8), (fine, 4), (eights, 4)):  # rows begin at multiples of four bytes
        padded = np.zeros((len(array), row), np.uint8)
        padded[:, : array.shape[1] * array.itemsize] = array.view(np.uint8).reshape(len(array), -1)
        start = len(binary) + len(rows)
        views.append({"buffer": 0, "byteOffset": start, "byteLength": padded.nbytes, "byteStride": row})
        rows += padded.tobytes()
    first = len(text["bufferViews"])
    text["bufferViews"] += views
    for name, number, kind, normal in (
        ("POSITION", 0, 5123, True),
        ("TEXCOORD_0", 1, 5123, True),
        ("NORMAL", 2, 5120, True),
    ):
        place = text["meshes"][0]["primitives"][0]["attributes"][name]
        text["accessors"][place].update(bufferView=first + number, componentType=kind, normalized=normal, byteOffset=0)
    text["buffers"][0]["byteLength"] += len(rows)
    text["nodes"][0].update(scale=[size] * 3, translation=low.tolist())
    change = {"scale": [65535 / 4095] * 2}
    text["materials"] = [
        {"pbrMetallicRoughness": {"baseColorTexture": {"index": 0, "extensions": {"KHR_texture_transform": change}}}}
    ]
    text["meshes"][0]["primitives"][0]["material"] = 0
    text["extensionsRequired"] = ["KHR_mesh_quantization", "KHR_texture_transform"]
    mesh = read_glb(repacked(text, binary + rows), max_triangles=99)
    assert np.array_equal(mesh.faces, plain.faces)
    assert np.allclose(mesh.positions, plain.positions, atol=2e-5)
    assert np.allclose(mesh.uv, plain.uv, atol=2e-4)
    assert np.allclose(mesh.normals, plain.normals, atol=0.02)


@pytest.mark.parametrize("based", [True, False])
def test_sparse_arrays_replace_the_rows_that_they_name(based):
    """Over rows that are there, or over zeros."""
    plain = read_glb(bare(), max_triangles=99)
    text, binary = document(bare())
    place = text["meshes"][0]["primitives"][0]["attributes"]["POSITION"]
    where = np.arange(3, len(plain.positions), dtype="<u2") if based else np.arange(len(plain.positions), dtype="<u2")
    new = (plain.positions[where] * 2).astype("<f4")
    count, padding = len(where), b"\0" * (-where.nbytes % 4)
    first, start = len(text["bufferViews"]), len(binary)
    text["bufferViews"] += [
        {"buffer": 0, "byteOffset": start, "byteLength": where.nbytes},
        {"buffer": 0, "byteOffset": start + where.nbytes + len(padding), "byteLength": new.nbytes},
    ]
    text["accessors"][place]["sparse"] = {
        "count": count,
        "indices": {"bufferView": first, "componentType": 5123},
        "values": {"bufferView": first + 1},
    }
    if not based:
        del text["accessors"][place]["bufferView"]
    added = where.tobytes() + padding + new.tobytes()
    text["buffers"][0]["byteLength"] += len(added)
    mesh = read_glb(repacked(text, binary + added), max_triangles=99)
    expected = plain.positions.copy()
    expected[where] *= 2
    assert np.allclose(mesh.positions, expected, atol=1e-6)


TRIANGLE = "v 0 0 0\nv {x} 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\n{faces}"


@pytest.mark.parametrize(
    ("x", "faces", "told"),
    [
        ("nan", "f 1/1 2/2 3/3\n", "has corners that are not numbers (NaN or infinite); every corner needs a place; "),
        ("inf", "f 1/1 2/2 3/3\n", "has corners that are not numbers (NaN or infinite); every corner needs a place; "),
        ("1e200", "f 1/1 2/2 3/3\n", "has a corner at 1e+200; coordinates go up to 1e+12; scale it down, "),
        ("1", "", "has no faces; only surfaces are read; export its meshes too"),
        ("0", "f 1/1 2/2 3/3\n", "has no surface; a model is made of triangles with an area; export its meshes too"),
        ("1", "f 1/1 1/1 1/1\n", "has no surface; a model is made of triangles with an area; export its meshes too"),
    ],
)
def test_what_has_no_surface_or_no_place_is_refused_in_words(x, faces, told, tmp_path):
    (tmp_path / "model.obj").write_text(TRIANGLE.format(x=x, faces=faces))
    with pytest.raises(ModelFault) as caught:
        read_model(tmp_path / "model.obj")
    assert str(caught.value).startswith(told)


def test_one_triangle_and_one_written_twice_are_models(tmp_path):
    for number, faces in enumerate(("f 1/1 2/2 3/3\n", "f 1/1 2/2 3/3\n" * 2, "f 1/1 2/2 3/3\nf 3/3 2/2 1/1\n")):
        (tmp_path / f"{number}.obj").write_text(TRIANGLE.format(x=1, faces=faces))
        mesh = read_model(tmp_path / f"{number}.obj")
        assert len(mesh.faces) == faces.count("f")
        assert len(make_atlas(mesh, 32, 32, gutter=2).own) == pytest.approx(512, abs=40)


@pytest.mark.parametrize("suffix", [".ply", ".stl", ".3mf"])
def test_a_torn_or_tampered_file_never_ends_in_anything_but_a_fault(suffix, monkeypatch):
    monkeypatch.setitem(sys.modules, "xatlas", None)  # what can be read ends there
    random, read = np.random.default_rng(1), READERS[suffix]
    for form in FORMS[suffix]:
        good = encoded(suffix, form)
        for trial in range(60):
            data = bytearray(good[: random.integers(len(good))] if trial % 3 == 0 else good)
            for place in random.integers(0, max(1, len(data)), 4) if trial % 3 and data else ():
                data[place] = random.integers(0, 256)
            with pytest.raises(ModelFault):
                read(bytes(data), max_triangles=99)


def test_a_3mf_of_objects_placed_is_read_where_they_are():
    pytest.importorskip("xatlas")
    scene = trimesh.Scene()
    block = trimesh.creation.box((1, 1, 1))
    scene.add_geometry(block, transform=trimesh.transformations.translation_matrix([0, 0, 7]))
    scene.add_geometry(block, transform=trimesh.transformations.scale_matrix(2, [0, 0, 0]))
    data = scene.export(file_type="3mf")
    mesh = READERS[".3mf"](data if isinstance(data, bytes) else io.BytesIO(data).read(), max_triangles=99)
    assert len(mesh.faces) == 24
    assert volume(mesh) == pytest.approx(9)
    assert mesh.positions[:, 1].max() == pytest.approx(7.5)
