"""The rasteriser against ray casting, and atlases against what they stand for."""

from __future__ import annotations

import time

import numpy as np
import pytest

from orbifolio.runner.models.atlas import make_atlas
from orbifolio.runner.models.camera import camera_axes, orbit_camera
from orbifolio.runner.models.mesh import Mesh, icosphere, uv_sphere
from orbifolio.runner.models.rasteriser import covered, nearest
from orbifolio.runner.models.reading import locate, read_model


def pot() -> Mesh:
    from pathlib import Path

    return read_model(locate("orbifolio:pot", Path()))


def test_every_pixel_shows_what_its_ray_meets_first():
    mesh, size = pot(), 48
    camera = orbit_camera(mesh, 0.7, 0.4)
    seen = camera.visible_faces(mesh, size)
    step = (np.arange(size) + 0.5) / size * 2 - 1
    x, y = np.meshgrid(step * camera.half_width, -step * camera.half_width)
    targets = camera.target + x.reshape(-1, 1) * camera.axes[:, 0] + y.reshape(-1, 1) * camera.axes[:, 1]
    rays = targets - camera.position
    a, b, c = (mesh.positions[mesh.faces[:, corner]] for corner in range(3))
    ab, ac, away = b - a, c - a, camera.position - a
    wrong = 0
    for pixel, ray in enumerate(rays):  # Moeller and Trumbore (1997)
        cross = np.cross(ray, ac)
        area = np.einsum("ij,ij->i", ab, cross)
        with np.errstate(divide="ignore", invalid="ignore"):
            u = np.einsum("ij,ij->i", away, cross) / area
            other = np.cross(away, ab)
            v = other @ ray / area
            distance = np.einsum("ij,ij->i", ac, other) / area
        hit = (u >= 0) & (v >= 0) & (u + v <= 1) & (distance > 0)
        first = int(np.where(hit, distance, np.inf).argmin()) if hit.any() else -1
        if first != seen.face[pixel]:
            wrong += 1
        elif first >= 0:
            assert seen.weights[pixel] == pytest.approx([1 - u[first] - v[first], u[first], v[first]], abs=1e-6)
    assert wrong <= 2  # rays that graze an edge


def test_a_closed_surface_has_no_gaps():
    points, faces = icosphere(4)
    ball = Mesh(points, points, np.zeros((len(points), 2)), faces)
    seen = orbit_camera(ball, 0.0, 0.0).visible_faces(ball, 64)
    step = (np.arange(64) + 0.5) / 32 - 1
    inside = np.hypot(*np.meshgrid(step, step)).ravel() < 0.9
    assert (seen.face[inside] >= 0).all()


def test_thousands_of_triangles_are_quick():
    mesh = pot()
    assert len(mesh.faces) > 5000
    camera = orbit_camera(mesh, 0.0, 0.3)
    best = min(_timed(lambda: camera.visible_faces(mesh, 256)) for _ in range(5))
    assert best < 0.3  # some 0.02 s alone on a machine


def _timed(act) -> float:
    before = time.perf_counter()
    act()
    return time.perf_counter() - before


def test_memory_is_bounded_and_the_pieces_fit_together(monkeypatch):
    mesh = pot()
    camera = orbit_camera(mesh, 0.0, 0.3)
    whole = camera.visible_faces(mesh, 96)
    monkeypatch.setattr("orbifolio.runner.models.rasteriser._MAX_CANDIDATES", 700)
    pieces = camera.visible_faces(mesh, 96)
    assert np.array_equal(whole.face, pieces.face)
    assert np.array_equal(whole.weights, pieces.weights)


def test_triangles_beside_the_picture_are_not_seen():
    corners = np.array([[[-9.0, -9], [-5, -9], [-9, -5]], [[0, 0], [1e6, 0], [0, 1e6]]])
    found = nearest(corners, np.ones((2, 3)), 4, 4)
    assert (found.face == 1).all()
    assert [len(which) for which, _, _ in covered(corners[:1], 4, 4)] in ([], [0])


def test_an_eye_stands_upright():
    turn = camera_axes(np.array([0.0, 0.0, 1.0]))
    assert np.allclose(turn, np.eye(3))
    for direction in ((0.0, 1.0, 0.0), (0.0, -1.0, 0.0), (0.6, 0.0, 0.8)):
        turn = camera_axes(np.array(direction), 0.3)
        assert np.allclose(turn.T @ turn, np.eye(3))
        assert np.linalg.det(turn) == pytest.approx(1)


def test_an_atlas_covers_what_the_model_shows_and_its_gutter_repeats_it():
    atlas = make_atlas(pot(), 128, 128, gutter=3)
    number = atlas.owner.reshape(128, 128)
    own = np.zeros(128 * 128, dtype=bool)
    own[atlas.own] = True
    assert 0.4 < own.mean() < 0.8
    assert np.array_equal(np.flatnonzero(own), atlas.own)
    assert np.array_equal(atlas.owner[atlas.own], np.arange(len(atlas.own)))
    rows, columns = np.divmod(np.arange(128 * 128), 128)
    gutter = (number.ravel() >= 0) & ~own
    source = atlas.own[number.ravel()[gutter]]
    distance = np.hypot(rows[gutter] - rows[source], columns[gutter] - columns[source])
    assert gutter.any()
    assert distance.max() <= 3


def test_blending_in_an_atlas_is_linear_and_repeats_over_the_edges():
    plane = uv_sphere(24, 12)
    atlas = make_atlas(plane, 32, 16, gutter=2)
    ramp = (atlas.own % 32 + 0.5) / 32
    owner, weights = atlas.taps(np.array([[0.3, 0.5], [0.77, 0.4]]))
    assert (ramp[owner] * weights).sum(1) == pytest.approx([0.3, 0.77])
    left, right = (atlas.taps(np.array([[u, 0.5]])) for u in (0.0, 1.0))
    assert np.array_equal(left[0], right[0])
