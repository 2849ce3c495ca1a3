"""Files of a drawing, read back by other programs: every edge once, everything within the page."""

import io
import json
import re

import networkx
import numpy as np
import pypdfium2
import pytest
from lxml import etree

from orbifolio.runner.gas.drawing import DRAWINGS
from orbifolio.runner.gas.drawing.base import Drawing
from orbifolio.runner.gas.drawing.colours import Palette
from orbifolio.runner.gas.drawing.meshes import Lines, Nodes, Triangles
from orbifolio.runner.gas.drawing.onelines import OneLine
from orbifolio.runner.gas.drawing.pdf import pdf
from orbifolio.runner.gas.drawing.raster import draw
from orbifolio.runner.gas.drawing.sheet import Areas, Dots, DrawingSheet, Labels, Polylines
from orbifolio.runner.gas.drawing.trails import trails
from orbifolio.runner.gas.graph import Graph
from orbifolio.runner.vector.plotter import PAPERS, Plotter
from orbifolio.runner.vector.travel import air, ordered

SVG = {"s": "http://www.w3.org/2000/svg"}
INKSCAPE = "{http://www.inkscape.org/namespaces/inkscape}"


def mesh(seed=0, n=60, width=90, height=70):
    from scipy.spatial import Delaunay

    nodes = np.random.default_rng(seed).random((n, 2)) * [
        width,
        height,
    ]
    corners = Delaunay(nodes).simplices
    edges = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]]])  # not all sides: odd degrees, some holes
    return Graph.of(nodes, edges, width=width, height=height)


@pytest.fixture
def picture():
    ramp = np.linspace(0, 1, 90, dtype=np.float32)
    return np.stack(
        np.broadcast_arrays(ramp[None], ramp[None, ::-1], np.float32(0.5) * np.ones((70, 1), np.float32)), -1
    )


def paths(svg):
    """(k, 2) points of every path, read by lxml."""
    root = etree.fromstring(svg)
    found = []
    for path in root.iterfind(".//s:path", SVG):
        numbers = [float(value) for value in re.findall(r"-?[\d.]+", path.get("d"))]
        found.append(np.array(numbers).reshape(-1, 2))
    return root, found


def steps(chains):
    return sorted(tuple(sorted(pair)) for chain in chains for pair in zip(chain, chain[1:], strict=False))


@pytest.mark.parametrize("seed", range(4))
def test_trails_draw_every_edge_once_in_as_few_strokes_as_can_be(seed):
    graph = mesh(seed)
    found = trails(graph)
    assert steps(found) == [tuple(edge) for edge in graph.edges.tolist()]
    other = networkx.Graph(graph.edges.tolist())
    fewest = sum(
        max(1, sum(degree % 2 for _, degree in other.subgraph(part).degree) // 2)
        for part in networkx.connected_components(other)
    )
    assert len(found) == fewest


def test_a_ring_is_one_closed_trail_and_an_empty_graph_none():
    ring = Graph.of([[0, 0], [1, 0], [1, 1], [0, 1]], [[0, 1], [1, 2], [2, 3], [3, 0]], width=1, height=1)
    (chain,) = trails(ring)
    assert chain[0] == chain[-1]
    assert len(chain) == 5
    assert trails(Graph.of([[0, 0]], [], width=1, height=1)) == []


def test_travel_keeps_the_strokes_and_shortens_the_way():
    rng = np.random.default_rng(5)
    strokes = [place + rng.normal(0, 1, (3, 2)) for place in rng.random((80, 2)) * 100]
    found = ordered(strokes)
    assert air(found) < 0.4 * air(strokes)

    def unsigned(path):
        return tuple(sorted(map(tuple, path.tolist())))

    assert sorted(map(unsigned, found)) == sorted(map(unsigned, strokes))
    assert ordered([]) == []


@pytest.mark.parametrize("colour", [None, ["#ff0000", "#00ff00"]])
def test_a_plotter_draws_every_edge_once_within_the_margins(picture, colour):
    graph = mesh()
    options = {} if colour is None else {"colour": Palette(colours=colour)}
    files = Lines(plotter=Plotter(paper="a5", margin=12), **options).build().files(graph, picture, None)
    root, found = paths(files["plotter.svg"])
    wide, high = PAPERS["a5"][::-1]
    assert (root.get("width"), root.get("height")) == (f"{wide}mm", f"{high}mm")
    assert root.get("viewBox") == f"0 0 {wide} {high}"
    points = np.concatenate(found)
    assert (points >= 12 - 1e-3).all()
    assert (points <= np.array([wide, high]) - 12 + 1e-3).all()
    layers = root.findall("s:g", SVG)
    assert all(layer.get(INKSCAPE + "groupmode") == "layer" for layer in layers)
    assert len(layers) == (1 if colour is None else 2)
    scale = min((wide - 24) / 90, (high - 24) / 70)
    corner = (np.array([wide, high]) - scale * np.array([90, 70])) / 2
    numbers = []
    for path in found:
        gaps = np.linalg.norm(((path - corner) / scale)[:, None] - graph.nodes[None], axis=-1)
        assert gaps.min(axis=1).max() < 0.01
        numbers.append(gaps.argmin(axis=1).tolist())
    assert steps(numbers) == [tuple(edge) for edge in graph.edges.tolist()]
    assert json.loads(files["drawing.json"])["plotter"]["strokes"] == len(found)


def test_an_svg_has_every_edge_once_within_the_page(picture):
    graph = mesh()
    root, found = paths(Lines().build().files(graph, picture, None, title="A <title> & more")["drawing.svg"])
    assert root.get("viewBox") == "0 0 90 70"
    assert root.findtext("s:title", namespaces=SVG) == "A <title> & more"
    drawn = sorted(tuple(np.round(path, 2).reshape(-1).tolist()) for path in found)
    wanted = sorted(tuple(np.round(ends, 2).reshape(-1).tolist()) for ends in graph.nodes[graph.edges])
    np.testing.assert_allclose(drawn, wanted, atol=0.011)


def test_dots_and_triangles_are_all_there(picture):
    graph = mesh()
    root, _ = paths(Nodes().build().files(graph, picture, None)["drawing.svg"])
    assert len(root.findall(".//s:circle", SVG)) == len(graph.nodes)
    _, found = paths(Triangles().build().files(graph, picture, None)["drawing.svg"])
    assert len(found) == len(graph.triangles())


def test_the_graph_is_read_back_by_networkx_and_numpy(picture):
    graph = mesh()
    files = Lines().build().files(graph, picture, None)
    read = networkx.read_graphml(io.BytesIO(files["graph.graphml"]))
    assert sorted(tuple(sorted((int(a[1:]), int(b[1:])))) for a, b in read.edges) == [*map(tuple, graph.edges.tolist())]
    assert read.nodes["n3"]["x"] == pytest.approx(graph.nodes[3, 0], abs=1e-3)
    held = np.load(io.BytesIO(files["graph.npz"]))
    np.testing.assert_array_equal(held["nodes"], graph.nodes)
    np.testing.assert_array_equal(held["edges"], graph.edges)
    told = json.loads(files["graph.json"])
    assert set(told) == {"nodes", "edges", "width", "height"}


def test_a_pdf_holds_every_edge_as_a_path(picture):
    graph = mesh()
    page = pypdfium2.PdfDocument(Lines().build().files(graph, picture, None)["drawing.pdf"])[0]
    paths_ = [found for found in page.get_objects() if found.type == pypdfium2.raw.FPDF_PAGEOBJ_PATH]
    assert len(paths_) == 1 + len(graph.edges)  # the paper, and a line for each


MARKS = (
    Areas([np.array([[6.0, 30], [30, 34], [20, 54]])], np.array([[0.1, 0.7, 0.3]])),
    Polylines([np.array([[10.0, 8], [50, 14], [30, 28]])], np.array([3.0]), np.array([[0.8, 0.2, 0.1]])),
    Dots(np.array([[66.0, 20], [70, 50]]), np.array([8.0, 3]), np.array([[0.1, 0.2, 0.8], [0, 0, 0]])),
)


@pytest.mark.parametrize(("width", "height"), [(90, 60), (60, 90)])
def test_a_pdf_looks_like_the_drawing_in_another_program(width, height):
    sheet = DrawingSheet(width, height, (0.98, 0.96, 0.9), MARKS)
    page = pypdfium2.PdfDocument(pdf(sheet))[0]
    assert max(page.get_size()) == pytest.approx(842)
    seen = np.asarray(page.render(scale=8 * max(width, height) / 842).to_pil().convert("RGB"), float) / 255
    wanted = draw(sheet, width=8 * width, height=8 * height)
    away = np.abs(seen[: 8 * height, : 8 * width] - wanted).max(axis=-1)
    assert (away > 0.1).mean() < 0.01  # edges are smoothed in other ways; the marks cover a fifth


def test_a_pdf_has_its_labels_as_text():
    label = Labels(np.array([[5.0, 20], [5, 40]]), ["12 (a)", "\\ é 漢"], 9.0, (0, 0, 0))
    page = pypdfium2.PdfDocument(pdf(DrawingSheet(90, 60, (1, 1, 1), (label,))))[0]
    text = page.get_textpage()
    assert text.get_text_range().split("\r\n") == ["12 (a)", "\\ é ?"]
    left, bottom, _, _ = text.get_charbox(0, loose=True)
    unit = 842 / 90
    assert left == pytest.approx(5 * unit, abs=unit)
    assert bottom == pytest.approx(40 * unit, abs=3 * unit)


def test_one_line_visits_every_node_once(picture):
    graph = mesh()
    files = OneLine(plotter=True).build().files(graph, picture, None)
    _, found = paths(files["plotter.svg"])
    assert len(found) == 1
    assert len(np.unique(found[0], axis=0)) == len(graph.nodes) == len(found[0])


@pytest.mark.parametrize("kind", DRAWINGS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("graph", [mesh(), Graph.of(np.zeros((0, 2)), [], width=90, height=70)], ids=["mesh", "empty"])
def test_every_kind_draws_and_repeats_its_bytes(kind, graph, picture):
    drawing = kind(plotter=True).build()
    assert isinstance(drawing, Drawing)
    mask = np.zeros((70, 90), dtype=bool)
    mask[20:50, 10:80] = True
    pixels = drawing.draw(graph, picture, mask, width=180, height=140)
    assert pixels.shape == (140, 180, 3)
    assert pixels.dtype == np.float32
    assert 0 <= pixels.min() <= pixels.max() <= 1
    assert (pixels.min() < 0.9) == bool(len(graph.nodes))
    assert drawing.files(graph, picture, mask) == drawing.files(graph, picture, mask)
    for name, data in drawing.files(graph, picture, mask).items():
        if name.endswith((".svg", ".graphml")):
            etree.fromstring(data)
