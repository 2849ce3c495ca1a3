"""The search finds figures that tile already, keeps its promises, and gives the same bytes again."""

from functools import cache

import numpy as np
import pytest

from orbifolio.runner.tilings import choice
from orbifolio.runner.tilings.carrying import Carrier
from orbifolio.runner.tilings.choice import templates_of
from orbifolio.runner.tilings.figures import own_figures
from orbifolio.runner.tilings.outlines import OutlineFault, area, crossings, normalised, resample
from orbifolio.runner.tilings.search import FINER, Candidate, refine, search
from orbifolio.runner.tilings.spaces import nearest, outline_basis
from orbifolio.runner.tilings.types import TYPES, Template

FIGURE = normalised(
    np.exp(2j * np.pi * np.arange(90) / 90)
    * (1 + 0.3 * np.cos(3 * 2 * np.pi * np.arange(90) / 90) + 0.15 * np.sin(5 * 2 * np.pi * np.arange(90) / 90))
)[0]


def new_search() -> tuple[Candidate, ...]:
    return search(FIGURE, ("IH4", "IH21"), points=24, per_type=3)


small_search = cache(new_search)


def test_candidates_keep_what_they_promise():
    found = small_search()
    assert [item.distance for item in found] == sorted(item.distance for item in found)
    for item in found:
        basis = outline_basis(item.template)
        flat = np.concatenate([item.outline.real, item.outline.imag])
        kept = basis @ np.linalg.lstsq(basis, flat, rcond=None)[0]
        assert np.abs(kept - flat).max() < 1e-9  # in the type's space
        assert not crossings(item.outline)
        tiling = item.tiling
        assert tiling.frame.cell == pytest.approx(tiling.group.order * area(tiling.tile), rel=1e-9)


def test_the_same_bytes_again():
    first, second = small_search(), new_search()
    assert [item.outline.tobytes() for item in first] == [item.outline.tobytes() for item in second]


@pytest.mark.parametrize("name", TYPES)
def test_a_figure_that_tiles_is_hardly_bent(name):
    """A tile of the type itself, its cuts known: bending leaves it as it is, mirrored or not."""
    kind = TYPES[name]
    for mirrored in (False, True) if kind.mirrored else (False,):
        counts = tuple(12 if len(rule.edges) == 1 else 6 for rule in kind.rules)
        template = Template(name, kind.lengths(counts), 0, mirrored)
        n = template.points
        wavy = np.exp(2j * np.pi * np.arange(n) / n) * (1 + 0.04 * np.cos(np.arange(n) * 0.9))
        tile = nearest(template, wavy)
        for _ in range(20):  # until its points have even steps
            tile = nearest(template, resample(tile, n))
        figure = normalised(tile.conj()[::-1] if mirrored else tile)[0]
        turn = np.exp(0.7j)
        coarse = Template(name, template.lengths, 0, mirrored)
        result = refine(figure * turn, coarse)
        assert result.template.points == FINER * n
        assert result.distance < 0.02, mirrored


def test_a_drawing_follows_its_figure():
    item = small_search()[0]
    carrier = Carrier(item)
    corners = item.figure.conj() if item.template.mirrored else item.figure
    tile = np.roll(item.outline, item.template.start)
    tile = tile.conj() if item.template.mirrored else tile
    assert np.abs(carrier.carry(corners) - tile).max() < 1e-9
    within = 0.3 * FIGURE[::7]
    assert np.abs(carrier.fetch(carrier.carry(within)) - within).max() < 1e-9


def test_a_star_of_thin_arms_is_told_that_nothing_fits():
    angle = 2 * np.pi * np.arange(24) / 24
    star = normalised(np.exp(1j * angle) * np.where(np.arange(24) % 2, 0.16, 1.0))[0]
    with pytest.raises(OutlineFault, match="no isohedral tile comes near"):
        search(star, ("IH7",), points=48, per_type=3)


@pytest.mark.slow
def test_what_comes_with_the_program_is_what_a_search_finds(tmp_path, monkeypatch):
    path = own_figures()["bird"]
    shipped = templates_of(path, "auto", 3)
    assert len(shipped) >= 8
    monkeypatch.setattr(choice, "_shipped", dict)
    assert templates_of(path, "auto", 3, tmp_path) == shipped
    assert templates_of(path, "auto", 3, tmp_path) == shipped  # from the folder
