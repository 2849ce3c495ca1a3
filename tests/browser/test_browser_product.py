"""What a run's page begins with, in a browser: its symmetry switched on, its zoom playing, the runs beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from synthetic_run import BEGAN, write_run
from watching import PHONE, OpenPage, overflow

from orbifolio.reports.write_gallery import rebuild_gallery

RUN = "rainbow-hexagon/20261121-101500-4f2a"
LINE = {"line": [[0.25, 0.0], [0.25, 1.0]], "recolours": True}
ELEMENTS = {
    "centres": [{"fold": 6, "x": 0.5, "y": 0.5, "recolours": True}],
    "mirrors": [LINE],
    "glides": [],
    "cells": [[[0.0, 0.5], [1.0, 0.5]]],
}


@pytest.fixture(scope="module")
def products(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wallpaper, a picture that does not repeat, both with their symmetry, and an endless zoom."""
    gallery = tmp_path_factory.mktemp("products")
    symmetry = {"kind": "plane", "group": "p6", "title": "p6", "claims": [], "unclaimed": [], "elements": ELEMENTS}
    alone = {"path": "final.png", "width": 32, "height": 56, "tiles": [False, False], "bytes": 1, "sha256": ""}
    write_run(gallery, recipe="tile", symmetry=symmetry)
    write_run(gallery, recipe="rotor", symmetry=symmetry, final=alone)
    zoom = write_run(
        gallery, recipe="zoom", extras=[{"path": "extras/zoom.html", "title": "Zoom", "kind": "data"}], final=alone
    )
    player = "<!doctype html><html lang=en><title>Zoom</title><main><h1>The player</h1></main></html>"
    (zoom / "extras" / "zoom.html").write_text(player)
    rebuild_gallery(gallery, now=BEGAN + 100_000)
    return gallery


@pytest.mark.parametrize("script", [True, False], ids=["script", "plain"])
@pytest.mark.parametrize("recipe", ["tile", "rotor"])
def test_the_symmetry_is_switched_on_with_and_without_javascript(
    open_page: OpenPage, products: Path, recipe: str, script: bool
) -> None:
    page = open_page(f"{recipe}/20261121-101500-4f2a/index.html", root=products, script=script)
    layer = page.locator(".overlay")
    expect(layer).to_be_hidden()
    page.get_by_label("Show the symmetry").check()
    expect(layer).to_be_visible()
    expect(page.get_by_text("hexagons: six-fold centres")).to_be_visible()
    shown = layer.evaluate("layer => [layer, layer.parentElement].map((each) => [each.clientWidth, each.clientHeight])")
    assert shown[0] == shown[1]


def test_the_symmetry_goes_along_into_the_whole_window(
    open_page: OpenPage, assert_accessible: Callable[[Page], None], products: Path
) -> None:
    page = open_page("tile/20261121-101500-4f2a/index.html", root=products, size=PHONE)
    page.get_by_label("Show the symmetry").check()
    page.get_by_role("button", name="Full window").click()
    expect(page.locator("dialog .overlay")).to_be_visible()
    page.locator("dialog").get_by_label("Show the symmetry").uncheck()
    expect(page.locator("dialog .overlay")).to_be_hidden()
    page.get_by_role("button", name="Close").click()
    expect(page.locator("section .overlay-switch")).to_be_visible()
    assert overflow(page) == 0
    assert_accessible(page)


def test_the_zoom_plays_within_the_page(
    open_page: OpenPage, assert_accessible: Callable[[Page], None], products: Path
) -> None:
    page = open_page("zoom/20261121-101500-4f2a/index.html", root=products, size=PHONE)
    expect(page.frame_locator(".zooming iframe").get_by_text("The player")).to_be_visible()
    assert overflow(page) == 0
    assert_accessible(page)


@pytest.mark.parametrize("over", ["file", "http"])
def test_the_runs_before_and_after_are_a_key_away(open_page: OpenPage, over: str) -> None:
    page = open_page(f"{RUN}/index.html", over=over)
    before = page.get_by_role("link", name="Previous run")
    expect(before).to_contain_text("20 November 2025")
    expect(page.get_by_role("link", name="Next run")).to_have_count(0)
    page.keyboard.press("[")
    page.wait_for_url("**/20261120-000000-0001/index.html")
    after = page.get_by_role("link", name="Next run")
    expect(after).to_contain_text("21 November 2025")
    page.keyboard.press("]")
    page.wait_for_url(f"**/{RUN}/index.html")


def test_a_served_report_leads_to_the_editor(open_page: OpenPage) -> None:
    page = open_page(f"{RUN}/index.html")
    expect(page.locator("summary", has_text="Change and run")).to_be_visible()
    page.evaluate("""() => {
      document.querySelector(".bar").insertAdjacentHTML("afterbegin", '<a class="home" href="/runs/20261121-77">x</a>');
      const script = document.createElement("script");
      script.src = document.querySelector("script[src*='copying-']").src;
      document.head.append(script);
    }""")
    link = page.get_by_role("link", name="Change and run")
    expect(link).to_have_attribute("href", "/new?from=20261121-77")
