"""A figure as a tile of the hyperbolic plane: its copies by the group cover it once, neighbours in other colours."""

import numpy as np
import pytest

from orbifolio.runner.canvas.initial import InitialContext, TiledFigure, initialise
from orbifolio.runner.errors import IllegalSymmetry
from orbifolio.runner.exports.painted_surface import PaintedSurface
from orbifolio.runner.random_generators import generator
from orbifolio.runner.symmetry.base import DrawingLook
from orbifolio.runner.symmetry.kinds.circle_limit import CircleLimit
from orbifolio.runner.symmetry.kinds.figure_sphere import FigureSphere
from orbifolio.runner.symmetry.kinds.isohedral import Cuts
from orbifolio.runner.symmetry.verify.measure import measure_symmetry
from orbifolio.runner.tilings.colourings import permutations

FISH = {"figure": "orbifolio:fish", "p": 4, "q": 4, "r": 3, "cuts": Cuts(lengths=(9, 9, 15, 15, 16, 16), start=4)}
BIRD = {
    "figure": "orbifolio:bird",
    "p": 6,
    "q": 4,
    "cuts": Cuts(lengths=(10, 17, 17, 18, 18), start=17, mirrored=True),
}
FOUR = {
    "figure": "orbifolio:fish",
    "p": 4,
    "q": 3,
    "r": 3,
    "cuts": Cuts(lengths=(16, 16, 9, 9, 15, 15), start=52),
    "colours": ("#d9643a", "#f3d9a0", "#3f7f8c", "#8a9a4f"),
}
BALL = {
    "figure": "orbifolio:fish",
    "group": "T",
    "cuts": Cuts(lengths=(6, 15, 15, 22, 22), start=7, mirrored=True),
    "colours": FOUR["colours"],
}
CASES = pytest.mark.parametrize("settings", [FISH, BIRD, FOUR], ids=["three corners", "a half turn, mirrored", "four"])


@CASES
def test_the_isometries_of_the_group_carry_edges_onto_edges(settings):
    symmetry = CircleLimit(**settings).build()
    tile = symmetry.tile
    outline = tile.local.lift(tile.candidate.outline)
    form = np.diag([1.0, 1.0, -1.0])
    assert np.abs(np.einsum("ni,ij,nj->n", outline, form, outline) + 1).max() < 1e-9
    shared = 0
    for item in tile.across(symmetry.assignment):  # matrices of reflections, not the Möbius maps that bent the tile
        assert np.abs(item.matrix.T @ form @ item.matrix - form).max() < 1e-9
        moved = outline @ item.matrix.T
        common = np.abs(moved[:, None] - outline[None]).max(2).min(0) < 1e-7
        assert common.sum() > 12
        shared += common.sum()
    assert shared >= len(outline)


@CASES
def test_a_tile_has_the_area_of_a_domain(settings):
    tile = CircleLimit(**settings).build().tile
    w = tile.candidate.outline * tile.local.scale
    # Gauss and Bonnet: the area of a triangle with one corner in the disk's middle
    area = -2 * np.angle(1 - w.conj() * np.roll(w, -1)).sum()
    p, q, r = settings["p"], settings["q"], settings.get("r", 2)
    assert area == pytest.approx(2 * np.pi * (1 - 1 / p - 1 / q - 1 / r), rel=1e-8)


@CASES
def test_every_place_lies_in_one_tile_and_neighbours_differ(settings):
    symmetry = CircleLimit(**settings).build()
    tile, triangle = symmetry.tile, symmetry.triangle
    random = np.random.default_rng(3)
    points = triangle.normalised(random.dirichlet(np.ones(3), 1500) @ triangle.corners)
    points[::2, 1] *= -1  # half of them on the other side of the mirror through P and R
    copies = tile.copies(symmetry.assignment)
    _, hits, _ = tile.locate(points, copies)
    assert (hits != 1).mean() < 0.002  # a straight line between two points is no line beyond a Möbius map
    colours = [permutations(symmetry.colour_count)[item.element][0] for item in copies]
    assert set(colours) == set(range(symmetry.colour_count))
    assert symmetry.advisories() == ()  # since centres lie on outlines, where
    away = np.abs(tile.candidate.outline[:, None] - np.array(list(tile.local.centres.values()))[None]).min(0)
    assert away.max() < 0.02  # but for a centre between two points
    outlines = [tile.local.lift(tile.candidate.outline) @ item.matrix.T for item in copies]
    touching = 0
    for first in range(len(copies)):
        for second in range(first):
            close = np.abs(outlines[first][:, None] - outlines[second][None]).max(2).min(0) < 1e-7
            if close.sum() > 3:
                touching += 1
                assert colours[first] != colours[second]
    assert touching > 8


@CASES
def test_the_drawing_has_the_symmetry(settings):
    symmetry = CircleLimit(**settings).build()
    width, height = symmetry.fit(300, multiple=1, ratio=1)
    picture = symmetry.drawing(width, height, DrawingLook()).astype(np.float64)
    assert measure_symmetry(picture, symmetry).worst < 0.05
    inside = picture[60:240, 60:240].reshape(-1, 3)
    for item in symmetry.inks.colours:  # the tiles' colours are there
        assert np.abs(inside - item).max(1).min() < 0.02


def test_the_drawing_is_sampled_back_through_the_inks():
    symmetry = CircleLimit(**FISH).build()
    layout = symmetry.layout(300, 300)
    begun = TiledFigure(inside=False, line=0)
    values = initialise(begun, InitialContext(layout, generator(1, "test", 0, 0), lambda _: None, symmetry))
    assert (values - symmetry.drawn(layout, DrawingLook(inside=False, line=0))).abs().max() < 1e-6
    again = layout.sharpest(layout.render(values))
    assert (again - values).abs().mean() < 0.02 * values.abs().mean() + 0.01


@pytest.fixture
def ball():
    return FigureSphere(**BALL).build()


def test_a_tile_of_the_sphere_has_the_area_of_a_domain(ball):
    w = ball.tile.candidate.outline * ball.tile.local.scale
    area = 2 * np.angle(1 + w.conj() * np.roll(w, -1)).sum()  # Girard, as Gauss and Bonnet above
    assert area == pytest.approx(4 * np.pi / 12, rel=1e-8)


def test_every_place_of_the_sphere_lies_in_one_of_its_tiles(ball):
    copies = ball.tile.copies(ball.action)
    assert len(copies) == 12
    points = np.random.default_rng(5).standard_normal((1500, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    number, hits, _ = ball.tile.locate(points, copies)
    assert (hits != 1).mean() < 0.002
    assert np.bincount(number, minlength=12).min() > 80  # of 125 each
    outlines = [ball.tile.local.lift(ball.tile.candidate.outline) @ item.matrix.T for item in copies]
    colours = [permutations(4)[item.element][0] for item in copies]
    assert sorted(colours) == [colour for colour in range(4) for _ in range(3)]
    for first in range(12):
        for second in range(first):
            close = np.abs(outlines[first][:, None] - outlines[second][None]).max(2).min(0) < 1e-7
            assert close.sum() <= 3 or colours[first] != colours[second]


def test_the_drawing_of_the_sphere_has_the_symmetry(ball):
    width, height = ball.fit(300, multiple=1, ratio=2)
    picture = ball.drawing(width, height, DrawingLook()).astype(np.float64)
    assert measure_symmetry(picture, ball).worst < 0.05
    layout = ball.layout(width, height)
    painted = PaintedSurface(layout.surface, ball.drawn(layout, DrawingLook()))  # globes are drawn so
    assert np.abs(painted.picture(ball.chart, width, height)[20:-20] - picture[20:-20]).mean() < 0.01


def test_what_cannot_be_is_refused_in_words():
    with pytest.raises(ValueError, match="less than 1 in the hyperbolic plane"):
        CircleLimit(figure="orbifolio:fish", p=4, q=4)
    with pytest.raises(ValueError, match="partners have the same points"):
        CircleLimit(**{**FISH, "cuts": Cuts(lengths=(9, 9, 15, 15, 16), start=4)})
    with pytest.raises(IllegalSymmetry, match="do not permute so many"):
        CircleLimit(**{**FOUR, "colours": FOUR["colours"][:3]}).build()
