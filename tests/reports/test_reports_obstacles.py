"""What lies where a page is to be written is named, with code 2, and stops no other page."""

from __future__ import annotations

import os
import pickle
import shutil
import sys
from pathlib import Path

import pytest
from synthetic_run import BEGAN, write_run

from orbifolio.reports.write import write_report
from orbifolio.reports.write_gallery import rebuild_gallery, update_index
from orbifolio.runner.cli import main
from orbifolio.runner.errors import PathTaken

NOW = BEGAN + 5


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    gallery = tmp_path_factory.mktemp("sound") / "gallery"
    write_run(gallery, recipe="finished", sizes=((16, 16),), steps=2, every=1)
    rebuild_gallery(gallery, now=NOW)
    return gallery


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in (".html", ".js", ".css", ".xml")
    }


def put_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "mine.txt").write_text("mine", encoding="utf-8")


def above(gallery: Path) -> list[str]:
    """All files that are written above the runs."""
    return [name for name in files(gallery) if name.count("/") < 2]


def test_every_file_above_the_runs_may_be_taken(sound: Path, tmp_path: Path) -> None:
    gallery = tmp_path / "gallery"
    shutil.copytree(sound, gallery)
    names = above(gallery)
    assert {"index.html", "finished/index.html", "feed.xml"} < set(names)
    taken, others = names[::2], names[1::2]
    for name in taken:
        put_folder(gallery / name)
    for name in others:
        (gallery / name).unlink()
    with pytest.raises(PathTaken) as raised:
        rebuild_gallery(gallery, now=NOW)
    assert sorted(raised.value.paths) == sorted(str(gallery / name) for name in taken)
    assert raised.value.exit_code == 2
    assert all((gallery / name / "mine.txt").read_text("utf-8") == "mine" for name in taken)
    wanted = files(sound)
    assert {name: (gallery / name).read_bytes() for name in others} == {name: wanted[name] for name in others}
    assert not list(gallery.rglob("*.part"))
    for name in taken:
        shutil.rmtree(gallery / name)
    rebuild_gallery(gallery, now=NOW)
    assert files(gallery) == wanted


def test_no_folder_where_the_assets_lie(sound: Path, tmp_path: Path) -> None:
    gallery = tmp_path / "gallery"
    shutil.copytree(sound, gallery)
    shutil.rmtree(gallery / "assets")
    (gallery / "assets").symlink_to("/nowhere/at/all")
    (run,) = (path for path in (gallery / "finished").iterdir() if path.is_dir())
    (run / "index.html").unlink()
    with pytest.raises(PathTaken) as raised:
        write_report(run, gallery=gallery, now=NOW)
    assert raised.value.paths == (str(gallery / "assets"),)
    assert (run / "index.html").read_bytes() == (sound / run.relative_to(gallery) / "index.html").read_bytes()
    (gallery / "index.html").unlink()
    with pytest.raises(PathTaken):
        update_index(gallery, "finished", now=NOW)
    assert (gallery / "index.html").read_bytes() == (sound / "index.html").read_bytes()


def test_pipes_links_and_read_only_files_are_replaced(sound: Path, tmp_path: Path) -> None:
    gallery = tmp_path / "gallery"
    shutil.copytree(sound, gallery)
    names = above(gallery)
    for number, name in enumerate(names):
        path = gallery / name
        path.unlink()
        if number % 4 == 0:
            os.mkfifo(path)
        elif number % 4 == 1:
            path.symlink_to("/nowhere/at/all")
        elif number % 4 == 2:
            path.symlink_to(path.name)
        else:
            path.write_bytes(b"old")
            path.chmod(0o400)
    rebuild_gallery(gallery, now=NOW)
    assert files(gallery) == files(sound)


def test_the_command_names_place_and_cure(
    sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gallery = tmp_path / "gallery"
    shutil.copytree(sound, gallery)
    put_folder(gallery / "index.html")
    monkeypatch.setattr(sys, "argv", ["orbifolio", "gallery", str(gallery)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        f"error: {gallery / 'index.html'}: in the way of a file that is written here; move it away\n"
    )


def test_the_error_passes_between_processes() -> None:
    error = pickle.loads(pickle.dumps(PathTaken(["a", "b"])))
    assert isinstance(error, OSError)
    assert error.paths == ("a", "b")
    assert str(error) == str(PathTaken(["a", "b"]))
