"""A real browser on a tiny gallery: Chromium, driven by Playwright, over file:// and over http.

A page that writes an error to its console, throws, asks for anything from elsewhere or fails to load
something fails its test. Where there is no Chromium, these tests are skipped aloud; `ORBIFOLIO_CHROMIUM`
names another one.
"""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page
from synthetic_run import BEGAN, write_run
from watching import DESKTOP, OpenPage, Watch

from orbifolio.reports.write_gallery import rebuild_gallery


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder needs a browser."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery of runs of every status, two themes, several runs of one recipe; never written to by tests."""
    gallery = tmp_path_factory.mktemp("browser") / "a gallery"
    write_run(gallery)
    write_run(
        gallery,
        identity="20261120-000000-0001",
        started=BEGAN - 90_000,
        seed=3,
        seconds=12.0,
        overrides=["seed=3", "renderer.phases.0.steps=4"],
        parameters={
            "seed": 3,
            "renderer": {
                "kind": "image-optimisation",
                "phases": [{"size": 16, "steps": 4}, {"size": 32, "steps": 6}],
            },
        },
    )
    write_run(gallery, recipe="upside-down", title="Upside down", started=BEGAN - 5000, seconds=700.0)
    write_run(gallery, recipe="deep-dream", title="Deep dream", theme="dream", symmetry=None, started=BEGAN - 400)
    write_run(gallery, recipe="failed", title="Failed", status="failed", until=9, message="NaN at step 3")
    write_run(gallery, recipe="killed", title="Killed", status="running", until=5, started=BEGAN - 90_000)
    write_run(gallery, recipe="many-frames", title="Many frames", steps=30, every=1, theme="dream", symmetry=None)
    rebuild_gallery(gallery, now=BEGAN + 100_000)
    return gallery


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="session")
def server(site: Path) -> Iterator[str]:
    """The site over http; gives its address, without a slash at its end."""
    handler = functools.partial(_Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        thread = threading.Thread(target=serving.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_address[1]}"
        serving.shutdown()
        thread.join(5)


@pytest.fixture
def open_page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[OpenPage]:
    """Opens a page of the site.

    Options: `size` (width, height), `dark`, `script` (off: no JavaScript), `still` (reduced motion), `over` ("file" or
    "http"), `fragment`, `root` (another gallery's folder, or another site's address).
    """
    contexts: list[BrowserContext] = []
    watches: list[Watch] = []

    def open_one(
        path: str = "index.html",
        *,
        size: tuple[int, int] = DESKTOP,
        dark: bool = False,
        script: bool = True,
        still: bool = False,
        over: str = "file",
        fragment: str = "",
        root: Path | str | None = None,
    ) -> Page:
        if root is None:
            root = request.getfixturevalue("server") if over == "http" else request.getfixturevalue("site")
        address = root.as_uri() if isinstance(root, Path) else root
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce" if still else "no-preference",
            java_script_enabled=script,
            has_touch=size[0] < 600,
            accept_downloads=True,
        )
        contexts.append(context)
        watch = Watch((address,))
        watches.append(watch)
        context.on("page", watch.follow)
        page = context.new_page()
        page.goto(f"{address}/{quote(path)}{'#' + fragment if fragment else ''}")
        return page

    yield open_one
    for context in contexts:
        context.close()
    troubles = [trouble for watch in watches for trouble in watch.troubles]
    assert not troubles, "\n".join(troubles)


@pytest.fixture(scope="session")
def assert_accessible() -> Callable[[Page], None]:
    """Fails with what axe finds against WCAG 2.2 AA and its best practices."""
    axe = Axe()

    def check(page: Page) -> None:
        found = axe.run(page, options={"preload": False}).response["violations"]
        lines = [f"{item['id']}: {item['help']}: {node['html'][:200]}" for item in found for node in item["nodes"]]
        assert not lines, "\n".join(lines)

    return check
