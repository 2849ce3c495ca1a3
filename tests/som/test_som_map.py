"""Maps against plain NumPy, and what must hold of any: order, rings that close, the same bytes when continued."""

import numpy as np
import pytest

from orbifolio.runner.som.lattice import LatticeShape, MapLattice, coordinates, neighbours, threads
from orbifolio.runner.som.map import DECAYS, MapSchedule, SelfOrganisingMap
from orbifolio.runner.som.rules import BatchMap, OnlineMap

SHAPES = [
    MapLattice(columns=7, rows=6, lattice=lattice, topology=topology).shape(1.0)
    for lattice in ("rectangular", "hexagonal")
    for topology in ("plane", "cylinder", "torus")
]


def plain_distances(shape: LatticeShape):
    """(n, n) on the map: the least over all copies of a ring, in coordinates and without tables."""
    places = coordinates(shape)
    period = np.array([shape.columns, shape.rows * shape.pitch])
    best = np.full((len(places), len(places)), np.inf)
    for across in (-1, 0, 1) if shape.wraps_columns else (0,):
        for down in (-1, 0, 1) if shape.wraps_rows else (0,):
            difference = places[:, None] - places[None] + period * (across, down)
            best = np.minimum(best, (difference**2).sum(axis=-1))
    return np.sqrt(best)


def signals(count=300, seed=0, width=2):
    return np.random.default_rng(seed).uniform(0, 100, (count, width))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_neighbours_are_the_units_one_apart(shape):
    distance = plain_distances(shape)
    near = np.argwhere(np.triu(np.abs(distance - 1) < 1e-9, 1))
    assert np.array_equal(neighbours(shape), near)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("width", [2, 5])
def test_the_paper_in_plain_numpy_gives_the_same_units(shape, width):
    points = signals(width=width)
    som = SelfOrganisingMap(points, shape, seed=3, scattered=True)
    units, distance = som.units.copy(), plain_distances(shape)
    schedule = MapSchedule(450, (3.0, 0.6), (0.5, 0.1), "linear")
    for done, number in enumerate(np.concatenate([som._epoch(0), som._epoch(1)])[:450]):
        radius, rate = 3.0 - 2.4 * done / 450, 0.5 - 0.4 * done / 450
        winner = ((units - points[number]) ** 2).sum(axis=1).argmin()
        near = np.exp(-(distance[winner] ** 2) / (2 * radius**2))
        units += (rate * near)[:, None] * (points[number] - units)
    som.present(schedule, 0, 450)
    assert np.allclose(som.units, units, atol=1e-5)
    assert som.presented == 450


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_batch_map_is_the_mean_of_what_neighbourhoods_won(shape):
    points = signals(width=3)
    som = SelfOrganisingMap(points, shape, seed=3)
    winner = ((points[:, None] - som.units[None]) ** 2).sum(axis=-1).argmin(axis=1)
    near = np.exp(-(plain_distances(shape)[:, winner] ** 2) / (2 * 1.3**2))
    som.average(1.3)
    assert np.allclose(som.units, near @ points / near.sum(axis=1)[:, None], atol=1e-6)


@pytest.mark.parametrize("rule", [OnlineMap(), BatchMap()])
def test_a_tangle_unfolds(rule):
    """From random places to a net over a square: nearer, in order, and right out to the corners."""
    points = signals(4000)
    som = SelfOrganisingMap(points, MapLattice(columns=12, rows=12).shape(1.0), seed=1, scattered=True)
    _, tangled = som.errors()
    schedule = MapSchedule(80_000, (6.0, 0.6), (0.4, 0.05), "exponential")
    rule.learn(som, schedule, 0, 20_000)
    rough, _ = som.errors()
    rule.learn(som, schedule, 20_000, 80_000)
    quantisation, topographic = som.errors()
    assert quantisation < 0.8 * rough
    assert quantisation < 4.5  # a square lattice of 12 x 12 over 100 x 100 has 3.2
    assert topographic < 0.1 < 0.8 < tangled
    corners = som.units[[0, 11, 132, 143]]
    assert np.abs(corners - 50).min() > 35


def test_a_torus_closes_and_a_plane_does_not():
    """On a ring of signals a closed row of units lies all around, an open one has a gap."""
    angles = np.random.default_rng(2).uniform(0, 2 * np.pi, 3000)
    ring = 50 + 40 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    gaps = {}
    for topology in ("plane", "cylinder", "torus"):
        shape = MapLattice(columns=24, rows=2, topology=topology).shape(1.0)
        som = SelfOrganisingMap(ring, shape, seed=5, scattered=True)
        for radius in np.geomspace(6, 0.8, 25):
            som.average(float(radius))
        chain = threads(shape)[0][0]
        steps = np.hypot(*np.diff(som.units[chain], axis=0).T)
        assert len(chain) == (24 if topology == "plane" else 25)
        closing = np.hypot(*(som.units[chain[0]] - som.units[23]))
        gaps[topology] = max(steps.max(), closing) / np.median(steps)
    assert gaps["cylinder"] < 2 < gaps["plane"]
    assert gaps["torus"] < 2


@pytest.mark.parametrize("rule", [OnlineMap(), BatchMap()])
def test_learning_goes_on_bit_for_bit(rule):
    points = signals(500)
    shape = MapLattice(columns=9, rows=6, lattice="hexagonal").shape(1.0)
    schedule = MapSchedule(5000, (3.0, 0.7), (0.4, 0.05), "inverse")
    straight = SelfOrganisingMap(points, shape, seed=1)
    rule.learn(straight, schedule, 0, 2750)
    rule.learn(straight, schedule, 2750, 5000)
    begun = SelfOrganisingMap(points, shape, seed=1)
    rule.learn(begun, schedule, 0, 2750)
    again = SelfOrganisingMap(points, shape, seed=1)
    again.load(begun.save())
    rule.learn(again, schedule, 2750, 5000)
    assert np.array_equal(straight.units, again.units)
    assert straight.presented == again.presented == 5000


@pytest.mark.parametrize("decay", DECAYS)
def test_decays_fall_from_start_to_end(decay):
    values = DECAYS[decay](8.0, 0.5, np.linspace(0, 1, 50))
    assert values[0] == pytest.approx(8)
    assert values[-1] == pytest.approx(0.5)
    assert (np.diff(values) < 0).all()


def test_rows_follow_from_the_picture():
    assert MapLattice(columns=60).shape(1.5).rows == 40
    hexagonal = MapLattice(columns=60, lattice="hexagonal").shape(1.0)
    assert hexagonal.rows * hexagonal.pitch == pytest.approx(60, abs=0.5)
    assert MapLattice(columns=9, lattice="hexagonal", topology="torus").shape(1.0).rows % 2 == 0
    ((where, what),) = MapLattice(rows=5, lattice="hexagonal", topology="torus").complaints()
    assert (where, what[-6:]) == ("rows", "give 6")
