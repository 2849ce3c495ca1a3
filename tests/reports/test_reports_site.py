"""A small gallery of every kind of run, read back with lxml: links, pictures, headings, ids, tables."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from lxml.html import HtmlElement
from page_reading import read_page
from synthetic_run import BEGAN, replace_in, write_run

from orbifolio.reports.render import own_templates
from orbifolio.reports.write_gallery import rebuild_gallery

SOON = BEGAN + 60


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs that are done, running, interrupted, failed, killed, not started, and named awkwardly."""
    gallery = tmp_path_factory.mktemp("site") / "a gallery #1"
    write_run(gallery)
    write_run(gallery, identity="20261120-000000-0001", started=BEGAN - 9, seed=3)
    write_run(gallery, recipe="upside-down", status="running", until=8, seconds=0)
    write_run(gallery, recipe="deep dream 100%", theme="dream", symmetry=None, status="interrupted", until=4)
    write_run(gallery, recipe="failed", status="failed", until=9, message="NaN at step 3; lower the weight")
    killed = write_run(gallery, recipe="killed", status="running", until=2)
    replace_in(killed / "events.jsonl", str(BEGAN)[:6], "17630")  # hours ago
    early = write_run(gallery, recipe="early", status="running", until=0)
    (early / "events.jsonl").unlink()
    rebuild_gallery(gallery, now=SOON)
    return gallery


def pages(site: Path) -> Iterator[tuple[Path, HtmlElement]]:
    for path in sorted(site.rglob("index.html")):
        yield path, read_page(path)


def addresses(page: HtmlElement) -> Iterator[tuple[str, str, str]]:
    """(element, attribute, address) of everything that leads or loads from elsewhere."""
    for element in page.iter():
        if not isinstance(element.tag, str):
            continue
        for attribute in ("href", "src", "poster", "data", "action"):
            if (value := element.get(attribute)) is not None:
                yield element.tag, attribute, value
        for item in (element.get("srcset") or "").split(","):
            if item.strip():
                yield element.tag, "srcset", item.split()[0]
        for value in re.findall(r"url\(['\"]?(.*?)['\"]?\)", element.get("style") or ""):
            yield element.tag, "style", value


def test_every_kind_of_page_is_there(site: Path) -> None:
    run = site / "rainbow-hexagon" / "20261121-101500-4f2a"
    for path in (
        site,
        site / "rainbow-hexagon",
        run,
        run / "system",
        run / "phases/1-16px",
        run / "phases/2-32px/steps/00003",
    ):
        assert (path / "index.html").is_file(), path


def test_every_relative_address_leads_to_a_file(site: Path) -> None:
    for path, page in pages(site):
        ids = set(page.xpath("//@id"))
        for tag, attribute, address in addresses(page):
            parts = urlsplit(address)
            if parts.scheme in ("http", "https", "mailto"):
                assert (tag, attribute) == ("a", "href"), (path, address)
                continue
            if parts.scheme == "data":  # a small file to take away, never one that is loaded
                assert (tag, attribute) == ("a", "href"), (path, address)
                assert address.startswith(("data:application/x-bibtex;", "data:application/json;")), path
                continue
            assert not parts.scheme
            assert not parts.netloc
            assert not parts.path.startswith("/")
            if not parts.path:
                assert parts.fragment in ids, (path, address)
                continue
            target = path.parent / unquote(parts.path)
            assert target.is_file(), (path, address)
            assert target.resolve().is_relative_to(site.resolve())


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for asset in (path for path in (site / "assets").iterdir() if path.is_file()):
        text = re.sub(r'xmlns="[^"]*"', "", asset.read_text())
        assert not re.search(r"(https?:)?//[a-z]|@import|fetch\(|XMLHttp", text.replace("// ", "")), asset


def test_libraries_of_others_are_what_their_table_says() -> None:
    vendor = own_templates() / "assets" / "vendor"
    table = (vendor / "README.md").read_text()
    scripts = sorted(vendor.glob("*.js"))
    assert len(scripts) == 2
    for script in scripts:
        assert hashlib.sha256(script.read_bytes()).hexdigest() in table, script


def test_every_page_is_reachable_from_the_gallery(site: Path) -> None:
    seen: set[Path] = set()
    todo = [site / "index.html"]
    while todo:
        path = todo.pop().resolve()
        if path in seen or path.suffix != ".html":
            continue
        seen.add(path)
        page = read_page(path)
        todo += [
            path.parent / unquote(urlsplit(address).path)
            for tag, _, address in addresses(page)
            if tag == "a" and urlsplit(address).path and not urlsplit(address).scheme
        ]
    assert seen == {path.resolve() for path in site.rglob("*.html")}


def test_pictures_have_words_and_reserve_their_place(site: Path) -> None:
    counted = 0
    for path, page in pages(site):
        for image in page.iter("img"):
            counted += 1
            named = next((link.text_content().strip() for link in image.iterancestors("a")), "")
            assert image.get("alt") or named, path
            assert int(image.get("width")) > 0
            assert int(image.get("height")) > 0
            assert image.get("loading") in ("lazy", "eager")
    assert counted > 50


def test_structure_is_accessible(site: Path) -> None:
    for path, page in pages(site):
        ids = page.xpath("//@id")
        assert len(ids) == len(set(ids)), path
        assert len(page.xpath("//main")) == 1
        levels = [int(tag.tag[1]) for tag in page.iter("h1", "h2", "h3", "h4", "h5", "h6")]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False)), (
            path,
            levels,
        )
        for reference in page.xpath("//@aria-labelledby"):
            assert reference in ids, (path, reference)
        for table in page.iter("table"):
            assert table.find("caption") is not None
            assert all(cell.get("scope") in ("col", "row", "rowgroup") for cell in table.iter("th"))
        assert all("".join(link.itertext()).strip() or link.xpath(".//img/@alt") for link in page.iter("a")), path
        assert page.get("lang") == "en"


def test_essentials_need_no_script(site: Path) -> None:
    page = read_page(site / "rainbow-hexagon/20261121-101500-4f2a/index.html")
    for script in page.xpath("//script"):
        script.drop_tree()
    text = " ".join(page.text_content().split())
    for essential in (
        "Rainbow hexagon",
        "Six-fold",
        "60 degree rotation",
        "gram",
        "orbifolio run",
        "orbifolio launch",
        "renderer.phases.0.size=16",
        "vgg16/hed",
        "Texture synthesis",
        "watch for hexagrams",
        "skimage:immunohistochemistry",
        "two cells fill the picture",
    ):
        assert essential in text, essential
    assert page.xpath("//svg//path/@d")
    assert page.xpath("//*[@data-tile]/@style")[0].endswith("background-repeat:repeat")
    assert not page.xpath("//*[@onclick or @onload]")


def test_the_final_picture_comes_first(site: Path) -> None:
    page = read_page(site / "rainbow-hexagon/20261121-101500-4f2a/index.html")
    first = page.xpath("//*[self::img or @data-tile]")[0]
    assert "tile-" in first.get("style")  # it continues over its edges, so it is shown as a wallpaper
    assert first.xpath("ancestor::*[@class='hero']")
    (frame,) = page.xpath("//section[@id='phases']//a[@class='frame']")
    assert frame.get("href") == "final.png"
    page = read_page(site / "failed/20261121-101500-4f2a/index.html")
    first = next(page.iter("img"))
    assert first.xpath("ancestor::*[@class='hero']//a[@class='frame']")
    assert first.get("loading") == "eager"
    assert not page.xpath("//section[@id='phases']//a[@class='frame']")


@pytest.mark.parametrize(
    ("recipe", "status", "refreshes", "words"),
    [
        ("upside-down", "running", True, "left"),
        ("failed", "failed", False, "NaN at step 3"),
        ("killed", "stopped", False, "killed, or the machine went down"),
        ("deep dream 100%", "interrupted", False, "--resume"),
        ("early", "running", True, "No picture yet"),
    ],
)
def test_unfinished_runs_say_what_happened(site: Path, recipe: str, status: str, refreshes: bool, words: str) -> None:
    page = read_page(site / recipe / "20261121-101500-4f2a/index.html")
    assert page.xpath(f"//*[contains(@class, 'status {status}')]")
    assert bool(page.xpath("//meta[@http-equiv='refresh']")) == refreshes
    text = page.text_content()
    assert words in text
    if not refreshes:
        assert f"orbifolio run recipes/plane/{recipe}.yaml --resume" in text


def test_a_running_page_shows_progress_and_the_newest_frame(site: Path) -> None:
    page = read_page(site / "upside-down/20261121-101500-4f2a/index.html")
    # 8 of 12 steps of half a second; a step of phase 2 is 4 times phase 1's by pixels, but was timed itself
    assert page.xpath("//progress/@value") == ["67"]
    assert "about 2.0 s left" in page.text_content()
    assert next(page.iter("img")).get("src").startswith("phases/2-32px/frames/00000")


def test_steps_are_chained_over_phases(site: Path) -> None:
    path = site / "rainbow-hexagon/20261121-101500-4f2a/phases/1-16px/steps/00000/index.html"
    visited = []
    while True:
        visited.append("/".join(path.resolve().parts[-5:-1]))
        page = read_page(path)
        following = page.xpath("//a[@rel='next']/@href")
        if not following:
            break
        path = path.parent / following[0]
    assert visited == [
        f"phases/{phase}/steps/{step}" for phase in ("1-16px", "2-32px") for step in ("00000", "00003", "00006")
    ]


def test_gallery_shows_the_newest_run_of_each_recipe_by_theme(site: Path) -> None:
    page = read_page(site / "index.html")
    assert page.xpath("//h2/text()") == ["Pictures"]
    assert page.xpath("//*[@data-theme-link!='']/@data-theme-link") == ["plane", "dream"]
    cards = page.xpath("//a[@class='card']/@href")
    assert len(cards) == 6
    assert "rainbow-hexagon/20261121-101500-4f2a/index.html" in cards
    listing = read_page(site / "rainbow-hexagon/index.html")
    assert listing.xpath("//table//th[@scope='row']//*[@class='id']/text()") == [
        "20261121-101500-4f2a",
        "20261120-000000-0001",
    ]
