"""Curves in a browser: read, zoomed, switched and clicked, by mouse and by keyboard, in both colour schemes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from watching import PHONE, OpenPage, overflow

RUN = "many-frames/20261121-101500-4f2a"
SECOND = f"{RUN}/phases/2-32px/index.html"  # its 30 steps are the run's 31 to 60

HEAR = """() => { window.heard = [];
  document.addEventListener("orbifolio:seek", (event) => window.heard.push(event.detail.position)); }"""


def chart(page: Page, number: int = 0) -> Locator:
    return page.locator("#curves .chart").nth(number)


def slider(page: Page, number: int = 0) -> Locator:
    return chart(page, number).get_by_role("slider")


def over(page: Page, number: int = 0) -> dict[str, Any]:
    """Where a chart's curves are drawn, in the window."""
    area = chart(page, number).locator(".u-over")
    area.scroll_into_view_if_needed()
    box = area.bounding_box()
    assert box is not None
    return dict(box)


def point(page: Page, share: float, number: int = 0) -> tuple[float, float]:
    box = over(page, number)
    return box["x"] + share * box["width"], box["y"] + 0.5 * box["height"]


def ink(page: Page) -> list[int]:
    """How many pixels of the first chart's canvas are opaque, and the sum of their red, green and blue."""
    return page.evaluate(
        """() => { const canvas = document.querySelector("#curves canvas");
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        const sum = [0, 0, 0, 0];
        for (let at = 0; at < data.length; at += 4) if (data[at + 3] > 200) {
          sum[0]++; for (const part of [0, 1, 2]) sum[part + 1] += data[at + part]; }
        return sum; }"""
    )


def mark(page: Page, number: int = 0) -> float | None:
    """Where the frame's mark stands, as a share of the width; None if there is none."""
    here = chart(page, number).locator(".here")
    if not here.is_visible():
        return None
    box, area = here.bounding_box(), over(page, number)
    assert box is not None
    return float((box["x"] + box["width"] / 2 - area["x"]) / area["width"])


@pytest.mark.parametrize("over_", ["file", "http"])
def test_the_cursor_reads_the_values_of_all_charts(open_page: OpenPage, over_: str) -> None:
    page = open_page(f"{RUN}/index.html", over=over_)
    rest = chart(page).locator(".legend .num").inner_text()
    page.mouse.move(*point(page, 0.0))
    page.mouse.move(*point(page, 0.0))
    expect(chart(page).locator("[data-readout]")).to_have_text("step 1 · 16 px")
    expect(chart(page).locator(".legend .num")).to_have_text("1500")  # the synthetic terms of step 1 together
    expect(chart(page, 1).locator("[data-readout]")).to_have_text("step 1 · 16 px")
    expect(chart(page, 1).locator(".legend .num").nth(1)).to_have_text("200")
    page.mouse.move(*point(page, 0.999))
    expect(chart(page).locator("[data-readout]")).to_have_text("step 60 · 32 px")
    page.mouse.move(5, 5)
    expect(chart(page).locator(".legend .num")).to_have_text(rest)
    expect(chart(page).locator("[data-readout]")).to_have_text("logarithmic scale")


def test_dragging_zooms_all_charts_and_a_button_shows_all_again(open_page: OpenPage) -> None:
    page = open_page(f"{RUN}/index.html")
    button = chart(page).get_by_role("button", name="show all steps")
    expect(button).to_be_hidden()
    start, end = point(page, 0.6), point(page, 0.9)
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=4)
    page.mouse.up()
    expect(button).to_be_visible()
    for number in (0, 1):
        page.mouse.move(*point(page, 0.0, number))
        expect(chart(page, number).locator("[data-readout]")).to_have_text("step 37 · 32 px")
        expect(chart(page, number).locator(".columns span").first).to_be_hidden()
    button.click()
    expect(button).to_be_hidden()
    page.mouse.move(*point(page, 0.0))
    expect(chart(page).locator("[data-readout]")).to_have_text("step 1 · 16 px")
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(*end, steps=4)
    page.mouse.up()
    expect(button).to_be_visible()
    page.mouse.dblclick(*point(page, 0.5))
    expect(button).to_be_hidden()


def test_dragging_is_no_click_and_a_click_asks_for_the_frame(open_page: OpenPage) -> None:
    page = open_page(SECOND)
    page.evaluate(HEAR)
    page.mouse.move(*point(page, 0.2))
    page.mouse.down()
    page.mouse.move(*point(page, 0.6), steps=4)
    page.mouse.up()
    chart(page).get_by_role("button", name="show all steps").click()
    assert page.evaluate("window.heard") == []
    page.mouse.click(*point(page, 10 / 29))
    assert page.evaluate("window.heard") == [41]  # step 11 of the phase, over the whole run


def test_the_keyboard_reads_zooms_and_asks(open_page: OpenPage) -> None:
    page = open_page(SECOND)
    page.evaluate(HEAR)
    handle = slider(page)
    expect(handle).to_have_accessible_name("Total loss, by step")
    handle.focus()
    page.keyboard.press("Home")
    expect(handle).to_have_attribute("aria-valuenow", "1")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(handle).to_have_attribute("aria-valuenow", "3")
    expect(handle).to_have_attribute("aria-valuetext", "step 3: loss 50")
    page.keyboard.press("Enter")
    assert page.evaluate("window.heard") == [33]
    page.keyboard.press("End")
    expect(handle).to_have_attribute("aria-valuenow", "30")
    page.keyboard.press("+")
    expect(chart(page).get_by_role("button", name="show all steps")).to_be_visible()
    page.keyboard.press("0")
    expect(chart(page).get_by_role("button", name="show all steps")).to_be_hidden()
    assert "phases/2-32px/index.html" in page.url  # the arrow keys did not leave for another page


def test_terms_are_switched_by_keyboard(open_page: OpenPage) -> None:
    page = open_page(f"{RUN}/index.html")
    names = chart(page, 1).get_by_role("button", name="conv")
    assert names.count() == 2
    before = page.evaluate("document.querySelectorAll('#curves .chart')[1].querySelector('canvas').toDataURL()")
    names.first.focus()
    page.keyboard.press("Space")
    expect(names.first).to_have_attribute("aria-pressed", "false")
    changed = "before => document.querySelectorAll('#curves .chart')[1].querySelector('canvas').toDataURL() !== before"
    page.wait_for_function(changed, arg=before)
    page.keyboard.press("Space")
    expect(names.first).to_have_attribute("aria-pressed", "true")
    page.wait_for_function(changed.replace("!==", "==="), arg=before)


def test_the_scale_can_be_linear(open_page: OpenPage) -> None:
    page = open_page(f"{RUN}/index.html")
    before = ink(page)
    chart(page).get_by_role("button", name="Total loss: linear scale").click()
    expect(chart(page).locator("[data-readout]")).to_have_text("linear scale")
    page.wait_for_function("document.querySelector('#curves canvas').width > 0")
    assert ink(page) != before
    chart(page).get_by_role("button", name="Total loss: logarithmic scale").click()
    expect(chart(page).locator("[data-readout]")).to_have_text("logarithmic scale")


def test_the_script_labels_the_axis_as_the_drawing_does_and_anew_when_zoomed(open_page: OpenPage) -> None:
    page = open_page(f"{RUN}/index.html")
    wanted = chart(page).locator(".rows span").all_text_contents()
    assert len(wanted) >= 3
    page.evaluate(
        """() => { window.words = []; const fill = CanvasRenderingContext2D.prototype.fillText;
        CanvasRenderingContext2D.prototype.fillText = function (word, ...rest) {
          if (this.canvas === document.querySelector("#curves canvas")) window.words.push(String(word));
          return fill.call(this, word, ...rest); }; }"""
    )

    def drawn_by(action: Callable[[], None]) -> list[str]:
        page.evaluate("window.words.length = 0")
        action()
        page.wait_for_function("window.words.length > 0")
        return list(page.evaluate("window.words"))

    scale = chart(page).locator("figcaption").get_by_role("button", name="scale")
    linear = drawn_by(scale.click)
    assert drawn_by(scale.click)[-len(wanted) :] == wanted
    assert linear[-len(wanted) :] != wanted
    slider(page).focus()
    closer = drawn_by(lambda: page.keyboard.press("+"))
    assert closer[-len(wanted) :] != wanted
    assert drawn_by(lambda: page.keyboard.press("0"))[-len(wanted) :] == wanted


def test_the_frame_shown_is_marked_and_follows_the_zoom(open_page: OpenPage) -> None:
    page = open_page(f"{RUN}/index.html")
    tell = "position => document.dispatchEvent(new CustomEvent('orbifolio:frame', { detail: { position } }))"
    page.evaluate(tell, 31)
    assert mark(page) == pytest.approx(30 / 59, abs=0.01)
    assert mark(page, 1) == pytest.approx(30 / 59, abs=0.01)
    page.evaluate(tell, 0)  # before the first step
    assert mark(page) == pytest.approx(0, abs=0.01)
    slider(page).focus()
    page.keyboard.press("End")
    page.keyboard.press("+")
    expect(chart(page).locator(".here")).to_be_hidden()
    page.evaluate(tell, 60)
    assert mark(page) == pytest.approx(1, abs=0.01)
    phase = open_page(SECOND)
    phase.evaluate(tell, 45)
    assert mark(phase) == pytest.approx(14 / 29, abs=0.01)
    phase.evaluate(tell, 3)  # of the phase before
    assert mark(phase) is None


def test_the_slider_under_the_picture_and_the_curves_know_each_other(open_page: OpenPage) -> None:
    page = open_page(f"{RUN}/index.html", fragment="frame=12")
    frames = page.locator("[data-scrubber] input[type=range], input[type=range].scrubber, .scrubber input").first
    expect(chart(page).locator(".here")).to_be_visible()
    before = frames.input_value()
    page.mouse.click(*point(page, 0.75))
    expect(frames).not_to_have_value(before)
    assert mark(page) == pytest.approx(0.75, abs=0.03)


def test_colours_follow_the_scheme(open_page: OpenPage) -> None:
    page = open_page(f"{RUN}/index.html")
    count, *light = ink(page)
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("() => matchMedia('(prefers-color-scheme: dark)').matches")
    dark_count, *dark = ink(page)
    assert count > 500
    assert dark_count == pytest.approx(count, rel=0.1)
    assert sum(dark) != sum(light)
    accent = page.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--s0')").strip()
    wanted = [int(accent[place : place + 2], 16) for place in (1, 3, 5)]
    present = page.evaluate(
        """(wanted) => { const canvas = document.querySelector("#curves canvas");
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        for (let at = 0; at < data.length; at += 4)
          if (data[at + 3] > 250 && wanted.every((part, index) => Math.abs(data[at + index] - part) < 3)) return true;
        return false; }""",
        wanted,
    )
    assert present


def test_the_charts_follow_the_window(open_page: OpenPage) -> None:
    page = open_page(f"{RUN}/index.html")
    before = over(page)["width"]
    page.set_viewport_size({"width": 390, "height": 800})
    page.wait_for_function(f"document.querySelector('#curves .u-over').clientWidth < {before} - 200")
    assert overflow(page) == 0
    assert over(page)["width"] > 250


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_curves_on_a_phone_are_accessible(
    open_page: OpenPage, assert_accessible: Callable[[Page], None], dark: bool
) -> None:
    page = open_page(SECOND, size=PHONE, dark=dark)
    page.get_by_text("The curves in numbers").click()
    assert overflow(page) == 0
    assert_accessible(page)
    touched = slider(page)
    touched.scroll_into_view_if_needed()
    touched.tap()
    expect(chart(page).locator("[data-readout]")).to_contain_text("step")


def test_without_javascript_the_drawing_and_the_table_say_the_same(open_page: OpenPage) -> None:
    page = open_page(f"{RUN}/index.html", script=False)
    drawing = chart(page).locator(".plot > svg")
    expect(drawing).to_be_visible()
    assert "1 curve over 60 steps" in (drawing.get_attribute("aria-label") or "")
    assert page.locator(".canvas").count() == 0
    page.get_by_text("The curves in numbers").click()
    expect(page.get_by_role("row", name="loss 1500 5 ")).to_be_visible()


def test_paper_gets_the_plain_drawing(open_page: OpenPage) -> None:
    page = open_page(f"{RUN}/index.html")
    expect(chart(page).locator(".plot > svg")).not_to_be_visible()
    page.emulate_media(media="print")
    expect(chart(page).locator(".plot > svg")).to_be_visible()
    expect(chart(page).locator(".canvas")).not_to_be_visible()
