"""Watching pages in a browser: what they log, throw, ask for and fail to load; how wide they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Page, Request

PHONE, DESKTOP, WALL = (390, 844), (1440, 900), (3840, 2160)

OpenPage = Callable[..., Page]


@dataclass
class Watch:
    """What went wrong on the pages of one test."""

    allowed: tuple[str, ...]
    troubles: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        """Listen to a page."""
        page.on("console", lambda message: self.note(message.type == "error", f"console: {message.text}"))
        page.on("pageerror", lambda error: self.note(True, f"thrown: {error}"))
        page.on("request", self.asked)
        page.on("requestfailed", lambda request: self.note(not _aborted(request), f"not loaded: {request.url}"))

    def note(self, bad: bool, trouble: str) -> None:
        """Keep a trouble."""
        if bad:
            self.troubles.append(trouble)

    def asked(self, request: Request) -> None:
        """Nothing may come from elsewhere."""
        self.note(not request.url.startswith((*self.allowed, "data:", "blob:")), f"asked for {request.url}")


def _aborted(request: Request) -> bool:
    """Whether the page itself broke the request off, by leaving or by choosing another picture."""
    return "ERR_ABORTED" in (request.failure or "")


def overflow(page: Page) -> int:
    """By how many pixels a page is wider than its window."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
