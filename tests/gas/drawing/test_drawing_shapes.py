"""Known shapes: measures by hand, improvement against the gas' own faults, tours, skeletons, raster, words."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from orbifolio.runner.errors import ShapeMismatch
from orbifolio.runner.gas.drawing import raster
from orbifolio.runner.gas.drawing.fidelity import fill, ink_over_background, measure, to_edges
from orbifolio.runner.gas.drawing.improve import Improve
from orbifolio.runner.gas.drawing.meshes import faces
from orbifolio.runner.gas.drawing.onelines import Signature, Words, chains, objects, reading_order
from orbifolio.runner.gas.drawing.sheet import Areas, DrawingSheet, Polylines, unrolled
from orbifolio.runner.gas.drawing.skeleton import strokes
from orbifolio.runner.gas.drawing.tour import length, opened, tour
from orbifolio.runner.gas.graph import Graph

SQUARE = Graph.of([[2, 2], [8, 2], [8, 8], [2, 8]], [[0, 1], [1, 2], [2, 3], [3, 0], [0, 2]], width=12, height=12)


def block(height, width, rows, columns):
    mask = np.zeros((height, width), dtype=bool)
    mask[slice(*rows), slice(*columns)] = True
    return mask


def test_fidelity_of_a_square_by_hand():
    mask = block(12, 12, (2, 8), (2, 8))
    assert fill(SQUARE, mask) == pytest.approx(1, abs=0.09)  # edges are a quarter of a pixel wide
    found = measure(SQUARE, mask)
    assert found.contour == pytest.approx(0.45)  # of 20 border pixels 18 half a pixel inside, two on the diagonal
    half = block(12, 12, (2, 8), (2, 5))
    assert fill(SQUARE, half) == pytest.approx(0.5, abs=0.05)
    gap = Graph.of([[0, 5.5], [12, 5.5]], [[0, 1]], width=12, height=12)
    assert ink_over_background(gap, half) == pytest.approx(1 - 3 / 12, abs=0.01)
    np.testing.assert_allclose(to_edges(gap, np.array([[3.0, 7.5], [-3.0, 1.5]])), [2, 5])
    with pytest.raises(ShapeMismatch):
        measure(SQUARE, half[:5])


def skinny(mask, n, seed=0):
    """Nodes in the mask and edges of nearest neighbours: holes, bridges, nothing at the contour."""
    rows, columns = np.nonzero(mask)
    pixels = np.stack([columns, rows], axis=-1) + 0.5
    nodes = pixels[np.random.default_rng(seed).choice(len(pixels), n, replace=False)]
    for _ in range(8):
        owner = cKDTree(nodes).query(pixels)[1]
        nodes = np.array([pixels[owner == at].mean(axis=0) for at in range(n)])
    near = cKDTree(nodes).query(nodes, k=4)[1]
    pairs = np.concatenate([near[:, [0, k]] for k in (1, 2, 3)])
    return Graph.of(nodes, pairs, width=mask.shape[1], height=mask.shape[0])


def test_improvement_closes_the_mesh_to_the_contour_and_cuts_bridges():
    y, x = np.mgrid[:90, :90] + 0.5
    ring = (np.hypot(x - 45, y - 45) < 38) & (np.hypot(x - 45, y - 45) > 15)
    ring[43:46, :45] = False  # a slit that a gas bridges
    graph = skinny(ring, 260)
    graph = Graph.of(graph.nodes, [*graph.edges.tolist(), [0, 200], [10, 150]], width=90, height=90)
    before, better = measure(graph, ring), Improve()(graph, ring)
    after = measure(better, ring)
    assert len(better.nodes) == len(graph.nodes)
    assert after.fill > max(0.9, before.fill)
    assert after.contour < 0.6 * before.contour
    assert after.ink_over_background < min(0.009, before.ink_over_background)
    assert after.quantisation_error < 1.02 * before.quantisation_error
    label, nodes = better.components(), better.nodes
    for i, j in better.edges[np.logical_xor.reduce(nodes[better.edges][..., 1] > 44.5, axis=1)].tolist():
        assert nodes[[i, j], 0].mean() > 45  # no edge over the slit
    assert label.max() == 0


def test_improvement_leaves_alone_what_it_cannot_improve():
    assert Improve()(SQUARE, np.zeros((12, 12), dtype=bool)) is SQUARE
    line = Graph.of([[1.5, 1.5], [4.5, 1.5], [8.5, 1.5]], [[0, 1]], width=12, height=12)
    mended = Improve(rounds=0)(line, block(12, 12, (1, 2), (1, 10)))
    assert mended.edges.tolist() == [[0, 1], [1, 2]]


def test_a_tour_is_a_permutation_near_the_best():
    points = np.random.default_rng(3).random((400, 2))
    order = tour(points)
    assert sorted(order.tolist()) == list(range(400))
    # the best is near 0.7124 sqrt(n) (Beardwood, Halton, Hammersley 1959), more by the boundary's share
    assert length(points, order) < 1.13 * (0.7124 * 400**0.5 + 0.55)
    circle = np.stack([np.cos(np.arange(30) * 7 * np.pi / 15), np.sin(np.arange(30) * 7 * np.pi / 15)], axis=-1)
    assert length(circle, tour(circle)) == pytest.approx(60 * np.sin(np.pi / 30))
    assert sorted(opened(points, order).tolist()) == list(range(400))


def test_faces_of_a_square_with_a_diagonal_and_without():
    assert faces(SQUARE, 8) == [(0, 1, 2), (0, 2, 3)]
    ring = Graph.of(SQUARE.nodes, [[0, 1], [1, 2], [2, 3], [3, 0]], width=12, height=12)
    assert faces(ring, 8) == [(0, 1, 2, 3)]
    assert faces(ring, 3) == []


def test_a_wrapping_edge_shows_on_both_sides():
    graph = Graph.of([[1, 5], [11, 5]], [[0, 1]], width=12, height=12, wrap=(True, True))
    found, owners = unrolled(graph, [[0, 1]])
    assert owners == [0, 0]
    assert sorted(path[:, 0].tolist() for path in found) == [[1, -1], [13, 11]]


def test_a_raster_has_the_right_ink_at_any_size_and_in_bands(monkeypatch):
    black = np.zeros((1, 3))
    square = Areas([np.array([[2.0, 2.0], [8.0, 2.0], [8.0, 8.0], [2.0, 8.0]])], black)
    line = Polylines([np.array([[1.0, 9.5], [9.0, 9.5]])], np.array([0.5]), black)
    sheet = DrawingSheet(10, 10, (1.0, 1.0, 1.0), (square, line))
    for size in (40, 77, 160):
        ink = float((1 - raster.draw(sheet, width=size, height=size)).mean())
        assert ink == pytest.approx(0.36 + 0.04, abs=0.02)
    whole = raster.draw(sheet, width=80, height=80)
    monkeypatch.setattr(raster, "MAX_BAND", 80 * 16 * 7)
    np.testing.assert_array_equal(raster.draw(sheet, width=80, height=80), whole)


def test_a_skeleton_goes_straight_through_a_crossing_and_round_a_loop():
    cross = block(60, 60, (28, 33), (5, 55)) | block(60, 60, (5, 55), (28, 33))
    found = strokes(cross)
    assert len(found) == 2
    spans = sorted(np.ptp(path, axis=0).round().tolist() for path in found)
    assert spans[0][1] > 40 > 6 > spans[0][0]
    assert spans[1][0] > 40 > 6 > spans[1][1]
    y, x = np.mgrid[:60, :60] + 0.5
    loop = np.abs(np.hypot(x - 30, y - 30) - 20) < 3
    (ring,) = strokes(loop)
    np.testing.assert_array_equal(ring[0], ring[-1])
    np.testing.assert_allclose(np.hypot(*(ring - 30).T), 20, atol=1)
    assert strokes(np.zeros((9, 9), dtype=bool)) == []


def test_a_signature_has_two_edges_a_node_at_most_and_no_ladders():
    cross = block(60, 60, (27, 34), (5, 55)) | block(60, 60, (5, 55), (27, 34))
    graph = skinny(cross, 60)
    assert graph.degrees().max() > 2
    drawn = Signature().prepare(graph, cross)
    assert drawn.degrees().max() == 2
    assert len(chains(drawn)) == 2
    assert measure(drawn, cross).ink_over_background == 0


def test_words_are_counted_boxed_and_read_line_by_line():
    mask = np.zeros((60, 120), dtype=bool)
    places = [(10, 5, 30), (12, 40, 35), (10, 85, 30), (40, 5, 60), (38, 75, 40)]
    for top, left, wide in places:
        mask[top : top + 9, left : left + wide] = True
    picture = np.ones((60, 120, 3), dtype=np.float32)
    for seed in range(3):
        scene = Words().build().scene(skinny(mask, 90, seed), picture, mask)
        facts = Words().facts(scene)
        assert facts["objects"] == 5
        for box, (top, left, wide) in zip(facts["boxes"], places, strict=True):
            np.testing.assert_allclose(box, [left, top, left + wide, top + 9], atol=6)
    assert reading_order(objects(Graph.of([[0, 0]], [], width=9, height=9), 2)).shape == (0, 4)
