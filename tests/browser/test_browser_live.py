"""Pages of a run that goes on: they change in place, come back where the reader was, and learn of its end."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from synthetic_run import BEGAN, write_run
from watching import PHONE, OpenPage

from orbifolio.reports.write import write_report
from orbifolio.reports.write_gallery import rebuild_gallery, update_index

NOW = BEGAN + 30
ASK = "document.dispatchEvent(new Event('visibilitychange'))"  # what the page does every few seconds by itself
MARK = "window.sameDocument = true"
COUNT = """window.updates = 0;
const live = orbifolio.live;
orbifolio.live = (update) => { live(update); window.updates += 1; };"""


class Going:
    """A run that goes on as the test wishes: it has all its frames, and a log that grows."""

    def __init__(self, gallery: Path, *, at: int) -> None:
        self.gallery = gallery
        self.folder = write_run(gallery, recipe="going", title="Going", steps=12, every=2, sizes=((16, 16), (32, 32)))
        record = json.loads((self.folder / "run.json").read_text())
        self.record = record | {"status": "running", "final": None, "finished": None}
        self.done = record
        self.log = (self.folder / "events.jsonl").read_text().splitlines(keepends=True)
        self.go_on(at)
        update_index(gallery, "going", now=NOW)

    def write(self, record: dict[str, object], events: int) -> None:
        (self.folder / "run.json").write_text(json.dumps(record))
        (self.folder / "events.jsonl").write_text("".join(self.log[:events]))
        write_report(self.folder, gallery=self.gallery, now=NOW)

    def go_on(self, to: int) -> None:
        """As far as the step of this number over both phases."""
        steps = [at for at, line in enumerate(self.log) if '"stepped"' in line]
        saved = '"frame-saved"' in self.log[steps[to - 1] + 1]
        self.write(self.record, steps[to - 1] + 1 + saved)

    def end(self, status: str = "done", message: str = "") -> None:
        changed = {"status": status, "message": message}
        self.write((self.done if status == "done" else self.record) | changed, len(self.log) - (status != "done"))

    @property
    def page(self) -> str:
        return f"going/{self.folder.name}/index.html"


@pytest.fixture
def going(tmp_path: Path) -> Going:
    return Going(tmp_path / "live gallery", at=6)


def ask_until(page: Page, condition: str) -> None:
    """Let the page ask for news until something holds."""
    for _ in range(40):
        try:
            page.evaluate(ASK)
            if page.evaluate(condition):
                return
        except Exception as error:  # it is just being loaded again
            if "context was destroyed" not in str(error):
                raise
        page.wait_for_timeout(50)
    raise AssertionError(f"never: {condition}")


def receive_updates(page: Page, count: int) -> None:
    """Let the page ask for news, and handle the answer, so many times."""
    page.evaluate(f"() => {{ {COUNT} }}")
    for number in range(1, count + 1):
        ask_until(page, f"window.updates >= {number}")


def test_progress_and_the_newest_frame_change_in_place(open_page: OpenPage, going: Going) -> None:
    page = open_page(going.page, root=going.gallery)
    page.evaluate(MARK)
    assert page.locator(".status.running").is_visible()
    expect(page.locator("a.frame img")).to_have_attribute("src", re.compile("1-16px/frames/00006.webp"))
    expect(page.locator("[data-caption]")).to_have_text(re.compile("^The latest frame: 16 px, step 6 · loss"))
    share = page.locator("progress").get_attribute("value")
    page.mouse.wheel(0, 400)
    going.go_on(10)
    ask_until(page, "document.querySelector('[data-line]').textContent.includes('step 10')")
    expect(page.locator("a.frame img")).to_have_attribute("src", re.compile("1-16px/frames/00010.webp"))
    assert float(page.locator("progress").get_attribute("value") or 0) > float(share or 0)
    assert page.title().startswith(f"{page.locator('progress').get_attribute('value')} % · ")
    expect(page.locator("[data-count]")).to_have_text("6 of 6")
    assert page.evaluate("window.sameDocument === true")
    assert page.evaluate("window.scrollY") == 400


def test_a_reader_who_looks_at_an_earlier_frame_stays_there(open_page: OpenPage, going: Going) -> None:
    page = open_page(going.page, root=going.gallery)
    page.locator("[data-back]").click(click_count=2)
    expect(page.locator("[data-count]")).to_have_text("2 of 4")
    going.go_on(10)
    ask_until(page, "document.querySelector('[data-count]').textContent === '2 of 6'")
    expect(page.locator("a.frame img")).to_have_attribute("src", re.compile("frames/00002.webp"))


def test_a_new_phase_loads_the_page_again_where_the_reader_was(open_page: OpenPage, going: Going) -> None:
    page = open_page(going.page, root=going.gallery)
    page.evaluate(MARK)
    page.locator("details summary").first.click()
    page.locator("[data-back]").click(click_count=2)
    page.locator("#again").scroll_into_view_if_needed()
    top = "document.getElementById('again').getBoundingClientRect().top"
    before = page.evaluate(top)
    going.go_on(14)
    ask_until(page, "window.sameDocument === undefined && document.readyState === 'complete'")
    assert page.evaluate(top) == pytest.approx(before, abs=3)
    assert page.locator("details").first.get_attribute("open") is not None
    expect(page.locator("[data-count]")).to_have_text(re.compile("^2 of "))
    assert page.locator("#phase-2 img").count() == 1


def test_nothing_is_loaded_again_while_somebody_looks_closer(open_page: OpenPage, going: Going) -> None:
    page = open_page(going.page, root=going.gallery)
    page.evaluate(MARK)
    page.locator("a.frame").click()
    going.end()
    receive_updates(page, 3)
    assert page.evaluate("window.sameDocument === true")
    assert page.locator("dialog.lightbox").is_visible()
    page.keyboard.press("Escape")
    ask_until(page, "window.sameDocument === undefined && document.readyState === 'complete'")
    assert page.locator(".status.done").is_visible()


def test_selected_text_is_not_taken_away(open_page: OpenPage, going: Going) -> None:
    page = open_page(going.page, root=going.gallery)
    page.evaluate(MARK)
    page.locator("h1").dblclick(position={"x": 20, "y": 20})
    going.end()
    receive_updates(page, 3)
    assert page.evaluate("window.sameDocument === true && String(getSelection()).trim()") == "Going"


@pytest.mark.parametrize(("status", "words"), [("done", "The finished picture"), ("failed", "NaN at step 3")])
def test_open_pages_learn_of_the_end(open_page: OpenPage, going: Going, status: str, words: str) -> None:
    run = open_page(going.page, root=going.gallery)
    phase = open_page(f"going/{going.folder.name}/phases/1-16px/index.html", root=going.gallery)
    system = open_page(f"going/{going.folder.name}/system/index.html", root=going.gallery, size=PHONE)
    gallery = open_page("index.html", root=going.gallery)
    pages = (run, phase, system, gallery) if status == "done" else (run,)
    for page in pages:
        page.evaluate(MARK)
    run.evaluate("document.getElementById('phases').scrollIntoView({behavior: 'instant'})")
    top = "document.getElementById('phases').getBoundingClientRect().top"
    before = run.evaluate(top)
    going.end(status, "NaN at step 3" if status == "failed" else "")
    update_index(going.gallery, "going", now=NOW)
    for page in pages:
        ask_until(page, "window.sameDocument === undefined && document.readyState === 'complete'")
        assert not page.locator("script[src*='assets/live']").count()  # it asks no more
    assert words in run.locator("main").inner_text()
    assert run.evaluate(top) == pytest.approx(before, abs=3)
    for news in going.gallery.rglob("live.js"):
        assert '"running":false' in news.read_text()
        assert news.stat().st_size < 100


def test_a_killed_run_s_page_says_so_and_works(
    open_page: OpenPage, going: Going, assert_accessible: Callable[[Page], None]
) -> None:
    page = open_page(going.page, root=going.gallery)
    page.evaluate(ASK)
    expect(page.locator("[data-silence]")).to_contain_text("No sign of life")  # the log is of last year
    rebuild_gallery(going.gallery, now=NOW + 10**6)
    ask_until(page, "!!document.querySelector('.status.stopped')")
    expect(page.locator(".notice.bad .command")).to_contain_text("--resume")
    page.locator("[data-back]").click()
    expect(page.locator("[data-count]")).to_have_text("3 of 4")
    assert_accessible(page)


def test_a_hidden_page_does_not_ask(open_page: OpenPage, going: Going) -> None:
    page = open_page(going.page, root=going.gallery)
    requested = (
        "document.head.querySelectorAll(\"script[src*='live.js?']\").length"  # a script asks until it has loaded
    )
    page.wait_for_function(f"{requested} === 0")
    assert page.evaluate(f"() => {{ {ASK}; return {requested}; }}") == 1
    page.wait_for_function(f"{requested} === 0")
    page.evaluate("Object.defineProperty(document, 'hidden', {get: () => true})")
    assert page.evaluate(f"() => {{ {ASK}; return {requested}; }}") == 0


def test_without_javascript_the_page_refreshes_itself(open_page: OpenPage, going: Going) -> None:
    page = open_page(going.page, root=going.gallery, script=False)
    assert page.locator("meta[http-equiv=refresh]").get_attribute("content") == "5"
    assert page.locator("[data-line]").inner_text() == "Phase 1 of 2, step 6 of 12"


def test_a_running_page_is_accessible(
    open_page: OpenPage, going: Going, assert_accessible: Callable[[Page], None]
) -> None:
    assert_accessible(open_page(going.page, root=going.gallery))
