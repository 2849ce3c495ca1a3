"""A hyperbolic tiling's products: charts, edges, translations."""

from __future__ import annotations

import io
import math
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from painting import plane
from PIL import Image

from orbifolio.runner.exports import drift, tiling
from orbifolio.runner.exports.hyperbolic import hyperbolic_products
from orbifolio.runner.symmetry.charts import lift
from orbifolio.runner.symmetry.groups.triangle import Triangle


def on_the_hyperboloid(ends):
    points, there, _ = lift(ends[..., 0].ravel() + 1j * ends[..., 1].ravel())
    assert there.all()
    return points


@pytest.mark.parametrize(("p", "q"), [(4, 6), (7, 3), (3, 20), (5, 4)])
def test_edges_end_in_the_tiles_corners_and_have_their_middles_between(p, q):
    triangle = Triangle(p, q)
    edges = tiling.edges(triangle, min_edge=0.02)
    assert len(edges) > 100
    weights = triangle.fold(on_the_hyperboloid(edges)).weights
    assert np.abs(weights - [0, 1, 0]).max() < 1e-6
    ends = on_the_hyperboloid(edges).reshape(-1, 2, 3)
    middle = triangle.normalised(ends.sum(1))
    assert np.abs(triangle.fold(middle).weights - [0, 0, 1]).max() < 1e-6


def test_as_many_edges_as_the_tiling_has():
    edges = tiling.edges(Triangle(4, 6), min_edge=0.05)
    ends = np.round(edges, 6)
    corners = [tuple(end) for edge in ends for end in edge]
    inner = {corner for corner in corners if np.hypot(*corner) < 0.75}
    assert len(inner) == 4  # the square around the middle
    assert all(corners.count(corner) == 6 for corner in inner)
    assert len({tuple(sorted(map(tuple, edge))) for edge in ends}) == len(ends)


def test_triangle_groups_without_right_angles_are_drawn_too():
    edges = tiling.edges(Triangle(3, 4, 4), min_edge=0.05)
    folded = Triangle(3, 4, 4).fold(on_the_hyperboloid(edges)).weights.reshape(-1, 2, 3)
    assert np.abs(folded - [[0, 1, 0], [0, 0, 1]]).max() < 1e-6


def arc_middle(start, radius, sweep, end):
    """Where a renderer puts the middle of an SVG arc, by the standard's appendix on arcs."""
    start, end = np.array(start), np.array(end)
    half = (start - end) / 2
    rest = math.sqrt(max(radius**2 - half @ half, 0))
    across = np.array([half[1], -half[0]]) / np.hypot(*half)
    centre = (start + end) / 2 + (1 if sweep else -1) * rest * across
    away = (start + end) / 2 - centre
    return centre + radius * away / np.hypot(*away)


def test_the_drawing_is_made_of_lines_of_the_plane():
    triangle = Triangle(4, 6)
    drawing = ET.fromstring(tiling.outline(triangle, title="a tiling"))
    number = r"(-?[\d.]+)"
    pattern = re.compile(rf"M{number} {number}A{number} {number} 0 0 ([01]) {number} {number}")
    arcs = [
        found for path in drawing.iter("{http://www.w3.org/2000/svg}path") for found in pattern.findall(path.get("d"))
    ]
    assert len(arcs) > 200
    for x, y, radius, _, sweep, x2, y2 in arcs[:60]:
        middle = arc_middle((float(x), float(y)), float(radius), int(sweep), (float(x2), float(y2))) / tiling.RADIUS
        ends = np.array([[float(x), -float(y)], [float(x2), -float(y2)]]) / tiling.RADIUS
        a, b = on_the_hyperboloid(ends)
        m = on_the_hyperboloid(np.array([[middle[0], -middle[1]]]))[0]
        form = np.diag([1, 1, -1])
        distances = [math.acosh(max(1.0, -(u @ form @ v))) for u, v in ((a, m), (m, b), (a, b))]
        assert distances[0] + distances[1] == pytest.approx(distances[2], rel=1e-3)


def test_a_drawing_is_small_and_always_the_same():
    first, second = (tiling.outline(Triangle(7, 3), title="x") for _ in range(2))
    assert first == second
    assert len(first) < 400_000


@pytest.mark.parametrize(("p", "q"), [(4, 6), (7, 3), (5, 4)])
def test_a_translation_leaves_the_colours_where_they_were(p, q):
    painted, triangle = plane(p, q)
    found = drift.shortest(painted, triangle)
    assert found is not None
    form = np.diag([1.0, 1.0, -1.0])
    assert np.allclose(found.axis.T @ form @ found.axis, form, atol=1e-9)
    random = np.random.default_rng(0)
    points, _, _ = lift(0.5 * (random.uniform(-1, 1, 200) + 1j * random.uniform(-1, 1, 200)))
    here, there = (painted.colours(points @ found.move(share).T) for share in (0.0, 1.0))
    between = painted.colours(points @ found.move(0.5).T)
    assert np.abs(here - there).max() < 1e-4
    assert np.abs(here - between).mean() > 1e-3


def test_the_shortest_translation_of_46_goes_from_tile_to_tile():
    painted, triangle = plane(4, 6)
    found = drift.shortest(painted, triangle)
    centre, middle = triangle.corners[0], triangle.corners[2]
    step = 2 * math.acosh(float(centre[2] * middle[2] - centre[:2] @ middle[:2]))
    assert found.length <= step + 1e-9


def test_products_are_there_and_the_band_repeats():
    painted, triangle = plane(4, 6, divisions=12)
    products = hyperbolic_products(painted.surface, triangle, painted.values, pixels=64, own="disk")
    assert set(products) == {"klein.webp", "half-plane.webp", "band.webp", "square.webp", "tiling.svg", "drift.webp"}
    assert Image.open(io.BytesIO(products["klein.webp"])).mode == "RGBA"
    assert Image.open(io.BytesIO(products["drift.webp"])).n_frames > 8
    half = Image.open(io.BytesIO(products["half-plane.webp"]))
    assert half.width == 2 * half.height
    band = np.asarray(Image.open(io.BytesIO(products["band.webp"])).convert("RGB"), dtype=np.float64)
    step = np.abs(np.diff(band, axis=1)).mean((0, 2))
    assert np.abs(band[:, 0] - band[:, -1]).mean() < 2 * step.mean()
