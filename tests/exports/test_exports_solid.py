"""Bodies to print: closed, as large, thick and hollow as asked for, each point in the colour of its place."""

import io
import zipfile

import numpy as np
import pytest
import trimesh

from orbifolio.runner.errors import InputError
from orbifolio.runner.exports.solid import BARE, CLEARANCE, SolidShape, ball, solids_of, statue
from orbifolio.runner.models.solid_files import write_3mf, write_obj, write_ply
from orbifolio.runner.symmetry.kinds.figure_sphere import FigureSphere
from orbifolio.runner.symmetry.kinds.model import Model
from orbifolio.runner.symmetry.kinds.none import NoSymmetry
from orbifolio.runner.symmetry.kinds.sphere import Sphere

PICTURE = np.stack(
    np.broadcast_arrays(
        0.5 + 0.5 * np.sin(2 * np.pi * np.arange(128)[None, :] / 128),
        np.linspace(0, 1, 64)[:, None],
        0.3 * np.ones((64, 128)),
    ),
    axis=2,
).astype(np.float32)
SHAPES = {
    "full": SolidShape(20),
    "raised": SolidShape(20, relief=1),
    "sunk": SolidShape(20, relief=-1),
    "hollow": SolidShape(20, relief=0.5, wall=2, drain=5),
    "halves": SolidShape(20, relief=0.5, wall=2, halves=True),
    "halves with a hole": SolidShape(20, wall=2, drain=5, halves=True),
}


def as_trimesh(solid):
    return trimesh.Trimesh(solid.points, solid.faces, process=False)


@pytest.mark.parametrize("name", SHAPES)
def test_a_ball_is_closed_and_faces_outwards(name):
    for solid in ball(PICTURE, SHAPES[name]):
        body = as_trimesh(solid)
        assert body.is_watertight
        assert body.is_winding_consistent
        assert solid.closed
        assert solid.volume == pytest.approx(body.volume / 1000)
        assert solid.volume > 0
        assert np.linalg.norm(solid.points, axis=1).max() <= 10 + 1e-9


def test_closed_is_what_trimesh_calls_watertight():
    (solid,) = ball(PICTURE, SHAPES["full"])
    for faces in (solid.faces[1:], np.vstack([solid.faces, solid.faces[:1]]), solid.faces[:, ::-1]):
        changed = solid.__class__(**{**solid.__dict__, "faces": faces})
        body = as_trimesh(changed)
        assert changed.closed == (body.is_watertight and body.is_winding_consistent)


def test_sizes_are_those_asked_for():
    (full,) = ball(PICTURE, SHAPES["full"])
    assert full.volume == pytest.approx(4 / 3 * np.pi, rel=2e-3)
    (hollow,) = ball(PICTURE, SolidShape(20, wall=2, drain=5))
    away = np.linalg.norm(hollow.points, axis=1)
    assert {round(radius, 6) for radius in away} == {8.0, 10.0}
    hole = hollow.points[np.hypot(hollow.points[:, 0], hollow.points[:, 1]) < 2.5 - 1e-6]
    assert (hole[:, 2] > 0).all()  # nothing is left of the south pole

    # what is missing of the shell is the hole's cylinder, and the caps that it cuts off
    def cap(radius):
        height = radius - np.sqrt(radius**2 - 2.5**2)
        return np.pi * height**2 * (3 * radius - height) / 3

    plug = cap(10) - cap(8) + np.pi * 2.5**2 * (np.sqrt(10**2 - 2.5**2) - np.sqrt(8**2 - 2.5**2))
    assert 1000 * hollow.volume == pytest.approx(4 / 3 * np.pi * (10**3 - 8**3) - plug, rel=4e-3)


def test_bright_places_stand_out():
    for relief, bright in ((1.0, 10.0), (-1.0, 9.0)):
        (solid,) = ball(PICTURE[..., :1] * np.ones(3, np.float32), SolidShape(20, relief))
        away = np.linalg.norm(solid.points, axis=1)
        assert away.min() == pytest.approx(9, abs=0.02)
        assert away.max() == pytest.approx(10, abs=0.02)
        longitude, latitude = np.pi * 0.5 - np.pi, 0.0  # the sine is highest a quarter from the map's left edge
        place = solid.points @ [np.cos(longitude) * np.cos(latitude), np.sin(longitude) * np.cos(latitude), -0.5]
        assert away[place.argmax()] == pytest.approx(bright, abs=0.15)


def test_colours_are_those_of_the_map_and_inner_walls_are_bare():
    (solid,) = ball(PICTURE, SHAPES["hollow"])
    outer = np.linalg.norm(solid.points, axis=1) > 9
    assert (solid.colours[~outer] == BARE).all()
    x, y, z = (solid.points[outer] / np.linalg.norm(solid.points[outer], axis=1, keepdims=True)).T
    column = (np.arctan2(y, x) / (2 * np.pi) + 0.5) * 128 - 0.5
    expected = 255 * (0.5 + 0.5 * np.sin(2 * np.pi * column / 128))
    inside = np.abs(z) < 0.9
    assert np.abs(solid.colours[outer, 0] - expected)[inside].max() < 6
    assert np.abs(solid.colours[outer, 1] / 255 - (0.5 - np.arcsin(z) / np.pi))[inside].max() < 0.02


def test_halves_hold_each_other():
    upper, lower = ball(PICTURE, SHAPES["halves"])
    tongue = upper.points[upper.points[:, 2] < -1e-9]
    assert tongue[:, 2].min() == pytest.approx(-2)
    reach = np.hypot(tongue[:, 0], tongue[:, 1]).max()
    rim = lower.points[np.abs(lower.points[:, 2]) < 1e-9]
    groove = np.hypot(rim[:, 0], rim[:, 1]).min()
    assert groove - reach == pytest.approx(CLEARANCE)
    floor = lower.points[np.hypot(lower.points[:, 0], lower.points[:, 1]) < groove + 1e-6][:, 2].max()
    assert floor == pytest.approx(0)
    edges = [
        half.points[(np.abs(half.points[:, 2]) < 1e-9) & (np.hypot(*half.points[:, :2].T) > 9)]
        for half in (upper, lower)
    ]
    assert np.abs(np.sort(edges[0], axis=0) - np.sort(edges[1], axis=0)).max() < 1e-9  # their reliefs meet


def test_a_model_keeps_its_shape_and_gets_its_size():
    mesh = Model(model="orbifolio:pot", cameras=1).build().mesh
    flat, raised = (statue(mesh, PICTURE, SolidShape(50, relief)) for relief in (0.0, 0.8))
    for solid in (flat, raised):
        assert np.ptp(solid.points, axis=0).max() == pytest.approx(50, abs=1.7)
        assert solid.points[:, 2].min() == 0
        assert solid.closed == as_trimesh(solid).is_watertight
    assert np.ptp(flat.points, axis=0).max() == pytest.approx(50)
    assert len(raised.faces) > len(flat.faces)
    fine = statue(mesh, PICTURE, SolidShape(50, 1e-9))
    away = np.linalg.norm((raised.points - fine.points)[:, :2], axis=1)
    assert 0.3 < away.max() <= 0.8 + 1e-6


def test_other_pictures_and_hollow_models_are_refused():
    assert solids_of(NoSymmetry().build(), PICTURE, SolidShape(20)) is None
    assert solids_of(Sphere(group="O").build(), PICTURE, SolidShape(20)) is not None
    fish = FigureSphere(figure="orbifolio:fish", cuts={"lengths": [10, 15, 15, 20, 20], "start": 8})
    assert solids_of(fish.build(), PICTURE, SolidShape(20)) is not None
    with pytest.raises(InputError, match="only a ball is hollowed here"):
        solids_of(Model(model="orbifolio:pot", cameras=1).build(), PICTURE, SolidShape(20, wall=2, drain=5))


def test_files_are_read_back_as_they_are():
    (solid,) = ball(PICTURE, SHAPES["raised"])
    data = write_3mf(solid.points, solid.faces, solid.colours, title="A & <B>")
    assert data == write_3mf(solid.points, solid.faces, solid.colours, title="A & <B>")
    body = trimesh.load_mesh(io.BytesIO(data), file_type="3mf")
    assert body.is_watertight
    assert body.volume == pytest.approx(1000 * solid.volume, rel=1e-3)
    body = trimesh.load_mesh(
        io.BytesIO(write_ply(solid.points, solid.faces, solid.colours)), file_type="ply", process=False
    )
    assert np.array_equal(body.visual.vertex_colors[:, :3], solid.colours)
    assert np.array_equal(body.faces, solid.faces)
    data = write_obj(solid.points, solid.faces, solid.uv, solid.uv_faces, b"png", name="orb", title="An orb")
    with zipfile.ZipFile(io.BytesIO(data)) as files:
        assert files.namelist() == ["orb.obj", "orb.mtl", "orb.png"]
        assert b"map_Kd orb.png" in files.read("orb.mtl")
        lines = [line.split() for line in files.read("orb.obj").decode().splitlines()]
    points = np.array([line[1:] for line in lines if line[0] == "v"], dtype=float)
    assert np.abs(points - solid.points).max() < 1e-4
    corners = np.array([[item.split("/") for item in line[1:]] for line in lines if line[0] == "f"], dtype=int) - 1
    assert np.array_equal(corners[..., 0], solid.faces)
    assert np.array_equal(corners[..., 1], solid.uv_faces)
    places = np.array([line[1:] for line in lines if line[0] == "vt"], dtype=float)
    assert np.abs(places - solid.uv * [1, -1] - [0, 1]).max() < 1e-6  # from the lower left corner there


def test_places_in_the_texture_are_those_of_the_corners():
    (solid,) = ball(PICTURE, SHAPES["full"])
    corners = solid.points[solid.faces.ravel()]
    u, v = solid.uv[solid.uv_faces.ravel()].T
    x, y, z = (corners / 10).T
    off_axis = np.hypot(x, y) > 1e-6
    turn = (np.arctan2(y, x) / (2 * np.pi) + 0.5 - u)[off_axis]
    assert np.abs(turn - np.rint(turn)).max() < 1e-9
    assert np.abs(v - (0.5 - np.arcsin(np.clip(z, -1, 1)) / np.pi)).max() < 1e-6
    wide = np.ptp(solid.uv[solid.uv_faces][..., 0], axis=1)
    assert wide.max() < 0.05  # no triangle runs backwards across the whole map
