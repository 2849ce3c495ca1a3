"""What holds of a gas' tables at every moment, and what its searches find, against plain NumPy."""

import numpy as np
import pytest
from scipy.spatial import cKDTree

from orbifolio.runner.gas.grid import cell_of, nearest_two
from orbifolio.runner.gas.network import Network
from orbifolio.runner.gas.orbifold import SymmetricNetwork
from orbifolio.runner.gas.rules import Fritzke, NeuPy, Shuffled, Utility
from orbifolio.runner.gas.tables import ALIVE, BLOCK, FREE, SCALE, empty_nodes, enlarged
from orbifolio.runner.symmetry.groups.domain import fundamental_domain
from orbifolio.runner.symmetry.isometry_group import IsometryGroup
from orbifolio.runner.symmetry.kinds.hyperbolic import Hyperbolic
from orbifolio.runner.symmetry.kinds.plane import Plane
from orbifolio.runner.symmetry.kinds.sphere import Sphere

GROWTHS = [
    (NeuPy(a_max=8, interval=10), (0.0, 0.0)),
    (Fritzke(a_max=8, interval=10), (0.0, 0.0)),
    (Fritzke(a_max=30, interval=15), (40.0, 30.0)),
    (Utility(k=3, a_max=12, interval=10), (0.0, 0.0)),
]


def grown(rules, period, presentations=0, max_nodes=300):
    points = np.random.default_rng(5).uniform(0, 1, (900, 2)) * (40, 30)
    if not any(period):
        points = points[np.abs(points[:, 0] - 20) > 5]
    gas = Network(points, rules.law(), rules.order(2, 0), unit=rules.unit, origin=rules.origin, period=period)
    if presentations:
        gas.grow(presentations, max_nodes)
    return gas


@pytest.mark.parametrize(("rules", "period"), GROWTHS, ids=["neupy", "fritzke", "torus", "utility"])
def test_the_tables_agree_with_each_other_at_every_moment(rules, period):
    gas = grown(rules, period)
    for _ in range(12):
        gas.grow(257, 300)
        nodes, grid = gas.nodes, gas.grid
        alive = np.flatnonzero(nodes.degrees >= 0)
        assert len(alive) == nodes.counts[ALIVE] == len(np.unique(nodes.serials[alive]))
        free = nodes.free[: nodes.counts[FREE]]
        assert sorted([*alive.tolist(), *free.tolist()]) == list(range(len(nodes.degrees)))
        assert (nodes.errors[alive] >= 0).all()
        assert (nodes.errors[free] == -1).all()
        for block, largest in enumerate(nodes.largest):
            assert largest == nodes.errors[block * BLOCK : (block + 1) * BLOCK].max(initial=-1.0)
        for node in alive.tolist():
            others = nodes.neighbours[node, : nodes.degrees[node]].tolist()
            assert node not in others
            assert len(set(others)) == len(others)
            for k, other in enumerate(others):
                back = nodes.neighbours[other, : nodes.degrees[other]].tolist().index(node)
                assert nodes.stamps[other, back] == nodes.stamps[node, k]
                age = nodes.wins[node] + nodes.wins[other] - nodes.stamps[node, k]
                assert 0 <= age <= rules.a_max
            assert grid.cells[node] == cell_of(*nodes.places[node], grid)
        listed = []
        for cell, head in enumerate(grid.heads.tolist()):
            before = -1
            while head >= 0:
                assert (grid.cells[head], grid.previous[head]) == (cell, before)
                listed.append(head)
                before, head = head, grid.next[head]
        assert sorted(listed) == alive.tolist()
    assert gas.alive > 100


@pytest.mark.parametrize(("rules", "period"), GROWTHS[1:3], ids=["plane", "torus"])
def test_the_nearest_two_are_those_of_a_tree_wherever_one_looks(rules, period):
    gas = grown(rules, period, 5000)
    alive = np.flatnonzero(gas.nodes.degrees >= 0)
    tree = cKDTree(gas.nodes.places[alive], boxsize=period if any(period) else None)
    low, high = ((0, 0), period) if any(period) else ((-30, -30), (70, 60))  # far beyond the grid, too
    for x, y in np.random.default_rng(0).uniform(low, high, (400, 2)):
        gaps, slots = tree.query((x, y), k=2)
        winners = nearest_two(x, y, gas.law.single, gas.nodes, gas.grid)
        assert [winners.first, winners.second] == alive[slots].tolist()
        np.testing.assert_allclose([winners.near, winners.far], gaps**2, rtol=1e-9)


def test_of_nodes_at_one_distance_the_older_is_nearer():
    points = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]])

    class InOrder(Shuffled):
        def start(self, points, nodes):
            return np.array([2, 0, 3, 1])

    gas = Network(points, Fritzke().law(), InOrder(0), start=4)
    winners = nearest_two(1.0, 1.0, False, gas.nodes, gas.grid)
    serials = gas.nodes.serials[[winners.first, winners.second]]
    assert serials.tolist() == [0, 1]


def test_room_is_added_behind_the_slots_that_are_free_already():
    small = empty_nodes(10, width=4)
    small.counts[FREE] = 3  # slots 9, 8 and 7 are left; 7 would be taken next
    small.free[:3] = 9, 8, 7
    small.degrees[:7], small.neighbours[:7, 0], small.places[:7] = 1, np.arange(7)[::-1], np.arange(14).reshape(7, 2)
    large = enlarged(small, 600, 8)
    assert large.free[large.counts[FREE] - 3 : large.counts[FREE]].tolist() == [9, 8, 7]
    assert sorted(large.free[: large.counts[FREE]].tolist()) == list(range(7, 600))
    assert np.array_equal(large.places[:10], small.places)
    assert np.array_equal(large.neighbours[:10, :4], small.neighbours)
    assert (large.neighbours[:, 4:] == -1).all()
    assert len(large.largest) * BLOCK >= 600


def test_stored_errors_decay_as_if_each_were_multiplied_at_every_update():
    """Over a scale beyond `MAX_SCALE`, which is written back on the way."""
    rules = Fritzke(d=0.6, interval=1000, a_max=1_000_000)
    gas = grown(rules, (0.0, 0.0))
    errors = dict.fromkeys(range(2), 0.0)
    order = rules.order(2, 0)
    places = gas.nodes.places[:2].copy()
    for number in order.epoch(len(gas.points), 0)[:600]:
        gaps = ((gas.points[number] - places) ** 2).sum(axis=1)
        first = int(gaps.argmin())
        errors[first] += gaps[first]
        places[first] += rules.epsilon_b * (gas.points[number] - places[first])
        places[1 - first] += (
            rules.epsilon_n * (gas.points[number] - places[1 - first]) * (sum(errors.values()) > gaps[first])
        )
        errors = {node: error * rules.d for node, error in errors.items()}
    gas.grow(600, 2)
    np.testing.assert_allclose(gas.nodes.errors[:2] / gas.nodes.sums[SCALE], [errors[0], errors[1]], rtol=1e-9)


@pytest.mark.parametrize("rules", [Fritzke(), NeuPy()], ids=lambda rules: rules.kind)
def test_every_epoch_presents_every_point_once_in_an_order_of_its_own(rules):
    order = rules.order(4, 1)
    start = order.start(50, 5)
    assert ((0 <= start) & (start < 50)).all()
    epochs = [order.epoch(50, number).tolist() for number in range(3)]
    assert all(sorted(epoch) == list(range(50)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]
    assert rules.order(4, 2).epoch(50, 0).tolist() != epochs[0]
    assert rules.order(5, 1).epoch(50, 0).tolist() != epochs[0]


@pytest.mark.parametrize(
    "settings", [Plane(group="p4gm"), Hyperbolic(p=5, q=4, mirrors=True), Sphere(group="O")], ids=str
)
def test_the_tables_of_an_orbifold_agree_with_each_other(settings):
    symmetry = settings.build()
    stage = IsometryGroup(symmetry, 120, round(120 / (symmetry.ratio or 1.0)))
    domain = fundamental_domain(stage)
    left, top, right, bottom = domain.box
    pixels = np.random.default_rng(4).uniform([left, top], [right, bottom], (4000, 2))
    points, there = stage.look(pixels)
    rules = Fritzke(interval=20, a_max=15)
    gas = SymmetricNetwork(pixels[there & domain.holds(points)][:600], domain, rules.law(), rules.order(3, 0))
    gas.grow(1500, 40)
    orbits, group = gas.orbits, gas.group
    places = orbits.places[: gas.alive]
    if stage.curvature:
        np.testing.assert_allclose(stage.curvature * (places[:, :2] ** 2).sum(axis=1) + places[:, 2] ** 2, 1, atol=1e-9)
    images = np.einsum("sij,nj->nsi", group.elements, places)
    np.testing.assert_allclose(orbits.images[: gas.alive], images, atol=1e-9)
    assert (orbits.degrees[: gas.alive] > 0).all()
    for node in range(gas.alive):
        edges = list(zip(orbits.neighbours[node], orbits.ways[node], orbits.stamps[node], strict=True))
        edges = edges[: orbits.degrees[node]]
        assert len({edge[:2] for edge in edges}) == len(edges)
        for other, way, stamp in edges:
            there = [
                orbits.stamps[other, k]
                for k in range(orbits.degrees[other])
                if orbits.neighbours[other, k] == node and orbits.ways[other, k] == group.back[way]
            ]
            assert there == [stamp]
            assert 0 <= orbits.wins[node] + orbits.wins[other] - stamp <= 2 * rules.a_max
    chords = images[None] - gas.points[:, None, None]
    squares = (chords[..., :2] ** 2).sum(axis=-1) + stage.curvature * chords[..., 2] ** 2
    nearest = np.sqrt(np.maximum(squares.min(axis=(1, 2)), 0))
    assert gas.quantisation_error() * gas.pixel == pytest.approx(nearest.mean(), rel=1e-6)
