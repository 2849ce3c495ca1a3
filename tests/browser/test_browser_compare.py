"""The compare page in a browser: pictures that zoom and move together, one slider, curves, differences, addresses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from synthetic_card import HOSTILE
from synthetic_run import BEGAN, write_run
from watching import DESKTOP, PHONE, WALL, OpenPage, overflow

from orbifolio.reports.write_gallery import rebuild_gallery

ONE = "rainbow-hexagon/20261121-101500-4f2a"
OTHER = "rainbow-hexagon/20261120-000000-0001"
THIRD = "many-frames/20261121-101500-4f2a"
TWO = f"runs={ONE},{OTHER}"
THREE = f"{TWO},{THIRD}"
BOXES = (
    "[...document.querySelectorAll('.stage img')].map(e => [e.style.width, e.style.height, e.style.translate].join())"
)


def compare(open_page: OpenPage, fragment: str, runs: int, **options: object) -> Page:
    page = open_page("compare.html", fragment=fragment, **options)
    expect(page.locator(".stage")).to_have_count(runs)
    return page


def shown(page: Page) -> list[str]:
    return [image.get_attribute("alt") or "" for image in page.locator(".stage img").all()]


@pytest.mark.parametrize("over", ["file", "http"])
def test_pictures_curves_and_differences(open_page: OpenPage, over: str) -> None:
    page = compare(open_page, THREE, 3, over=over)
    for image in page.locator(".stage img").all():
        assert image.evaluate("async (e) => { await e.decode(); return e.naturalWidth; }") > 0
    assert page.locator(".plot path").count() == 3
    assert page.locator(".legend li").count() == 3
    rows = page.locator(".differences tbody th").all_inner_texts()
    assert {"Date", "Seed", "Time"} <= set(rows)
    assert "Device" not in rows  # it is the same for all three
    assert "phases.0.steps" in rows
    assert "renderer.kind" not in rows
    assert "kind" not in rows


@pytest.mark.parametrize(
    ("size", "dark"), [(PHONE, True), (DESKTOP, False), (WALL, False)], ids=["phone", "desktop", "4k"]
)
def test_it_is_accessible_and_fits(
    open_page: OpenPage, assert_accessible: Callable[[Page], None], size: tuple[int, int], dark: bool
) -> None:
    page = compare(open_page, f"{TWO}&mode=over", 2, size=size, dark=dark)
    assert overflow(page) == 0
    assert_accessible(page)
    page.get_by_role("button", name="Overlaid").click()
    page.get_by_role("button", name="Choose runs").click()
    assert_accessible(page)


def test_all_zoom_and_move_together(open_page: OpenPage) -> None:
    page = compare(open_page, TWO, 2)
    before = page.evaluate(BOXES)
    stage = page.locator(".stage").first
    stage.click(position={"x": 40, "y": 40})
    page.mouse.wheel(0, -600)
    page.wait_for_function(f"(before) => {BOXES}.every((box, at) => box !== before[at])", arg=before)
    one, other = page.evaluate(BOXES)
    assert one == other
    box = stage.bounding_box()
    assert box
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 80, steps=3)
    page.mouse.up()
    moved = page.evaluate(BOXES)
    assert moved[0] == moved[1] != one
    page.wait_for_function("location.hash.includes('zoom=')")
    again = compare(open_page, page.evaluate("location.hash.slice(1)"), 2)
    numbers = "[...document.querySelectorAll('.stage img')].map(e => parseFloat(e.style.width))"
    assert again.evaluate(numbers) == pytest.approx(page.evaluate(numbers), rel=1e-3)
    page.get_by_role("button", name="Whole pictures").click()
    assert page.evaluate(BOXES) == before


def test_zoom_by_keyboard(open_page: OpenPage) -> None:
    page = compare(open_page, TWO, 2)
    before = page.evaluate(BOXES)
    page.locator(".stage").nth(1).focus()
    page.keyboard.press("+")
    page.keyboard.press("+")
    closer = page.evaluate(BOXES)
    assert closer[0] == closer[1] != before[0]
    page.keyboard.press("ArrowRight")
    assert page.evaluate(BOXES)[0] != closer[0]
    page.keyboard.press("0")
    assert page.evaluate(BOXES) == before


def test_the_wheel_belongs_to_the_page_until_a_picture_is_clicked(open_page: OpenPage) -> None:
    page = compare(open_page, TWO, 2)
    before = page.evaluate(BOXES)
    page.locator(".stage").first.hover()
    page.mouse.wheel(0, 200)
    page.wait_for_function("scrollY > 100")
    assert page.evaluate(BOXES) == before


def test_one_slider_for_all_by_share_and_by_step(open_page: OpenPage) -> None:
    page = compare(open_page, f"runs={ONE},{THIRD}&frame=0.5", 2)
    assert shown(page) == ["Rainbow hexagon: 32 px, beginning", "Many frames: 32 px, beginning"]
    page.get_by_label("What the slider counts").select_option("step")
    assert shown(page) == ["Rainbow hexagon: finished", "Many frames: 32 px, beginning"]
    slider = page.get_by_role("slider", name="Frame")
    slider.focus()
    page.keyboard.press("Home")
    assert shown(page) == ["Rainbow hexagon: 16 px, beginning", "Many frames: 16 px, beginning"]
    page.keyboard.press("End")
    assert shown(page) == ["Rainbow hexagon: finished", "Many frames: finished"]
    page.wait_for_function("location.hash.includes('by=step') && !location.hash.includes('frame=')")


def test_play_runs_to_the_end(open_page: OpenPage) -> None:
    page = compare(open_page, f"{TWO}&frame=0.9", 2)
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.get_by_role("button", name="Play")).to_be_visible(timeout=5000)
    assert all("finished" in words for words in shown(page))


def test_a_click_on_the_curves_leads_to_a_frame(open_page: OpenPage) -> None:
    page = compare(open_page, TWO, 2)
    box = page.locator(".plot").bounding_box()
    assert box
    page.locator(".plot").click(position={"x": box["width"] / 4, "y": 20})
    assert abs(float(page.get_by_role("slider", name="Frame").input_value()) - 50) <= 1
    assert page.locator(".here").evaluate("e => parseFloat(e.style.left)") == pytest.approx(25, abs=0.5)
    page.get_by_role("button", name="Logarithmic").click()
    page.wait_for_function("/scale=(log|linear)/.test(location.hash)")


def test_over_each_other(open_page: OpenPage) -> None:
    page = compare(open_page, TWO, 2)
    page.get_by_role("button", name="Overlaid").click()
    boxes = [stage.bounding_box() for stage in page.locator(".stage").all()]
    assert boxes[0] == boxes[1]
    cut = page.get_by_role("slider", name="Share of the second")
    cut.focus()
    before = page.locator(".stage").nth(1).evaluate("e => getComputedStyle(e).clipPath")
    page.keyboard.press("ArrowRight")
    assert page.locator(".stage").nth(1).evaluate("e => getComputedStyle(e).clipPath") != before
    page.wait_for_function("location.hash.includes('mode=over')")


def test_choosing_runs(open_page: OpenPage) -> None:
    page = open_page("compare.html")
    page.get_by_role("button", name="Choose runs").click()
    dialog = page.get_by_role("dialog")
    page.keyboard.type("hexagon")
    expect(dialog.get_by_role("checkbox")).to_have_count(2)
    for number in range(2):
        dialog.get_by_role("checkbox").nth(number).check()
    page.keyboard.press("Escape")
    expect(page.locator(".stage")).to_have_count(2)
    page.wait_for_function("location.hash.startsWith('#runs=rainbow-hexagon/')")
    page.get_by_role("button", name="Remove").first.click()
    expect(page.locator(".stage")).to_have_count(1)
    expect(page.locator(".chosen [role=status]")).to_have_text("Select another run to compare it with.")


@pytest.mark.parametrize(
    "fragment",
    [
        "runs=../../../etc/passwd,//evil.example/x,javascript:alert(1)",
        "runs=__proto__,constructor,toString/valueOf,%E0%A4%A,,,%00",
        "runs=rainbow-hexagon/..%2F..%2Fother,<img src=x onerror=alert(1)>&frame=NaN&zoom=Infinity,x,-1&by=<b>",
    ],
)
def test_a_hostile_address_loads_nothing(open_page: OpenPage, fragment: str) -> None:
    page = open_page("compare.html", fragment=fragment)
    expect(page.get_by_role("button", name="Choose runs")).to_be_visible()
    assert page.locator(".stage").count() == 0
    assert page.locator("script[data-key]").count() == 0


def test_odd_values_are_brought_into_range(open_page: OpenPage) -> None:
    page = compare(open_page, f"{TWO},{ONE},{OTHER},nowhere/1&frame=-7&zoom=1e9,-3,9&cut=x&by=sh&mode=&scale=q", 2)
    assert all("beginning" in words for words in shown(page))
    assert page.evaluate("orbifolio.comparing.state.zoom") == 64


def test_without_javascript_it_says_what_it_needs(open_page: OpenPage) -> None:
    page = open_page("compare.html", script=False)
    assert "needs JavaScript" in page.locator("main").inner_text()
    page.get_by_role("link", name="Rainbow hexagon").click()
    assert page.locator("table.runs").is_visible()


def test_runs_that_cannot_be_read_and_hostile_ones(open_page: OpenPage, tmp_path: Path) -> None:
    gallery = tmp_path / "a gallery #1"
    write_run(
        gallery, recipe="odd & 'name'", identity="it's, 100%", title=HOSTILE, seed=HOSTILE, parameters={HOSTILE: 1}
    )
    write_run(gallery, recipe="b", status="failed", until=3, title="Broke")
    write_run(gallery, recipe="c", title="Empty", steps=1, every=9, status="failed", until=0)
    rebuild_gallery(gallery, now=BEGAN + 10**6)
    page = open_page("compare.html", root=gallery)
    page.get_by_role("button", name="Choose runs").click()
    for box in page.get_by_role("dialog").get_by_role("checkbox").all():
        box.check()
    page.keyboard.press("Escape")
    expect(page.locator(".stage")).to_have_count(3)
    assert page.locator("main script:not([src])").count() == 0
    page.wait_for_function("location.hash.split(',').length === 3")
    page.reload()
    expect(page.locator(".stage")).to_have_count(3)
    assert overflow(page) == 0
