"""One Chromium for all tests of a process: Playwright runs once in a thread, not once for each folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str | None:
    """The browser's program."""
    named = os.environ.get("ORBIFOLIO_CHROMIUM")
    return named or shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = chromium()
    if program is None:
        pytest.skip("no Chromium here: apt-get install chromium, or name one by ORBIFOLIO_CHROMIUM")
    from playwright.sync_api import sync_playwright  # most tests need none

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=program, args=list(_ARGUMENTS))
        yield found
        found.close()
