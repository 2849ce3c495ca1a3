"""`orbifolio separate` on the folder of a run, and recipes that posterise and take other pictures' colours."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pytest
from click.testing import CliRunner
from made_up_enlarger import made_up_enlarger
from PIL import Image

from orbifolio.runner.cli import cli
from orbifolio.runner.errors import InputError
from orbifolio.runner.images.reading import read_picture
from orbifolio.runner.recipe.model import load
from orbifolio.runner.run.finished_picture import open_picture
from orbifolio.runner.run.loop import Run
from orbifolio.runner.symmetry.kinds.plane import Plane
from orbifolio.runner.symmetry.verify.measure import measure_symmetry
from orbifolio.runner.vector.hex_colours import from_hex

RECIPE = """\
schema: 1
title: Tiny
seed: 7
renderer:
  kind: patches
  symmetry: {kind: plane, group: p4, colours: {r4: [g, r, b]}}
  images: ["orbifolio:ikat"]
  size: 64
finish: {posterise: {colours: 5, edges: sharp}}
frames: 1
"""


@pytest.fixture(autouse=True)
def _made_up(monkeypatch):
    for user in ("commands.enlarging", "vision.enlarger"):
        monkeypatch.setattr(f"orbifolio.runner.{user}.load_enlarger", made_up_enlarger)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("recipes") / "tiny.yaml"
    path.write_text(RECIPE, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def done(recipe) -> Path:
    """The folder of a run that posterised."""
    return executed(recipe)


def executed(recipe: Path, *overrides: str, **images: Path) -> Path:
    loaded = load(recipe, overrides, images)
    result = Run(loaded, gallery=recipe.parent / "gallery", device="cpu", command="x").execute(lambda folder: [])
    assert result.outcome == "done", result.message
    return result.folder


def typed(*arguments: object) -> str:
    """What a command prints; its error is raised."""
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def pixels(path: Path) -> np.ndarray:
    return read_picture(path.read_bytes(), str(path)).pixels


def summary(folder: Path) -> dict:
    return json.loads((folder / "run.json").read_text(encoding="utf-8"))


def laid_over(folder: Path) -> np.ndarray:
    """The plates printed one after the other on white, as a printer would."""
    files = sorted((folder / "extras" / "plates").glob("[0-9]*.png"), key=lambda path: int(path.name.split("-")[0]))
    sheet = np.ones((*np.asarray(Image.open(files[0])).shape, 3))
    for file in files:
        with Image.open(file) as plate:
            assert plate.mode == "1"
            sheet[~np.asarray(plate)] = from_hex("#" + file.stem.partition("-")[2])
    return sheet


def test_a_posterised_run_has_its_colours_and_its_symmetry(done):
    final, facts = pixels(done / "final.png"), summary(done)
    colours = {tuple(each) for each in np.rint(final.reshape(-1, 3) * 255).astype(int).tolist()}
    named = {tuple(round(255 * value) for value in from_hex(name)) for name in facts["final"]["colours"]}
    assert colours <= named
    assert len(named) <= 5
    assert measure_symmetry(final, Plane(group="p4", colours={"r4": ("g", "r", "b")}).build()).worst < 1e-3
    assert facts["symmetry"]["worst"] < 1e-3


@pytest.mark.parametrize("options", [(), ("--trap", "0.5", "--dpi", "100")])
def test_plates_give_the_posterised_picture_back(done, options):
    file = Path(typed("separate", done, *options))
    assert file == done / "extras" / "plates" / "tiny-plates.pdf"
    np.testing.assert_allclose(laid_over(done), pixels(done / "final.png"), atol=1e-6)
    listed = [entry["path"] for entry in summary(done)["extras"]]
    assert "extras/plates/tiny-plates.pdf" in listed
    assert sum(path.startswith("extras/plates/") for path in listed) == len(list(file.parent.iterdir()))
    assert "Plates with registration marks" in (done / "index.html").read_text(encoding="utf-8")


def test_plates_of_other_inks_replace_earlier_ones(done):
    typed("separate", done)
    before = {path.name for path in (done / "extras" / "plates").iterdir()}
    typed("separate", done, "--colours", "2", "--paper", "#FFFFFF")
    after = {path.name for path in (done / "extras" / "plates").iterdir()}
    assert len([name for name in after if name[0].isdigit()]) <= 2
    assert not {name for name in before & after if name[0].isdigit()}
    assert {entry["path"] for entry in summary(done)["extras"] if "plates" in entry["path"]} == {
        f"extras/plates/{name}" for name in after
    }


def test_a_larger_sheet_is_separated_from_the_tones_before(done):
    file = Path(typed("separate", done, "--cm", "2x2", "--dpi", "150", "--bleed", "2", "--tiles", "2"))
    sheet = laid_over(done)
    assert sheet.shape[:2] == (round(24 / 25.4 * 150),) * 2
    flat = open_picture(done).flat
    assert flat is not None
    assert {tuple(each) for each in np.unique(sheet.reshape(-1, 3), axis=0)} <= {tuple(each) for each in flat.colours}
    page = pdfium.PdfDocument(file)[0]
    left, _, right, _ = page.get_trimbox()
    assert right - left == pytest.approx(20 / 25.4 * 72, abs=0.01)


def test_inks_that_the_symmetry_does_not_exchange_are_printed_with_a_warning(done):
    result = CliRunner().invoke(cli, ["separate", str(done), "--colours", "#ff4c65,#0078bf", "--paper", "#f6f1e5"])
    assert result.exit_code == 0
    assert "these inks do not change places as the symmetry's colours do" in result.output
    assert {path.stem[2:] for path in (done / "extras" / "plates").glob("[0-9]*.png")} == {"ff4c65", "0078bf"}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--colours", "0"), "--colours 0: is not between 1 and 24 inks; four are a good start"),
        (("--colours", "red,#00ff00"), "--colours red,#00ff00: 'red' is not a colour; inks are written as #rrggbb"),
        (("--paper", "white"), "--paper white: is not a colour; write it as #rrggbb in quotation marks"),
        (("--trap", "5"), "--trap 5: is not between 0 and 2 mm; screen printers use about 0.3"),
        (("--dpi", "5"), "--dpi 5: is not between 36 and 1200"),
    ],
)
def test_what_cannot_be_is_refused(done, options, words):
    with pytest.raises(InputError, match=words):
        typed("separate", done, *options)


def test_a_run_that_did_not_posterise_needs_inks(recipe):
    folder = executed(recipe, "finish.posterise=null", "renderer.size=32")
    with pytest.raises(InputError, match="its recipe does not posterise, so no inks are known; give their number"):
        typed("separate", folder)
    typed("separate", folder, "--colours", "3")
    assert len(list((folder / "extras" / "plates").glob("[0-9]*.png"))) == 3
    assert not (folder / "extras" / "tones.png").exists()


def test_a_posterised_picture_stays_so_when_it_is_enlarged(done):
    large = pixels(Path(typed("enlarge", done, "--to", "256", "--device", "cpu")))
    flat = open_picture(done).flat
    assert flat is not None
    away = np.abs(large[:, :, None] - flat.colours.astype(np.float32)).max(3).min(2)
    assert away.max() < 1e-4  # its edges are sharp
    assert measure_symmetry(large, Plane(group="p4", colours={"r4": ("g", "r", "b")}).build()).worst < 1e-3


def test_other_pictures_colours_are_inputs_of_the_run(recipe, tmp_path):
    look = tmp_path / "look.png"
    Image.fromarray(np.full((40, 40, 3), (200, 120, 40), np.uint8)).save(look)
    overrides = ("finish={colours: 'upload:look'}", "style_preparation.palette={from: skimage:coffee, by: sliced}")
    folder = executed(recipe, *overrides, "renderer.size=32", look=look)
    inputs = {entry["name"]: entry for entry in summary(folder)["inputs"]}
    assert set(inputs) == {"style 1", "colours 1", "colours 2"}
    assert inputs["colours 2"]["source"] == "upload:look"
    assert {"pitie2007", "pitie2007linear", "ottosson2020"} <= set(summary(folder)["references"])
    final = pixels(folder / "final.png")
    assert measure_symmetry(final, Plane(group="p4", colours={"r4": ("g", "r", "b")}).build()).worst is not None
    np.testing.assert_allclose(final.mean((0, 1)), [160 / 255, 160 / 255, 40 / 255], atol=0.02)  # red and green alike


def test_a_picture_that_is_missing_is_told_with_its_place(recipe):
    from orbifolio.runner.errors import RecipeError

    with pytest.raises(RecipeError, match=r"finish\.colours\.from: no file 'nothing\.png'"):
        load(recipe, ["finish.colours=nothing.png"])
    with pytest.raises(RecipeError, match=r"finish\.posterise: #ff0000 becomes #00ff00 under \[g, r, b\]"):
        load(recipe, ['finish.posterise=["#ff0000","#0000ff"]'])
    with pytest.raises(RecipeError, match=r"finish\.colours: nothing of 'skimage:coffee' but its contrast"):
        load(
            recipe,
            [
                "finish={colours: 'skimage:coffee'}",
                "renderer.symmetry={kind: plane, group: p3, colours: {r3: [g, b, r], t1: [-r, -g, b]}}",
            ],
        )
