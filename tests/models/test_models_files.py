"""Files of models: what is written can be read by others, what others write can be read, what is wrong is said."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pygltflib
import pytest
import trimesh

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
    again = read_glb(write_glb(ball, b"not looked at", name="ball"), most=10_000)
    assert np.allclose(again.positions, ball.positions, atol=1e-6)
    assert np.allclose(again.places, ball.places, atol=1e-6)
    assert np.array_equal(again.faces, ball.faces)


def test_a_model_by_another_program_is_read_with_its_nodes():
    box = trimesh.creation.box()
    box = trimesh.Trimesh(box.vertices, box.faces, process=False)
    box.visual = trimesh.visual.TextureVisuals(uv=np.random.default_rng(0).random((len(box.vertices), 2)))
    scene = trimesh.Scene()
    move = trimesh.transformations.rotation_matrix(0.7, [1, 2, 3], [0, 0, 0])
    move[:3, 3] = [5, 6, 7]
    scene.add_geometry(box, transform=move)
    mesh = read_glb(scene.export(file_type="glb"), most=10_000)
    expected = trimesh.transformations.transform_points(box.vertices, move)
    shown = mesh.positions[mesh.faces].reshape(-1, 3)
    assert np.allclose(
        sorted(map(tuple, np.unique(np.round(shown, 4), axis=0))), sorted(map(tuple, np.round(expected, 4)))
    )
    assert mesh.centre == pytest.approx([5, 6, 7], abs=1e-5)


def test_an_obj_is_read_and_names_no_file():
    mesh = read_obj(QUAD, most=10)
    assert len(mesh.faces) == 2
    assert mesh.areas.sum() == pytest.approx(1)
    assert mesh.places[0] == pytest.approx([0, 1])  # OBJ counts upwards, we downwards
    assert np.allclose(mesh.normals, [0, 0, 1])
    backwards = QUAD.replace(b"1/1 2/2 3/3 4/4", b"-4/-4 -3/-3 -2/-2 -1/-1")
    assert np.array_equal(read_obj(backwards, most=10).positions, mesh.positions)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (QUAD.replace(b"1/1 2/2 3/3 4/4", b"1 2 3 4"), "without texture coordinates"),
        (QUAD.replace(b"f 1/1 2/2 3/3 4/4", b""), "has no faces"),
        (QUAD.replace(b"v 1 0 0", b"v 1 zero 0"), "line 4 cannot be read"),
        (QUAD.replace(b"4/4", b"9/9"), "line 11 cannot be read"),
        (QUAD + b"f 1/1 2/2 3/3\n" * 20, "more than 10 triangles"),
        (b"\xff\xfe\x00binary", "has no faces"),
    ],
)
def test_what_is_wrong_with_an_obj_is_said(data, told):
    with pytest.raises(ModelFault, match=told):
        read_obj(data, most=10)


def bare(**changes) -> bytes:
    model = pygltflib.GLTF2().load_from_bytes(write_glb(uv_sphere(6, 4), None, name="ball"))
    for name, value in changes.items():
        setattr(model, name, value)
    return b"".join(model.save_to_bytes())


def test_what_is_wrong_with_a_glb_is_said():
    good = bare()
    assert len(read_glb(good, most=10_000).faces) == 36
    model = pygltflib.GLTF2().load_from_bytes(good)
    model.meshes[0].primitives[0].attributes.TEXCOORD_0 = None
    for data, told in (
        (b"", "is no whole GLB"),
        (b"glTF" + good[4:40], "is no whole GLB"),
        (b"PK\x03\x04" + good[4:], "is no GLB file of version 2"),
        (good[: len(good) // 2], "is no whole GLB"),
        (bare(extensionsRequired=["KHR_draco_mesh_compression"]), "needs the extension KHR_draco"),
        (bare(nodes=[pygltflib.Node()]), "has no triangles"),
        (bare(nodes=[pygltflib.Node(children=[0])]), "too many parts"),
        (b"".join(model.save_to_bytes()), "without texture coordinates"),
    ):
        with pytest.raises(ModelFault, match=told):
            read_glb(data, most=10_000)


def test_a_torn_or_tampered_glb_never_ends_in_anything_but_a_fault():
    good = bytearray(bare())
    random = np.random.default_rng(1)
    for _ in range(150):
        data = bytearray(good)
        for place in random.integers(0, len(data), 4):
            data[place] = random.integers(0, 256)
        try:
            mesh = read_glb(bytes(data), most=10_000)
        except ModelFault:
            continue
        assert mesh.faces.max() < len(mesh.positions)


def test_a_glb_that_claims_a_huge_array_is_refused_at_once():
    model = pygltflib.GLTF2().load_from_bytes(bare())
    model.accessors[0].count = 2**40
    with pytest.raises(ModelFault, match="is no whole GLB"):
        read_glb(b"".join(model.save_to_bytes()), most=10_000)


def test_files_are_found_beside_the_recipe_and_nowhere_else(tmp_path: Path):
    (tmp_path / "quad.obj").write_bytes(QUAD)
    (tmp_path / "quad.ply").write_bytes(QUAD)
    assert len(read_model(locate("quad.obj", tmp_path)).faces) == 2
    assert locate("orbifolio:pot", tmp_path).is_file()
    for source, told in (
        ("missing.glb", "is not there"),
        (".", "is a folder"),
        ("quad.ply", "neither .obj nor .glb"),
        ("https://example.com/a.glb", "is no file"),
        ("orbifolio:cup", "choose from pot"),
        ("x" * 5000, "cannot be read|is not there"),
    ):
        with pytest.raises(ModelFault, match=told):
            locate(source, tmp_path)


def test_too_large_a_file_is_not_opened(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("orbifolio.runner.models.reading.LARGEST_FILE", 10)
    (tmp_path / "quad.obj").write_bytes(QUAD)
    with pytest.raises(ModelFault, match="has more than 0 MB"):
        locate("quad.obj", tmp_path)


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
    made, kept = read_glb((tmp_path / "pot.glb").read_bytes(), most=10_000), read_glb(shipped, most=10_000)
    assert np.allclose(made.positions, kept.positions, atol=1e-5)
    assert np.allclose(made.places, kept.places, atol=1e-5)
    loaded = trimesh.load(io.BytesIO(shipped), file_type="glb", force="mesh")
    assert loaded.volume > 1  # outside is out
    assert struct.unpack_from("<I", shipped, 8)[0] == len(shipped)


def test_many_copies_of_a_part_are_refused_before_they_fill_the_memory():
    model = pygltflib.GLTF2().load_from_bytes(bare())
    model.nodes = [pygltflib.Node(mesh=0) for _ in range(500)]
    model.scenes[0].nodes = list(range(500))
    with pytest.raises(ModelFault, match="more than 1,000 triangles"):
        read_glb(b"".join(model.save_to_bytes()), most=1000)
    model.nodes = [pygltflib.Node(children=[1] * 1500), pygltflib.Node(children=[2] * 1500), pygltflib.Node(mesh=0)]
    model.scenes[0].nodes = [0]
    with pytest.raises(ModelFault, match="too many parts"):
        read_glb(b"".join(model.save_to_bytes()), most=1000)
