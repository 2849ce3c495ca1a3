"""The nine types cover the plane once, in colours that differ over every edge."""

import itertools

import numpy as np
import pytest

from orbifolio.runner.symmetry.groups.legality import search as witness
from orbifolio.runner.tilings.colourings import find_colouring
from orbifolio.runner.tilings.covering import Covering
from orbifolio.runner.tilings.outlines import OutlineFault, area, crossings
from orbifolio.runner.tilings.spaces import nearest
from orbifolio.runner.tilings.supercells import choose_supercell
from orbifolio.runner.tilings.tiling import Tiling
from orbifolio.runner.tilings.types import TYPES, IsohedralType, Template

CASES = [(name, seed) for name in TYPES for seed in (0, 1)]


def random_tiling(kind: IsohedralType, seed: int, gone: frozenset[int] = frozenset()) -> Tiling:
    """A tile of a type with random parameters; the rules `gone` have edges of length 0."""
    random = np.random.default_rng(seed)
    while True:
        counts = [0 if rule in gone else int(random.integers(4, 9)) for rule in range(len(kind.rules))]
        mirrored = kind.mirrored and bool(random.integers(2))
        template = Template(kind.name, kind.lengths(tuple(counts)), 0, mirrored)
        n = template.points
        outline = np.exp(2j * np.pi * np.arange(n) / n) * (1 + 0.05 * random.normal(size=n))
        tile = nearest(template, outline * np.exp(2j * np.pi * random.random()))
        if area(tile) > 1 and not crossings(tile):
            return Tiling(template, tile)


@pytest.mark.parametrize(("name", "seed"), CASES)
def test_every_pixel_lies_in_exactly_one_tile(name, seed):
    tiling = random_tiling(TYPES[name], seed)
    exact = [tiling.exact(motion) for motion in tiling.across]
    colouring = find_colouring(tiling.group, exact, 3 if TYPES[name].three else 4)
    supercell = choose_supercell(tiling, colouring, 1, ratio=None, tiles=20)
    covering = Covering(tiling, colouring, supercell.frame)
    seen = covering.map(150, round(150 / supercell.ratio), (0.237, 0.411))  # no sample on an edge by its symmetry
    assert (seen.hits == 1).all()
    shown = np.bincount(seen.copy.ravel())
    assert len(set(seen.colour.ravel().tolist())) == colouring.count
    assert shown.sum() == seen.copy.size


@pytest.mark.parametrize(("name", "seed"), CASES)
def test_a_tile_has_the_area_of_a_domain(name, seed):
    tiling = random_tiling(TYPES[name], seed)
    assert tiling.frame.cell == pytest.approx(tiling.group.order * area(tiling.tile), rel=1e-9)


@pytest.mark.parametrize("name", TYPES)
def test_neighbours_differ_in_colour_and_share_an_edge(name):
    tiling = random_tiling(TYPES[name], 2)
    exact = [tiling.exact(motion) for motion in tiling.across]
    colouring = find_colouring(tiling.group, exact, 3 if TYPES[name].three else 4)
    assert witness(tiling.group, colouring.assignment) == ""  # a homomorphism, says the search over words
    for motion, isometry in zip(tiling.across, exact, strict=True):
        assert colouring.of_tile(isometry) != colouring.of_tile(tiling.exact(motion @ motion.inverse())) == 0
        moved = motion.act(tiling.tile)
        shared = np.abs(moved[:, None] - tiling.tile[None]).min(1) < 1e-9
        assert shared.sum() >= 2  # the ends of a common edge at least
        back = tiling.motion(isometry)
        assert abs(back.factor - motion.factor) + abs(back.shift - motion.shift) < 1e-9


@pytest.mark.parametrize("name", TYPES)
def test_the_table_of_colours_is_what_all_homomorphisms_say(name):
    kind = TYPES[name]
    for size in range(len(kind.rules)):
        for gone in itertools.combinations(range(len(kind.rules)), size):
            listed = {k for k in (2, 3, 4) if frozenset(gone) in set(kind.vanishing(k))}
            if not listed:
                continue
            tiling = random_tiling(kind, 3, frozenset(gone))
            exact = [tiling.exact(motion) for motion in tiling.across]
            assert listed == {k for k in (2, 3, 4) if find_colouring(tiling.group, exact, k)}, gone


def test_a_tile_whose_edges_are_too_few_is_refused():
    template = Template("IH2", (6, 6, 6, 6, 0, 0), 0)  # a glide's edges must run back to where they began
    outline = np.exp(2j * np.pi * np.arange(24) / 24) * (1 + 0.05 * np.random.default_rng(1).normal(size=24))
    tiling = Tiling(template, nearest(template, outline))
    with pytest.raises(OutlineFault, match="do not fill the plane once"):
        tiling.exact(tiling.across[0])
