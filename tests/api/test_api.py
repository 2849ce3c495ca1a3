"""`import orbifolio`: what a notebook or a script can do, and that nothing in the working folder disturbs it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import orbifolio
import orbifolio.metrics
from orbifolio.runner.errors import InputError, RecipeError

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def done(recipe, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return orbifolio.run(recipe, quiet=True, seed=3, **{"renderer.phases.1.steps": 3})


def test_a_run_returns_its_picture_its_report_and_what_it_was_made_with(done, tmp_path):
    assert done.outcome == "done"
    assert done.folder.parent == Path("gallery/tiny")
    assert done.report.read_text(encoding="utf-8").startswith("<!doctype html>")
    pixels = done.pixels()
    assert pixels.shape == (24, 24, 3)
    assert pixels.dtype == np.float32
    assert done.summary["seed"] == 3
    assert [phase["steps"] for phase in done.summary["phases"]] == [6, 3]
    assert (tmp_path / "gallery" / "index.html").exists()


def test_a_notebook_shows_the_picture_itself_and_a_link_to_the_report(done):
    from lxml import html

    figure = html.fromstring(done._repr_html_())
    (image,) = figure.xpath("//img")
    assert image.get("src").startswith("data:image/webp;base64,")
    assert image.get("alt") == "Tiny"
    assert figure.xpath("//a/@href") == [done.report.absolute().as_uri()]


def test_a_checked_recipe_tells_its_title_and_plan_and_a_wrong_one_everything_at_once(recipe):
    checked = orbifolio.check(recipe, title="Another")
    assert checked.title == "Another"
    assert [phase.steps for phase in checked.plan.phases] == [6, 6]
    with pytest.raises(RecipeError) as caught:
        orbifolio.check(recipe, seed="three", frames=-1)
    assert len(caught.value.problems) == 2


def test_a_shipped_recipe_is_found_by_its_name_and_a_mistyped_one_suggested():
    assert orbifolio.check("rainbow-hexagon").title == "Rainbow hexagon"
    with pytest.raises(InputError, match=r"^rainbow-hexagn: no such shipped recipe; did you mean rainbow-hexagon"):
        orbifolio.check("rainbow-hexagn")


def test_a_gallery_is_rebuilt_and_a_missing_one_refused(done, tmp_path):
    done.report.unlink()
    assert orbifolio.gallery() == Path("gallery/index.html")
    assert done.report.exists()
    missing = tmp_path / "nowhere"
    with pytest.raises(InputError) as caught:
        orbifolio.gallery(missing)
    assert str(caught.value) == f"{missing}: this folder does not exist; name a gallery; `orbifolio run` makes one"


def test_a_picture_is_measured_with_its_colours_in_any_spelling(done):
    for action in ("grb", "g,r,b", ["g", "r", "b"]):
        measured = orbifolio.measure(done.picture, "p4", {"r4": action})
        assert measured.holds
        assert measured.worst < 0.02
    assert not orbifolio.measure(done.picture, "p4").holds  # the quarter turn exchanges two channels
    assert not orbifolio.measure(done.picture, "p4", {"r4": "-r-g-b"}).holds


def test_a_symmetry_is_measured_where_the_picture_has_it(tmp_path):
    from orbifolio.runner.images.writing import write_png8

    corner = np.random.default_rng(0).random((12, 12, 3), dtype=np.float32)
    rows = np.concatenate([corner, corner[::-1]])
    picture = np.kron(np.concatenate([rows, rows[:, ::-1]], axis=1), np.ones((4, 4, 1), dtype=np.float32))
    write_png8(tmp_path / "moved.png", np.roll(picture, (8, 20), (0, 1)))
    assert orbifolio.measure(tmp_path / "moved.png", "p2mm").worst < 0.02


@pytest.mark.parametrize(
    ("group", "options", "text"),
    [
        ("p6", {"colours": {"r6": "gb"}}, "colours.r6: [g, b]: 2 entries where there are 3 channels"),
        ("p2", {"colours": {"r2": "gbr"}}, "half a turn twice is the identity, but [g, b, r] twice is [b, r, g]"),
        ("p4", {"aspect": "wide"}, "--aspect wide: "),
        ("p5", {}, "'p5' is not a plane group"),
    ],
)
def test_what_cannot_be_measured_is_refused(done, group, options, text):
    with pytest.raises(InputError) as caught:
        orbifolio.measure(done.picture, group, **options)
    assert text in str(caught.value)
    missing = done.picture.with_name("missing.png")
    with pytest.raises(InputError) as caught:
        orbifolio.measure(missing, "p4")
    assert str(caught.value) == f"{missing}: cannot be read (No such file or directory)"


def test_importing_it_imports_nothing_of_the_program_yet():
    code = "import sys, orbifolio; sys.exit(any(name.startswith(('orbifolio.r', 'torch')) for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_module_is_the_command(tmp_path):
    shown = subprocess.run(
        [sys.executable, "-m", "orbifolio", "--version"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert shown.stdout.startswith("orbifolio, version ")


def test_lpips_of_files_and_arrays(tmp_path):
    """The same distance from a file and from its pixels; a file that is not there is an error with its name."""
    from orbifolio.runner.errors import MissingWeights

    pixels = np.random.default_rng(1).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    other = np.zeros((64, 64, 3), np.float32)
    try:
        distance = orbifolio.metrics.lpips(tmp_path / "a.png", other)
    except MissingWeights as error:
        pytest.skip(f"weights cannot be fetched here: {str(error).splitlines()[0]}")
    assert distance == orbifolio.metrics.lpips((pixels / 255).astype(np.float32), other) > 0.1
    with pytest.raises(InputError, match=r"absent\.png"):
        orbifolio.metrics.lpips(tmp_path / "absent.png", other)
