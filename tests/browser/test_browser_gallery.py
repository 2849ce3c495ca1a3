"""The gallery and the recipes' pages in a browser: choosing, sorting, sharing a choice; nothing moves by itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from synthetic_card import HOSTILE
from synthetic_run import BEGAN, write_run
from watching import DESKTOP, PHONE, WALL, OpenPage, overflow

from orbifolio.reports.write_gallery import rebuild_gallery

SHOWN = ".wall > li:visible .name"
SHIFTS = """new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((entry) => { sum += entry.value; }))
    .observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 300);
})"""


def names(page: Page) -> list[str]:
    return page.locator(SHOWN).all_inner_texts()


@pytest.mark.parametrize("size", [(320, 568), PHONE, DESKTOP, WALL], ids=["small", "phone", "desktop", "4k"])
def test_nothing_moves_while_it_loads_and_it_fits(open_page: OpenPage, size: tuple[int, int]) -> None:
    for path in ("index.html", "rainbow-hexagon/index.html"):
        page = open_page(path, size=size)
        assert overflow(page) == 0
        assert page.evaluate(SHIFTS) < 0.01


def test_pictures_of_a_row_are_equally_high(open_page: OpenPage) -> None:
    page = open_page("index.html", size=DESKTOP)
    boxes = page.evaluate(
        "[...document.querySelectorAll('.wall')].map(wall => [...wall.querySelectorAll('img')].map(image => "
        "{ const box = image.getBoundingClientRect(); return [Math.round(box.top), box.height]; }))"
    )
    for wall in boxes:
        for top in {top for top, _ in wall}:
            heights = [height for each, height in wall if each == top]
            assert max(heights) - min(heights) < 1.5


@pytest.mark.parametrize("over", ["file", "http"])
def test_choosing_by_menu_search_and_theme(open_page: OpenPage, over: str) -> None:
    page = open_page("index.html", over=over)
    every = len(names(page))
    page.get_by_label("Search").fill("hexagon")
    expect(page.locator("[data-result]")).to_have_text(f"1 of {every} recipes")
    assert names(page) == ["Rainbow hexagon"]
    assert page.evaluate("location.hash") == "#q=hexagon"
    page.get_by_role("button", name="Clear").click()
    assert len(names(page)) == every
    assert page.evaluate("location.hash") == ""
    page.get_by_label("Status").select_option("failed")
    assert names(page) == ["Failed"]
    expect(page.locator("[data-theme-link='dream'] .count")).to_have_text("0")
    page.get_by_label("Status").select_option("")
    page.get_by_role("link", name=re.compile("^Dream")).click()
    expect(page.locator(SHOWN)).to_have_text(["Deep dream", "Many frames"])
    expect(page.get_by_role("link", name=re.compile("^Dream"))).to_have_attribute("aria-current", "true")
    page.go_back()
    expect(page.locator(SHOWN)).to_have_count(every)


def test_sorting_hangs_all_on_one_wall_and_back(open_page: OpenPage) -> None:
    page = open_page("index.html")
    before = names(page)
    page.get_by_label("Order").select_option("title")
    assert names(page) == sorted(before, key=str.casefold)
    page.get_by_label("Order").select_option("slowest")
    assert names(page)[0] == "Upside down"
    page.get_by_label("Order").select_option("")
    assert names(page) == before


def test_an_address_shares_a_choice(open_page: OpenPage, assert_accessible: Callable[[Page], None]) -> None:
    page = open_page("index.html", fragment="theme=plane&sort=newest&status=done", dark=True)
    assert set(names(page)) == {"Rainbow hexagon", "Upside down"}
    assert page.get_by_label("Order").input_value() == "newest"
    assert_accessible(page)
    page.reload()
    assert set(names(page)) == {"Rainbow hexagon", "Upside down"}


@pytest.mark.parametrize(
    "fragment",
    [
        "theme=nowhere&group=%3Cscript%3E",
        "status='\"]&sort=constructor",
        "=&==&%E0%A4%A",
        "theme=__proto__&length[]=1",
        "x" * 5000 + "=",
    ],
)
def test_a_hostile_address_chooses_nothing(open_page: OpenPage, fragment: str) -> None:
    page = open_page("index.html", fragment=fragment)
    assert page.locator(SHOWN).count() == 6
    assert page.locator("main script").count() == 0


def test_nothing_matches_and_escape_clears(open_page: OpenPage) -> None:
    page = open_page("index.html")
    page.keyboard.press("/")
    page.keyboard.type("no such thing <b>")
    expect(page.locator("[data-result]")).to_have_text("Nothing matches")
    page.keyboard.press("Escape")
    expect(page.locator(SHOWN)).to_have_count(6)


def test_without_javascript_the_themes_are_ways_and_no_control_is_shown(open_page: OpenPage) -> None:
    page = open_page("index.html", script=False)
    assert page.locator("form:visible, select:visible, input:visible, button:visible").count() == 0
    page.get_by_role("link", name=re.compile("^Dream")).click()
    assert page.url.endswith("#theme-2")
    assert page.locator(SHOWN).count() == 6
    recipe = open_page("rainbow-hexagon/index.html", script=False)
    assert recipe.locator("input:visible").count() == 0
    assert recipe.get_by_role("row").count() == 3


def test_a_run_that_is_not_done_is_marked_in_words(open_page: OpenPage) -> None:
    page = open_page("index.html")
    assert page.locator("li", has_text="Killed").locator(".badge").inner_text() == "Stopped unexpectedly"
    assert page.locator("li", has_text="Upside down").locator(".badge").count() == 0


def test_the_table_sorts_by_its_heads(open_page: OpenPage, assert_accessible: Callable[[Page], None]) -> None:
    page = open_page("rainbow-hexagon/index.html", dark=True)
    heads = page.locator("thead th")
    assert "seed" in [text.strip() for text in heads.all_inner_texts()]
    head = heads.filter(has=page.get_by_role("button", name="Time"))
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")
    times = page.locator("tbody tr td:nth-child(3)").all_inner_texts()
    assert times == ["12.0 s", "1 min 33 s"]
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    assert page.locator("tbody tr td:nth-child(3)").all_inner_texts() == times[::-1]
    assert page.locator("th[aria-sort]").count() == 1
    assert_accessible(page)


def test_chosen_runs_are_compared(open_page: OpenPage) -> None:
    page = open_page("rainbow-hexagon/index.html")
    boxes = page.get_by_role("checkbox")
    boxes.nth(0).focus()
    page.keyboard.press("Space")
    boxes.nth(1).check()
    expect(page.locator("[data-picked]")).to_have_text("2 chosen")
    page.get_by_role("link", name="Compare", exact=True).click()
    expect(page.locator(".stage")).to_have_count(2)


def test_hostile_names_and_a_lone_run(
    open_page: OpenPage, assert_accessible: Callable[[Page], None], tmp_path: Path
) -> None:
    gallery = tmp_path / "g"
    for number in range(5):
        write_run(
            gallery,
            recipe=f"r{number}",
            title=f"{number} {HOSTILE}",
            theme=HOSTILE[:60] if number else "plane",
            seed=HOSTILE,
            symmetry={"group": f"{number}{HOSTILE}"},
            inputs=[{"name": f"{HOSTILE}{number}"}],
        )
    write_run(gallery, recipe="r1", identity="second", parameters={HOSTILE: {"a": HOSTILE}}, title=HOSTILE)
    rebuild_gallery(gallery, now=BEGAN + 10**6)
    for path in ("index.html", "r1/index.html", "r2/index.html"):
        page = open_page(path, root=gallery, size=PHONE)
        assert overflow(page) == 0
    page = open_page("index.html", root=gallery)
    page.get_by_label("Symmetry group").select_option(index=1)
    expect(page.locator(SHOWN)).to_have_count(1)
    page.reload()
    expect(page.locator(SHOWN)).to_have_count(1)
    assert_accessible(page)


def test_three_hundred_recipes(open_page: OpenPage, tmp_path: Path) -> None:
    from synthetic_card import a_card

    from orbifolio.reports.render import renderer
    from orbifolio.reports.write_gallery import write_above

    cards = [a_card(number, group=f"p{number % 17}", cover=None, theme=f"theme {number % 9}") for number in range(300)]
    write_above(tmp_path, cards, renderer())
    renderer().write_assets(tmp_path)
    page = open_page("index.html", root=tmp_path)
    took = page.evaluate(
        "(() => { const field = document.querySelector('input[name=q]'); field.value = 'recipe 29'; "
        "const began = performance.now(); field.dispatchEvent(new Event('input', { bubbles: true })); "
        "document.body.offsetHeight; return performance.now() - began; })()"
    )
    assert len(names(page)) == 13
    assert took < 500
