"""`orbifolio solid`: files of bodies among a run's, in its report; wrong sizes told at once."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from orbifolio.runner.cli import main
from orbifolio.runner.commands.moulding import faults_of
from orbifolio.runner.exports.solid import SolidShape


def command(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["orbifolio", *map(str, arguments)])
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_a_sphere_becomes_halves_that_its_report_offers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command(monkeypatch, "run", "escher-orb-print", "renderer.size=128", "frames=1") == 0
    (run,) = (tmp_path / "gallery" / "escher-orb-print").glob("2*")
    assert command(monkeypatch, "solid", run, "--mm", 20) == 0  # replaced by what follows
    capsys.readouterr()
    assert command(monkeypatch, "solid", run, "--mm", 12, "--wall", 1.6, "--halves") == 0
    told = capsys.readouterr()
    assert told.out == f"{run / 'extras' / 'solid'}\n"
    assert told.err.count("closed\n") == 2
    names = {path.name for path in (run / "extras" / "solid").iterdir()}
    halves = [f"escher-orb-print-12mm-{half}-half" for half in ("upper", "lower")]
    endings = ("webp", "3mf", "obj.zip", "ply", "stl")
    assert names >= {f"{half}.{ending}" for half in halves for ending in endings}
    listed = [entry["path"] for entry in json.loads((run / "run.json").read_text(encoding="utf-8"))["extras"]]
    of_solids = [path for path in listed if path.startswith("extras/solid/")]
    assert of_solids == [f"extras/solid/{half}.{ending}" for half in halves for ending in endings]
    page = (run / "index.html").read_text(encoding="utf-8")
    assert all(path in page for path in of_solids)


def test_wrong_sizes_are_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(monkeypatch, "solid", tmp_path, "--mm", 60, "--wall", 0.5, "--relief", 9, "--drain", 40) == 2
    told = capsys.readouterr().err
    assert [line.partition(":")[0] for line in told.removeprefix("error: ").splitlines()] == [
        "--relief 9",
        "--wall 0.5",
        "--drain 40",
    ]


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (SolidShape(9), "--mm 9: is not between 10 and 500 mm"),
        (SolidShape(float("nan")), "--mm nan: is not between"),
        (SolidShape(60, float("nan")), "--relief nan: is more than an eighth"),
        (SolidShape(60, wall=2), "a hollow body without a hole"),
        (SolidShape(60, drain=5), "are for a hollow body; add --wall 2"),
        (SolidShape(60, wall=1, halves=True), "is not between 1.6 mm"),
        (SolidShape(60, wall=-1, drain=5), "--wall -1: is not between 0.8 mm"),
    ],
)
def test_faults_say_what_is_possible(shape: SolidShape, words: str) -> None:
    (fault,) = faults_of(shape)
    assert words in fault


def test_a_plane_picture_lies_on_no_body(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert command(monkeypatch, "run", "patches-p4", "renderer.size=64", "frames=1") == 0
    (run,) = (tmp_path / "gallery" / "patches-p4").glob("2*")
    assert command(monkeypatch, "solid", run) == 2
    assert "lies on no body; a ball needs symmetry: sphere" in capsys.readouterr().err
