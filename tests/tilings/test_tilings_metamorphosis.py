"""A strip of tiles that turn from polygons into a figure is covered once, in colours that differ over every edge."""

import numpy as np
import pytest

from orbifolio.runner.symmetry.base import DrawingLook
from orbifolio.runner.symmetry.kinds.isohedral import Cuts
from orbifolio.runner.symmetry.kinds.metamorphosis import Metamorphosis
from orbifolio.runner.tilings.figures import own_figures
from orbifolio.runner.tilings.metamorphosis import plain_outline
from orbifolio.runner.tilings.outlines import area, crossings
from orbifolio.runner.tilings.types import TYPES
from tests.tilings.test_tilings_covering import random_tiling

BIRD = {"figure": "orbifolio:bird", "type": "IH6", "cuts": Cuts(lengths=(18, 20, 12, 5, 20, 5), start=10)}
CAT = {"figure": "orbifolio:cat", "type": "IH21", "cuts": Cuts(lengths=(22, 5, 5, 24, 24), start=0, mirrored=True)}


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("gone", [False, True])
def test_a_tile_straightens_to_a_convex_polygon_with_the_same_isometries(name, gone):
    kind = TYPES[name]
    vanished = frozenset(kind.vanish[-1]) if gone and kind.vanish else frozenset()
    tiling = random_tiling(kind, 3, vanished)
    plain = plain_outline(tiling)
    assert area(plain) == pytest.approx(area(tiling.tile), rel=1e-9)  # both are domains of one group
    assert len(plain) == len(tiling.tile)
    steps = np.roll(plain, -1) - plain
    turns = (np.conj(steps) * np.roll(steps, -1)).imag
    assert turns.min() > -1e-9
    corners = turns > 1e-6
    assert 3 <= corners.sum() <= kind.edges
    for motion in tiling.across:  # each neighbour of the polygon has a whole edge with it in common
        moved = motion.act(plain)
        apart = np.abs(moved[:, None] - plain[None]).min(0)
        common = np.flatnonzero(apart < 1e-7)
        assert len(common) >= 4
        assert np.abs(plain[common] - plain[common[0]]).max() > 0.05


@pytest.mark.parametrize("settings", [BIRD, CAT], ids=["glides", "turns"])
def test_a_strip_is_covered_once_and_neighbours_differ(settings):
    strip = Metamorphosis(**settings, height=2.6).build().strip
    number, hits = strip.cover(480, 120)
    assert (hits == 1).all()
    colours = np.array([tile.colour for tile in strip.tiles])
    pairs = [(number[:, 1:], number[:, :-1]), (number[1:], number[:-1])]
    beside = np.unique(np.concatenate([np.stack([a.ravel(), b.ravel()], axis=1) for a, b in pairs]), axis=0)
    beside = beside[beside[:, 0] != beside[:, 1]]
    shared = {(a, b): _common(strip.tiles[a].outline, strip.tiles[b].outline) for a, b in beside.tolist()}
    edges = [pair for pair, points in shared.items() if points > 3]
    assert len(edges) > 40
    assert all(colours[a] != colours[b] for a, b in edges)


def _common(one, other):
    """How many points two outlines share: tiles at an edge bend it alike, to rounding."""
    return int((np.abs(one[:, None] - other[None]).min(1) < 1e-9).sum())


def test_a_strip_begins_with_polygons_and_ends_with_figures():
    symmetry = Metamorphosis(**BIRD, height=2.6).build()
    strip, tile = symmetry.strip, symmetry.strip.tile.tiling
    left = [item for item in strip.tiles if item.outline.real.max() < 0.1 * strip.width]
    right = [item for item in strip.tiles if item.outline.real.min() > 0.75 * strip.width]
    assert left
    assert right
    for item in left:
        assert _corners(item.outline) <= tile.kind.edges
    for item in right:  # the same lengths as the figure's tile, whatever isometry brought it here
        mine = np.sort(np.abs(np.diff(item.outline)))
        assert np.abs(mine - np.sort(np.abs(np.diff(tile.tile)))).max() < 1e-9
        assert item.drawn > 0.5
    looks = [DrawingLook(inside=False), DrawingLook()]
    plain, drawn = (symmetry.strip.draw(symmetry.inks, 320, 80, look, 200) for look in looks)
    assert np.array_equal(plain[:, :80], drawn[:, :80])
    assert np.abs(plain[:, 280:] - drawn[:, 280:]).mean() > 0.02


def _corners(outline):
    steps = np.roll(outline, -1) - outline
    return int((np.abs((np.conj(steps) * np.roll(steps, -1)).imag) > 1e-7).sum())


def test_the_blend_of_no_figure_of_ours_crosses_itself_much():
    for name in own_figures():
        Metamorphosis(figure=f"orbifolio:{name}").build()  # refuses by itself


def test_crossings_are_counted_in_what_is_refused(monkeypatch):
    from orbifolio.runner.errors import IllegalSymmetry
    from orbifolio.runner.tilings import metamorphosis

    twisted = plain_outline(Metamorphosis(**BIRD).build().strip.tile.tiling)
    twisted = twisted.mean() - 1.7 * (twisted - twisted.mean())  # turned by half: every point goes through the middle
    assert crossings(twisted) == 0
    monkeypatch.setattr(metamorphosis, "plain_outline", lambda tiling: twisted)
    with pytest.raises(IllegalSymmetry, match="cross each other on .*choose another candidate"):
        Metamorphosis(**BIRD).build()
