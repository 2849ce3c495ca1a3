"""The globe and the model on a run's page: turned by hand and by keys, with and without WebGL and JavaScript."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page
from synthetic_run import BEGAN, write_run
from watching import DESKTOP, PHONE, OpenPage, overflow

from orbifolio.reports.write_gallery import rebuild_gallery

RUN = "20261121-101500-4f2a"
GLOBE, MODEL = f"orb/{RUN}/index.html", f"pot/{RUN}/index.html"
NO_WEBGL = """
  const before = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
    return kind.startsWith("webgl") ? null : before.call(this, kind, ...rest);
  };
"""


def address(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", lossless=True)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()


def scene(**record: object) -> bytes:
    return f"window.orbifolioScene = {json.dumps(record)};\n".encode()


def quadrants() -> Image.Image:
    """A map: red in front, green east, blue behind, white west; the northern half is as bright as the southern."""
    image = Image.new("RGB", (256, 128))
    draw = ImageDraw.Draw(image)
    for number, colour in enumerate(["white", "red", "lime", "blue"]):
        draw.rectangle([number * 64 - 32 + 64, 0, number * 64 + 32 + 64, 128], fill=colour)
    draw.rectangle([0, 0, 32, 128], fill="blue")
    draw.rectangle([32, 0, 96, 128], fill="white")
    draw.rectangle([96, 0, 160, 128], fill="red")
    draw.rectangle([160, 0, 224, 128], fill="lime")
    draw.rectangle([224, 0, 256, 128], fill="blue")
    return image


def square() -> bytes:
    """A square of two triangles, facing us, half yellow and half blue."""
    arrays = {
        "positions": np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], "<f4") * np.float32(0.7),
        "normals": np.array([[0, 0, 1]] * 4, "<f4"),
        "places": np.array([[0, 1], [1, 1], [1, 0], [0, 0]], "<f4"),
        "faces": np.array([[0, 1, 2], [0, 2, 3]], "<u4"),
    }
    texture = Image.new("RGB", (64, 64), "yellow")
    ImageDraw.Draw(texture).rectangle([32, 0, 64, 64], fill="blue")
    packed = {name: base64.b64encode(array.tobytes()).decode() for name, array in arrays.items()}
    return scene(shape="mesh", texture=address(texture), **packed)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery with a globe and a model."""
    gallery = tmp_path_factory.mktemp("globes") / "a gallery"
    for recipe, stem, script in (
        ("orb", "globe", scene(shape="sphere", texture=address(quadrants()))),
        ("pot", "model", square()),
    ):
        names = {f"{stem}.js": "scene", f"{stem}.webp": "picture", f"{stem}.glb": "data", "spin.webp": "picture"}
        extras = [{"path": f"extras/{name}", "title": name, "kind": kind} for name, kind in names.items()]
        folder = write_run(gallery, recipe=recipe, title="An orb", extras=extras, cover=f"extras/{stem}.webp")
        (folder / "extras" / f"{stem}.js").write_bytes(script)
        (folder / "extras" / f"{stem}.glb").write_bytes(b"glTF")
        for name in (f"{stem}.webp", "spin.webp"):
            Image.new("RGBA", (320, 320), (200, 90, 40, 255)).save(folder / "extras" / name)
    rebuild_gallery(gallery, now=BEGAN + 1000)
    return gallery


def arrive(page: Page) -> Page:
    """Scroll to the part and wait until it is drawn."""
    page.locator("#globe").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('#globe').dataset.longitude !== undefined")
    return page


def middle(page: Page) -> tuple[int, int, int]:
    """The colour in the middle of the part, as a reader sees it."""
    shot = Image.open(io.BytesIO(page.locator("#globe canvas").screenshot())).convert("RGB")
    return shot.getpixel((shot.width // 2, shot.height // 2))  # type: ignore[return-value]


def longitude(page: Page) -> float:
    return float(page.evaluate("document.querySelector('#globe').dataset.longitude"))


def press(page: Page, key: str, times: int = 1) -> None:
    before = longitude(page)
    for _ in range(times):
        page.locator("#globe canvas").press(key)
    page.wait_for_function(f"document.querySelector('#globe').dataset.longitude != {before}")


def test_the_globe_shows_its_map_and_turns_by_keys(open_page: OpenPage, shelf: Path) -> None:
    page = arrive(open_page(GLOBE, root=shelf, still=True))
    assert page.locator("#globe").get_attribute("data-painter") == "webgl"
    red, green, blue = middle(page)
    assert red > 150 > 60 > max(green, blue)
    press(page, "ArrowRight", 12)  # a quarter turn to the east
    red, green, blue = middle(page)
    assert green > 150 > 60 > max(red, blue)


def test_the_globe_works_over_http(open_page: OpenPage, shelf: Path) -> None:
    import functools
    import http.server
    import threading

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(shelf))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        thread = threading.Thread(target=serving.serve_forever, daemon=True)
        thread.start()
        page = arrive(open_page(GLOBE, root=f"http://127.0.0.1:{serving.server_address[1]}", still=True))
        assert middle(page)[0] > 150
        serving.shutdown()
        thread.join(5)


def test_without_webgl_the_globe_turns_all_the_same(open_page: OpenPage, shelf: Path) -> None:
    page = open_page(GLOBE, root=shelf, still=True)
    page.add_init_script(NO_WEBGL)
    page.reload()
    arrive(page)
    assert page.locator("#globe").get_attribute("data-painter") == "canvas"
    assert middle(page)[0] > 150
    press(page, "ArrowLeft", 12)
    assert min(middle(page)) > 150  # white is in the west


def test_without_webgl_a_model_keeps_its_picture(open_page: OpenPage, shelf: Path) -> None:
    page = open_page(MODEL, root=shelf)
    page.add_init_script(NO_WEBGL)
    page.reload()
    page.locator("#globe").scroll_into_view_if_needed()
    page.wait_for_selector("#globe[data-painter='none']")
    assert page.locator("#globe img").is_visible()
    assert page.locator("#globe canvas").count() == 0


def test_a_model_is_drawn_the_right_way_round(open_page: OpenPage, shelf: Path) -> None:
    page = arrive(open_page(MODEL, root=shelf, still=True))
    shot = Image.open(io.BytesIO(page.locator("#globe canvas").screenshot())).convert("RGB")
    left, right = (shot.getpixel((round(shot.width * share), shot.height // 2)) for share in (0.4, 0.6))
    assert left[0] > 150 > left[2]
    assert right[2] > 150 > right[0]


def test_dragging_turns_it_as_a_hand_would(open_page: OpenPage, shelf: Path) -> None:
    page = arrive(open_page(GLOBE, root=shelf, still=True))
    box = page.locator("#globe canvas").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + box["width"] * 0.4, y, steps=8)
    page.mouse.up()
    page.wait_for_function("Number(document.querySelector('#globe').dataset.longitude) < -0.5")
    assert min(middle(page)) > 120  # what was in the west comes to the front


def test_the_wheel_scrolls_the_page_until_the_globe_is_chosen(open_page: OpenPage, shelf: Path) -> None:
    page = arrive(open_page(GLOBE, root=shelf, still=True))
    canvas = page.locator("#globe canvas")
    canvas.hover()
    before = page.evaluate("scrollY")
    page.mouse.wheel(0, 120)
    page.wait_for_function(f"scrollY !== {before}")
    canvas.focus()
    canvas.hover()
    before = page.evaluate("scrollY")
    page.evaluate("addEventListener('wheel', (event) => { window.prevented = event.defaultPrevented; })")
    page.mouse.wheel(0, -120)
    page.wait_for_function("window.prevented !== undefined")
    assert page.evaluate("window.prevented")  # so the browser does not scroll
    assert page.evaluate("scrollY") == before


def test_it_turns_by_itself_unless_motion_is_unwanted(open_page: OpenPage, shelf: Path) -> None:
    page = arrive(open_page(GLOBE, root=shelf))
    page.wait_for_function("Number(document.querySelector('#globe').dataset.longitude) < -0.05")
    button = page.get_by_role("button", name="Stop turning")
    button.click()
    page.get_by_role("button", name="Start turning").wait_for()
    assert page.evaluate(
        """async () => {
          const now = () => document.querySelector("#globe").dataset.longitude;
          const frame = () => new Promise(requestAnimationFrame);
          await frame(); const before = now(); for (let n = 0; n < 5; n++) await frame(); return before === now();
        }"""
    )
    calm = arrive(open_page(GLOBE, root=shelf, still=True))
    assert calm.get_by_role("button", name="Start turning").count() == 1
    assert longitude(calm) == 0


def test_buttons_bring_it_back(open_page: OpenPage, shelf: Path) -> None:
    page = arrive(open_page(GLOBE, root=shelf, still=True))
    press(page, "ArrowRight", 5)
    page.get_by_role("button", name="Larger").click()
    page.get_by_role("button", name="Reset the view").click()
    page.wait_for_function("document.querySelector('#globe').dataset.longitude === '0.0000'")


@pytest.mark.parametrize(("size", "dark"), [(DESKTOP, False), (PHONE, True)], ids=["desktop-light", "phone-dark"])
def test_the_page_is_accessible_and_fits(
    open_page: OpenPage, assert_accessible: Callable[[Page], None], shelf: Path, size: tuple[int, int], dark: bool
) -> None:
    page = arrive(open_page(GLOBE, root=shelf, size=size, dark=dark, still=True))
    assert overflow(page) == 0
    assert page.locator("#globe canvas").get_attribute("aria-label").startswith("An orb, as a globe")
    assert_accessible(page)


def test_nothing_jumps_when_the_globe_comes_alive(open_page: OpenPage, shelf: Path) -> None:
    page = open_page(GLOBE, root=shelf, still=True)
    height = "document.querySelector('#globe .turntable').offsetHeight"
    before = page.evaluate(height)
    arrive(page)
    assert abs(page.evaluate(height) - before) <= 2


def test_without_javascript_there_is_a_picture_and_its_files(open_page: OpenPage, shelf: Path) -> None:
    page = open_page(GLOBE, root=shelf, script=False)
    picture = page.locator("#globe img")
    picture.scroll_into_view_if_needed()
    assert picture.is_visible()
    assert picture.get_attribute("alt") == "An orb, as a globe"
    assert page.locator("#globe .links a").count() == 2
    assert page.get_by_text("globe.js").count() == 0
