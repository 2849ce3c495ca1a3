"""Lines that carry tones: what is printed is as dark as the picture; a pen draws the same."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.spatial import Delaunay

from orbifolio.runner.gas.drawing.raster import draw
from orbifolio.runner.gas.drawing.sheet import DrawingSheet, Polylines
from orbifolio.runner.gas.drawing.tonal import TonalLines, to_and_fro
from orbifolio.runner.gas.graph import Graph
from orbifolio.runner.vector.plotter import Plotter

SIDE = 120


@pytest.fixture(scope="module")
def net():
    """About as even as a gas: a square lattice, each node moved by up to a third of a mesh."""
    nodes = np.stack(np.mgrid[0:40, 0:40], axis=-1).reshape(-1, 2) * (SIDE / 39)
    nodes = nodes + np.random.default_rng(3).uniform(-1, 1, nodes.shape)
    corners = Delaunay(nodes).simplices
    edges = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    return Graph.of(nodes, edges, width=SIDE, height=SIDE)


def grey(values):
    return np.repeat(np.asarray(values, dtype=np.float32)[..., None], 3, axis=2)


def test_the_ink_covers_as_much_as_the_picture_is_dark(net):
    """Measured on the raster, which knows nothing of how the widths were found."""
    x = np.linspace(0, 1, SIDE)[None].repeat(SIDE, axis=0)
    tones = 1 - 0.75 * x
    drawing = TonalLines(thickest=40, thinnest=0, smallest=1, sight=30).build()
    image = drawing.draw(net, grey(x), None, width=4 * SIDE, height=4 * SIDE, tones=tones)[..., 0]
    columns = image.mean(axis=0).reshape(SIDE, 4).mean(axis=1)
    inside = slice(8, -8)
    error = columns[inside] - tones[0][inside]
    assert np.abs(gaussian_filter(error, 3)).max() < 0.06


def test_without_tones_it_follows_the_pictures_luma(net):
    picture = grey(np.where(np.arange(SIDE) < SIDE // 2, 0.2, 0.9)[None].repeat(SIDE, axis=0))
    image = TonalLines(sight=30, thickest=20).build().draw(net, picture, None, width=SIDE, height=SIDE)[..., 0]
    assert image[:, 5:50].mean() < 0.45
    assert image[:, 70:115].mean() > 0.8


def test_white_paper_stays_white_and_specks_are_left_out(net):
    drawing = TonalLines(smallest=30).build()
    tones = np.ones((SIDE, SIDE))
    assert drawing.draw(net, grey(tones), None, width=SIDE, height=SIDE, tones=tones).min() == 1
    tones[50:54, 50:54] = 0  # a net of few lines, all by itself
    assert drawing.draw(net, grey(tones), None, width=SIDE, height=SIDE, tones=tones).min() == 1
    assert TonalLines(smallest=1).build().draw(net, grey(tones), None, width=SIDE, height=SIDE, tones=tones).min() < 0.6


def test_a_line_goes_to_and_fro_as_wide_as_it_is():
    stroke = to_and_fro(np.array([[0.0, 0.0], [10.0, 0.0]]), 3, 0.5)
    assert stroke.tolist() == [[0, -0.5], [10, -0.5], [10, 0], [0, 0], [0, 0.5], [10, 0.5]]


def test_what_the_pen_draws_looks_like_the_print(net):
    tones = 1 - 0.6 * np.hypot(*(np.mgrid[0:SIDE, 0:SIDE] - SIDE / 2)) / (SIDE / 2)
    tones = np.clip(tones, 0.2, 1)
    settings = TonalLines(plotter=Plotter(paper="a3", margin=20, pen=0.3))
    scene = settings.build().scene(net, grey(tones), None, tones)
    (strokes,) = settings.pen_strokes(scene).values()
    pen = 0.3 / settings.plotter.fit(SIDE, SIDE)[2]
    pens = Polylines(strokes, np.full(len(strokes), pen), np.zeros((len(strokes), 3)))
    size = {"width": 6 * SIDE, "height": 6 * SIDE}
    drawn = draw(DrawingSheet(SIDE, SIDE, (1, 1, 1), (pens,)), **size)[..., 0]
    printed = settings.build().draw(net, grey(tones), None, tones=tones, **size)[..., 0]
    assert np.abs(gaussian_filter(drawn - printed, 30)).max() < 0.12
    assert len(strokes) < 0.5 * len(settings.marks(scene)[0].paths)


def test_an_empty_net_draws_nothing():
    graph = Graph.of(np.zeros((0, 2)), np.zeros((0, 2)), width=8, height=8)
    settings = TonalLines(plotter=Plotter())
    files = settings.build().files(graph, grey(np.ones((8, 8))), None)
    assert b"<path" not in files["drawing.svg"]
