"""Rewriting: only what changed, whole files, several writers, other people's templates."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import jinja2
import pytest
from synthetic_run import BEGAN, picture, replace_in

from orbifolio.reports.files import write_bytes, write_text
from orbifolio.reports.links import Header, Link
from orbifolio.reports.render import PageRenderer, own_templates
from orbifolio.reports.tree import Page
from orbifolio.reports.write import write_report
from orbifolio.reports.write_gallery import rebuild_gallery, update_index

NOW = BEGAN + 5
MakeRun = Callable[..., Path]


def snapshot(folder: Path) -> dict[Path, tuple[int, bytes]]:
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.rglob("*") if path.is_file()}


def test_a_second_rebuild_writes_nothing(gallery: Path, make_run: MakeRun) -> None:
    make_run()
    make_run(recipe="upside-down", status="running", until=7)
    assert rebuild_gallery(gallery, now=NOW)
    before = snapshot(gallery)
    assert rebuild_gallery(gallery, now=NOW) == []
    assert rebuild_gallery(gallery, now=NOW, rewrite=True) == []
    for folder in gallery.glob("*/2*"):
        write_report(folder, gallery=gallery, now=NOW)
    assert snapshot(gallery) == before
    assert not list(gallery.rglob("*.part"))


def test_pages_do_not_depend_on_where_the_gallery_stands(gallery: Path, make_run: MakeRun, tmp_path: Path) -> None:
    make_run()
    rebuild_gallery(gallery, now=NOW)
    before = {path.relative_to(gallery): path.read_bytes() for path in gallery.rglob("*.html")}
    moved = tmp_path / "elsewhere" / "deeper"
    moved.parent.mkdir()
    gallery.rename(moved)
    rebuild_gallery(moved, now=NOW + 10**7, rewrite=True)
    assert {path.relative_to(moved): path.read_bytes() for path in moved.rglob("*.html")} == before


def test_only_what_changed_is_written(gallery: Path, make_run: MakeRun) -> None:
    run = make_run(status="running", until=7)
    make_run(recipe="other")
    rebuild_gallery(gallery, now=NOW)
    with (run / "events.jsonl").open("a") as log:
        log.write(
            '{"event": "stepped", "time": %f, "phase": 1, "step": 2, "terms": {"gram": 1}, "seconds": 1}\n'
            % (BEGAN + 4)
        )
    changed = rebuild_gallery(gallery, now=NOW)
    assert run / "index.html" in changed
    assert all(path.is_relative_to(run) for path in changed)
    assert not any("phases/1-16px" in path.as_posix() for path in changed)


def test_a_growing_run_ends_with_the_same_pages_as_a_rebuild(gallery: Path, make_run: MakeRun) -> None:
    run = make_run(sizes=((16, 28), (32, 56)), steps=6, every=1)
    whole = (run / "events.jsonl").read_text().splitlines(keepends=True)
    replace_in(run / "run.json", '"status": "done"', '"status": "running"')
    for length in range(1, len(whole), 2):
        (run / "events.jsonl").write_text("".join(whole[:length]))
        write_report(run, gallery=gallery, now=NOW)
    replace_in(run / "run.json", '"status": "running"', '"status": "done"')
    (run / "events.jsonl").write_text("".join(whole))
    write_report(run, gallery=gallery, now=NOW)
    grown = {path: path.read_bytes() for path in run.rglob("*.html")}
    assert len(grown) == 1 + 1 + 2 + 2 * 7
    rebuild_gallery(gallery, now=NOW, rewrite=True)
    assert {path: path.read_bytes() for path in run.rglob("*.html")} == grown


def test_only_renders_one_run(gallery: Path, make_run: MakeRun) -> None:
    one, other = make_run(), make_run(recipe="other")
    rebuild_gallery(gallery, now=NOW)
    for run in (one, other):
        shutil.rmtree(run / "system")
    (gallery / "index.html").unlink()
    rebuild_gallery(gallery, only=one, rewrite=True, now=NOW)
    assert (one / "system/index.html").exists()
    assert not (other / "system").exists()
    assert (gallery / "index.html").exists()


def test_index_sees_runs_of_other_processes(gallery: Path, make_run: MakeRun) -> None:
    make_run()
    update_index(gallery, "rainbow-hexagon", now=NOW)
    folders = [make_run(recipe=f"recipe-{number}", steps=1, every=1) for number in range(6)]
    threads = [
        threading.Thread(
            target=lambda f=folder: (
                write_report(f, gallery=gallery, now=NOW),
                update_index(gallery, f.parent.name, now=NOW),
            )
        )
        for folder in folders
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    index = (gallery / "index.html").read_text()
    assert all(f"recipe-{number}/20261121-101500-4f2a/index.html" in index for number in range(6))


def test_an_empty_gallery_says_how_to_start(gallery: Path) -> None:
    rebuild_gallery(gallery, now=NOW)
    assert "orbifolio run" in (gallery / "index.html").read_text()


def test_a_failed_write_keeps_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "page.html"
    write_text(path, "old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_text(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_written_files_are_readable_by_a_web_server(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    write_bytes(tmp_path / "written", b"x")
    assert (tmp_path / "written").stat().st_mode == plain.stat().st_mode


def test_a_user_template_overrides_ours(gallery: Path, make_run: MakeRun, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    (theirs / "parts").mkdir(parents=True)
    (theirs / "assets").mkdir()
    (theirs / "parts" / "header.html").write_text("<h1>Theirs: {{ page.header.title }}</h1>")
    (theirs / "assets" / "orbifolio.css").write_text("body { color: red }")
    run = make_run()
    page = write_report(run, gallery=gallery, now=NOW, templates=theirs).read_text()
    assert "<h1>Theirs: Rainbow hexagon</h1>" in page
    assert "Six-fold" in page
    [style] = (gallery / "assets").glob("orbifolio-*.css")
    assert style.read_text() == "body { color: red }"
    assert f"assets/{style.name}" in page
    assert len(list((gallery / "assets").glob("orbifolio-*.js"))) == 1


def test_the_environment_names_a_template_folder(
    gallery: Path, make_run: MakeRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "header.html").write_text("<h1>From the environment</h1>")
    monkeypatch.setenv("ORBIFOLIO_TEMPLATES", str(tmp_path))
    assert "From the environment" in write_report(make_run(), gallery=gallery, now=NOW).read_text()


def test_unknown_names_in_templates_are_errors(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "odd.html").write_text("{{ page.no_such_name }}")
    page = Page(path=tmp_path / "x.html", kind="odd", root="./", header=Header("x"), crumbs=(Link("x"),), parts=())
    with pytest.raises(jinja2.UndefinedError, match="no_such_name"):
        PageRenderer(tmp_path).html(page)


def test_every_part_has_a_template_of_its_own() -> None:
    from orbifolio.reports.parts.base import Part

    templates = [kind.template for kind in Part.__subclasses__()]
    assert len(set(templates)) == len(templates) > 15
    for template in templates:
        assert (own_templates() / template).is_file(), template


def test_small_pictures_follow_their_source(gallery: Path, make_run: MakeRun) -> None:
    run = make_run(sizes=((500, 400),), steps=1, every=1)
    write_report(run, gallery=gallery, now=NOW)
    copy = run / "thumbs/final-320.webp"
    before = copy.read_bytes()
    picture(500, 400, seed=77).save(run / "final.png")
    os.utime(run / "final.png", ns=(1, 10**18))
    write_report(run, gallery=gallery, now=NOW)
    assert copy.read_bytes() != before


def test_reports_import_neither_torch_nor_the_runner_s_numerics() -> None:
    code = (
        "import sys, orbifolio.reports.pages.gallery, orbifolio.reports.write; "
        "print(*sorted({'torch', 'scipy', 'skimage', 'pydantic', 'boto3'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert (done.stdout, done.stderr) == ("\n", "")
