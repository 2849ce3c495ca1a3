"""Every kind of page in a real browser: quiet console, nothing from elsewhere, accessible, as wide as its window."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from watching import DESKTOP, PHONE, OpenPage, overflow

RUN = "rainbow-hexagon/20261121-101500-4f2a"
PAGES = {
    "gallery": "index.html",
    "recipe": "rainbow-hexagon/index.html",
    "run": f"{RUN}/index.html",
    "phase": f"{RUN}/phases/2-32px/index.html",
    "step": f"{RUN}/phases/2-32px/steps/00003/index.html",
    "system": f"{RUN}/system/index.html",
    "failed": "failed/20261121-101500-4f2a/index.html",
    "killed": "killed/20261121-101500-4f2a/index.html",
    "compare": "compare.html",
    "blind": "blind.html",
}


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize(("size", "dark"), [(DESKTOP, False), (PHONE, True)], ids=["desktop-light", "phone-dark"])
def test_a_page_is_accessible_and_fits(
    open_page: OpenPage, assert_accessible: Callable[[Page], None], kind: str, size: tuple[int, int], dark: bool
) -> None:
    page = open_page(PAGES[kind], size=size, dark=dark)
    assert page.locator("h1").count() == 1
    assert overflow(page) == 0
    assert_accessible(page)


@pytest.mark.parametrize("kind", PAGES)
def test_a_page_says_the_same_without_javascript_and_over_http(open_page: OpenPage, kind: str) -> None:
    bare = open_page(PAGES[kind], script=False, over="http")
    assert bare.locator("h1").is_visible()
    if kind not in ("system", "compare", "blind"):
        picture = bare.locator("main img").first
        picture.scroll_into_view_if_needed()
        assert picture.evaluate("image => image.complete || new Promise(done => image.onload = done)") is not None
        assert picture.bounding_box() is not None


BUDGETS = {"gallery": 110_000, "recipe": 110_000, "run": 330_000, "phase": 250_000, "step": 170_000, "system": 120_000}
"""Bytes of HTML, style sheets and scripts that a page may ask for, before they are compressed: about a fifth more than
they are; of a run half are the library that draws curves and the script that moves pictures."""


@pytest.mark.parametrize("kind", BUDGETS)
def test_a_page_keeps_to_its_budget(open_page: OpenPage, kind: str) -> None:
    page = open_page(PAGES[kind], over="http")
    loaded = page.evaluate("""async () => {
      const wanted = [...document.querySelectorAll("link[rel=stylesheet], script[src]")];
      const addresses = new Set([location.href, ...wanted.map((each) => each.href || each.src)]);
      const texts = await Promise.all([...addresses].map(async (each) => (await fetch(each)).text()));
      return texts.reduce((sum, text) => sum + text.length, 0);
    }""")
    assert loaded <= BUDGETS[kind], loaded


@pytest.mark.parametrize("kind", ["gallery", "run"])
def test_a_printed_page_has_its_pictures_and_no_controls(open_page: OpenPage, kind: str) -> None:
    page = open_page(PAGES[kind], dark=True)
    page.emulate_media(media="print")
    assert page.locator("button:visible, input:visible, select:visible, textarea:visible").count() == 0
    assert page.locator("main img:visible").count() > 0
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert overflow(page) == 0


@pytest.mark.parametrize("kind", ["gallery", "run"])
def test_everything_that_acts_is_reached_by_the_tab_key_and_shows_it(open_page: OpenPage, kind: str) -> None:
    page = open_page(PAGES[kind])
    wanted = page.evaluate("""() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")]
      .filter((each) => each.checkVisibility({ visibilityProperty: true }) && each.tabIndex >= 0 && !each.disabled
        && each.type !== "file" && !each.closest("details:not([open]) > :not(summary)")).length""")
    reached = []
    for _ in range(2 * wanted):
        page.keyboard.press("Tab")
        seen = page.evaluate("""() => {
          const at = document.activeElement;
          if (!at || at === document.body) return null;
          at.dataset.reached ??= Math.random();
          return [at.dataset.reached, getComputedStyle(at).outlineStyle, at.outerHTML.slice(0, 120)];
        }""")
        if seen is None or seen[0] in {each[0] for each in reached}:
            break
        reached.append(seen)
    assert len(reached) >= wanted
    assert not [seen[2] for seen in reached if seen[1] == "none"]
