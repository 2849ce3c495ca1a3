"""A gas on an orbifold: drawings that a group takes to themselves, whatever the surface."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import cKDTree

from orbifolio.runner.gas.motif import Motif
from orbifolio.runner.gas.network import Network
from orbifolio.runner.gas.orbifold import SymmetricNetwork, group_of
from orbifolio.runner.gas.rules import Fritzke
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.groups.domain import Domain, fundamental_domain
from orbifolio.runner.symmetry.isometry_group import IsometryGroup
from orbifolio.runner.symmetry.kinds.frieze import Frieze
from orbifolio.runner.symmetry.kinds.hyperbolic import Hyperbolic
from orbifolio.runner.symmetry.kinds.none import NoSymmetry
from orbifolio.runner.symmetry.kinds.plane import Plane
from orbifolio.runner.symmetry.kinds.rotor import Rotor
from orbifolio.runner.symmetry.kinds.sphere import Sphere

FLAT = [
    (Plane(group="p1"), 1),
    (Plane(group="p6", colours={"r6": ["g", "b", "r"]}), 12),
    (Plane(group="p4gm"), 8),
    (Plane(group="p3m1"), 12),
    (Frieze(group="p2mg"), 4),
    (Rotor(order=5, mirrors=True), 10),
]
CURVED = [Hyperbolic(p=7, q=3), Hyperbolic(p=5, q=4, mirrors=True), Sphere(group="O"), Sphere(group="Th")]


def stage_of(settings, width: int = 240) -> IsometryGroup:
    symmetry = settings.build()
    return IsometryGroup(symmetry, width, round(width / (symmetry.ratio or 1.0)))


def scattered(domain: Domain, count: int = 1500) -> np.ndarray:
    """Places of the domain, thick in some and thin in others."""
    random = np.random.default_rng(4)
    left, top, right, bottom = domain.box
    pixels = random.uniform([left, top], [right, bottom], (12 * count, 2))
    pixels = pixels[random.random(len(pixels)) < 0.2 + 0.8 * (np.sin(pixels[:, 0] / 9) > 0)]
    points, there = domain.group.look(pixels)
    return pixels[there & domain.holds(points)][:count]


def grown(settings, nodes: int = 60) -> SymmetricNetwork:
    domain = fundamental_domain(stage_of(settings))
    rules = Fritzke(interval=50)
    network = SymmetricNetwork(scattered(domain), domain, rules.law(), rules.order(3, 0))
    network.grow(50 * nodes + 400, nodes)
    return network


@pytest.mark.parametrize(("settings", "order"), FLAT, ids=str)
def test_the_domain_holds_one_of_each_orbit(settings, order: int) -> None:
    stage = stage_of(settings)
    domain = fundamental_domain(stage)
    random = np.random.default_rng(0)
    pixels = random.uniform(0.02, 0.98, (300, 2)) * [stage.width, stage.height]
    points, _ = stage.look(pixels)
    reach = domain.radius + float(stage.distance(points, domain.centre).max())
    held = np.stack([domain.holds(points @ item.matrix.T) for item in stage.elements(domain.centre, reach + 1e-6)])
    assert (held.sum(axis=0) == 1).all()
    # translations by whole pictures apart, the group has this many elements
    area = held.mean()
    assert area > 0
    if not all(stage.wrap):
        return  # a turned picture reaches beyond its frame
    left, top, right, bottom = domain.box
    inside = random.uniform([left, top], [right, bottom], (20_000, 2))
    share = domain.holds(stage.look(inside)[0]).mean() * (right - left) * (bottom - top)
    assert share == pytest.approx(stage.width * stage.height / order, rel=0.06)


@pytest.mark.parametrize(("settings", "order"), FLAT, ids=str)
def test_every_generator_takes_the_drawing_to_itself(settings, order: int) -> None:
    network = grown(settings)
    stage, graph = network.domain.group, network.graph()
    wraps = any(stage.wrap)
    assert network.alive == 60
    if all(stage.wrap):
        assert len(graph.nodes) == 60 * order
    size = np.array([stage.width, stage.height], dtype=float)
    if not wraps:
        return _like_itself_near_the_middle(network)
    box = np.where(stage.wrap[::-1], size, 1e9)
    tree = cKDTree(np.mod(graph.nodes, size) % box, boxsize=box)
    edges = {tuple(edge) for edge in graph.edges.tolist()}
    well_inside = np.ones(len(graph.nodes), dtype=bool)
    if not stage.wrap[0]:  # of a frieze, what a movement takes out of the strip is no fault
        well_inside = abs(graph.nodes[:, 1] - stage.height / 2) < 0.3 * stage.height
    for item in stage.generators:
        # an edge as it is drawn, over the picture's border too: a turned tile is not the tile
        kept = well_inside[graph.edges].all(axis=1)
        starts = graph.nodes[graph.edges[kept, 0]]
        pairs = []
        for ends in (starts, starts + graph.vectors()[kept]):
            moved = stage.place(stage.look(ends)[0] @ item.matrix.T)
            moved[:, np.array(stage.wrap[::-1])] %= size[np.array(stage.wrap[::-1])]
            there, number = tree.query(moved % box)
            assert there.max() < 1e-5
            pairs.append(number)
        assert {tuple(sorted(pair)) for pair in np.stack(pairs, axis=1).tolist()} <= edges
    return None


@pytest.mark.parametrize("settings", CURVED, ids=str)
def test_curved_drawings_are_taken_to_themselves(settings) -> None:
    _like_itself_near_the_middle(grown(settings))


def _like_itself_near_the_middle(network: SymmetricNetwork) -> None:
    """Nodes as points of the surface, under all elements around: every generator permutes those near the centre."""
    stage, domain = network.domain.group, network.domain
    places = network.orbits.places[: network.alive]
    wide = stage.elements(domain.centre, 2.1 if stage.curvature > 0 else 8 * domain.radius)
    images = np.concatenate([places @ item.matrix.T for item in wide])
    tree = cKDTree(images)
    close = images[stage.distance(images, domain.centre) < 1.5 * domain.radius]
    assert len(close) >= network.alive / 2
    for item in stage.generators:
        moved = close @ item.matrix.T
        held = stage.distance(moved, domain.centre) < 4 * domain.radius
        if held.any():
            assert tree.query(moved[held])[0].max() < 1e-6


def test_the_tables_are_those_of_a_group() -> None:
    domain = fundamental_domain(stage_of(Hyperbolic(p=7, q=3)))
    group = group_of(domain)
    for g in (0, 3, 11):
        for h in (0, 5, 20):
            way = group.ways[group.between[g, h]]
            np.testing.assert_allclose(way, np.linalg.inv(group.elements[g]) @ group.elements[h], atol=1e-8)
    for number, way in enumerate(group.ways):
        np.testing.assert_allclose(group.ways[group.back[number]] @ way, np.eye(3), atol=1e-7)
    assert np.allclose(group.ways[0], np.eye(3))
    assert len({int(number) for number in group.back}) == len(group.ways)


def test_without_a_group_it_grows_as_the_plain_gas_does() -> None:
    domain = fundamental_domain(stage_of(NoSymmetry(), 200))
    pixels = scattered(domain)
    rules = Fritzke(interval=50)
    plain = Network(pixels, rules.law(), rules.order(3, 0))
    other = SymmetricNetwork(pixels, domain, rules.law(), rules.order(3, 0))
    for network in (plain, other):
        network.grow(1500, 25)
    left, right = plain.graph(200, 200), other.graph()
    assert len(left.nodes) == len(right.nodes) == 25
    away, number = cKDTree(right.nodes).query(left.nodes)
    assert away.max() < 1e-6
    assert {tuple(sorted(pair)) for pair in number[left.edges].tolist()} == {tuple(e) for e in right.edges.tolist()}
    assert other.quantisation_error() == pytest.approx(plain.quantisation_error(), rel=1e-9)


def test_saved_and_loaded_it_goes_on_bit_for_bit() -> None:
    first, second = grown(Plane(group="p4")), grown(Plane(group="p4"))
    saved = first.save()
    first.grow(700, 80)
    fresh = grown(Plane(group="p4"), 5)
    fresh.load(saved)
    fresh.grow(700, 80)
    assert np.array_equal(fresh.orbits.places[:80], first.orbits.places[:80])
    second.grow(300, 80)
    second.grow(400, 80)
    assert np.array_equal(second.graph().nodes, first.graph().nodes)
    assert np.array_equal(second.graph().edges, first.graph().edges)


@pytest.mark.parametrize("settings", [FLAT[1][0], Hyperbolic(p=4, q=6, colours={"face": ["-r", "-g", "-b"]})], ids=str)
def test_the_pattern_has_the_symmetry_with_its_colours(settings) -> None:
    stage = stage_of(settings, 200)
    motif = Motif(fundamental_domain(stage), 60, 40)
    x, y = np.meshgrid(np.linspace(0, 1, 60), np.linspace(0, 1, 40))
    picture = np.stack([x, y, 0.5 + 0.3 * np.sin(7 * x * y)], axis=2).astype(np.float32)
    pattern = motif.pattern(picture)
    pixels = np.random.default_rng(1).integers(30, 150, (400, 2))
    points, _ = stage.look(pixels + 0.5)
    agreed = 0
    for item in stage.generators:
        moved = stage.place(points @ item.matrix.T)
        if stage.chart is None:
            moved %= [stage.width, stage.height]
        row, column = np.floor(moved[:, 1]).astype(int), np.floor(moved[:, 0]).astype(int)
        held = (row >= 0) & (row < stage.height) & (column >= 0) & (column < stage.width)
        expected = (pattern[pixels[:, 1], pixels[:, 0]] - 0.5) @ colour.MATRICES[item.colour].T + 0.5
        away = np.abs(pattern[row[held], column[held]] - expected[held]).max(axis=1)
        assert np.median(away) < 0.03  # a pixel is not moved onto a pixel's middle
        agreed += int(held.sum())
    assert agreed > 400


def test_a_motif_covers_its_domain() -> None:
    domain = fundamental_domain(stage_of(Plane(group="p4")))
    motif = Motif(domain, 30, 20)
    left, top, right, bottom = domain.box
    low, high = motif.corner, motif.corner + np.array([30, 20]) * motif.scale
    assert low[0] <= left + 1e-9
    assert low[1] <= top + 1e-9
    assert high[0] >= right - 1e-9
    assert high[1] >= bottom - 1e-9
    pixels, held = motif.placed(np.random.default_rng(0).uniform(0, 1, (500, 2)) * [30, 20])
    assert 0.3 < held.mean() <= 1
    assert ((pixels >= low) & (pixels <= high)).all()
