"""A reader's own stars, notes and tags: kept by the browser, found by the search, taken away and brought back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect
from watching import PHONE, OpenPage, overflow

RUN = "rainbow-hexagon/20261121-101500-4f2a"
SHOWN = ".wall > li:visible .name"


def test_a_star_and_tags_are_found_again_in_the_gallery(
    open_page: OpenPage, assert_accessible: Callable[[Page], None], tmp_path: Path
) -> None:
    page = open_page(f"{RUN}/index.html", over="http")
    page.get_by_role("button", name="Star").click()
    expect(page.get_by_role("button", name="Starred")).to_have_attribute("aria-pressed", "true")
    page.get_by_text("Note and tags").click()
    page.get_by_label("A note of your own").fill("For the <b>kitchen</b>")
    page.get_by_label("Tags of your own").fill("blue, wall , blue")
    assert_accessible(page)
    page.reload()
    expect(page.get_by_label("Tags of your own")).to_have_value("blue, wall")
    page.get_by_role("link", name="Gallery").first.click()
    expect(page.locator(".starred")).to_have_count(1)
    assert page.locator(SHOWN).count() == 6
    page.get_by_label("Starred").check()
    expect(page.locator(SHOWN)).to_have_text(["Rainbow hexagon ★ (starred)"])
    assert page.evaluate("location.hash") == "#starred=yes"
    assert_accessible(page)
    page.get_by_role("button", name="Clear").click()
    page.get_by_label("Search").fill("kitchen")
    expect(page.locator(SHOWN)).to_have_count(1)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Save stars and notes").click()
    saved = json.loads(Path(waiting.value.path()).read_text())
    assert saved == {
        "schema": 1,
        "runs": {RUN: {"star": True, "note": "For the <b>kitchen</b>", "tags": ["blue", "wall"]}},
    }


def test_notes_of_anyone_are_brought_in_as_words(open_page: OpenPage, tmp_path: Path) -> None:
    evil = {"star": "yes", "note": "<script>x</script>", "tags": [1, "ok", None]}
    good = {"star": True}
    record = {"runs": {"deep-dream/20261121-101500-4f2a": evil, "failed/20261121-101500-4f2a": good, "x": good}}
    (tmp_path / "notes.json").write_text(json.dumps(record))
    (tmp_path / "torn.json").write_text("{")
    page = open_page("index.html", over="http", size=PHONE)
    load = page.get_by_label("A file of stars and notes")
    load.set_input_files(tmp_path / "notes.json")
    expect(page.get_by_text("2 loaded")).to_be_visible()
    expect(page.locator(".starred")).to_have_count(1)
    page.get_by_label("Starred").check()
    expect(page.locator(SHOWN)).to_have_text(["Failed ★ (starred)"])
    load.set_input_files(tmp_path / "torn.json")
    expect(page.get_by_text("This file holds no notes")).to_be_visible()
    assert page.locator("main script").count() == 0
    assert overflow(page) == 0


def test_without_javascript_nothing_of_it_is_shown(open_page: OpenPage) -> None:
    page = open_page(f"{RUN}/index.html", script=False)
    expect(page.locator("[data-notes]")).to_be_hidden()
