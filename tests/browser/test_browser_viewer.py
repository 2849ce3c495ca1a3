"""The pictures of run, phase and step pages: lightbox, slider through the frames, before and after, wallpaper, keys."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect
from synthetic_run import BEGAN, write_run
from watching import DESKTOP, PHONE, OpenPage, overflow

from orbifolio.reports.write_gallery import rebuild_gallery

RUN = "rainbow-hexagon/20261121-101500-4f2a"
MANY = "many-frames/20261121-101500-4f2a"
HEARD = (
    """() => { window.heard = []; document.addEventListener("orbifolio:frame", (e) => window.heard.push(e.detail)); }"""
)


@pytest.fixture(scope="module")
def frieze(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A gallery of two runs whose pictures continue in one direction only."""
    gallery = tmp_path_factory.mktemp("frieze")
    for recipe, tiles in (("across", [False, True]), ("down", [True, False])):
        final = {"path": "final.png", "width": 32, "height": 56, "tiles": tiles, "bytes": 1, "sha256": ""}
        write_run(gallery, recipe=recipe, final=final)
    rebuild_gallery(gallery, now=BEGAN + 100_000)
    return gallery


def middle(found: Locator) -> tuple[float, float]:
    found.scroll_into_view_if_needed()
    box = found.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def swipe(page: Page, found: Locator, across: int) -> None:
    """A finger over an element, as touch events, sideways."""
    x, y = middle(found)
    session = page.context.new_cdp_session(page)
    points = [(x - across / 2 + across * part / 4, y) for part in range(5)]
    session.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": points[0][0], "y": y}]})
    for px, py in points[1:]:
        session.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [{"x": px, "y": py}]})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


# The slider through the frames


@pytest.mark.parametrize("over", ["file", "http"])
def test_the_slider_runs_through_all_frames_by_keyboard(open_page: OpenPage, over: str) -> None:
    page = open_page(f"{RUN}/index.html", over=over)
    page.evaluate(HEARD)
    slider, picture = page.locator("[data-slider]"), page.locator("a.frame img")
    expect(page.locator("[data-count]")).to_have_text("7 of 7")
    expect(page.locator("[data-caption]")).to_have_text("The finished picture")
    slider.focus()
    page.keyboard.press("Home")
    expect(picture).to_have_attribute("src", re.compile("phases/1-16px/frames/00000.webp"))
    expect(slider).to_have_attribute("aria-valuetext", "Phase 1, beginning")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"Phase 2, step 3, loss \d"))
    expect(picture).to_have_attribute("src", re.compile("phases/2-32px/frames/00003.webp"))
    expect(page.locator("[data-open]")).to_have_attribute("href", "./phases/2-32px/steps/00003/index.html")
    heard = page.evaluate("window.heard.at(-1)")
    assert heard == {"position": 9, "step": 3, "phase": 2, "index": 5, "finished": False}
    assert page.url.endswith("#frame=5")
    page.keyboard.press("End")
    expect(picture).to_have_attribute("src", re.compile("final"))
    expect(page.locator("[data-open]")).to_be_hidden()
    page.wait_for_function("location.hash === ''")


def test_frames_of_all_sizes_stand_in_one_box(open_page: OpenPage) -> None:
    page = open_page(f"{RUN}/index.html")
    place = "e => [e.offsetLeft, e.offsetTop, e.offsetWidth, e.offsetHeight]"
    box = page.locator("a.frame").evaluate(place)
    page.locator("[data-back]").click(click_count=6)
    expect(page.locator("[data-count]")).to_have_text("1 of 7")
    expect(page.locator("a.frame img")).to_have_attribute("width", "16")
    assert page.locator("a.frame").evaluate(place) == box
    assert page.locator("[data-ticks] i").count() == 1


def test_a_permalink_leads_to_a_frame(open_page: OpenPage) -> None:
    page = open_page(f"{RUN}/index.html", fragment="frame=2")
    expect(page.locator("a.frame img")).to_have_attribute("src", re.compile("1-16px/frames/00003.webp"))
    page.evaluate("location.hash = '#frame=999'")
    expect(page.locator("[data-count]")).to_have_text("7 of 7")
    page.evaluate("location.hash = '#frame=6'")
    expect(page.locator("[data-count]")).to_have_text("6 of 7")


def test_the_slider_plays_and_pauses(open_page: OpenPage) -> None:
    page = open_page(f"{MANY}/index.html")
    play = page.locator("[data-play]")
    expect(play).to_have_accessible_name("Play")
    play.click()
    expect(play).to_have_accessible_name("Pause")
    expect(page.locator("[data-count]")).to_have_text(re.compile(r"^([3-9]|1\d) of 63$"))
    play.click()
    expect(play).to_have_accessible_name("Play")
    at = page.locator("[data-count]").inner_text()
    page.wait_for_timeout(300)  # a fixed time on purpose: a frame takes 125 ms, so a slider that still plays shows two
    assert page.locator("[data-count]").inner_text() == at
    page.locator("[data-slider]").focus()
    page.keyboard.press("End")
    page.keyboard.press(",")
    page.keyboard.press(" ")
    expect(play).to_have_accessible_name("Play")  # it plays to its end, and stops there
    expect(page.locator("[data-count]")).to_have_text("63 of 63")


def test_the_slider_by_mouse_and_other_scripts_may_ask_for_a_step(open_page: OpenPage) -> None:
    page = open_page(f"{MANY}/index.html")
    x, y = middle(page.locator("[data-slider]"))
    page.mouse.click(x, y)
    expect(page.locator("[data-count]")).to_have_text(re.compile(r"^3\d of 63$"))
    assert re.search(r"#frame=3\d$", page.url)
    page.evaluate("document.dispatchEvent(new CustomEvent('orbifolio:seek', {detail: {position: 41}}))")
    expect(page.locator("[data-slider]")).to_have_attribute("aria-valuetext", re.compile("Phase 2, step 11,"))
    page.locator("[data-open]").click()
    expect(page.locator("h1")).to_have_text("Step 11")


def test_frames_are_loaded_only_when_they_are_wanted(open_page: OpenPage) -> None:
    page = open_page(f"{MANY}/index.html")
    page.wait_for_load_state("networkidle")
    loaded = "performance.getEntriesByType('resource').filter(e => /phases.2-32px.frames/.test(e.name)).length"
    assert page.evaluate(loaded) <= 14  # the strip's sample, and the beginning for the comparison
    page.locator("[data-back]").click()
    page.wait_for_function("document.querySelector('a.frame img').src.includes('00030')")


def test_a_phase_has_a_slider_of_its_own(open_page: OpenPage) -> None:
    page = open_page(f"{MANY}/phases/2-32px/index.html", fragment="frame=1")
    page.evaluate(HEARD)
    expect(page.locator("[data-count]")).to_have_text("1 of 31")
    page.locator("[data-on]").click()
    expect(page.locator("a.frame img")).to_have_attribute("src", re.compile(r"\.\./\.\./phases/2-32px/frames/00001"))
    assert page.evaluate("window.heard.at(-1).position") == 31
    expect(page.locator("[data-open]")).to_have_attribute("href", re.compile("steps/00001/index.html"))


def test_without_javascript_nothing_looks_like_a_control(open_page: OpenPage) -> None:
    page = open_page(f"{RUN}/index.html", script=False)
    assert not page.locator("[data-scrubber], [data-tile-controls], [data-choices]").locator("visible=true").count()
    assert page.locator(".versus img").locator("visible=true").count() == 2
    page.locator("a.frame").click()
    assert page.url.endswith("final.png")


# The lightbox


def test_the_lightbox_by_keyboard(open_page: OpenPage, assert_accessible: Callable[[Page], None]) -> None:
    page = open_page(f"{RUN}/index.html")
    link = page.locator("#inputs a.view").first
    link.focus()
    page.keyboard.press("Enter")
    dialog = page.locator("dialog.lightbox")
    expect(dialog).to_be_visible()
    expect(dialog.locator(".place")).to_have_text(re.compile(r"^\d+ of \d+$"))
    number, total = (int(word) for word in dialog.locator(".place").inner_text().split(" of "))
    assert (number, total) == (2, page.locator("a[data-view]").count())
    expect(dialog.locator(".words")).to_have_text(re.compile("original$"))
    assert_accessible(page)
    page.keyboard.press("ArrowRight")
    expect(dialog.locator(".place")).to_have_text(f"3 of {total}")
    page.keyboard.press("End")
    expect(dialog.locator(".words")).to_have_text("One tile, 8-bit PNG")  # what the run offers is there too
    page.keyboard.press("ArrowRight")
    expect(dialog.locator(".place")).to_have_text(f"1 of {total}")
    expect(dialog.get_by_role("link", name="Open the file")).to_have_attribute("href", re.compile("final.png$"))
    before = dialog.locator(".scale").inner_text()
    page.keyboard.press("+")
    assert dialog.locator(".scale").inner_text() != before
    page.keyboard.press("0")
    expect(dialog.locator(".scale")).to_have_text(before)
    page.keyboard.press("1")
    expect(dialog.locator(".scale")).to_have_text("100 %")
    for _ in range(12):  # round the dialog: the tabulator stays inside, or goes to the browser's own controls
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(link).to_be_focused()


def test_the_lightbox_by_mouse(open_page: OpenPage) -> None:
    page = open_page(f"{RUN}/index.html")
    page.locator("a.frame").click()
    dialog = page.locator("dialog.lightbox")
    stage, image, scale = dialog.locator(".stage"), dialog.locator(".stage img"), dialog.locator(".scale")
    x, y = middle(stage)
    page.mouse.move(x, y)
    fitting = scale.inner_text()
    page.mouse.wheel(0, -600)
    expect(scale).not_to_have_text(fitting)
    before = image.bounding_box()
    page.mouse.down()
    page.mouse.move(x, y + 60, steps=4)
    page.mouse.up()
    after = image.bounding_box()
    assert before is not None
    assert after is not None
    assert after["y"] - before["y"] == pytest.approx(60, abs=2)
    exact = dialog.get_by_role("button", name="Exact pixels")
    exact.click()
    assert image.evaluate("e => getComputedStyle(e).imageRendering") == "pixelated"
    expect(image).to_have_attribute("src", re.compile(r"final\.png$"))
    page.mouse.dblclick(x, y)
    expect(scale).to_have_text(fitting)
    dialog.get_by_role("button", name="Next picture").click()
    expect(dialog.locator(".place")).to_have_text(re.compile("^2 of"))
    expect(exact).to_have_attribute("aria-pressed", "false")
    dialog.get_by_role("button", name="Close").click()
    expect(page.locator("a.frame")).to_be_focused()


def test_the_lightbox_by_touch(open_page: OpenPage) -> None:
    page = open_page(f"{RUN}/index.html", size=PHONE)
    page.locator("a.frame").tap()
    dialog = page.locator("dialog.lightbox")
    swipe(page, dialog.locator(".stage"), -200)
    expect(dialog.locator(".place")).to_have_text(re.compile("^2 of"))
    swipe(page, dialog.locator(".stage"), 200)
    expect(dialog.locator(".place")).to_have_text(re.compile("^1 of"))
    sizes = dialog.locator("button, a").evaluate_all("all => all.map(e => e.getBoundingClientRect().height)")
    assert min(size for size in sizes if size) >= 44
    assert overflow(page) == 0
    scale = dialog.locator(".scale")
    fitting = scale.text_content()
    x, y = middle(dialog.locator(".stage"))
    session = page.context.new_cdp_session(page)
    for kind, apart in (("touchStart", 20), ("touchMove", 40), ("touchMove", 80)):
        points = [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert scale.text_content() != fitting


# Before and after, wallpaper


def test_before_and_after(open_page: OpenPage) -> None:
    page = open_page(f"{RUN}/index.html")
    section = page.locator("[data-comparison]")
    shown = section.locator(".versus:visible")
    expect(shown).to_have_attribute("aria-label", "Beginning and result")
    slider = shown.get_by_role("slider", name="Beginning or Result")
    slider.focus()
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "1 % Beginning, 99 % Result")
    clip = shown.locator(".after").evaluate("e => getComputedStyle(e).clipPath")
    assert clip == "inset(0px 0px 0px 1%)"
    slider.scroll_into_view_if_needed()
    box = shown.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + 0.75 * box["width"], box["y"] + 20)
    assert 73 <= int(slider.input_value()) <= 77
    names = section.locator(".choices button").all_inner_texts()
    assert names == ["Beginning and result", "Style 1 and result", "Style 1, original and prepared"]
    section.get_by_role("button", name="prepared").click()
    expect(section.locator(".versus:visible")).to_have_attribute("aria-label", names[2])


def test_before_and_after_by_touch(open_page: OpenPage) -> None:
    page = open_page(f"{RUN}/index.html", size=PHONE)
    slider = page.locator(".versus:visible input")
    slider.scroll_into_view_if_needed()
    box = slider.bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + 0.2 * box["width"], box["y"] + 0.5 * box["height"])
    assert 15 <= int(slider.input_value()) <= 25


def test_the_wallpaper_s_tile_can_be_repeated_scaled_and_moved(open_page: OpenPage) -> None:
    page = open_page(f"{RUN}/index.html")
    paper, count = page.locator("[data-tile]"), page.locator("[data-tile-count]")
    size = "e => parseFloat(getComputedStyle(e).backgroundSize)"
    count.focus()
    page.keyboard.press("Home")
    expect(page.locator("[data-tile-count-value]")).to_have_text("1")
    assert paper.evaluate(size) == pytest.approx(paper.evaluate("e => e.clientWidth"), abs=1)
    page.locator("[data-tile-scale]").fill("200")
    assert paper.evaluate(size) == pytest.approx(64)
    expect(page.locator("[data-tile-scale-value]")).to_have_text("200 % · 1.7 cm")
    place = "e => e.style.backgroundPosition"
    before = paper.evaluate(place)
    x, y = middle(paper)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + 20, steps=3)
    page.mouse.up()
    assert paper.evaluate(place) == "calc(50% + 30px) 20px" != before
    paper.focus()
    page.keyboard.press("ArrowLeft")
    assert paper.evaluate(place) == "calc(50% - 10px) 20px"
    page.get_by_role("button", name="Reset").click()
    assert paper.evaluate(place) == before


def test_the_wallpaper_fills_the_window(open_page: OpenPage, assert_accessible: Callable[[Page], None]) -> None:
    page = open_page(f"{RUN}/index.html")
    page.get_by_role("button", name="Full window").click()
    box = page.locator("dialog [data-tile]").bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == DESKTOP
    assert_accessible(page)
    page.keyboard.press("Escape")
    assert page.locator("section [data-tile]").count() == 1
    expect(page.get_by_role("button", name="Full window")).to_be_focused()


@pytest.mark.parametrize(("recipe", "repeat"), [("across", "repeat-x"), ("down", "repeat-y")])
def test_a_tile_may_continue_in_one_direction_only(open_page: OpenPage, frieze: Path, recipe: str, repeat: str) -> None:
    page = open_page(f"{recipe}/20261121-101500-4f2a/index.html", root=frieze)
    paper = page.locator("[data-tile]")
    assert paper.evaluate("e => getComputedStyle(e).backgroundRepeat") == repeat
    page.locator("[data-tile-scale]").fill("300")
    box = paper.bounding_box()
    assert box is not None
    if recipe == "across":
        assert box["height"] == pytest.approx(3 * 56, abs=1)  # one tile high, however large
    else:
        expect(page.locator("[data-tile-count]")).to_be_hidden()


# Keys and swipes that lead on


def strike(page: Page, key: str) -> None:
    """Press a key once the page's script listens: it shows its button for help then."""
    expect(page.get_by_role("button", name="Keys")).to_be_visible()
    page.keyboard.press(key)


def test_keys_lead_from_step_to_step(open_page: OpenPage) -> None:
    page = open_page(f"{RUN}/phases/1-16px/steps/00006/index.html")
    strike(page, "]")
    expect(page.locator(".above")).to_have_text("Rainbow hexagon · 32 px")
    strike(page, "ArrowRight")
    expect(page.locator("h1")).to_have_text("Step 3")
    strike(page, "ArrowLeft")
    expect(page.locator("h1")).to_have_text("Beginning")
    strike(page, "[")
    expect(page.locator("h1")).to_have_text("Step 6")
    page.locator(".crumbs a").first.focus()
    strike(page, "ArrowRight")  # a link has focus: the arrows are not ours
    expect(page.locator("h1")).to_have_text("Step 6")


def test_a_swipe_leads_from_step_to_step(open_page: OpenPage) -> None:
    page = open_page(f"{RUN}/phases/2-32px/steps/00003/index.html", size=PHONE)
    swipe(page, page.locator(".work img"), -200)
    expect(page.locator("h1")).to_have_text("Step 6")


def test_help_lists_the_keys_and_letters_can_be_switched_off(
    open_page: OpenPage, assert_accessible: Callable[[Page], None]
) -> None:
    page = open_page(f"{RUN}/phases/2-32px/steps/00003/index.html")
    page.keyboard.press("?")
    dialog = page.locator("dialog.keys")
    expect(dialog).to_contain_text("Previous page")
    assert_accessible(page)
    dialog.get_by_role("checkbox").uncheck()
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    page.keyboard.press("]")
    page.keyboard.press("?")
    expect(page.locator("h1")).to_have_text("Step 3")
    assert dialog.count() == 0
    page.get_by_role("button", name="Keys").click()
    dialog.get_by_role("checkbox").check()


def test_every_frame_is_two_clicks_from_the_run(open_page: OpenPage) -> None:
    page = open_page(f"{MANY}/index.html", script=False)
    page.locator(".phase h3 a").nth(1).click()
    leading = page.locator("main a[href^='steps/']").evaluate_all("all => all.map(e => e.getAttribute('href'))")
    assert {f"steps/{step:05d}/index.html" for step in range(31)} <= set(leading)


@pytest.mark.parametrize("dark", [False, True])
def test_pages_hold_together_on_paper(open_page: OpenPage, dark: bool) -> None:
    page = open_page(f"{RUN}/index.html", dark=dark)
    page.emulate_media(media="print")
    assert not page.locator("button, [data-slider], [data-tile-controls]").locator("visible=true").count()
    assert page.locator("a.frame img").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
