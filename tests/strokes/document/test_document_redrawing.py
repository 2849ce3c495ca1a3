"""`orbifolio redraw`: a document or a run's folder to a picture of any size and format; faults end with a sentence."""

import io
import zipfile

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from orbifolio.runner.cli import cli
from orbifolio.runner.commands.redrawing import find_document
from orbifolio.runner.errors import InputError
from orbifolio.runner.strokes.document.timelapse_states import render
from orbifolio.runner.strokes.mypaint.brush_file import list_brushes
from orbifolio.runner.strokes.mypaint.mypaint import is_available

needs_program = pytest.mark.skipif(
    not (is_available() and "classic/dry_brush" in list_brushes()),
    reason="libmypaint or MyPaint's brushes are not here: apt-get install libmypaint-1.5-1 mypaint-brushes",
)


@pytest.fixture
def run(tmp_path, painting):
    extras = tmp_path / "gallery" / "paint-a-photo" / "20260101-000000" / "extras"
    extras.mkdir(parents=True)
    (extras / "strokes.json").write_text(painting.to_json())
    (extras / "mypaint.json").write_text(painting.take(slice(0, 3)).to_json())
    return extras.parent


def redraw(*arguments):
    return CliRunner().invoke(cli, ["redraw", *map(str, arguments)], catch_exceptions=True)


def test_a_learnt_brush_redraws_at_any_size(run, painting, painter, tmp_path):
    out = tmp_path / "large.png"
    result = redraw(run, "--program", "neural", "--size", 192, "--out", out)
    assert result.output.strip() == str(out)
    picture = np.asarray(Image.open(out)) / 255
    assert picture.shape == (128, 192, 3)
    assert np.abs(picture - render(painting, painter, 2)).max() < 0.6 / 255


@needs_program
def test_the_real_program_redraws_the_fitted_document_of_a_run(run, painting, tmp_path):
    from orbifolio.runner.strokes.document.mypaint_redraw import redraw as real

    for place, wanted in ((run, painting.take(slice(0, 3))), (run / "extras" / "strokes.json", painting)):
        out = tmp_path / "new" / "picture.png"
        result = redraw(place, "--out", out)
        assert result.exit_code == 0, result.output
        assert np.abs(np.asarray(Image.open(out)) / 255 - real(wanted)).max() < 0.6 / 255


@needs_program
def test_another_brush_and_layers(run, tmp_path):
    plain, other, layers = (tmp_path / name for name in ("a.png", "b.png", "c.ora"))
    assert redraw(run / "extras" / "strokes.json", "--out", plain).exit_code == 0
    assert redraw(run, "--brush", "charcoal", "--out", other).exit_code == 0
    assert plain.read_bytes() != other.read_bytes()
    assert redraw(run / "extras" / "strokes.json", "--out", layers).exit_code == 0
    merged = zipfile.ZipFile(layers).read("mergedimage.png")
    found = np.asarray(Image.open(io.BytesIO(merged)).convert("RGB")).astype(int)
    assert np.abs(found - np.asarray(Image.open(plain))).max() <= 2


def test_vectors_and_tables(run, tmp_path):
    for ending, begin in (("svg", b"<?xml"), ("hpgl", b"IN;"), ("csv", b"number,level"), ("json", b'{\n"format": 1')):
        out = tmp_path / f"x.{ending}"
        assert redraw(run, "--program", "neural", "--size", 200, "--out", out).exit_code == 0
        assert out.read_bytes().startswith(begin)


def test_the_name_is_the_runs_by_default(run, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert redraw(run, "--program", "neural").output.strip() == "20260101-000000-neural-96.png"
    assert (tmp_path / "20260101-000000-neural-96.png").is_file()


def test_a_document_is_found_from_a_page_or_an_extra_of_its_run(run):
    (run / "index.html").write_text("")
    assert find_document(run / "index.html").name == "strokes.json"
    assert find_document(run, fitted=True).name == "mypaint.json"
    assert find_document(run / "extras" / "mypaint.json").name == "mypaint.json"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--out", "x.gif"], "--out x.gif: .gif is not a supported format; use one of .png, .webp"),
        (["--out", "x"], "no suffix is not a supported format"),
        (["--size", "4"], "--size 4: out of range; the longer side may have 8 to 16384 pixels"),
        (["--brush", "nosuchbrush", "--program", "neural"], "nosuchbrush: no such learnt brush"),
    ],
)
def test_faults_end_with_a_sentence(run, arguments, words):
    result = redraw(run, *arguments)
    assert isinstance(result.exception, InputError)
    assert words in str(result.exception)


def test_a_folder_without_a_painting_and_a_damaged_file(tmp_path):
    assert "no painting here; give a strokes.json" in str(redraw(tmp_path).exception)
    (tmp_path / "strokes.json").write_text("{}")
    assert "not a document of strokes (no 'format')" in str(redraw(tmp_path).exception)
