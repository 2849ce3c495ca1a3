"""No run can stop another: whatever is wrong with one, the others' reports, the gallery and the commands stay whole."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from corrupt_gallery import damage
from page_reading import read_page, texts
from synthetic_card import a_card
from synthetic_run import BEGAN, write_run

from orbifolio.reports.data.card import Card
from orbifolio.reports.parts import thumbnail_grid
from orbifolio.reports.render import renderer
from orbifolio.reports.write import write_report
from orbifolio.reports.write_gallery import rebuild_gallery, update_index, write_above
from orbifolio.runner.errors import PathTaken

NOW = BEGAN + 5
MEMORY = 6 * 2**30  # bytes of address space: libraries map three already
SAMPLE = range(500, 516)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run, one that goes on, and one that is never damaged."""
    gallery = tmp_path_factory.mktemp("sound") / "gallery"
    tiny = {"sizes": ((16, 16), (24, 24)), "steps": 2, "every": 1}
    write_run(gallery, recipe="finished", **tiny)
    write_run(gallery, recipe="going", status="running", until=2, **tiny)
    write_run(gallery, recipe="whole", **tiny)
    rebuild_gallery(gallery, now=NOW)
    return gallery


@pytest.fixture
def _little_memory() -> Iterator[None]:
    """An allocation without bounds fails, instead of taking the machine down."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def pages(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.html"))}


def written(gallery: Path) -> dict[Path, int]:
    """When each page was written."""
    return {path: path.stat().st_mtime_ns for path in gallery.rglob("*.html") if path.is_file()}


def rebuilt(gallery: Path, run: Path) -> list[Path]:
    """The files that a rebuild changes; what it cannot read lies in this run alone."""
    before = written(gallery)
    try:
        return rebuild_gallery(gallery, now=NOW)
    except PathTaken as taken:
        if not all(Path(path).is_relative_to(run) for path in taken.paths):
            raise
        return [path for path, moment in written(gallery).items() if before.get(path) != moment]


def check_damage(sound: Path, gallery: Path, seed: int) -> None:
    shutil.copytree(sound, gallery, symlinks=True)
    run = next(path for path in (gallery / ("finished", "going")[seed % 2]).iterdir() if path.is_dir())
    what = damage(run, seed)
    rebuilt(gallery, run)
    update_index(gallery, run.parent.name, now=NOW)
    assert pages(gallery / "whole") == pages(sound / "whole"), what
    cards = read_page(gallery / "index.html").xpath("//a[@class='card']/@href")
    readable = any((run / name).is_file() for name in ("run.json", "events.jsonl"))
    assert len(cards) == 2 + readable, what
    if readable and not (run / "index.html").is_file():
        (card,) = read_page(gallery / "index.html").xpath(f"//li[.//a[contains(@href, '{run.parent.name}/')]]")
        assert "Report failed" in card.text_content(), what
    assert rebuilt(gallery, run) == [], what
    shutil.rmtree(gallery)


@pytest.mark.usefixtures("_little_memory")
def test_no_damage_of_one_run_reaches_another(sound: Path, tmp_path: Path) -> None:
    for seed in SAMPLE:
        check_damage(sound, tmp_path / "gallery", seed)


@pytest.mark.slow
@pytest.mark.parametrize("hundred", range(5))
@pytest.mark.usefixtures("_little_memory")
def test_no_damage_of_500_reaches_another_run(hundred: int, sound: Path, tmp_path: Path) -> None:
    """A hundred take 15 seconds of a processor: as one test, all would reach its time limit on a busy machine."""
    for seed in range(100 * hundred, 100 * hundred + 100):
        check_damage(sound, tmp_path / "gallery", seed)


def test_the_page_and_the_card_of_a_run_without_report_say_why(sound: Path, tmp_path: Path) -> None:
    gallery = shutil.copytree(sound, tmp_path / "gallery")
    run = next((gallery / "finished").iterdir())
    shutil.rmtree(run / "phases")
    (run / "phases").write_text("a file")
    rebuild_gallery(gallery, rewrite=True, now=NOW)
    page = read_page(run / "index.html")
    assert texts(page, "//h2 | //h1 | //strong")[:1] == ["Finished"]
    assert "phases: in the way of a file that is written here" in page.text_content()
    assert "orbifolio gallery" in page.text_content()
    above = read_page(gallery / "index.html")
    (card,) = above.xpath("//li[.//a[contains(@href, 'finished/')]]")
    assert "Report failed" in card.text_content()
    assert "in the way of" in card.text_content()
    (run / "phases").unlink()
    rebuild_gallery(gallery, now=NOW)  # mended: it is tried every time
    assert "Six-fold" in (run / "index.html").read_text()
    assert "Report failed" not in (gallery / "index.html").read_text()


def test_a_fault_of_a_report_does_not_end_its_run(sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = shutil.copytree(sound, tmp_path / "gallery")
    run = next((gallery / "finished").iterdir())

    def broken(*arguments: object) -> None:
        raise RecursionError("maximum recursion depth exceeded")

    monkeypatch.setattr("orbifolio.reports.write.run_page", broken)
    assert "nested too deeply" in write_report(run, gallery=gallery, now=NOW).read_text()


def test_a_run_killed_before_its_first_report_has_a_page_once_another_is_listed(sound: Path, tmp_path: Path) -> None:
    gallery = shutil.copytree(sound, tmp_path / "gallery")
    run = next(path for path in (gallery / "going").iterdir() if path.is_dir())
    for path in run.rglob("*.html"):
        path.unlink()
    update_index(gallery, "finished", now=NOW)
    for href in read_page(gallery / "index.html").xpath("//a[@class='card']/@href"):
        assert (gallery / href).is_file()


def test_a_full_disk_is_nobodys_stub(sound: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gallery = shutil.copytree(sound, tmp_path / "gallery")

    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("orbifolio.reports.files.write_atomically", full)
    before = pages(gallery)
    run = next((gallery / "finished").iterdir())
    (run / "index.html").unlink()
    with pytest.raises(OSError, match="No space left"):
        write_report(run, gallery=gallery, now=NOW)
    assert pages(gallery).keys() == before.keys() - {f"finished/{run.name}/index.html"}


def test_a_card_that_no_page_can_show_becomes_a_stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cover_image = thumbnail_grid.cover_image

    def odd(card: Card, *arguments: object, **options: object) -> object:
        if card.type == "recipe-1" and card.cover:
            raise OverflowError("integer division result too large for a float")
        return cover_image(card, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(thumbnail_grid, "cover_image", odd)
    write_above(tmp_path, [a_card(number) for number in range(3)], renderer())
    shown = read_page(tmp_path / "index.html")
    assert len(shown.xpath("//a[@class='card']")) == 3
    assert "integer division result too large" in shown.text_content()


@pytest.mark.parametrize(
    "name", [b"not-utf8-\xff\xfe", b"n" * 255, "ünï ☃".encode(), b"%41?#&", b"a:b", b"-x", b"a\nb"]
)
def test_a_run_may_have_any_name(sound: Path, tmp_path: Path, name: bytes) -> None:
    gallery = shutil.copytree(sound, tmp_path / "gallery")
    run = next((gallery / "finished").iterdir())
    os.rename(run, os.path.join(os.fsencode(run.parent), name))
    rebuild_gallery(gallery, now=NOW)
    (href,) = read_page(gallery / "index.html").xpath("//a[@class='card'][contains(@href, 'finished/')]/@href")
    assert os.path.isfile(os.path.join(os.fsencode(gallery), unquote_to_bytes(href)))
    assert pages(gallery / "whole") == pages(sound / "whole")
