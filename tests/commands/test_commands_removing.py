"""`orbifolio rm`: only runs, only those that are not running, and nothing else in the gallery."""

from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """Two runs of a recipe that were broken off early, and one of another."""
    made = []
    for name in ("waves/20260101-000000-aaaa", "waves/20260101-000000-bbbb", "horse/20260101-000000-cccc"):
        folder = tmp_path / "gallery" / name
        (folder / "checkpoint").mkdir(parents=True)
        (folder / "run.json").write_text('{"status": "failed"}')
        made.append(folder)
    return made


def test_a_run_is_removed_and_the_pages_forget_it(runs, tmp_path, command):
    gallery = tmp_path / "gallery"
    command("gallery", gallery)
    assert "aaaa" in (gallery / "runs.js").read_text()
    kept = (runs[1] / "run.json").read_bytes()
    removed = command("rm", "gallery/waves/20260101-000000-aaaa", "--yes")
    assert (removed.returncode, removed.stdout, removed.stderr) == (0, f"{gallery / 'index.html'}\n", "")
    pages = [page for page in gallery.rglob("*") if page.suffix in (".html", ".js", ".xml")]
    assert not [page for page in pages if "aaaa" in page.read_text(encoding="utf-8")]
    assert (runs[1] / "run.json").read_bytes() == kept
    assert command("rm", runs[1] / "index.html", "--yes").returncode == 0
    assert not (gallery / "waves").exists()  # a recipe without runs has no page
    assert (gallery / "horse").is_dir()


def test_what_is_no_run_or_is_running_stays(runs, tmp_path, command):
    (tmp_path / "mine").mkdir()
    with FileLock(runs[0] / "checkpoint" / "lock"):
        refused = command("rm", runs[0], runs[1], "mine", "gallery", "nosuch", "--yes")
    assert refused.returncode == 2
    for told in (
        f"{runs[0]}: is running; stop it first",
        "mine: is no run",
        "gallery: is no run",
        "nosuch: there is no such folder",
    ):
        assert told in refused.stderr
    assert all(folder.is_dir() for folder in (*runs, tmp_path / "mine"))  # the good one, too: all or nothing


def test_it_asks(runs, command):
    asked = command("rm", runs[2])
    assert asked.returncode == 130
    assert "Remove this run? [y/N]" in asked.stderr
    assert runs[2].is_dir()
