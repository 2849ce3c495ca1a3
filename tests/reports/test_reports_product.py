"""The head of a run's page: its product, its symmetry to show over it, and what leads on from there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lxml import etree
from lxml.html import HtmlElement
from page_reading import read_page, texts

from orbifolio.reports.media.elements_drawing import DRAWING_NAME
from orbifolio.reports.parts.hero import changed_command
from orbifolio.reports.write import write_report

MakeRun = Callable[..., Path]
SVG = "{http://www.w3.org/2000/svg}"
ELEMENTS = {
    "centres": [
        {"fold": 4, "x": 0.5, "y": 0.5, "recolours": True},
        {"fold": 4, "x": 0.0, "y": 0.0, "recolours": True},
        {"fold": 2, "x": 0.5, "y": 0.0, "recolours": False},
    ],
    "mirrors": [{"line": [[0.25, 0.0], [0.25, 1.0]], "recolours": False}],
    "glides": [{"line": [[0.0, 0.0], [0.5, 0.25], [1.0, 0.0]], "recolours": True}],
    "cells": [[[0.0, 0.5], [1.0, 0.5]]],
}


def written(folder: Path) -> HtmlElement:
    write_report(folder, gallery=folder.parent.parent)
    return read_page(folder / "index.html")


def symmetry(elements: object) -> dict[str, Any]:
    return {"kind": "plane", "group": "p4mm", "title": "p4mm", "claims": [], "unclaimed": [], "elements": elements}


def test_the_symmetry_is_drawn_over_the_picture_as_large_as_it_is(make_run: MakeRun) -> None:
    folder = make_run(symmetry=symmetry(ELEMENTS))
    page = written(folder)
    (layer,) = page.xpath("//*[@data-tile]/span[@class='overlay']")
    assert layer.get("style") == f"background-image:url('{DRAWING_NAME}')"
    assert page.xpath("//label[input[@type='checkbox']]")[0].text_content().strip() == "Show the symmetry"
    (legend,) = texts(page, "//*[@class='legend-of-signs']")
    assert legend == (
        "squares: four-fold centres · lenses: two-fold centres · line: mirror · dashed: glides · "
        "thin: cells of the lattice · red: colours change"
    )
    drawing = etree.fromstring((folder / DRAWING_NAME).read_bytes())
    assert drawing.get("viewBox") == "0 0 32 56"
    assert drawing.find(f"{SVG}title").text == "Symmetry: 3 centres, 1 mirror, 1 glide"
    paths = {tuple(path.get("class").split()): path.get("d") for path in drawing.iter(f"{SVG}path")}
    assert paths["mirror", "plain"] == "M8 0L8 56"
    assert paths["glide", "changing"] == "M0 0L16 14L32 0"
    assert paths["cell", "plain"] == "M0 28L32 28"
    signs = [path for path in drawing.iter(f"{SVG}path") if path.get("class") == "centre changing"]
    assert len(signs) == 5  # the one in the corner is seen in all four of them, as the picture repeats


def test_nothing_is_offered_where_nothing_can_be_drawn(make_run: MakeRun) -> None:
    odd = {"centres": [{"fold": "x"}, 3], "mirrors": [{"line": [[0, 1]]}], "glides": None, "cells": [[[None, 2], []]]}
    for number, elements in enumerate((None, {}, odd)):
        folder = make_run(identity=f"2026112{number}-000000-0001", symmetry=symmetry(elements))
        assert not written(folder).xpath("//*[@data-overlay-switch]")
        assert not (folder / DRAWING_NAME).exists()


def test_an_endless_zoom_is_what_the_page_begins_with(make_run: MakeRun) -> None:
    folder = make_run(extras=[{"path": "extras/zoom.html", "title": "The endless zoom", "kind": "data"}])
    (folder / "extras" / "zoom.html").write_text("<!doctype html><title>zoom</title>")
    page = written(folder)
    (frame,) = page.xpath("//div[@class='hero']/section/iframe")
    assert (frame.get("src"), frame.get("title")) == ("extras/zoom.html", "Rainbow hexagon: an endless zoom")
    assert page.xpath("//section[@id='phases']//*[@data-slider]")  # the frames stand further down


def test_a_wallpaper_for_a_screen_is_offered_beside_the_picture(make_run: MakeRun) -> None:
    folder = make_run(extras=[{"path": "extras/wallpaper-4k.jpg", "title": "Wallpaper", "kind": "picture"}])
    assert "4K wallpaper" not in texts(written(folder), "//div[@class='hero']//a")
    (folder / "extras" / "wallpaper-4k.jpg").write_bytes(b"x")
    assert "4K wallpaper" in texts(written(folder), "//div[@class='hero']//a")


def test_the_command_that_runs_it_with_another_seed(make_run: MakeRun) -> None:
    page = written(make_run())
    assert texts(page, "//details[@data-change]//code") == ["orbifolio run recipes/plane/rainbow-hexagon.yaml seed=18"]
    assert changed_command("orbifolio run 'my recipe.yaml' seed=3", 3) == "orbifolio run 'my recipe.yaml' seed=4"
    assert changed_command("orbifolio run 'torn", 3) == changed_command("", 3) == changed_command("a", None) == ""


def test_all_but_the_first_charts_are_folded_away(make_run: MakeRun) -> None:
    page = written(make_run())
    shown = texts(page, "//section[@id='curves']/div[@class='charts']//h3")
    folded = texts(page, "//details[@class='more-charts']//h3")
    assert (len(shown), len(folded)) == (2, 2)
    assert texts(page, "//details[@class='more-charts']/summary") == [
        f"2 more charts: {', '.join(name.lower() for name in folded)}"
    ]


def test_a_survey_reads_as_an_atlas(make_run: MakeRun) -> None:
    page = written(make_run(phase_noun="variation"))
    assert texts(page, "//section[@id='phases']/h2") == ["All 2 variations"]
    assert texts(page, "//article[@class='phase']") == ["16 px", "32 px"]
    sections = [section.get("id") for section in page.xpath("//main/section")]
    assert sections[0] == "phases"
    assert not page.xpath("//*[@data-comparison]")
