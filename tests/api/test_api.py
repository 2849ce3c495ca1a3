"""`import orbifolio`: what a notebook or a script can do, and that nothing in the working folder disturbs it."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import orbifolio
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
    with pytest.raises(InputError, match="no such folder"):
        orbifolio.gallery(tmp_path / "nowhere")


def test_importing_it_imports_nothing_of_the_program_yet():
    code = "import sys, orbifolio; sys.exit(any(name.startswith(('orbifolio.r', 'torch')) for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_module_is_the_command(tmp_path):
    shown = subprocess.run(
        [sys.executable, "-m", "orbifolio", "--version"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert shown.stdout.startswith("orbifolio, version ")
