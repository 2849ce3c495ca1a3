"""`orbifolio tile`: candidates, a recipe that checks, and files that other programs read."""

import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
import trimesh
from click.testing import CliRunner
from PIL import Image

from orbifolio.runner.cli import cli
from orbifolio.runner.commands import tiling
from orbifolio.runner.errors import InputError
from orbifolio.runner.exports.tile_files import grown, jigsaw_svg, tile_stl, tile_svg, tiling_hpgl, tiling_svg
from orbifolio.runner.recipe.model import load
from orbifolio.runner.symmetry.kinds.isohedral import Cuts, Isohedral
from orbifolio.runner.tilings import choice, search
from orbifolio.runner.tilings.outlines import area
from orbifolio.runner.vector.plotter import Plotter

SVG = "{http://www.w3.org/2000/svg}"
BIRD = Isohedral(
    figure="orbifolio:bird", type="IH6", cuts=Cuts(lengths=(16, 21, 10, 6, 21, 6), start=12), tiles=12
).build()
BLOB = "M60 0C95 0 100 30 90 55S70 110 40 95 -15 60 0 30 30 0 60 0Z"


def quickly(*arguments, **options):
    return search.search(*arguments, **{**options, "points": 24, "per_type": 2})


@pytest.fixture
def quick(monkeypatch, tmp_path):
    """A coarse search, results kept in a folder of the test, small pictures."""
    monkeypatch.setenv("ORBIFOLIO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(choice, "search", quickly)
    monkeypatch.setattr(tiling, "THUMBNAIL", (60, 45))
    monkeypatch.setattr(tiling, "WIDE", 120)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "blob.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg"><path id="outline" d="{BLOB}"/><circle cx="60" cy="40" r="6" '
        'fill="#fff"/><path d="M20 40q10 20 30 10" fill="none" stroke="#000" stroke-width="2"/></svg>'
    )
    return tmp_path


def test_a_metamorphosis_comes_as_picture_paths_and_recipe(quick, monkeypatch):
    monkeypatch.setattr(tiling, "LONG", 240)
    done = CliRunner().invoke(cli, ["tile", "blob.svg", "--type", "IH4", "--metamorphosis"])
    assert done.exit_code == 0, done.output
    folder = quick / "blob-tiling"
    symmetry = load(folder / "blob-metamorphosis.yaml").recipe.renderer.symmetry.build()
    assert (symmetry.ratio, symmetry.colour_count) == (4, 3)
    with Image.open(folder / "blob-metamorphosis.png") as picture:
        assert picture.size == (240, 60)
    root = ElementTree.parse(folder / "blob-metamorphosis.svg").getroot()
    paths = [group.findall(f"{SVG}path") for group in root.iter(f"{SVG}g") if group.get("id")]
    assert sum(map(len, paths)) == len(symmetry.strip.tiles)
    shown = [float(group.get("opacity")) for group in root.iter(f"{SVG}g") if group.get("opacity")]
    assert 0 < min(shown) < 0.5
    assert max(shown) > 0.9


def test_a_figure_becomes_a_recipe_that_is_ready_to_run(quick):
    runner = CliRunner()
    done = runner.invoke(cli, ["tile", "blob.svg", "--type", "IH4", "--colours", "#aa2211,#ddeeff,#226644"])
    assert done.exit_code == 0, done.output
    folder = quick / "blob-tiling"
    recipe = load(folder / "blob.yaml").recipe
    symmetry = recipe.renderer.symmetry
    assert (symmetry.type, symmetry.colours[0]) == ("IH4", "#aa2211")
    built = symmetry.build()
    best = choice.tile_of_template(quick / "blob.svg", _template(symmetry))
    assert built.tile.candidate.outline.tobytes() == best.candidate.outline.tobytes()
    page = (folder / "candidates.html").read_text()
    pictures = re.findall(r'<img src="([^"]+)"', page)
    assert 1 <= len(pictures) <= 8
    assert all((folder / name).is_file() for name in pictures)
    wide = np.asarray(Image.open(folder / "blob-seamless.png").convert("RGB"), float)
    inner = np.abs(np.diff(wide, axis=1)).mean()
    assert np.abs(wide[:, 0] - wide[:, -1]).mean() < 2.5 * inner  # no seam
    again = runner.invoke(cli, ["tile", "blob.svg", "--type", "IH4", "--out", "again"])
    assert again.exit_code == 0
    assert len(list((quick / "cache" / "tilings").iterdir())) == 1  # found once


def _template(symmetry):
    return choice.Template(symmetry.type, symmetry.cuts.lengths, symmetry.cuts.start, symmetry.cuts.mirrored)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--colours", "#aa2211"], "two to four different colours"),
        (["--colours", "red,blue"], "two to four different colours"),
        (["--type", "IH93"], "no general isohedral type; choose auto or one of IH1"),
        (["--pick", "24", "--type", "IH4"], r"--pick 24: blob.svg has \d+ candidates"),
    ],
)
def test_wrong_wishes_are_told(quick, options, words):
    with pytest.raises(InputError, match=words):
        CliRunner().invoke(cli, ["tile", "blob.svg", *options], catch_exceptions=False)
    with pytest.raises(InputError, match="is no file"):
        CliRunner().invoke(cli, ["tile", "bird.svg"], catch_exceptions=False)


def test_svg_has_a_path_for_each_tile_in_groups_by_colour():
    text = tiling_svg(BIRD.tile, BIRD.covering, BIRD_COLOURS, 40.0)
    root = ElementTree.fromstring(text)
    groups = root.findall(f".//{SVG}g[@id]")
    assert [group.get("id") for group in groups] == ["colour-1", "colour-2", "colour-3"]
    assert sum(len(group) for group in groups) == len(BIRD.covering.copies)
    width, height = (float(root.get(name)[:-2]) for name in ("width", "height"))
    tiles = BIRD.frame.cells * BIRD.row.order
    assert width * height == pytest.approx(tiles * 40.0**2, rel=1e-4)
    one = ElementTree.fromstring(tile_svg(BIRD.tile, 40.0))
    points = np.array(re.findall(r"[-\d.]+", one.find(f"{SVG}path[@id='outline']").get("d")), float).reshape(-1, 2)
    assert abs(area(points[:, 0] + 1j * points[:, 1])) == pytest.approx(area(BIRD.tile.tiling.tile) * 1600, rel=1e-3)


BIRD_COLOURS = ("#d9643a", "#f3d9a0", "#3f7f8c")


def test_pieces_of_a_jigsaw_are_larger_by_half_the_cut():
    ring = np.exp(2j * np.pi * np.arange(300) / 300)
    assert np.abs(np.abs(grown(ring, 0.05)) - 1.05).max() < 1e-4
    root = ElementTree.fromstring(jigsaw_svg(BIRD.tile, BIRD.covering, 40.0, 0.2))
    assert len(root.findall(f".//{SVG}path")) == BIRD.frame.cells * BIRD.row.order


def test_the_solid_is_watertight_with_the_tile_s_volume(tmp_path):
    file = tmp_path / "bird.stl"
    file.write_bytes(tile_stl(BIRD.tile, 40.0, 4.0))
    solid = trimesh.load(file)
    assert solid.is_watertight
    assert solid.volume == pytest.approx(area(BIRD.tile.tiling.tile) * 40**2 * 4, rel=1e-3)


def test_a_plotter_draws_every_edge_once():
    text = tiling_hpgl(BIRD.tile, BIRD.covering, Plotter()).decode()
    outlines = text.partition("SP2;")[0]
    edges = [
        np.array(re.findall(r"-?\d+", edge), float).reshape(-1, 2) for edge in outlines.split("PU")[1:] if "," in edge
    ]
    middles = np.array([edge[len(edge) // 4 : -(len(edge) // 4) or None].mean(0) for edge in edges])
    apart = np.linalg.norm(middles[:, None] - middles[None], axis=2) + 1e9 * np.eye(len(edges))
    assert len(edges) > 20
    assert apart.min() > 40  # a millimetre
