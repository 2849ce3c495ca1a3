"""Files to take away: each with its format, its pixels and its size, under a name that says whose it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpngw
import numpy as np
from page_reading import read_page
from synthetic_run import picture

from orbifolio.reports.data.log import read_run
from orbifolio.reports.links import Place
from orbifolio.reports.parts.downloads import downloads_part
from orbifolio.reports.wording import format_bytes
from orbifolio.reports.write import write_report

Make = Callable[..., Path]


def test_pictures_and_data_say_what_they_are(make_run: Make) -> None:
    folder = make_run(
        extras=[
            {"path": "extras/tile.png", "title": "One tile", "kind": "picture"},
            {"path": "extras/picture.webp", "title": "For the web", "kind": "picture"},
            {"path": "extras/mesh.glb", "title": "The mesh", "kind": "data"},
        ]
    )
    numpngw.write_png(str(folder / "final.png"), np.zeros((56, 32, 3), np.uint16))
    picture(30, 20).save(folder / "extras" / "picture.webp")
    (folder / "extras" / "mesh.glb").write_bytes(b"x" * 2000)
    downloads = downloads_part(read_run(folder), Place(folder))
    assert downloads is not None
    shown = {item.label: item for item in (*downloads.pictures, *downloads.data)}
    assert shown["Picture"].facts[:2] == ("16-bit PNG", "32 × 56 px")
    assert shown["Picture"].name == f"rainbow-hexagon-{folder.name}.png"
    assert shown["One tile"].facts[:2] == ("8-bit PNG", "32 × 56 px")
    assert shown["One tile"].name == f"rainbow-hexagon-{folder.name}-tile.png"
    assert shown["For the web"].facts[:2] == ("WebP", "30 × 20 px")
    assert shown["The mesh"].facts == ("GLB", "2.0 kB")
    assert shown["Resolved recipe"].facts[0] == "YAML"
    assert shown["Animation as WebP"].href == "animation.webp"
    for item in shown.values():
        assert item.facts[-1] == format_bytes((folder / item.href).stat().st_size)
    assert all(item.picture is not None for item in downloads.pictures)
    assert all(item.picture is None for item in downloads.data)


def test_only_files_that_are_there_and_inside_are_offered(make_run: Make, gallery: Path) -> None:
    folder = make_run(
        extras=[{"path": path, "title": "x"} for path in ("extras/gone.png", "../../secret", "/etc/passwd")]
    )
    (folder / "final.png").unlink()
    write_report(folder, gallery=gallery)
    section = read_page(folder / "index.html").get_element_by_id("files")
    links = section.xpath(".//a/@href")
    assert set(links) >= {"recipe.yaml", "run.json", "events.jsonl"}
    assert all((folder / link).is_file() for link in links)
    assert not section.xpath(".//ul[@class='tiles']")


def test_a_picture_that_cannot_be_read_is_still_a_file(make_run: Make) -> None:
    folder = make_run()
    (folder / "extras" / "tile.png").write_bytes(b"torn")
    downloads = downloads_part(read_run(folder), Place(folder))
    assert downloads is not None
    (torn,) = [item for item in downloads.data if item.href == "extras/tile.png"]
    assert torn.facts == ("PNG", "4 B")


def test_sizes_that_grow_are_left_out(make_run: Make) -> None:
    folder = make_run(status="running", until=5)
    run = read_run(folder, now=read_run(folder).last)
    assert run.running
    downloads = downloads_part(run, Place(folder))
    assert downloads is not None
    assert {item.facts for item in downloads.data} >= {("YAML",), ("JSON lines",)}


def test_many_pictures_are_folded_away(make_run: Make, gallery: Path) -> None:
    extras = [{"path": f"extras/{number}.png", "title": f"Cell {number}", "kind": "picture"} for number in range(14)]
    folder = make_run(extras=extras)
    for number in range(14):
        picture(30, 20).save(folder / "extras" / f"{number}.png")
    write_report(folder, gallery=gallery)
    section = read_page(folder / "index.html").get_element_by_id("files")
    folded = section.xpath(".//details//ul[@class='tiles']/li//span[@class='name']/text()")
    assert section.xpath(".//details/summary/text()")[0] == "10 more pictures"
    assert folded == [f"Cell {number}" for number in range(4, 14)]  # after the picture itself and four
    assert len(section.xpath(".//ul[@class='tiles']/li")) == 15
