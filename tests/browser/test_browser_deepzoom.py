"""A picture in tiles, in a browser: from a disk and over http, by buttons, keys and mouse, without JavaScript too."""

from __future__ import annotations

import functools
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from synthetic_run import BEGAN, picture, write_run
from watching import DESKTOP, PHONE, OpenPage, overflow

from orbifolio.reports.write_gallery import rebuild_gallery

ZOOM = "rainbow-hexagon/20261121-101500-4f2a/zoom/index.html"
WIDTH, HEIGHT = 4200, 300


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery with one picture, long and thin, that continues from right to left."""
    gallery = tmp_path_factory.mktemp("large") / "a gallery"
    folder = write_run(gallery)
    picture(WIDTH, HEIGHT, seed=3).save(folder / "final.png", compress_level=1)
    record = json.loads((folder / "run.json").read_text())
    record["final"] |= {"width": WIDTH, "height": HEIGHT, "tiles": [False, True]}
    (folder / "run.json").write_text(json.dumps(record))
    rebuild_gallery(gallery, now=BEGAN + 100_000)
    return gallery


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def served(large: Path) -> Iterator[str]:
    """The same over http."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(large))) as serving:
        thread = threading.Thread(target=serving.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_address[1]}"
        serving.shutdown()
        thread.join(5)


PAINTED = """() => { const canvas = document.querySelector("[data-viewer] canvas");
  if (!canvas || !canvas.width) return 0;
  const { width, height } = canvas;
  const small = document.createElement("canvas"); small.width = 60; small.height = 40;
  try { const pen = small.getContext("2d"); pen.drawImage(canvas, 0, 0, 60, 40);
    const { data } = pen.getImageData(0, 0, 60, 40);
    let count = 0; for (let at = 3; at < data.length; at += 4) if (data[at] > 200) count++;
    return count / 2400; } catch { return -1; } }"""


def percent(page: Page) -> float:
    return float(page.locator("[data-scale]").inner_text().removesuffix("%"))


def settled(page: Page) -> None:
    """Wait until the picture is there and does not move any more."""
    page.wait_for_function("document.querySelector('[data-scale]').textContent !== ''")
    page.evaluate(
        """() => new Promise((done) => { let last = "", same = 0; const scale = document.querySelector("[data-scale]");
        const look = () => { same = scale.textContent === last ? same + 1 : 0; last = scale.textContent;
          if (same > 6) done(); else requestAnimationFrame(look); }; look(); })"""
    )


@pytest.mark.parametrize("over", ["file", "http"])
def test_the_picture_appears_and_zooms(open_page: OpenPage, large: Path, served: str, over: str) -> None:
    asked: list[str] = []
    page = open_page(ZOOM, root=large if over == "file" else served, still=True)
    page.on("request", lambda request: asked.append(request.url))
    settled(page)
    whole = percent(page)
    assert whole == pytest.approx(100 * page.locator("[data-viewer]").bounding_box()["width"] / WIDTH, rel=0.1)
    if over == "http":  # a page from a disk may not read its own pixels
        page.wait_for_function(f"({PAINTED})() > 0.1")
    page.get_by_role("button", name="Zoom in").click()
    settled(page)
    assert percent(page) == pytest.approx(1.6 * whole, rel=0.06)
    page.get_by_role("button", name="Zoom out").click()
    settled(page)
    page.get_by_role("button", name="Actual pixels").click()
    settled(page)
    assert percent(page) == 100
    assert any("/13/" in url for url in asked)  # tiles of the picture's own size
    page.get_by_role("button", name="The whole picture").click()
    settled(page)
    assert percent(page) == pytest.approx(whole, rel=0.02)


def test_keys_zoom_and_move(open_page: OpenPage, large: Path) -> None:
    page = open_page(ZOOM, root=large, still=True)
    settled(page)
    whole = percent(page)
    canvas = page.locator("[data-viewer] [tabindex='0']").first
    expect(canvas).to_have_accessible_name(
        f"Rainbow hexagon, {WIDTH} × {HEIGHT} px. Arrow keys move, plus and minus zoom."
    )
    canvas.focus()
    page.keyboard.press("+")
    settled(page)
    assert percent(page) == pytest.approx(1.6 * whole, rel=0.06)
    page.keyboard.press("1")
    settled(page)
    assert percent(page) == 100
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("-")
    settled(page)
    assert percent(page) < 100
    page.keyboard.press("0")
    settled(page)
    assert percent(page) == pytest.approx(whole, rel=0.02)
    assert page.url.endswith("zoom/index.html")


def test_the_wheel_zooms(open_page: OpenPage, large: Path) -> None:
    page = open_page(ZOOM, root=large, still=True)
    settled(page)
    whole = percent(page)
    page.locator("[data-viewer]").hover()
    page.mouse.wheel(0, -300)
    page.wait_for_function("was => parseFloat(document.querySelector('[data-scale]').textContent) > was", arg=whole)


def test_the_full_window_keeps_the_focus_inside_and_escape_leaves_it(open_page: OpenPage, large: Path) -> None:
    page = open_page(ZOOM, root=large)
    settled(page)
    button = page.get_by_role("button", name="Full window")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    box = page.locator("[data-deep]").bounding_box()
    assert box is not None
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, *DESKTOP)
    reached = set()
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.closest('[data-deep], body').tagName"))
    assert "SECTION" in reached
    assert page.evaluate("document.querySelector('.crumbs a').closest('[inert]') !== null")
    button.focus()
    page.keyboard.press("Escape")
    expect(button).to_have_attribute("aria-pressed", "false")
    expect(button).to_be_focused()
    assert page.evaluate("document.querySelectorAll('[inert]').length") == 0


def test_the_tile_goes_on_without_end(open_page: OpenPage, large: Path, served: str) -> None:
    page = open_page(ZOOM, root=served, still=True)
    settled(page)
    page.wait_for_function(f"({PAINTED})() > 0.1")
    button = page.get_by_role("button", name="Endless")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")
    settled(page)
    ends = """() => { const canvas = document.querySelector("[data-viewer] canvas");
      if (!canvas) return false;
      const data = canvas.getContext("2d").getImageData(0, canvas.height / 2, canvas.width, 1).data;
      return [0.01, 0.2, 0.5, 0.8, 0.99].every((share) => data[4 * Math.floor(share * canvas.width) + 3] > 200); }"""
    page.wait_for_function(ends)  # the picture alone would take a third of the width
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize(("size", "dark"), [(DESKTOP, False), (PHONE, True)], ids=["desktop-light", "phone-dark"])
def test_the_page_is_accessible_and_fits(
    open_page: OpenPage, large: Path, assert_accessible: Callable[[Page], None], size: tuple[int, int], dark: bool
) -> None:
    page = open_page(ZOOM, root=large, size=size, dark=dark)
    settled(page)
    assert overflow(page) == 0
    assert_accessible(page)
    page.get_by_role("button", name="Full window").click()
    assert_accessible(page)


def test_without_javascript_there_is_the_picture_and_its_file(open_page: OpenPage, large: Path) -> None:
    page = open_page(ZOOM, root=large, script=False)
    assert page.locator("[data-viewer] img").bounding_box() is not None
    expect(page.get_by_role("link", name="Full picture as one file")).to_have_attribute("href", "../final.png")
    expect(page.get_by_role("button")).to_have_count(0)


def test_the_run_leads_there(open_page: OpenPage, large: Path) -> None:
    page = open_page(ZOOM.replace("zoom/", ""), root=large)
    page.get_by_role("link", name="Zoom into the picture").click()
    page.wait_for_url("**/zoom/index.html")
    expect(page.get_by_role("heading", level=1)).to_have_text("Zoom")
