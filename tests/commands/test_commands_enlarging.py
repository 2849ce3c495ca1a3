"""`orbifolio enlarge` and `orbifolio print` on the folder of a run, and a recipe that enlarges; made-up weights."""

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
from orbifolio.runner.events import Enlarged, read_events
from orbifolio.runner.images.reading import read_picture
from orbifolio.runner.recipe.model import load
from orbifolio.runner.run.loop import Run
from orbifolio.runner.run.plan import make_plan
from orbifolio.runner.symmetry.charts import grid
from orbifolio.runner.symmetry.kinds.plane import Plane
from orbifolio.runner.symmetry.verify.measure import measure_symmetry

RECIPE = """\
schema: 1
title: Tiny
seed: 7
renderer:
  kind: patches
  symmetry: {kind: plane, group: p4, colours: {r4: [g, r, b]}}
  images: ["orbifolio:ikat"]
  size: 40
frames: 1
"""


@pytest.fixture(autouse=True)
def _made_up(monkeypatch):
    for user in ("commands.enlarging", "vision.enlarger"):
        monkeypatch.setattr(f"orbifolio.runner.{user}.load_enlarger", made_up_enlarger)


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> Path:
    """The folder of a finished run; nothing in it depends on a network."""
    folder = tmp_path_factory.mktemp("done")
    recipe = folder / "tiny.yaml"
    recipe.write_text(RECIPE, encoding="utf-8")
    return _run(recipe, folder / "gallery")


def _run(recipe: Path, gallery: Path, *overrides: str) -> Path:
    work = Run(load(recipe, overrides), gallery=gallery, device="cpu", command="orbifolio run tiny.yaml")
    result = work.execute(lambda folder: [])
    assert result.outcome == "done"
    return result.folder


def typed(*arguments: object) -> str:
    """What a command prints; its error is raised."""
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def pixels(path: Path) -> np.ndarray:
    return read_picture(path.read_bytes(), str(path)).pixels


def test_a_run_is_enlarged_into_its_folder(done):
    before = json.loads((done / "run.json").read_text(encoding="utf-8"))
    file = Path(typed("enlarge", done, "--to", "200", "--device", "cpu"))
    assert file == done / "extras" / "tiny-200px.png"
    assert file.read_bytes()[24] == 16  # bits
    large = pixels(file)
    assert large.shape == (200, 200, 3)
    assert measure_symmetry(large, Plane(group="p4", colours={"r4": ("g", "r", "b")}).build()).worst < 1e-3
    typed("enlarge", done, "--to", "200")  # again: the same file, listed once
    summary = json.loads((done / "run.json").read_text(encoding="utf-8"))
    new = [entry for entry in summary["extras"] if entry not in before["extras"]]
    assert new == [{"path": "extras/tiny-200px.png", "title": "Enlarged to 200 × 200 pixels", "kind": "picture"}]
    assert {key: value for key, value in summary.items() if key != "extras"} == {
        key: value for key, value in before.items() if key != "extras"
    }
    assert "Enlarged to 200 × 200 pixels" in (done / "index.html").read_text(encoding="utf-8")
    assert not list(done.rglob("*.part"))


def test_a_size_between_is_rounded_to_one_that_the_group_can_have(done):
    file = Path(typed("enlarge", done / "index.html", "--to", "91"))
    large = pixels(file)
    assert file.name == f"tiny-{max(large.shape[:2])}px.png"
    assert abs(large.shape[1] - 91) <= 4


@pytest.mark.parametrize(
    ("to", "words"),
    [
        (40, "--to 40: the picture is 40 x 40 pixels already; .* give more than 40"),
        (1000, "--to 1000: is 25.0 times the picture's 40 pixels; at most 16 times are possible; give at most 640"),
    ],
)
def test_sizes_out_of_range_are_refused(done, to, words):
    with pytest.raises(InputError, match=words):
        typed("enlarge", done, "--to", to)


def test_what_is_no_finished_run_is_refused(done, tmp_path):
    with pytest.raises(
        InputError, match=f"no run here; a run's folder has a run.json; give one of its runs, as .*{done.name}"
    ):
        typed("enlarge", done.parent, "--to", 80)
    with pytest.raises(InputError, match="no run here; .* give a run's folder, GALLERY/RECIPE/RUN"):
        typed("print", tmp_path / "nothing", "--cm", "10x10")
    (tmp_path / "run.json").write_text('{"status": "interrupted"}', encoding="utf-8")
    with pytest.raises(InputError, match=r"no final.png; the run's status is 'interrupted'.*orbifolio run --resume"):
        typed("enlarge", tmp_path, "--to", 80)
    (tmp_path / "run.json").write_text('{"parameters": {"renderer": {"kind": "dance"}}}', encoding="utf-8")
    (tmp_path / "final.png").write_bytes((done / "final.png").read_bytes())
    with pytest.raises(InputError, match="its recipe is not understood"):
        typed("enlarge", tmp_path, "--to", 80)


def test_a_page_is_printed_in_true_size(done):
    file = Path(typed("print", done, "--cm", "5x7.5", "--dpi", "72", "--tiles", "2"))
    assert file == done / "extras" / "tiny-5x7.5cm.pdf"
    page = pdfium.PdfDocument(file)[0]
    assert page.get_size() == pytest.approx((70 / 25.4 * 72, 95 / 25.4 * 72), abs=0.01)
    left, bottom, right, top = page.get_trimbox()
    assert (right - left, top - bottom) == pytest.approx((50 / 25.4 * 72, 75 / 25.4 * 72), abs=0.01)
    assert "To print, 5 × 7.5 cm with crop marks" in (done / "index.html").read_text(encoding="utf-8")


def test_repeats_for_fabric_warn_where_edges_show(done, monkeypatch):
    monkeypatch.setattr("orbifolio.runner.commands.printing.JOINT_SHOWS", 0.5)  # so small a picture is mostly edges
    result = CliRunner().invoke(
        cli, ["print", str(done), "--cm", "6x6", "--dpi", "72", "--tiles", "3", "--repeat", "half-drop"]
    )
    assert result.exit_code == 0
    assert result.stdout.strip().endswith("tiny-6x6cm-half-drop.pdf")
    assert "warning: the copies' edges show" in result.stderr
    assert "this picture does not continue in a half-drop repeat; lay it straight" in result.stderr


def test_everything_wrong_with_a_page_is_said_at_once(done):
    with pytest.raises(InputError) as caught:
        typed("print", done, "--cm", "60by90", "--dpi", "5", "--bleed", "99", "--tiles", "0")
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == [
        "--cm 60by90",
        "--dpi 5",
        "--bleed 99",
        "--tiles 0",
    ]
    with pytest.raises(
        InputError, match="makes 23,657 x 23,657 pixels; at most 170 megapixels are written; give --dpi 82"
    ):
        typed("print", done, "--cm", "400x400")
    with pytest.raises(InputError, match=r"would be enlarged 29.5 times .*give --dpi 81 or more --tiles"):
        typed("print", done, "--cm", "20x20")


@pytest.mark.parametrize("factor", [2, 4])
def test_a_recipe_may_enlarge_its_picture(tmp_path, factor):
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text(RECIPE, encoding="utf-8")
    folder = _run(recipe, tmp_path / "gallery", f"finish.enlarge={factor}", "finish.levels=auto")
    assert pixels(folder / "final.png").shape == (40 * factor, 40 * factor, 3)
    summary = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    assert (summary["final"]["width"], summary["final"]["height"]) == (40 * factor, 40 * factor)
    assert summary["symmetry"]["worst"] < 1e-3
    assert [item["name"] for item in summary["weights"]] == ["made-up/enlarger"]
    assert "wang2021" in summary["references"]
    told = [event for event in read_events(folder / "events.jsonl") if isinstance(event, Enlarged)]
    assert (told[-1].width, told[-1].height, told[-1].share) == (40 * factor, 40 * factor, 1.0)


def test_the_plan_counts_it_and_too_large_a_picture_is_refused_before_anything_is_computed(tmp_path):
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text(RECIPE, encoding="utf-8")
    plain, large = make_plan(load(recipe)), make_plan(load(recipe, ["finish.enlarge=16"]))
    assert (plain.finished, large.finished) == ((40, 40), (640, 640))
    assert large.seconds > plain.seconds
    assert "wang2021" not in load(recipe).recipe.finish.cited()
    assert [name for name, _, _ in large.downloads] == ["real-esrgan-compact/animevideo-v3"]
    loaded = load(recipe, ["finish.enlarge=16", "renderer.size=1024"])
    for use in (lambda: make_plan(loaded), lambda: Run(loaded, gallery=tmp_path, device="cpu", command="")):
        with pytest.raises(InputError, match=r"finish.enlarge: 16: makes 16,384 x 16,384 pixels, 268 megapixels"):
            use()


DISK = """\
schema: 1
title: Disk
seed: 7
renderer:
  kind: patches
  symmetry: {kind: hyperbolic, p: 7, q: 3, radius: 0.8}
  images: ["orbifolio:ikat"]
  size: 48
finish: {levels: auto, ground: "#0000ff"}
frames: 2
"""


@pytest.fixture(scope="module")
def disks(tmp_path_factory) -> dict[str, Path]:
    """Folders of two finished runs, by their ground."""
    folder = tmp_path_factory.mktemp("disks")
    recipe = folder / "tiny.yaml"
    recipe.write_text(DISK, encoding="utf-8")
    return {
        "blue": _run(recipe, folder / "gallery"),
        "transparent": _run(recipe, folder / "clear", "finish.ground=transparent"),
    }


def _shown(path: Path) -> np.ndarray:
    with Image.open(path) as opened:
        return np.asarray(opened.convert("RGBA"), dtype=np.float64) / 255


def test_a_ground_lies_beneath_every_picture_of_a_run(disks):
    for folder, below in ((disks["blue"], (0, 0, 1, 1)), (disks["transparent"], (1, 1, 1, 0))):
        files = [folder / "final.png", *folder.glob("phases/*/frames/*.webp"), *folder.glob("extras/picture.*")]
        assert len(files) > 3
        for file in files:
            picture = _shown(file)
            np.testing.assert_allclose(picture[0, 0, 3], below[3])
            np.testing.assert_allclose(picture[0, 0] * below[3], np.multiply(below, below[3]), atol=0.1)  # lossy
            assert picture[picture.shape[0] // 2, picture.shape[1] // 2, 3] == 1
    same = np.abs(_shown(disks["blue"] / "final.png") - _shown(disks["transparent"] / "final.png"))[16:32, 16:32]
    assert same.max() == 0  # what is shown does not depend on it
    assert (disks["blue"] / "final.png").read_bytes()[25] == 2  # a PNG of RGB
    assert (disks["transparent"] / "final.png").read_bytes()[25] == 6  # and one of RGBA


def test_an_enlarged_disk_has_the_same_ground_and_a_crisp_rim(disks):
    for ground, folder in disks.items():
        large = _shown(Path(typed("enlarge", folder, "--to", "192")))
        x, y = grid(192, 192)
        away = (np.hypot(x, y).reshape(192, 192) - 1) * 96  # pixels from the rim
        if ground == "blue":
            np.testing.assert_allclose(
                large[away > 0.6], np.broadcast_to((0, 0, 1, 1), large[away > 0.6].shape), atol=0.01
            )
            inside = large[(away < -0.6) & (away > -4)]
            assert inside[:, 2].mean() < 0.75  # no blue from the small picture's ground
        else:
            assert large[away > 0.6][:, 3].max() == 0
            assert large[away < -0.6][:, 3].min() == 1


@pytest.mark.parametrize(("ground", "colour"), [("blue", (0, 0, 254)), ("transparent", (255, 255, 255))])
def test_a_disk_is_printed_whole_on_its_ground(disks, ground, colour):
    file = Path(typed("print", disks[ground], "--cm", "4x6", "--dpi", "72", "--bleed", "3"))
    page = np.asarray(pdfium.PdfDocument(file)[0].render().to_pil().convert("RGB"), dtype=np.float64)
    middle, across = page.shape[0] // 2, page.shape[1]
    np.testing.assert_allclose(page[middle - 65, across // 2], colour, atol=3)  # above the disk
    row = np.abs(page[middle, 30:-30] - colour).max(1) > 30  # within the trim: beyond the bleed the page is white
    wide = np.flatnonzero(row)
    assert wide.max() - wide.min() + 1 == pytest.approx(0.9 * 40 / 25.4 * 72, abs=4)
