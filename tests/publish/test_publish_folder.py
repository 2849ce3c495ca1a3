"""Publishing to a folder: the same guarantees by a file lock; full disks and wrong folders."""

from __future__ import annotations

import errno
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from stores import dangling, of_folder

from orbifolio.reports.publish.catalogue import read_catalogue
from orbifolio.reports.publish.contents import _MADE
from orbifolio.reports.publish.folder import FolderStore, FolderTarget
from orbifolio.reports.publish.publisher import PublishStats
from orbifolio.reports.publish.serving import STATE_FOLDER
from orbifolio.reports.publish.store import MISSING, ObjectHeaders, PreconditionFailed
from orbifolio.runner.errors import InputError, PathTaken, PublishError

Publish = Callable[..., PublishStats]


def folder_store(path: Path) -> FolderStore:
    return FolderTarget(path=str(path)).build(Path("/nowhere"))


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_gallery_in_a_folder_is_whole(gallery: Path, tmp_path: Path, publish: Publish) -> None:
    target = tmp_path / "www"
    publish(folder_store(target), gallery)
    assert not dangling(of_folder(target))
    for key in files(target):
        if not key.startswith(STATE_FOLDER) and key.count("/") > 1:
            assert (target / key).read_bytes() == (gallery / key).read_bytes()
    before = {key: (target / key).stat().st_mtime_ns for key in files(target) if not key.endswith("/lock")}
    tally = publish(folder_store(target), gallery)
    assert tally.uploaded == tally.deleted == 0
    assert {key: (target / key).stat().st_mtime_ns for key in before} == before


def test_a_readers_own_notes_stay_at_home(gallery: Path, tmp_path: Path, publish: Publish) -> None:
    (gallery / "rainbow-hexagon/20261121-101500-4f2a/notes.json").write_text('{"note": "too dark for Aunt Mary"}')
    publish(folder_store(tmp_path / "www"), gallery)
    assert not [key for key in files(tmp_path / "www") if key.endswith("notes.json")]


def test_what_no_run_makes_stays_at_home(gallery: Path, tmp_path: Path, publish: Publish) -> None:
    """Also what an older version has published; what lies beside the runs is the owner's, and goes along."""
    run = gallery / "rainbow-hexagon/20261121-101500-4f2a"
    target = tmp_path / "www"
    publish(folder_store(target), gallery)
    before = files(target)
    (run / "draft").mkdir()
    for path in (run / "secret.txt", run / "draft" / "key.pem", gallery / "CNAME"):
        path.write_text("x")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("orbifolio.reports.publish.contents._MADE", _MADE | {"secret.txt", "draft"})
        publish(folder_store(target), gallery)
    strangers = {f"{run.relative_to(gallery)}/{name}" for name in ("secret.txt", "draft/key.pem")}
    assert files(target) - before == {*strangers, "CNAME"}
    publish(folder_store(target), gallery)
    assert files(target) - before == {"CNAME"}
    assert not dangling(of_folder(target))


def test_large_files_are_copied_whole(gallery: Path, tmp_path: Path, publish: Publish) -> None:
    content = os.urandom(20_000_000)
    (gallery / "rainbow-hexagon/20261121-101500-4f2a/extras/large.zip").write_bytes(content)
    publish(folder_store(tmp_path / "www"), gallery)
    assert (tmp_path / "www/rainbow-hexagon/20261121-101500-4f2a/extras/large.zip").read_bytes() == content


def test_what_is_gone_takes_its_empty_folders_along(gallery: Path, tmp_path: Path, publish: Publish) -> None:
    import shutil

    target, step = tmp_path / "www", "rainbow-hexagon/20261121-101500-4f2a/phases/1-16px/steps/00001"
    publish(folder_store(target), gallery)
    assert (target / step).is_dir()
    shutil.rmtree(gallery / step)
    publish(folder_store(target), gallery)
    assert not (target / step).exists()
    assert (target / step).parent.is_dir()


def test_many_publishers_at_once_lose_nothing(
    tmp_path: Path, make_gallery: Callable[..., Path], publish: Publish
) -> None:
    target = tmp_path / "www"
    galleries = [
        make_gallery(f"machine{number}", recipe=f"recipe-{number % 2}", identity=f"run-{number}") for number in range(5)
    ]
    troubles: list[BaseException] = []

    def go(gallery: Path) -> None:
        try:
            publish(folder_store(target), gallery)
        except BaseException as trouble:
            troubles.append(trouble)

    threads = [threading.Thread(target=go, args=(gallery,)) for gallery in galleries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert troubles == []
    assert set(read_catalogue(folder_store(target)).runs) == {
        f"recipe-{number % 2}/run-{number}" for number in range(5)
    }
    assert not dangling(of_folder(target))
    pages = [(target / f"recipe-{number}/index.html").read_text() for number in range(2)]
    assert all(f"run-{number}" in pages[number % 2] for number in range(5))


def test_conditions_hold_under_a_lock(tmp_path: Path) -> None:
    here, how = folder_store(tmp_path), ObjectHeaders()
    tag = here.put("a/b.txt", b"one", how, condition=MISSING)
    with pytest.raises(PreconditionFailed):
        here.put("a/b.txt", b"two", how, condition=MISSING)
    with pytest.raises(PreconditionFailed):
        here.put("a/b.txt", b"two", how, condition="0")
    with pytest.raises(PreconditionFailed):
        here.put("a/none.txt", b"two", how, condition=tag)
    here.put("a/b.txt", b"two", how, condition=tag)
    assert here.get("a/b.txt") is not None
    assert (tmp_path / "a/b.txt").read_bytes() == b"two"


def test_a_full_disk_is_told_and_what_stood_stays(
    gallery: Path, tmp_path: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "www"
    publish(folder_store(target), gallery)
    before = {key: (target / key).read_bytes() for key in files(target)}
    for page in gallery.rglob("steps/*/index.html"):
        page.write_text(page.read_text().replace("</body>", "<p>new</p></body>"))
    honest, count = os.replace, 0

    def full(source: Path, to: Path) -> None:
        nonlocal count
        count += str(to).startswith(str(target)) and STATE_FOLDER not in str(to)
        if count > 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        honest(source, to)

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(PublishError) as caught:
        publish(folder_store(target), gallery)
    assert str(caught.value) == (
        f"{target}: the disk is full; make room, then publish again; what was published before is intact"
    )
    monkeypatch.setattr(os, "replace", honest)
    assert files(target) >= set(before)
    assert not [key for key in files(target) if key.endswith(".part")]
    assert not dangling(of_folder(target))
    publish(folder_store(target), gallery)
    assert all("<p>new</p>" in page.read_text() for page in target.rglob("steps/*/index.html"))


def test_folders_that_cannot_be_meant(gallery: Path, tmp_path: Path, publish: Publish) -> None:
    for inside in (gallery, gallery / "public"):
        with pytest.raises(InputError, match="lies inside the gallery and would be published itself"):
            publish(folder_store(inside), gallery)
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="is a file"):
        publish(folder_store(tmp_path / "file"), gallery)
    with pytest.raises(PublishError) as caught:
        publish(folder_store(tmp_path / "disk/www"), gallery)
    assert str(caught.value) == (
        f"{tmp_path}/disk/www: the folder {tmp_path}/disk does not exist; mount its disk, or create it"
    )


def test_a_manifest_of_a_stranger_deletes_nothing_outside(gallery: Path, tmp_path: Path, publish: Publish) -> None:
    here = folder_store(tmp_path / "www")
    (tmp_path / "precious").write_text("mine")
    with pytest.raises(PublishError, match="would lie outside"):
        here.delete("../precious")
    with pytest.raises(PublishError, match="would lie outside"):
        here.put("/precious", b"", ObjectHeaders())
    assert (tmp_path / "precious").read_text() == "mine"


def test_relative_targets_begin_at_the_recipe(tmp_path: Path) -> None:
    assert FolderTarget(path="../public").build(tmp_path / "recipes").name == f"{tmp_path}/public"
    assert FolderTarget(path="~/public").build(tmp_path).name == f"{Path.home()}/public"


def test_a_target_that_holds_the_gallery_among_other_things_is_refused(tmp_path: Path) -> None:
    gallery = tmp_path / "gallery"
    gallery.mkdir()
    with pytest.raises(InputError, match="holds the gallery and other files"):
        FolderTarget(path=str(tmp_path)).build(tmp_path).refuse(gallery)


def test_a_target_below_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file and holds no folders"):
        FolderTarget(path=str(tmp_path / "file" / "x")).build(tmp_path).refuse(tmp_path / "gallery")


def test_what_is_no_file_in_the_target_is_replaced_or_named(gallery: Path, tmp_path: Path, publish: Publish) -> None:
    target = tmp_path / "www"
    publish(folder_store(target), gallery)
    whole = files(target)
    for name in ("feed.xml", "blind.html"):
        (target / name).unlink()
    os.mkfifo(target / "feed.xml")  # whoever reads it waits for ever
    (target / "blind.html" / "mine").mkdir(parents=True)
    with pytest.raises(PathTaken, match=re.escape(f"{target / 'blind.html'}: in the way of a file")):
        publish(folder_store(target), gallery)
    (target / "blind.html" / "mine").rmdir()
    (target / "blind.html").rmdir()
    publish(folder_store(target), gallery)
    assert files(target) == whole
