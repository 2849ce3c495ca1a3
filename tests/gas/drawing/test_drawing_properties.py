"""Properties of drawings against plain oracles: tours, travel, faces, colours, contours, skeletons."""

import itertools

import numpy as np
import pytest
from scipy.spatial import ConvexHull, Delaunay, cKDTree
from skimage.color import deltaE_cie76, rgb2lab
from skimage.morphology import skeletonize

from orbifolio.runner.gas.drawing.colours import FromPicture, Ink, Palette, Ramp, under
from orbifolio.runner.gas.drawing.fidelity import border, coverage, to_edges
from orbifolio.runner.gas.drawing.improve import Improve, contour
from orbifolio.runner.gas.drawing.meshes import Lines, Nodes, faces, swelling
from orbifolio.runner.gas.drawing.onelines import OneLine, along_strokes, chains, rounded
from orbifolio.runner.gas.drawing.raster import draw
from orbifolio.runner.gas.drawing.sheet import Areas, Dots, DrawingSheet, Polylines, unrolled
from orbifolio.runner.gas.drawing.skeleton import strokes
from orbifolio.runner.gas.drawing.tour import length, opened, tour
from orbifolio.runner.gas.graph import Graph
from orbifolio.runner.vector.hex_colours import from_hex, to_hex
from orbifolio.runner.vector.plotter import Plotter, plot
from orbifolio.runner.vector.svg_path import number, path_data
from orbifolio.runner.vector.travel import air, ordered

BLACK = np.zeros((1, 3))


def delaunay(seed, n=40, width=90, height=70):
    nodes = np.random.default_rng(seed).random((n, 2)) * [width, height]
    corners = Delaunay(nodes).simplices
    return Graph.of(nodes, corners[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), width=width, height=height)


@pytest.mark.parametrize("seed", range(6))
def test_no_exchange_of_two_steps_shortens_a_tour(seed):
    points = np.random.default_rng(seed).random((9, 2))  # every other point is a neighbour
    order = tour(points)
    for i, j in itertools.combinations(range(10), 2):
        turned = np.concatenate([order[:i], order[i:j][::-1], order[j:]])
        assert length(points, turned) > length(points, order) - 1e-9
    best = min(
        length(points, np.array((0, *rest))) for rest in itertools.permutations(range(1, 9)) if rest[0] < rest[-1]
    )
    assert best - 1e-9 <= length(points, order) < 1.12 * best


def test_a_tour_does_not_depend_on_where_the_points_lie():
    points = np.random.default_rng(8).random((120, 2))
    turned = np.stack([-points[:, 1], points[:, 0]], axis=1) * 4 + [3, 8]
    assert length(points, tour(points)) == pytest.approx(length(turned, tour(turned)) / 4, rel=0.03)


@pytest.mark.parametrize("seed", range(3))
def test_an_opened_tour_leaves_its_longest_step_out(seed):
    points = np.random.default_rng(seed).random((60, 2))
    order = tour(points)
    steps = np.hypot(*(points[np.roll(order, -1)] - points[order]).T)
    line = points[opened(points, order)]
    assert np.hypot(*np.diff(line, axis=0).T).sum() == pytest.approx(steps.sum() - steps.max())


@pytest.mark.parametrize("seed", range(5))
def test_no_run_of_two_strokes_or_more_turned_round_shortens_the_travel(seed):
    random = np.random.default_rng(seed)
    paths = [place + random.normal(0, 8, (2, 2)) for place in random.random((35, 2)) * 50]
    way = ordered(paths)
    for i, j in itertools.combinations(range(len(way) + 1), 2):
        if j - i < 2:
            continue
        turned = [*way[:i], *(path[::-1] for path in way[i:j][::-1]), *way[j:]]
        assert air(turned) > air(way) - 1e-9
    assert air(way) <= air(paths)


@pytest.mark.parametrize("seed", range(4))
def test_faces_of_a_triangulation_obey_euler_and_fill_its_hull(seed):
    graph = delaunay(seed)
    rings = faces(graph, 64)
    assert len(rings) == len(graph.edges) - len(graph.nodes) + 1
    triangles = {tuple(sorted(row)) for row in Delaunay(graph.nodes).simplices.tolist()}
    assert {tuple(sorted(ring)) for ring in rings} == triangles
    x, y = (graph.nodes[np.array(rings)][..., axis] for axis in (0, 1))
    areas = np.abs((x * np.roll(y, -1, axis=1) - y * np.roll(x, -1, axis=1)).sum(axis=1)) / 2
    assert areas.sum() == pytest.approx(ConvexHull(graph.nodes).volume)
    # without an inner edge the two triangles beside it are one face of four sides
    inner = next(edge for edge in graph.edges.tolist() if sum(set(edge) <= set(row) for row in triangles) == 2)
    opened_up = Graph.of(graph.nodes, [e for e in graph.edges.tolist() if e != inner], width=90, height=70)
    assert sorted(len(ring) for ring in faces(opened_up, 64))[-1] == 4
    assert len(faces(opened_up, 64)) == len(rings) - 1


@pytest.mark.parametrize("wrap", [(True, True), (False, True), (True, False)])
def test_what_wraps_shows_every_copy_that_meets_the_picture(wrap):
    size = np.array([20.0, 14.0])
    graph = Graph.of(
        np.random.default_rng(3).random((12, 2)) * size, [[i, i + 1] for i in range(11)], width=20, height=14, wrap=wrap
    )
    paths, owners = unrolled(graph, graph.edges.tolist())
    wanted = 0
    for (i, _), vector in zip(graph.edges.tolist(), graph.vectors(), strict=True):
        for shift in itertools.product((-1, 0, 1), repeat=2):
            ends = np.stack([graph.nodes[i], graph.nodes[i] + vector]) + np.array(shift) * size
            legal = all(wraps or not by for wraps, by in zip(wrap[::-1], shift, strict=True))
            wanted += legal and bool(((ends.max(axis=0) > 0) & (ends.min(axis=0) < size)).all())
    assert len(paths) == len(owners) == wanted > len(graph.edges)
    for path, owner in zip(paths, owners, strict=True):
        np.testing.assert_allclose(np.diff(path, axis=0)[0], graph.vectors()[owner], atol=1e-12)


def test_widths_follow_the_scale_of_the_picture_and_its_darkness():
    graph = Graph.of([[2, 2], [8, 2], [8, 8]], [[0, 1], [1, 2]], width=10, height=10)
    scaled = Graph(graph.nodes, graph.edges, 10, 10, (False, False), np.array([1.0, 0.5, 0.1]))
    grey = np.full((10, 10, 3), 0.25, dtype=np.float32)
    for settings, sizes in ((Lines(line=3), lambda m: m.widths), (Nodes(radius=3), lambda m: m.radii)):
        (plain,), (thin,) = (settings.marks(settings.build().scene(g, grey, None)) for g in (graph, scaled))
        assert sizes(plain) == pytest.approx(0.03)  # thousandths of the longer side
        assert sizes(thin) == pytest.approx(0.03 * np.array([0.75, 0.3] if settings.kind == "lines" else [1, 0.5, 0.1]))
    (dark,) = Lines(line=3, darkness=1).marks(Lines().build().scene(graph, grey, None))
    assert dark.widths == pytest.approx(0.03 * 2 * 0.75)
    assert swelling(np.array([[1.0, 1, 1], [0, 0, 0]]), 1.0).tolist() == [0.1, 2]
    assert swelling(np.array([[1.0, 1, 1], [0, 0, 0]]), 0.0).tolist() == [1, 1]


def test_colourings_pick_what_they_say():
    seen = np.random.default_rng(1).random((50, 3))
    luma = seen @ [0.2126, 0.7152, 0.0722]
    np.testing.assert_allclose(FromPicture(saturation=0).pick(seen, (0, 0, 0)), np.repeat(luma[:, None], 3, axis=1))
    np.testing.assert_allclose(FromPicture().pick(seen, (0, 0, 0)), seen)
    np.testing.assert_allclose(FromPicture(brightness=0.5).pick(seen, (0, 0, 0)), seen / 2)
    pens = ("#ff0000", "#00aa44", "#2030c0", "#ffffff", "#000000")
    lab = rgb2lab(np.array([from_hex(pen) for pen in pens]))
    chosen = [to_hex(colour) for colour in Palette(colours=pens).pick(seen, (0, 0, 0))]
    assert chosen == [pens[int(deltaE_cie76(rgb2lab(colour), lab).argmin())] for colour in seen]
    ramp = Ramp(colours=("#ffffff", "#ff0000", "#000000")).pick(np.array([[1.0] * 3, [0.5] * 3, [0.0] * 3]), (0, 0, 0))
    np.testing.assert_allclose(ramp, [[1, 1, 1], [1, 0, 0], [0, 0, 0]], atol=1e-9)
    assert Ink().pick(seen[:2], (0.1, 0.2, 0.3)).tolist() == [[0.1, 0.2, 0.3]] * 2


def test_the_picture_is_looked_at_where_the_mark_lies():
    picture = np.arange(24, dtype=np.float32).reshape(2, 4, 3)
    samples = np.array([[[0.5, 0.5], [3.9, 1.9]], [[-5, 0.2], [99, 99]]])
    mean = (picture[0, 0].astype(float) + picture[1, 3]) / 2
    np.testing.assert_array_equal(under(picture, samples), [mean, mean])


def test_hex_and_numbers_are_read_back():
    assert all(to_hex(from_hex(f"#{value:06x}")) == f"#{value:06x}" for value in range(0, 256**3, 65_521))
    assert to_hex((2.0, -1.0, 0.5)) == "#ff0080"
    for value in [*np.random.default_rng(2).normal(0, 300, 200).tolist(), 1e-9, -0.0004, 1e6, 0.0]:
        assert abs(float(number(value)) - value) <= 5.0001e-4
        assert "e" not in number(value)
        assert number(value) != "-0"
    assert path_data(np.array([[1.5, 2.0], [3.0, -4.25], [0.0, 0.0]])) == "M1.5 2L3 -4.25L0 0"


def test_a_plot_says_how_far_the_pen_draws_and_travels():
    paths = {"#000000": [np.array([[0.0, 0], [30, 40]])], "#ff0000": [np.array([[100.0, 50], [100, 0], [0, 0]])]}
    sheet = plot(paths, Plotter(paper="a4", margin=23.5), width=100, height=50)
    assert sheet.strokes == 2
    scale = 2.5  # (297 - 47) mm for 100 pixels; upright there would be less
    assert sheet.drawn == pytest.approx(scale * (50 + 150))
    left, top = (297 - 250) / 2, (210 - 125) / 2
    assert sheet.travelled == pytest.approx(2 * np.hypot(left, top), rel=1e-6)  # each layer begins at its nearer end
    assert b'width="297mm" height="210mm"' in sheet.data


@pytest.mark.parametrize("size", [(40, 30), (80, 60), (57, 43)])
def test_a_raster_shows_each_mark_in_its_colour_at_its_place(size):
    width, height = size
    marks = (
        Areas([np.array([[2.0, 2], [18, 2], [18, 13], [2, 13]])], np.array([[0.2, 0.4, 0.8]])),
        Dots(np.array([[30.0, 8]]), np.array([5.0]), np.array([[1.0, 0, 0]])),
        Polylines([np.array([[2.0, 24], [38, 24]])], np.array([4.0]), np.array([[0, 0.6, 0]])),
    )
    pixels = draw(DrawingSheet(40, 30, (1.0, 1.0, 0.8), marks), width=width, height=height)
    for (x, y), colour in (
        ((10, 7), (0.2, 0.4, 0.8)),
        ((30, 8), (1, 0, 0)),
        ((20, 24), (0, 0.6, 0)),
        ((20, 18), (1, 1, 0.8)),
    ):
        np.testing.assert_allclose(pixels[int(y * height / 30), int(x * width / 40)], colour, atol=1 / 255)
    red = (np.abs(pixels - [1, 0, 0]).max(axis=2) < 0.01).mean() * 40 * 30
    assert red == pytest.approx(np.pi * 25, rel=0.15)


def test_a_hairline_fades_instead_of_breaking_up():
    sheets = [
        DrawingSheet(20, 20, (1.0, 1.0, 1.0), (Polylines([np.array([[1.0, 3], [19, 16]])], np.array([wide]), BLACK),))
        for wide in (0.2, 0.1, 0.05)
    ]
    ink = [float((1 - draw(sheet, width=20, height=20)).sum()) for sheet in sheets]
    assert ink[0] / ink[1] == pytest.approx(2, rel=0.05)
    assert ink[1] / ink[2] == pytest.approx(2, rel=0.05)


def test_distances_to_edges_are_those_to_points_along_them():
    graph = delaunay(2, n=12)
    points = np.random.default_rng(0).random((300, 2)) * [120, 100] - 10
    shares = np.linspace(0, 1, 4001)[:, None, None]
    ends = graph.nodes[graph.edges]
    along = (ends[:, 0] * (1 - shares) + ends[:, 1] * shares).reshape(-1, 2)
    np.testing.assert_allclose(to_edges(graph, points), cKDTree(along).query(points)[0], atol=0.03)
    np.testing.assert_array_equal(to_edges(graph, points, block=7), to_edges(graph, points))
    alone = Graph.of(graph.nodes, [], width=90, height=70)
    np.testing.assert_allclose(to_edges(alone, points), cKDTree(graph.nodes).query(points)[0])


def test_coverage_is_the_share_of_a_segment_over_the_mask():
    mask = np.zeros((10, 20), dtype=bool)
    mask[2:8, 5:15] = True
    start = np.array([[0.0, 5.0], [5.0, 5.0], [10.0, 0.0], [0.0, 1.0], [15.0, 5.0]])
    along = np.array([[20.0, 0.0], [10.0, 0.0], [0.0, 10.0], [20.0, 0.0], [-20.0, 0.0]])
    np.testing.assert_allclose(coverage(mask, start, along), [0.5, 1, 0.6, 0, 0.5], atol=0.01)


@pytest.mark.parametrize("inset", [0.0, 0.3, 1.5, 4.0])
def test_a_contour_lies_as_far_inside_as_asked(inset):
    y, x = np.mgrid[:80, :80] + 0.5
    disc = np.hypot(x - 40, y - 40) < 25
    line = contour(disc, inset)
    np.testing.assert_allclose(np.hypot(*(line - 40).T), 25 - inset, atol=1.0)
    assert np.hypot(*(line - 40).T).mean() == pytest.approx(25 - inset, abs=0.35)
    assert len(contour(np.ones((9, 9), dtype=bool), inset)) == 0


@pytest.mark.parametrize("rounds", [0, 3, 34])
def test_improved_nodes_lie_on_the_mask_and_their_edges_in_a_triangulation(rounds):
    y, x = np.mgrid[:60, :60] + 0.5
    mask = (np.hypot(x - 30, y - 30) < 24) & ~((np.abs(x - 34) < 5) & (y > 20))
    nodes = np.random.default_rng(rounds).random((90, 2)) * 60
    better = Improve(rounds=rounds, snap=1)(Graph.of(nodes, [[0, 1]], width=60, height=60), mask)
    assert len(better.nodes) == 90
    place = np.floor(better.nodes).astype(int)
    near = mask | border(~mask)  # the contour itself is drawn a little inside
    assert near[place[:, 1], place[:, 0]].all()
    sides = {
        tuple(sorted(pair))
        for row in Delaunay(better.nodes).simplices.tolist()
        for pair in itertools.combinations(row, 2)
    }
    assert {tuple(edge) for edge in better.edges.tolist()} <= sides
    start = better.nodes[better.edges[:, 0]]
    assert coverage(mask, start, better.vectors()).min() > 1 - 0.12 - 0.02
    if rounds == 0:
        inside = mask[np.floor(nodes).astype(int)[:, 1], np.floor(nodes).astype(int)[:, 0]]
        np.testing.assert_array_equal(better.nodes[inside], nodes[inside])


def pen(lines, width=60, height=60, radius=2.5):
    """A mask that a round pen leaves along straight lines."""
    y, x = np.mgrid[:height, :width] + 0.5
    grid = np.stack([x, y], axis=-1)
    mask = np.zeros((height, width), dtype=bool)
    for start, end in lines:
        start, along = np.array(start, float), np.subtract(end, start, dtype=float)
        share = np.clip(((grid - start) @ along) / (along @ along), 0, 1)
        mask |= np.hypot(*(grid - start - share[..., None] * along).transpose(2, 0, 1)) < radius
    return mask


SHAPES = {
    "L": [((10, 10), (10, 50)), ((10, 50), (50, 50))],
    "T": [((10, 12), (50, 12)), ((30, 12), (30, 50))],
    "two": [((10, 10), (50, 10)), ((10, 40), (50, 45))],
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("smoothness", [0.0, 1.0])
def test_strokes_follow_the_pen_and_the_skeleton(shape, smoothness):
    mask = pen(SHAPES[shape])
    found = strokes(mask, smoothness=smoothness)
    assert len(found) == {"L": 1, "T": 2, "two": 2}[shape]
    lengths = [float(np.hypot(*np.diff(path, axis=0).T).sum()) for path in found]
    assert lengths == sorted(lengths, reverse=True)
    drawn = sum(float(np.hypot(*np.subtract(*line))) for line in SHAPES[shape])
    assert sum(lengths) == pytest.approx(drawn, rel=0.1)
    points = np.concatenate(found)
    skeleton = np.argwhere(skeletonize(mask))[:, ::-1] + 0.5
    assert cKDTree(points).query(skeleton)[0].max() < (1e-9 + 0.5 if smoothness == 0 else 3)
    assert cKDTree(skeleton).query(points)[0].max() < (0.8 if smoothness == 0 else 2.5)
    gaps = np.concatenate([np.hypot(*np.diff(path, axis=0).T) for path in found])
    assert 0.3 < np.median(gaps) < 0.6


def test_nodes_come_onto_strokes_in_their_order():
    path = np.stack([np.linspace(0, 40, 81), np.full(81, 7.0)], axis=1)
    random = np.random.default_rng(6)
    nodes = np.stack([random.random(12) * 40, 7 + random.normal(0, 2, 12)], axis=1)
    graph = along_strokes(Graph.of(nodes, [], width=50, height=20), [path])
    assert graph.edges.tolist() == [[i, i + 1] for i in range(len(graph.nodes) - 1)]
    assert (np.diff(graph.nodes[:, 0]) >= 1).all()  # three half pixels at least, but for the end
    assert graph.nodes[[0, -1], 0].tolist() == [0, 40]
    assert (graph.nodes[:, 1] == 7).all()


@pytest.mark.parametrize("closed", [False, True])
def test_a_rounded_line_goes_through_its_points(closed):
    points = np.random.default_rng(4).random((7, 2)) * 50
    if closed:
        points = np.concatenate([points, points[:1]])
    curve = rounded(points, steps=6)
    np.testing.assert_allclose(curve[::6], points, atol=1e-9)
    if closed:
        first, last = curve[1] - curve[0], curve[-1] - curve[-2]
        assert first @ last / np.hypot(*first) / np.hypot(*last) > 0.5  # no kink where the ends meet
    straight = np.hypot(*np.diff(points, axis=0).T).sum()
    assert straight <= np.hypot(*np.diff(curve, axis=0).T).sum() < 1.6 * straight


@pytest.mark.parametrize("closed", [False, True])
def test_one_line_is_one_chain_through_all_nodes(closed):
    graph = delaunay(5)
    drawn = OneLine(closed=closed).prepare(graph, None)
    assert len(drawn.edges) == len(graph.nodes) - (not closed)
    (chain,) = chains(drawn)
    assert sorted(set(chain)) == list(range(len(graph.nodes)))
    assert (chain[0] == chain[-1]) == closed
