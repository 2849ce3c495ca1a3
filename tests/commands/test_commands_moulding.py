"""`orbifolio solid`: files of bodies among a run's, in its report; wrong sizes told at once."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from orbifolio.runner.commands.moulding import faults_of
from orbifolio.runner.exports.solid import SolidShape

Command = Callable[..., subprocess.CompletedProcess[str]]


def test_a_sphere_becomes_halves_that_its_report_offers(tmp_path: Path, command: Command) -> None:
    assert command("run", "escher-orb-print", "renderer.size=128", "frames=1").returncode == 0
    (run,) = (tmp_path / "gallery" / "escher-orb-print").glob("2*")
    assert command("solid", run, "--mm", 20).returncode == 0  # replaced by what follows
    told = command("solid", run, "--mm", 12, "--wall", 1.6, "--halves")
    assert told.returncode == 0
    assert told.stdout == f"{run / 'extras' / 'solid'}\n"
    assert told.stderr.count("closed\n") == 2
    names = {path.name for path in (run / "extras" / "solid").iterdir()}
    halves = [f"escher-orb-print-12mm-{half}-half" for half in ("upper", "lower")]
    endings = ("webp", "3mf", "obj.zip", "ply", "stl")
    assert names >= {f"{half}.{ending}" for half in halves for ending in endings}
    listed = [entry["path"] for entry in json.loads((run / "run.json").read_text(encoding="utf-8"))["extras"]]
    of_solids = [path for path in listed if path.startswith("extras/solid/")]
    assert of_solids == [f"extras/solid/{half}.{ending}" for half in halves for ending in endings]
    page = (run / "index.html").read_text(encoding="utf-8")
    assert all(path in page for path in of_solids)


def test_wrong_sizes_are_told_at_once(tmp_path: Path, command: Command) -> None:
    told = command("solid", tmp_path, "--mm", 60, "--wall", 0.5, "--relief", 9, "--drain", 40)
    assert told.returncode == 2
    assert [line.partition(":")[0] for line in told.stderr.removeprefix("error: ").splitlines()] == [
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


def test_a_plane_picture_lies_on_no_body(tmp_path: Path, command: Command) -> None:
    assert command("run", "patches-p4", "renderer.size=64", "frames=1").returncode == 0
    (run,) = (tmp_path / "gallery" / "patches-p4").glob("2*")
    refused = command("solid", run)
    assert refused.returncode == 2
    assert "lies on no body; a ball needs symmetry: sphere" in refused.stderr
