"""Brushes by name and path, what is read of them, and what a user is told when something is not here."""

import json
import os
import subprocess
import sys

import pytest

from orbifolio.runner.errors import InputError, MissingProgram
from orbifolio.runner.strokes.brush_models.implicit import swelling_of, tip_of
from orbifolio.runner.strokes.mypaint import brush_file as brushes
from orbifolio.runner.strokes.mypaint.actions import Space
from orbifolio.runner.strokes.mypaint.brush_file import BrushFile, find_brush, list_brushes
from orbifolio.runner.strokes.mypaint.mypaint import load_library


def text(**settings) -> bytes:
    return json.dumps({"version": 3, "settings": settings}).encode()


def setting(base: float = 0.0, **inputs) -> dict:
    return {"base_value": base, "inputs": inputs}


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_DIRS", str(tmp_path / "share"))
    for version, name in (("2.0", "classic/round"), ("1.0", "classic/round"), ("1.0", "old/flat")):
        path = tmp_path / "share" / "mypaint-data" / version / "brushes" / f"{name}.myb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text(opaque=setting(float(version))))
    return tmp_path


def test_names_find_the_newer_set_and_short_names_do(shelf):
    assert {"classic/round", "old/flat"} <= set(list_brushes())
    assert find_brush("classic/round").base("opaque") == 2.0
    assert find_brush("flat").name == "old/flat"


def test_a_path_finds_any_file(tmp_path):
    path = tmp_path / "mine.myb"
    path.write_bytes(text())
    assert find_brush(str(path)).name == "mine"
    with pytest.raises(InputError, match="cannot be read"):
        find_brush(str(tmp_path / "nowhere.myb"))


def test_a_wrong_name_is_told_with_near_ones(shelf):
    with pytest.raises(InputError, match="no such brush; did you mean .*round"):
        find_brush("classic/rond")


def test_without_brushes_the_cure_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(brushes, "brush_folders", list)
    with pytest.raises(
        InputError, match="MyPaint's brushes are not installed; install it: .*apt-get install .*mypaint-brushes"
    ):
        find_brush("classic/dry_brush")


def test_without_the_library_there_is_one_error_with_the_cure():
    with pytest.raises(MissingProgram, match="libmypaint: not installed; .*apt-get install libmypaint") as caught:
        load_library(("libnothing-at-all.so",))
    assert caught.value.exit_code == 1


def test_the_doctor_says_how_to_get_it(monkeypatch):
    def missing():
        raise MissingProgram("libmypaint: not found; install it")

    monkeypatch.setattr(brushes, "load_library", missing)
    assert brushes.paint_program() == ("note", "paint program", "libmypaint: not found; install it")


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"version": 2, "settings": {}}', b"\xff"])
def test_what_is_no_brush_is_told(content):
    with pytest.raises(InputError, match="not a brush of version 3"):
        _ = BrushFile("x", content).settings


def test_what_a_brush_asks_for_is_read_from_its_file():
    round_one = BrushFile("x", text(opaque=setting(1, pressure=[[0, 0], [1, 1]])))
    assert (round_one.smudges, round_one.directed, round_one.speedy) == (False, False, False)
    flat = BrushFile("x", text(elliptical_dab_ratio=setting(5.5), elliptical_dab_angle=setting(46)))
    assert flat.directed
    assert tip_of(flat) == (5.5, 46)
    angle = setting(0, direction=[[0, 0], [1, 9]])
    turning = BrushFile("x", text(elliptical_dab_ratio=setting(5.5), elliptical_dab_angle=angle))
    assert turning.directed
    assert tip_of(turning) == (1, 0)
    assert BrushFile("x", text(smudge=setting(0.5))).smudges
    assert BrushFile("x", text(hardness=setting(0.5, speed1=[[0, 0], [1, 1]]))).speedy
    swelling = BrushFile("x", text(radius_logarithmic=setting(1, pressure=[[0, -1], [0.8, 2]])))
    assert swelling_of(swelling, Space()) == ((0.0, -1.0), (1.0, 2.0))


def test_what_the_library_says_does_not_come_after_our_last_line():
    code = (
        "import ctypes; from orbifolio.runner.strokes.mypaint.mypaint import hush\n"
        "ctypes.CDLL(None).printf(b'Time is running backwards!'); hush(); print('gallery/index.html')"
    )
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run([sys.executable, "-c", code], env=buffered, capture_output=True, text=True, check=True)
    assert done.stdout == "gallery/index.html\n"
