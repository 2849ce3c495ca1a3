"""The pages in Chromium: a photo becomes a picture, recipes are changed by form and by text, runs are steered.

A page that logs an error, breaks its own content policy, or asks anything of another host fails its test.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect
from served import Serving, Visitor, make_recipes, make_state, picture, until
from watching import DESKTOP, PHONE, OpenPage, Watch, overflow

from orbifolio.runner.events import FrameSaved, PhaseStarted, to_line
from orbifolio.runner.images.png_text import RECIPE
from orbifolio.runner.server.presets import PRESETS, Preset, PresetChoice, PresetOption
from orbifolio.runner.server.redirect_file import RedirectFile
from orbifolio.runner.server.security import AccessRules

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]
expect.set_options(timeout=30_000)  # the machine may be busy with other tests


@pytest.fixture
def visit(browser: Browser, serving: Serving) -> Iterator[OpenPage]:
    """Opens a page of the server."""
    contexts, watches = [], []

    def open_one(path: str = "/", *, size: tuple[int, int] = DESKTOP, dark: bool = False) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme="dark" if dark else "light",
            has_touch=size[0] < 600,
            accept_downloads=True,
        )
        context.set_default_timeout(60_000)
        contexts.append(context)
        watch = Watch((serving.address,))
        watches.append(watch)
        context.on("page", watch.follow)
        page = context.new_page()
        page.goto(f"{serving.address}{path}")
        return page

    yield open_one
    for context in contexts:
        context.close()
    # Chromium logs every answer of 4xx as an error, also those that the page expects and tells in words
    expected = "console: Failed to load resource: the server responded with a status of 4"
    troubles = [each for watch in watches for each in watch.troubles if not each.startswith(expected)]
    assert not troubles, "\n".join(troubles)


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photograph on the visitor's disk."""
    path = tmp_path / "me.png"
    path.write_bytes(picture(90, 60))
    return path


@pytest.fixture
def quick_look(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look that takes a second, among the others."""
    option = PresetOption("coarse", "Coarse", {"renderer.phases": [{"nodes": 60, "epochs": 1, "steps": 4}]})
    choice = PresetChoice("detail", "Threads", (PresetOption("fine", "Fine", {}), option))
    title = {"title": "Photograph in threads"}
    quick = Preset("threads", "Coloured threads", "A net.", "nets/tiny", "a second", title, (choice,))
    others = tuple(preset for preset in PRESETS if preset.key != "threads")
    monkeypatch.setattr("orbifolio.runner.server.presets.PRESETS", (*others, quick))


def test_a_newcomer_turns_a_photo_into_a_picture(visit: OpenPage, photo: Path, quick_look: None) -> None:
    page = visit("/")
    page.get_by_role("link", name="Paint a photo").last.click()
    expect(page.locator("[data-go]")).to_be_disabled()
    expect(page.locator("[data-why]")).to_have_text("Choose a photo first")
    page.set_input_files("[data-file]", photo)
    expect(page.locator("[data-photo]")).to_be_visible(timeout=120_000)  # the server may still be importing
    page.locator("input[value=threads]").check(force=True)
    page.locator("input[value=coarse]").check(force=True)
    page.locator("[data-go]").click()
    expect(page).to_have_url(re.compile(r"/paint/[0-9-]+-[0-9a-f]{6}$"))
    expect(page.locator("[data-download]")).to_be_visible(timeout=120_000)
    slider = page.locator(".versus input[type=range]")
    expect(slider).to_be_visible()
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_value("26")
    with page.expect_download() as waiting:
        page.locator("[data-download]").click()
    assert Path(waiting.value.path()).read_bytes().startswith(b"\x89PNG")
    page.reload()
    expect(page.locator(".versus")).to_be_visible()
    page.locator("[data-report]").click()
    expect(page.locator("h1")).to_have_text("Photograph in threads")


def test_a_sketch_is_seen_before_the_run_has_a_picture(visit: OpenPage, photo: Path, quick_look: None) -> None:
    page = visit("/paint")
    silence = {"content_type": "text/event-stream", "body": "retry: 600000\n\n"}  # no picture of the run comes
    page.route("**/api/runs/*/events", lambda route: route.fulfill(**silence))
    page.set_input_files("[data-file]", photo)
    page.locator("input[value=threads]").check(force=True)
    page.locator("input[value=coarse]").check(force=True)
    page.locator("[data-go]").click()
    sketch = page.locator(".easel > img.sketch")
    expect(sketch).to_be_visible()
    assert sketch.evaluate("image => image.decode().then(() => image.naturalWidth)") > 60


def test_who_has_no_photo_at_hand_tries_ours(visit: OpenPage) -> None:
    page = visit("/paint")
    page.get_by_role("button", name="Try one of ours").click()
    expect(page.locator("[data-photo]")).to_be_visible()
    expect(page.locator("[data-drop-lead]")).to_have_text("600 × 400 pixels")
    expect(page.locator("[data-go]")).to_be_enabled()


def test_a_file_that_is_no_picture_is_told_at_its_place(visit: OpenPage, tmp_path: Path) -> None:
    bad = tmp_path / "me.png"
    bad.write_bytes(b"%PDF-1.7")
    page = visit("/paint")
    with page.expect_response("**/api/images"):
        page.set_input_files("[data-file]", bad)
    expect(page.locator("[data-photo-fault]")).to_contain_text("PDF document")
    expect(page.locator("[data-go]")).to_be_disabled()


def test_form_and_text_are_kept_in_step_and_faults_stand_at_their_fields(visit: OpenPage) -> None:
    page = visit("/new?recipe=nets/plain")
    size = page.locator('[data-path="renderer.size"]')
    expect(size).to_have_value("64")
    size.fill("128")
    size.press("Tab")
    page.get_by_role("tab", name="Text").click()
    text = page.locator("[data-text]")
    expect(text).to_have_value(re.compile(r"# a comment that stays[\s\S]*size: 128"))
    text.fill(text.input_value().replace("size: 128", "size: 3"))
    expect(page.locator("[data-start]")).to_be_disabled()
    page.get_by_role("tab", name="Settings").click()
    expect(page.locator('[data-wrong="renderer.size"]')).to_contain_text("too small")
    page.locator("[data-problems] button").first.click()
    assert page.evaluate("document.activeElement.id") == "text"
    text.fill(text.input_value().replace("size: 3", "size: 96").replace("kind: growing", "kind: grown"))
    expect(page.locator("[data-problems]")).to_contain_text("growing-neural-gas")


def test_kinds_and_lists_are_changed_by_the_form(visit: OpenPage) -> None:
    page = visit("/new?recipe=nets/plain")
    expect(page.locator("[data-start]")).to_be_enabled()
    page.get_by_role("button", name="Add to phases").click()
    expect(page.locator('[data-path="renderer.phases.1.nodes"]')).to_have_value("40")
    page.get_by_role("button", name="Remove Phases 1").click()
    expect(page.locator('[data-path="renderer.phases.1.nodes"]')).to_have_count(0)
    page.locator('[data-path="renderer.image"]').select_option("skimage:coffee")
    text = page.locator("[data-text]")
    expect(text).to_have_value(re.compile("image: skimage:coffee"))
    page.locator("[data-field=renderer] > .more-settings > summary").click()
    page.locator('select[data-path="renderer.points"]').select_option("darkness")
    expect(text).to_have_value(re.compile("points: {kind: darkness}"))


def test_an_artist_chooses_by_eye(visit: OpenPage) -> None:
    page = visit("/new?recipe=plane/patches-p4")
    text = page.locator("[data-text]")
    page.get_by_role("button", name="p4mm", exact=True).click()
    expect(text).to_have_value(re.compile("group: p4mm"))
    page.get_by_role("button", name="p4", exact=True).click()
    row = page.get_by_role("group", name="a quarter turn")
    row.get_by_role(
        "button", name="the new red is the old green, the new green is the old red, the new blue is"
    ).click()
    expect(text).to_have_value(re.compile(r"r4: \[g, r, b\]"))
    expect(row.locator("[aria-pressed=true]")).to_have_attribute("title", "[g, r, b]")
    row.get_by_role("button", name="unchanged").click()
    expect(text).not_to_have_value(re.compile("r4:"))
    page.get_by_role("button", name="Choose among pictures").first.click()
    page.locator("dialog.wall").get_by_role("button", name="koi").click()
    expect(text).to_have_value(re.compile("orbifolio:koi"))
    page.get_by_role("button", name="Roll the dice").click()
    expect(text).not_to_have_value(re.compile(r"^seed: 1\b", re.MULTILINE))
    expect(page.locator("[data-start]")).to_be_enabled()
    whole = int(page.locator('[data-path="renderer.size"]').input_value())

    def halved(request: Request) -> bool:  # of estimates that are asked for, one may still be of what came before
        values = (request.post_data_json or {}).get("values", {})
        return request.url.endswith("/api/estimate") and values.get("renderer.size") == whole // 2

    with page.expect_request(halved):
        page.get_by_role("button", name="Quick").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download the recipe").click()
    assert waiting.value.suggested_filename == "agates-in-four-quarters.yaml"
    assert Path(waiting.value.path()).read_text(encoding="utf-8") == text.input_value()


def test_a_report_leads_back_to_the_editor_with_its_own_recipe(visit: OpenPage, visitor: Visitor) -> None:
    """A run of the shell, which the server knows only from the gallery, and one of its own."""
    import shutil

    gallery = visitor.serving.state.gallery
    identity = visitor.start(recipe="nets/plain", values={"seed": 41})
    made = gallery / str(visitor.wait(identity, "done")["report"]).removeprefix("/gallery/").removesuffix("/index.html")
    other = made.with_name("20250101-000000-abcd")
    shutil.copytree(made, other, ignore=shutil.ignore_patterns("checkpoint"))
    for folder, address in ((made, "from="), (other, "run=")):
        page = visit(f"/gallery/{folder.relative_to(gallery).as_posix()}/index.html")
        page.get_by_role("link", name="Change and run").click()
        expect(page).to_have_url(re.compile(re.escape(address)))
        expect(page.locator("[data-text]")).to_have_value(re.compile("^seed: 41$", re.MULTILINE))
        expect(page.locator("[data-start]")).to_be_enabled()
    shutil.rmtree(other)


DROP = """([bytes, name]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
  for (const kind of ["dragenter", "dragover", "drop"])
    document.body.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
}"""


@pytest.mark.parametrize("packed", [False, True])
def test_a_picture_that_carries_its_recipe_opens_it(visit: OpenPage, packed: bool) -> None:
    """Written by Pillow; a picture without a recipe, or with a damaged one, is a picture to use."""
    import io

    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    text = (ROOT / "recipes" / "plane" / "frieze-hop.yaml").read_text(encoding="utf-8") + "# Zürich 目\n"
    page = visit("/new?recipe=plane/patches-p4")
    expect(page.locator("[data-start]")).to_be_enabled()
    before = page.locator("[data-text]").input_value()
    for keyword, opens in (("Comment", False), (f"{RECIPE}s", False), (RECIPE, True)):
        info = PngInfo()
        info.add_itxt(keyword, text, "en", "", zip=packed)
        buffer = io.BytesIO()
        Image.new("RGB", (32, 32), "teal").save(buffer, "PNG", pnginfo=info)
        data = buffer.getvalue()
        page.evaluate(DROP, [list(data), "mine.png"])
        if opens:
            expect(page.locator("[data-text]")).to_have_value(text)
            expect(page.locator("[data-kept]")).to_have_text("This is the recipe of mine.png.")
            expect(page.locator("[data-title]")).to_have_text("Frieze: hop")
        else:
            expect(page.locator(".slot img")).to_have_count(1)
            expect(page.locator("[data-text]")).to_have_value(before)


def test_the_text_offers_what_fits_at_the_caret(visit: OpenPage) -> None:
    page = visit("/new?recipe=plane/patches-p4")
    page.get_by_role("tab", name="Text").click()
    text, offers = page.locator("[data-text]"), page.locator(".completions [role=option]")
    expect(text).to_have_value(re.compile("group: p4"))
    head = "schema: 1\ntitle: x\nrenderer:\n  kind: patches\n"
    for typed, offered in (
        ("  symmetry: {kind: plane, gr", ["group"]),
        ("  symmetry: {kind: plane, group: p4", ["p4mm", "p4gm"]),
        ("  symmetry: {kind: hyp", ["hyperbolic"]),
        ("  symmetry:\n    kind: plane\n    colo", ["colours"]),
        ("  refine: {vision: vgg1", ["vgg16", "vgg19"]),
        ("finish:\n    lev", ["levels"]),
    ):
        text.fill(head + ("" if typed.startswith(" ") else "  size: 64\n") + typed[:-1])
        text.press("End")
        text.press_sequentially(typed[-1])
        expect(offers).to_have_text(offered)
    text.fill(head + "  si")
    text.press_sequentially("z")
    text.press("Tab")
    expect(text).to_have_value(head + "  size: ")


def test_a_recipe_s_picture_is_uploaded_masked_and_run(visit: OpenPage, photo: Path) -> None:
    page = visit("/new?recipe=nets/tiny")
    expect(page.locator("[data-problems]")).to_contain_text("Your own picture is needed")
    page.set_input_files(".slot input", photo)
    expect(page.locator("[data-start]")).to_be_enabled()
    page.get_by_role("button", name="Paint a mask").click()
    box = page.locator("dialog.mask canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 10, box["y"] + 10)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 10, steps=4)
    page.mouse.up()
    page.get_by_role("button", name="Use this mask").click()
    expect(page.locator("[data-text]")).to_have_value(re.compile(r"mask: ['\"]?upload:mask"))
    expect(page.locator("[data-start]")).to_be_enabled()
    page.locator("[data-start]").click()
    expect(page).to_have_url(re.compile("/runs/"))
    expect(page.locator("[data-line]")).to_have_text("Finished", timeout=120_000)
    expect(page.locator("[data-report]")).to_be_visible()
    page.locator("[data-branch]").click()
    expect(page.locator("[data-text]")).to_have_value(re.compile("upload:mask"))


def test_a_run_is_watched_paused_gone_on_with_and_kept(visit: OpenPage, visitor: Visitor) -> None:
    identity = visitor.start(recipe="nets/long", values={"renderer.phases.0.steps": 4000})
    page = visit(f"/runs/{identity}", size=PHONE)
    expect(page.locator(".easel img")).to_be_visible(timeout=120_000)
    page.locator("[data-act=pause]").click()
    expect(page.locator("[data-line]")).to_have_text("Paused", timeout=60_000)
    page.locator("[data-act=resume]").click()
    until(lambda: visitor.run(identity)["state"] == "running" and visitor.run(identity)["share"], 60)
    page.locator("[data-act=keep]").click()
    expect(page.locator("[data-line]")).to_have_text("Finished", timeout=60_000)
    expect(page.locator("[data-curve] svg")).to_be_visible()
    assert overflow(page) == 0


def test_recipes_are_found_by_their_words(visit: OpenPage) -> None:
    page = visit("/")
    page.locator("[data-find]").fill("plain seamless")
    expect(page.locator("[data-matches]")).to_have_text("1 found")
    expect(page.locator(".catalogue li:visible")).to_have_count(1)


def test_the_time_is_told_before_the_start(visit: OpenPage, photo: Path) -> None:
    page = visit("/new?recipe=plane/kaleidoscope")
    expect(page.locator("[data-estimate]")).to_have_text(
        re.compile(r"^Takes (about (a|\d) minutes?|less than half a minute) here; \d\.\d GB of memory\.$")
    )
    page.locator('[data-path="renderer.symmetry.colours"]').fill("{r6: [g, g, g]}")
    page.locator('[data-path="renderer.symmetry.colours"]').press("Tab")
    expect(page.locator("[data-estimate]")).to_have_text("")
    page = visit("/paint")
    expect(page.locator("[data-estimate]")).to_have_text("")
    page.locator("[data-file]").set_input_files(photo)
    page.get_by_role("radio", name="One line").check()
    expect(page.locator("[data-estimate]")).to_have_text(re.compile("^Takes less than half a minute here"))


def test_a_branch_says_what_it_begins_with(visit: OpenPage, serving: Serving) -> None:
    state = serving.state
    text = "schema: 1\ntitle: Canvas\nseed: 1\nrenderer:\n  kind: image-optimisation\n  objectives: [{kind: range}]\n"
    job = state.store.add(text + "  phases: [{size: 16, steps: 1}]\n", {}, title="Canvas", name="canvas", theme="nets")
    folder = state.gallery / "canvas" / "20260101-000000-0002"
    (folder / "phases").mkdir(parents=True)
    (folder / "phases" / "00001.webp").write_bytes(picture(32, 32, "WEBP"))
    events = (PhaseStarted(0.0, 0, "16 px", 16, 16, 1), FrameSaved(0.0, 0, 1, "phases/00001.webp", 32, 32))
    (folder / "events.jsonl").write_text("".join(to_line(event) + "\n" for event in events))
    state.store.change(job, run="canvas/20260101-000000-0002", state="done")
    page = visit(f"/new?from={job.id}")
    expect(page.locator("[data-begins]")).to_have_text("Starts from the run's newest picture.")
    state.store.remove(job)


@pytest.mark.slow
def test_the_preview_shows_the_symmetry(visit: OpenPage) -> None:
    page = visit("/new?recipe=plane/rainbow-hexagon")
    expect(page.locator("[data-glance]")).to_be_visible()
    expect(page.locator("[data-glance-words]")).to_have_text("What it will look like, small")
    before = page.locator("[data-glance]").get_attribute("src")
    page.locator('[data-path="renderer.symmetry.group"]').select_option('"p3"')
    page.locator('[data-path="renderer.symmetry.colours"]').fill("{r3: [g, b, r]}")
    page.locator('[data-path="renderer.symmetry.colours"]').press("Tab")
    expect(page.locator("[data-glance]")).not_to_have_attribute("src", str(before))


def test_a_figure_s_colours_are_chosen_from_swatches(visit: OpenPage) -> None:
    page = visit("/new?recipe=escher/fish")
    expect(page.locator("[data-glance-words]")).to_have_text("The figure in every tile, as it begins")
    before = str(page.locator("[data-glance]").get_attribute("src"))
    page.get_by_label("Choose the colour").nth(1).fill("#112233")
    expect(page.locator("[data-text]")).to_have_value(re.compile("#112233"))
    expect(page.locator('[data-path="renderer.symmetry.colours.1"]')).to_have_value("#112233")
    expect(page.locator("[data-glance]")).not_to_have_attribute("src", before)


def test_a_second_change_before_the_first_is_answered_keeps_both(visit: OpenPage) -> None:
    page = visit("/new?recipe=plane/rainbow-hexagon")
    expect(page.locator("[data-glance]")).to_be_visible()
    begun: list[Route] = []

    def slowly(route: Route) -> None:
        begun.append(route)
        if len(begun) > 1:
            route.continue_()

    page.route("**/api/edit", slowly)
    page.locator('[data-path="renderer.symmetry.group"]').select_option('"p3"')
    page.locator('[data-path="seed"]').fill("4711")
    page.locator('[data-path="seed"]').press("Tab")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")  # both events were handled
    assert len(begun) == 1
    begun[0].continue_()
    expect(page.locator("[data-text]")).to_have_value(re.compile(r"seed: 4711[\s\S]*group: p3\b"))


@pytest.mark.parametrize("path", ["/", "/paint", "/runs", "/new?recipe=nets/plain", "/new?recipe=style/style-transfer"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_pages_are_accessible_and_fit(
    visit: OpenPage, assert_accessible: Callable[[Page], None], path: str, size: tuple[int, int]
) -> None:
    page = visit(path, size=size, dark=size == PHONE)
    page.wait_for_load_state("networkidle")
    assert overflow(page) == 0
    assert_accessible(page)


def test_the_link_with_the_token_opens_the_pages(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "gallery").mkdir()
    token = "a-token-of-more-than-sixteen-letters"
    with Serving(make_state(tmp_path, make_recipes(tmp_path)), AccessRules(token)) as serving:
        context = browser.new_context()
        page = context.new_page()
        page.goto(serving.address)
        expect(page.locator("h1")).to_have_text("Locked")
        page.goto(f"{serving.address}/paint?token={token}")
        expect(page).to_have_url(f"{serving.address}/paint")
        expect(page.locator("h1")).to_have_text("Paint a photo")
        context.close()


def test_a_dropped_picture_takes_the_place_of_the_recipe_s_own(visit: OpenPage, photo: Path) -> None:
    page = visit("/new?recipe=style/style-transfer")
    init = page.locator('[data-path="renderer.canvas.init.image"]')
    expect(init).to_have_value("skimage:rocket")
    init.select_option("upload:photo")
    expect(page.locator("[data-problems]")).to_contain_text("Your own picture is needed")
    page.set_input_files(".slot input", photo)
    expect(page.locator("[data-start]")).to_be_enabled()
    expect(page.locator("[data-text]")).to_have_value(re.compile(r"image: ['\"]?upload:photo"))


def test_a_browser_gets_in_by_a_file_that_holds_the_token(browser: Browser, tmp_path: Path) -> None:
    token = "a-token-of-more-than-sixteen-letters"
    with Serving(make_state(tmp_path, make_recipes(tmp_path)), AccessRules(token)) as locked:
        file = RedirectFile(f"{locked.address}/?token={token}")
        context = browser.new_context()
        page = context.new_page()
        page.goto(file.path.as_uri())
        page.wait_for_url(f"{locked.address}/")
        expect(page.locator("h1").first).not_to_have_text("Locked")
        page.goto("about:blank")
        page.goto(f"{locked.address}/paint")  # the cookie stays
        expect(page.locator("h1").first).not_to_have_text("Locked")
        context.close()
        file.remove()
