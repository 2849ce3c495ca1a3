"""The gallery in a bucket, shown as a website, in a real browser: as on disk, but compressed, cached and merged."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page
from watching import PHONE, OpenPage

RUN = "art/rainbow-hexagon/20261121-101501-0001/index.html"


def pictures_are_there(page: Page) -> bool:
    """Whether every picture that has been asked for has come."""
    return bool(
        page.evaluate(
            "[...document.images].filter(i => i.complete).every(i => i.naturalWidth > 0) && document.images.length > 0"
        )
    )


@pytest.mark.parametrize("size", [None, PHONE], ids=["desktop", "phone"])
def test_a_reader_finds_a_picture_of_another_machine(
    published_site: str,
    open_page: OpenPage,
    size: tuple[int, int] | None,
) -> None:
    page = open_page("art/", root=published_site, **({"size": size} if size else {}))
    page.wait_for_load_state("networkidle")
    assert pictures_are_there(page)
    for recipe in ("rainbow-hexagon", "recipe-1", "recipe-2"):
        assert page.locator(f'a[href*="{recipe}/"]').count() > 0
    page.goto(f"{published_site}/art/rainbow-hexagon/index.html")
    for machine in (1, 2):
        assert page.locator(f'a[href*="20261121-10150{machine}-000{machine}/"]').count() > 0
    page.goto(f"{published_site}/{RUN}")
    page.wait_for_load_state("networkidle")
    assert pictures_are_there(page)
    page.locator('nav[aria-label="Breadcrumbs"] a').first.click()
    page.wait_for_url("**/art/index.html")


def test_a_lost_reader_is_led_back(
    published_site: str,
    open_page: OpenPage,
    assert_accessible: Callable[[Page], None],
) -> None:
    page = open_page("art/404.html", root=published_site)
    assert page.locator("h1").inner_text() == "There is no page here"
    assert_accessible(page)
    page.get_by_role("link", name="Back to the gallery").click()
    page.wait_for_url("**/art/index.html")
    assert page.locator("h1").inner_text() == "Gallery"
