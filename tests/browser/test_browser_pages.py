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
    if kind not in ("system",):
        picture = bare.locator("main img").first
        picture.scroll_into_view_if_needed()
        assert picture.evaluate("image => image.complete || new Promise(done => image.onload = done)") is not None
        assert picture.bounding_box() is not None
