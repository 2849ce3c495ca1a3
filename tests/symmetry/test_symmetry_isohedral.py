"""A figure's tiling is a plane group's picture, printed in the tiles' colours."""

import numpy as np
import pytest
import torch

from orbifolio.runner.canvas.initial import InitialContext, TiledFigure, initialise
from orbifolio.runner.errors import IllegalSymmetry, InputError, RecipeError
from orbifolio.runner.random_generators import generator
from orbifolio.runner.recipe.model import load
from orbifolio.runner.recipe.shipped import shipped_recipes
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.base import DrawingLook
from orbifolio.runner.symmetry.inks import TETRAHEDRON, inks_of
from orbifolio.runner.symmetry.kinds.isohedral import Cuts, Isohedral
from orbifolio.runner.symmetry.kinds.none import NoSymmetry
from orbifolio.runner.symmetry.verify.measure import measure_symmetry
from orbifolio.runner.tilings.colourings import permutations
from orbifolio.runner.tilings.figures import own_figures

BIRD = {"figure": "orbifolio:bird", "type": "IH6", "cuts": Cuts(lengths=(16, 16, 14, 9, 16, 9), start=3)}
PALETTES = [
    ["#d9643a", "#f3d9a0", "#3f7f8c"],
    ["#202020", "#808080", "#f0f0f0"],
    ["#ff0000", "#00ff00"],
    ["#000000", "#ffffff"],
    ["#e07030", "#f0e0b0", "#306080", "#509060"],
]


@pytest.mark.parametrize("palette", PALETTES)
def test_permuting_channels_permutes_the_palette(palette):
    colours = [tuple(int(item[at : at + 2], 16) / 255 for at in (1, 3, 5)) for item in palette]
    inks = inks_of(colours)
    count = len(colours)
    places = TETRAHEDRON if count == 4 else (np.eye(3) - (1 / 3 if count == 3 else 1 / 2))[:count]
    if count == 2:
        places = places * [1, 1, 0]
    printed = places @ inks.matrix.T + inks.offset
    tolerance = 0.08 if palette[0] == "#202020" else 1e-9  # greys lie in a line: they are moved out of it a little
    assert np.abs(printed - colours).max() < tolerance
    for element, moved in permutations(count).items():
        turned = places @ colour.MATRICES[element].T @ inks.matrix.T + inks.offset
        assert np.abs(turned - printed[list(moved)]).max() < 1e-9
    assert np.abs(inks.channels(printed) - 0.5 - places).max() < 1e-9
    assert np.abs(inks.print_of(inks.channels(printed)) - printed).max() < 1e-9
    for neutral in (inks.ink, inks.paper):
        assert ((neutral > -1e-9) & (neutral < 1 + 1e-9)).all()
        channels = inks.channels(neutral) - 0.5
        assert np.abs(channels - channels.mean() if count < 4 else channels).max() < 1e-6


@pytest.mark.parametrize("colours", [("#d9643a", "#f3d9a0", "#3f7f8c"), ("#d9643a", "#f3d9a0", "#3f7f8c", "#8a9a5b")])
def test_the_drawing_has_the_symmetry_and_stays_exact(colours):
    symmetry = Isohedral(**BIRD, colours=colours).build()
    width, height = symmetry.fit(320, multiple=2, ratio=1)
    drawing = symmetry.drawing(width, height, DrawingLook())
    assert measure_symmetry(drawing, symmetry).worst < 0.02
    layout = symmetry.layout(width, height)
    values = initialise(TiledFigure(), InitialContext(layout, generator(1, "test", 0, 0), lambda _: None, symmetry))
    picture = layout.render(values.double())[0].permute(1, 2, 0).numpy()
    assert np.abs(picture - drawing).mean() < 0.01
    measured = measure_symmetry(picture, symmetry)
    assert measured.holds
    assert measured.worst < 1e-6
    as_file = np.rint(picture.clip(0, 1) * 255) / 255
    assert measure_symmetry(as_file, symmetry).worst < 0.02


@pytest.mark.parametrize("palette", PALETTES)
def test_colours_beyond_the_inks_are_drawn_back_alike_in_all_of_them(palette):
    inks = inks_of([tuple(int(item[at : at + 2], 16) / 255 for at in (1, 3, 5)) for item in palette])
    channels = np.random.default_rng(1).normal(0, 0.8, (200, 3))
    shown = inks.in_gamut(channels @ inks.matrix.T + inks.offset)
    assert ((shown > -1e-9) & (shown < 1 + 1e-9)).all()
    for element in permutations(len(palette)):
        turned = inks.in_gamut((channels @ colour.MATRICES[element].T) @ inks.matrix.T + inks.offset)
        expected = (inks.channels(shown) - 0.5) @ colour.MATRICES[element].T
        assert np.abs(inks.channels(turned) - 0.5 - expected).max() < 1e-6
    inside = inks.in_gamut(np.clip(shown, 0.1, 0.9))
    assert np.abs(inks.in_gamut(inside) - inside).max() < 1e-9  # what is within stays as it is


def test_a_print_and_its_channels_are_each_others_inverse():
    symmetry = Isohedral(**BIRD, tiles=12).build()
    layout = symmetry.layout(*symmetry.fit(96, multiple=1, ratio=1))
    values = layout.constrain(torch.randn((layout.parameters, 3), dtype=torch.float64))
    assert (layout.sample(layout.render(values)) - values).abs().max() < 1e-9
    whole, corner = layout.render(values), layout.corner(30, 20).render(values)
    assert (whole[..., :20, :30] - corner).abs().max() < 1e-12


def test_faults_are_told_with_their_place():
    with pytest.raises(IllegalSymmetry, match=r"no\.svg' is no file; .*check the path") as caught:
        Isohedral(figure="no.svg").build()
    assert caught.value.where == "figure"
    with pytest.raises(IllegalSymmetry, match="does not come with orbifolio; its figures are .*bird"):
        Isohedral(figure="orbifolio:bard").build()
    with pytest.raises(IllegalSymmetry, match="cannot have 2 colours.*can have 3 or 4; give so many") as caught:
        Isohedral(**BIRD, colours=("#000000", "#ffffff")).build()
    assert caught.value.where == "colours"
    with pytest.raises(IllegalSymmetry, match="two colours that are nearly the same"):
        Isohedral(**BIRD, colours=("#000000", "#ffffff", "#fffff0")).build()
    with pytest.raises(ValueError, match="cuts without a type"):
        Isohedral(figure="x.svg", cuts=BIRD["cuts"])
    with pytest.raises(ValueError, match="5 edges, of which partners have the same points"):
        Isohedral(figure="x.svg", type="IH21", cuts=BIRD["cuts"])
    for lengths in ((16, 16, 14, 9, 16), (16, 16, 14, 9, 16, -9), (-1, 40, 1, 1, 40, 1), (1000,) * 6, (1,) * 6):
        with pytest.raises(ValueError, match=r"of which partners have the same points, 12 to 160 in all"):
            Isohedral(figure="x.svg", type="IH6", cuts={"lengths": lengths, "start": 3})


@pytest.mark.parametrize("recipe", ["birds", "fish-disk", "fish-sphere", "metamorphosis"])
def test_cuts_that_do_not_fit_are_told_with_the_other_faults_of_a_recipe(recipe):
    asked = ["renderer.symmetry.cuts.lengths.0=1000", "renderer.phases.0.steps=-1"]
    with pytest.raises(RecipeError, match="of which partners have the same points") as caught:
        load(shipped_recipes()[recipe], asked)
    symmetry, steps = (problem.path for problem in caught.value.problems)
    assert symmetry in ("renderer.symmetry", "renderer.symmetry.cuts")
    assert steps == "renderer.phases.0.steps"


def test_only_a_tiling_brings_a_figure():
    symmetry = NoSymmetry().build()
    context = InitialContext(symmetry.layout(32, 32), generator(1, "test", 0, 0), lambda _: None, symmetry)
    with pytest.raises(InputError, match="only `isohedral`, .* bring a figure"):
        initialise(TiledFigure(), context)


def test_a_figure_is_given_when_the_recipe_is_run(tmp_path):
    own = tmp_path / "own.svg"
    own.write_bytes(own_figures()["bird"].read_bytes())
    recipe = shipped_recipes()["birds"]
    asked = ["renderer.symmetry.figure=upload:figure=orbifolio:bird"]
    for given, name in (({}, "bird"), ({"figure": own}, "own")):
        symmetry = load(recipe, asked, given).recipe.renderer.symmetry.build()
        assert symmetry.tile.figure.name == name
    with pytest.raises(RecipeError, match="none was given; add --image figure=FILE"):
        load(recipe, ["renderer.symmetry.figure=upload:figure"])
    tiles = "{kind: isohedral, figure: orbifolio:bird, type: IH6, cuts: {lengths: [16, 16, 14, 9, 16, 9], start: 3}}"
    with pytest.raises(RecipeError, match="renderer.symmetry: patches under a symmetry whose colours are inks"):
        load(shipped_recipes()["patches-p4"], [f"renderer.symmetry={tiles}"])
    with pytest.raises(RecipeError, match="the recipe does not use `upload:figure`"):
        load(recipe, [], {"figure": own})
