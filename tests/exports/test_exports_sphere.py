"""A sphere's products, read by programs that know nothing of us."""

from __future__ import annotations

import io
import json
import math

import numpy as np
import pygltflib
import pytest
import trimesh
from painting import sphere
from PIL import Image

from orbifolio.runner.exports import cubemap, globe
from orbifolio.runner.exports.orb import orb, paint_orb
from orbifolio.runner.exports.sphere import sphere_products
from orbifolio.runner.images import encoding
from orbifolio.runner.models.glb import write_glb
from orbifolio.runner.models.mesh import icosphere, uv_sphere
from orbifolio.runner.symmetry.charts import Equirectangular

EXPECTED = {"globe.webp", "spin.webp", "cubemap.png", "globe.glb", "orb.stl", "globe.js"}


@pytest.fixture(scope="module")
def octahedral():
    return sphere("O")


@pytest.fixture(scope="module")
def products(octahedral):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("orbifolio.runner.exports.sphere._SPIN", 64)
        patch.setattr("orbifolio.runner.exports.sphere._PORTRAIT", 96)
        return sphere_products(octahedral.surface, octahedral.values, pixels=256)


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def test_all_products_are_there_and_small(products):
    assert set(products) == EXPECTED
    assert sum(map(len, products.values())) < 8_000_000


def test_equal_spheres_give_equal_bytes(octahedral, products):
    for name, make in {
        "globe.webp": lambda: globe.portrait(octahedral, 96),
        "cubemap.png": lambda: cubemap.cross(octahedral, 32),
    }.items():
        assert np.array_equal(make(), make()), name
    assert orb(octahedral, fine=3) == orb(octahedral, fine=3)
    assert globe.spin(octahedral, 48) == globe.spin(octahedral, 48)
    texture = encoding.jpeg(octahedral.picture(Equirectangular(), 256, 128))
    assert write_glb(uv_sphere(96, 48), texture, name="globe") == products["globe.glb"]


def test_the_model_holds_for_an_independent_reader(products):
    model = pygltflib.GLTF2().load_from_bytes(products["globe.glb"])
    assert model.asset.version == "2.0"
    material = model.materials[0].pbrMetallicRoughness
    assert (material.metallicFactor, material.roughnessFactor) == (0.0, 1.0)
    image = model.images[0]
    view = model.bufferViews[image.bufferView]
    blob = model.binary_blob()
    texture = opened(blob[view.byteOffset : view.byteOffset + view.byteLength])
    assert texture.size == (256, 128)
    for accessor in model.accessors:
        view = model.bufferViews[accessor.bufferView]
        assert view.byteOffset % 4 == 0
        assert view.byteOffset + view.byteLength <= len(blob)


def test_the_model_is_a_sphere_whose_texture_lies_where_the_map_says(octahedral, products):
    loaded = trimesh.load(io.BytesIO(products["globe.glb"]), file_type="glb", force="mesh", process=False)
    assert np.allclose(np.linalg.norm(loaded.vertices, axis=1), 1, atol=1e-5)
    assert loaded.volume == pytest.approx(4 / 3 * math.pi, rel=0.01)  # positive: outside is out
    assert (np.einsum("ij,ij->i", loaded.triangles_center, loaded.face_normals) > 0).all()
    u, v = loaded.visual.uv.T  # trimesh counts v upwards
    inner = (v > 0.1) & (v < 0.9) & (u <= 1)
    y_up = loaded.vertices[inner]
    points = y_up[:, [2, 0, 1]]  # longitude 0 in front, north up
    longitude, latitude = (2 * u[inner] - 1) * math.pi, (v[inner] - 0.5) * math.pi
    direction = np.stack(
        [np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude), np.sin(latitude)], axis=1
    )
    assert np.allclose(points, direction, atol=1e-5)
    triangles = loaded.visual.uv[loaded.faces]
    assert np.ptp(triangles[..., 0], axis=1).max() < 0.02  # nothing is stretched over the seam


def test_the_ball_can_be_printed(products):
    ball = trimesh.load(io.BytesIO(products["orb.stl"]), file_type="stl")
    assert ball.is_watertight
    assert ball.is_winding_consistent
    assert len(ball.faces) == 20 * 4**6
    radius = np.linalg.norm(ball.vertices, axis=1)
    assert 24.0 - 1e-4 <= radius.min() < 24.1
    assert 24.9 < radius.max() <= 25.0 + 1e-4
    assert 4 / 3 * math.pi * 24**3 < ball.volume < 4 / 3 * math.pi * 25**3
    assert np.allclose(ball.extents, 50, atol=2)


def test_bright_parts_of_the_ball_are_raised(octahedral):
    ball = trimesh.load(io.BytesIO(orb(octahedral, fine=5, diameter=10, relief=1)), file_type="stl")
    radius = np.linalg.norm(ball.vertices, axis=1)
    brightness = octahedral.colours(ball.vertices / radius[:, None]) @ [0.2126, 0.7152, 0.0722]
    assert np.corrcoef(radius, brightness)[0, 1] > 0.9


def test_paint_is_raised_where_it_lies(octahedral):
    """Heights that follow from a point's place alone, alike in all images, come back as radii."""
    surface = octahedral.surface
    points = icosphere(6)[0]
    taps = surface.taps(points)
    wanted = np.abs(points).max(1)[:, None]  # the octahedron's rotations only exchange coordinates and their signs
    count = int(taps.orbits.max()) + 1
    sums = [np.bincount(taps.orbits.ravel(), part.ravel(), count) for part in (taps.weights * wanted, taps.weights)]
    heights = np.where(sums[1] > 0, sums[0] / np.maximum(sums[1], 1e-9), wanted.mean())
    ball = trimesh.load(io.BytesIO(paint_orb(surface, heights.astype(np.float32), fine=5)), file_type="stl")
    assert ball.is_watertight
    radius = np.linalg.norm(ball.vertices, axis=1)
    assert 24.0 - 1e-4 <= radius.min() < 24.1 < 24.9 < radius.max() <= 25.0 + 1e-4
    assert np.corrcoef(radius, np.abs(ball.vertices / radius[:, None]).max(1))[0, 1] > 0.95


def test_the_cube_map_is_the_equirectangular_map_seen_from_the_middle(octahedral):
    from scipy.ndimage import map_coordinates

    size, width = 48, 1024
    cross = cubemap.cross(octahedral, size)
    assert cross.shape == (3 * size, 4 * size, 4)
    assert (cross[:size, :size, 3] == 0).all()
    flat = octahedral.picture(Equirectangular(), width, width // 2)
    across, up = np.meshgrid((np.arange(size) + 0.5) / size * 2 - 1, 1 - (np.arange(size) + 0.5) / size * 2)
    one = np.ones_like(across)
    # by hand: front looks along x with y to the right, north along z with y to the right and -x up
    rays = {
        "front": (one, across, up),
        "east": (-across, one, up),
        "back": (-one, -across, up),
        "west": (across, -one, up),
        "north": (-up, across, one),
        "south": (up, across, -one),
    }
    for name, (x, y, z) in rays.items():
        (column, row), _ = cubemap.FACES[name]
        shown = cross[row * size : (row + 1) * size, column * size : (column + 1) * size, :3]
        rows = (0.5 - np.arctan2(z, np.hypot(x, y)) / math.pi) * (width // 2) - 0.5
        columns = (np.arctan2(y, x) / math.pi + 1) / 2 * width - 0.5
        for channel in range(3):
            expected = map_coordinates(flat[..., channel], [rows, columns], order=1, mode="grid-wrap")
            assert np.abs(shown[..., channel] - expected).mean() < 0.004, name


def test_neighbouring_faces_of_the_cube_meet():
    whole = sphere("none")
    cross = cubemap.cross(whole, 64)[..., :3]
    middle = cross[64:128]
    step = np.abs(np.diff(middle, axis=1)).mean(axis=(0, 2))
    assert step[[63, 127, 191]].max() < 3 * np.median(step)
    assert np.abs(cross[63, 128:192] - cross[64, 128:192]).mean() < 0.05
    assert np.abs(cross[127, 128:192] - cross[128, 128:192]).mean() < 0.05


def test_the_portrait_has_an_antialiased_limb_and_nothing_outside(octahedral):
    picture = globe.portrait(octahedral, 128)
    opacity = picture[..., 3]
    assert opacity[0, 0] == 0
    assert opacity[64, 64] == 1
    assert opacity.sum() == pytest.approx(math.pi * (64 / globe.MARGIN) ** 2, rel=0.002)
    between = opacity[(opacity > 0) & (opacity < 1)]
    assert len(between) > 200
    assert picture[opacity > 0][:, :3].max() > 0.1


@pytest.mark.parametrize(("name", "order"), [("O", 4), ("T", 3), ("I", 5), ("none", 1), ("C7", 7), ("D6", 6)])
def test_the_axis_of_the_spin_is_found(name, order):
    assert globe.axis_order(sphere(name, 12)) == order


def test_colours_that_change_with_the_turn_keep_the_loop_from_being_cut_short():
    from painting import painted

    from orbifolio.runner.symmetry.colour import parse
    from orbifolio.runner.symmetry.groups.polyhedral import point_group
    from orbifolio.runner.symmetry.layouts.texture import Texture

    group = point_group("C4")
    texture = Texture(group.parent, group.sheets({"r4": parse(["-r", "-g", "-b"])}), 16)
    assert globe.axis_order(painted(texture, 1 / 16)) == 2


def test_the_spin_is_a_loop_without_a_jump(octahedral):
    film = opened(globe.spin(octahedral, 64))
    assert film.info["loop"] == 0
    frames = []
    for number in range(film.n_frames):
        film.seek(number)
        frames.append(np.asarray(film.convert("RGB"), dtype=np.float64))
    steps = [np.abs(a - b).mean() for a, b in zip(frames, frames[1:] + frames[:1], strict=True)]
    assert 8 <= len(frames) <= 48
    assert steps[-1] < 1.5 * np.median(steps)


def test_the_page_gets_its_texture_as_a_script(products):
    text = products["globe.js"].decode("ascii")
    start = "window.orbifolioScene = "
    assert text.startswith(start)
    record = json.loads(text.removeprefix(start).rstrip(";\n"))
    assert record["shape"] == "sphere"
    assert record["texture"].startswith("data:image/webp;base64,")
