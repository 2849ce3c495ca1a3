"""Cloth goes over and under by turns and never touches itself; patches cover the page in their units' colours."""

import numpy as np
import pytest

from orbifolio.runner.gas.graph import Graph
from orbifolio.runner.images import oklab
from orbifolio.runner.som.drawing import Patchwork, Weave
from orbifolio.runner.som.lattice import MapLattice, coordinates, neighbours, threads


def cloth(topology="plane", **settings):
    """Six columns and five rows, 20 pixels apart."""
    shape = MapLattice(columns=6, rows=5, topology=topology).shape(1.0)
    graph = Graph(coordinates(shape) * 20 + 20, neighbours(shape), 140, 120, threads=threads(shape))
    drawing = Weave(**settings)
    scene = drawing.build().scene(graph, np.ones((120, 140, 3), np.float32), None)
    (mark,) = drawing.marks(scene)
    return scene, mark


def passes(path, node):
    """Whether a straight piece of thread goes through a node."""
    along = int(np.ptp(path[:, 1]) > np.ptp(path[:, 0]))
    beside = abs(path[0, 1 - along] - node[1 - along]) < 1e-6
    return beside and path[:, along].min() < node[along] - 1e-6 and path[:, along].max() > node[along] + 1e-6


def test_threads_pass_over_and_under_by_turns():
    scene, mark = cloth(line=20, gap=5)
    inner = [node for node in scene.graph.nodes if 20 < node[0] < 120 and 20 < node[1] < 100]
    over = []
    for node in inner:
        through = [path for path in mark.paths if passes(path, node)]
        assert len(through) == 1  # the other is cut
        over.append(np.ptp(through[0][:, 0]) > 0)
    rows = np.array(over).reshape(3, 4)
    assert (rows[:, 1:] != rows[:, :-1]).all()
    assert (rows[1:] != rows[:-1]).all()


def test_no_thread_touches_another():
    """As they are drawn: with half their width to either side, and round ends."""
    _, mark = cloth(line=20, gap=5)
    dense = [
        np.stack([np.interp(np.linspace(0, 1, 200), np.linspace(0, 1, len(path)), axis) for axis in path.T], axis=-1)
        for path in mark.paths
    ]
    for i, one in enumerate(dense):
        for j in range(i):
            gap = np.hypot(*(one[:, None] - dense[j][None]).transpose(2, 0, 1)).min()
            touching = (mark.widths[i] + mark.widths[j]) / 2
            assert gap > touching or gap > 0.8  # two pieces of one thread meet under the thread above
            assert gap >= 0.7 - 1e-6


def test_crowded_threads_are_thinner_and_the_weft_has_its_colour():
    _, wide = cloth(line=100)
    assert wide.widths.max() < 20
    _, mark = cloth(weft="#ff0000", ink="#0000ff")
    across = np.array([np.ptp(path[:, 0]) > np.ptp(path[:, 1]) for path in mark.paths])
    assert np.allclose(mark.colours[across], (1, 0, 0))
    assert np.allclose(mark.colours[~across], (0, 0, 1))


@pytest.mark.parametrize("lattice", ["rectangular", "hexagonal"])
def test_patches_cover_the_page_in_their_units_colours(lattice):
    shape = MapLattice(columns=8, rows=8, lattice=lattice).shape(1.0)
    half = np.zeros((60, 64, 3), np.float32)
    half[:, :32], half[:, 32:] = (0.8, 0.2, 0.1), (0.1, 0.3, 0.7)
    nodes = (coordinates(shape) + 0.5) * 64 / 8.5
    left = nodes[:, 0] < 32
    colours = np.where(
        left[:, None], oklab.from_srgb(half[0, 0].astype(float)), oklab.from_srgb(half[0, -1].astype(float))
    )
    graph = Graph(nodes, neighbours(shape), 64, 60, colours=colours, colour_weight=500.0)
    image = Patchwork(seam=0, rounded=0).build().draw(graph, half, None, width=128, height=120)
    assert np.abs(image[:, :62] - half[0, 0]).mean() < 0.01
    assert np.abs(image[:, 66:] - half[0, -1]).mean() < 0.01
    seams = Patchwork(seam=8, ink="#000000").build().draw(graph, half, None, width=128, height=120)
    assert seams.mean() < image.mean() - 0.02


def test_a_speck_goes_to_its_neighbours():
    picture = np.full((40, 40, 3), 0.9, np.float32)
    picture[18:22, 18:22] = 0.0
    nodes = np.array([[10.0, 20.0], [30.0, 20.0], [20.0, 20.0]])
    lab = oklab.from_srgb(np.array([[0.9] * 3, [0.9] * 3, [0.0] * 3]))
    graph = Graph(nodes, np.array([[0, 1]]), 40, 40, colours=lab, colour_weight=400.0)
    kept = Patchwork(seam=0, rounded=0, smallest=0).build().draw(graph, picture, None, width=80, height=80)
    merged = Patchwork(seam=0, rounded=0, smallest=0.5).build().draw(graph, picture, None, width=80, height=80)
    assert kept.min() < 0.1
    assert merged.min() > 0.8
