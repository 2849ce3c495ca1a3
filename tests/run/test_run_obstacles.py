"""What lies in the place of a run's own files is named with its cure, code 2, and nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_runs import HEAD, RECIPES

from orbifolio.runner.cli import main
from orbifolio.runner.events import Event, Stepped
from orbifolio.runner.run.listeners import LogWriter


def folder(path: Path) -> None:
    path.mkdir()
    (path / "mine.txt").write_text("mine", encoding="utf-8")


PUT: dict[str, tuple[Callable[[Path], None], str]] = {
    "folder": (folder, "is a folder, where a file belongs; move it away"),
    "pipe": (os.mkfifo, "is a pipe or a device, where a file belongs; move it away"),
    "dead link": (
        lambda path: path.symlink_to("nowhere/at/all"),
        "is a link that leads to no file, where a file belongs; move it away",
    ),
    "link to itself": (
        lambda path: path.symlink_to(path.name),
        "is a link that leads to no file, where a file belongs; move it away",
    ),
}


def command(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["orbifolio", *map(str, arguments)])
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recipe and a gallery of two runs: one finished, one that was stopped."""
    there = tmp_path_factory.mktemp("sound")
    (there / "map.yaml").write_text(HEAD + RECIPES["map"], encoding="utf-8")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.chdir(there)
        assert command(monkeypatch, "run", "map.yaml") == 0
        assert command(monkeypatch, "run", "map.yaml", "seed=8") == 0
    stopped = newest(there)
    summary = json.loads((stopped / "run.json").read_text(encoding="utf-8"))
    (stopped / "run.json").write_text(json.dumps({**summary, "status": "stopped"}), encoding="utf-8")
    (stopped / "checkpoint").mkdir()
    return there


def newest(there: Path) -> Path:
    return max((there / "gallery" / "map").glob("2*"), key=lambda run: run.stat().st_ino)


def everything(there: Path) -> dict[str, object]:
    """All files and what else there is, without pages."""
    return {
        str(path.relative_to(there)): path.read_bytes() if path.is_file() else path.lstat().st_mode
        for path in sorted(there.rglob("*"))
        if path.suffix not in (".html", ".js", ".xml", ".lock") and path.name not in (".report", "card.json")
    }


@pytest.fixture
def there(sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(sound, tmp_path / "there")
    monkeypatch.chdir(tmp_path / "there")
    return tmp_path / "there"


def stopped(there: Path) -> Path:
    (run,) = (path.parent for path in there.glob("gallery/map/*/checkpoint"))
    return run.relative_to(there)


@pytest.mark.parametrize("put", PUT)
@pytest.mark.parametrize("name", ["run.json", "events.jsonl", "final.png", "checkpoint/state.pt"])
def test_a_run_is_not_resumed_over_it(
    name: str, put: str, there: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = stopped(there) / name
    place.unlink(missing_ok=True)
    make, fault = PUT[put]
    make(place)
    before = everything(there)
    assert command(monkeypatch, "run", "map.yaml", "seed=8", "--resume") == 2
    assert capsys.readouterr().err == f"error: {place}: {fault}\n"
    assert everything(there) == before


@pytest.mark.parametrize(
    ("name", "put"),
    [("run.json", "folder"), ("events.jsonl", "pipe"), ("run.json", "dead link"), ("final.png", "pipe")],
)
def test_galleries_queries_and_copies_name_it_and_hold_all_others(
    name: str, put: str, there: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = stopped(there)
    assert command(monkeypatch, "publish", "gallery", "copy") == 0
    published = {path: path.read_bytes() for path in (there / "copy" / run.relative_to("gallery")).rglob("*.json*")}
    (there / run / name).unlink()
    make, fault = PUT[put]
    make(there / run / name)
    before = everything(there / "gallery")
    for arguments in (("gallery", "gallery"), ("query", "gallery"), ("publish", "gallery", "copy")):
        capsys.readouterr()
        assert command(monkeypatch, *arguments) == 2, arguments
        told = capsys.readouterr()
        assert f"{run / name}: {fault}\n" in told.err
        assert arguments[0] != "query" or told.out.count('"run":"map/') == 2
    assert everything(there / "gallery") == before
    assert {path: path.read_bytes() for path in published} == published  # what was published of the run stays
    assert command(monkeypatch, "run", "map.yaml", "seed=9") == 0  # no run stops another


@pytest.mark.parametrize("put", PUT)
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("run.json", ("enlarge", "--to", "128")),
        ("final.png", ("enlarge", "--to", "128")),
        ("extras/strokes.json", ("redraw",)),
    ],
)
def test_a_finished_picture_is_not_read_through_it(
    name: str,
    put: str,
    arguments: tuple[str, ...],
    there: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    place = stopped(there) / name
    place.parent.mkdir(exist_ok=True)
    place.unlink(missing_ok=True)
    make, fault = PUT[put]
    make(place)
    assert command(monkeypatch, arguments[0], stopped(there), *arguments[1:]) == 2
    assert capsys.readouterr().err == f"error: {place}: {fault}\n"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the owner of everything may read everything")
def test_a_file_that_may_not_be_read_says_so(
    there: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    place = stopped(there) / "run.json"
    place.chmod(0)
    assert command(monkeypatch, "run", "map.yaml", "seed=8", "--resume") == 2
    assert capsys.readouterr().err == (
        f"error: {place}: cannot be read (Permission denied); allow it with chmod u+r, or as its owner\n"
    )


def test_a_run_is_removed_whatever_is_wrong_with_another(there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (there / stopped(there) / "run.json").unlink()
    (there / stopped(there) / "run.json").mkdir()
    (other,) = (run for run in (there / "gallery" / "map").glob("2*") if not (run / "checkpoint").exists())
    assert command(monkeypatch, "rm", other, "--yes") == 0
    assert not other.exists()
    assert other.name not in (there / "gallery" / "index.html").read_text(encoding="utf-8")


TAKEN = "in the way of a file that is written here; move it away"
FOLDER = "is a folder, where a file belongs; move it away"


@pytest.mark.parametrize(
    ("name", "fault", "picture"),
    [
        ("run.json", TAKEN, False),
        ("phases", TAKEN, False),
        ("extras", TAKEN, True),
        ("events.jsonl", FOLDER, True),
        ("index.html", FOLDER, True),
    ],
)
def test_what_is_put_there_while_it_runs_is_named_and_kept(
    name: str,
    fault: str,
    picture: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "map.yaml").write_text(HEAD + RECIPES["map"], encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    write = LogWriter.__call__

    def write_and_disturb(self: LogWriter, event: Event) -> None:
        write(self, event)
        (run,) = Path("gallery", "map").glob("2*")
        if isinstance(event, Stepped) and event.step == 1:
            place = run / name
            if place.is_dir():
                shutil.rmtree(place)
            place.unlink(missing_ok=True)
            if fault == FOLDER or name == "run.json":
                folder(place)
            else:
                place.write_text("mine", encoding="utf-8")

    monkeypatch.setattr(LogWriter, "__call__", write_and_disturb)
    assert command(monkeypatch, "run", "map.yaml") == 2
    (run,) = Path("gallery", "map").glob("2*")
    assert f"{run / name}: {fault}\n" in capsys.readouterr().err
    assert (run / "final.png").is_file() == picture
    mine = run / name / "mine.txt" if (run / name).is_dir() else run / name
    assert mine.read_text(encoding="utf-8") == "mine"
