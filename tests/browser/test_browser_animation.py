"""The animation in a browser: still until it is asked for, with and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from watching import PHONE, OpenPage

RUN = "rainbow-hexagon/20261121-101500-4f2a/index.html"


def listening(page: Page) -> list[str]:
    """The addresses that a page asks for from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_it_plays_and_stops_by_keyboard(open_page: OpenPage, key: str) -> None:
    page = open_page(RUN, still=True)
    asked = listening(page)
    page.reload()
    button = page.get_by_role("button", name="the animation")
    button.scroll_into_view_if_needed()
    assert page.locator("#animation picture").count() == 0
    assert not any("animation." in url and not url.endswith(".js") for url in asked)
    button.focus()
    page.keyboard.press(key)
    moving = page.locator("#animation picture img")
    moving.evaluate("image => image.decode()")
    expect(button).to_have_accessible_name(re.compile("Stop the animation"))
    still, shown = button.locator("img").bounding_box(), moving.bounding_box()
    assert still is not None
    assert shown == pytest.approx(still, abs=1)  # in the still's place
    assert any("animation." in url and not url.endswith(".js") for url in asked)
    page.keyboard.press(key)
    expect(moving).to_have_count(0)
    expect(button).to_have_accessible_name(re.compile("Play the animation"))


def test_without_javascript_it_is_a_link_and_costs_nothing(open_page: OpenPage) -> None:
    page = open_page(RUN, script=False, over="http")
    asked = listening(page)
    page.reload()
    link = page.get_by_role("link", name="Play the animation")
    link.scroll_into_view_if_needed()
    page.wait_for_load_state("networkidle")
    assert not any("animation.webp" in url for url in asked)
    assert page.request.get(link.evaluate("link => link.href")).headers["content-type"] == "image/webp"


def test_playing_is_accessible_on_a_phone(open_page: OpenPage, assert_accessible: Callable[[Page], None]) -> None:
    page = open_page(RUN, size=PHONE, dark=True)
    page.get_by_role("button", name="Play the animation").tap()
    expect(page.locator("#animation picture img")).to_be_visible()
    assert_accessible(page)


def test_files_are_saved_under_names_that_say_whose_they_are(open_page: OpenPage) -> None:
    page = open_page(RUN, over="http")
    with page.expect_download() as saving:
        page.locator("#files a").filter(has_text="Picture").first.click()
    assert saving.value.suggested_filename == "rainbow-hexagon-20261121-101500-4f2a.png"
