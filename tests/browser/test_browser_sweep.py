"""A sweep's page in a browser: sorting by menu and by heads, addresses that share it, news while it runs; axe."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from synthetic_run import BEGAN, write_run
from synthetic_sweep import NAME, TINY, finished_sweep, product, record, run_for, write_sweep_record
from watching import DESKTOP, PHONE, OpenPage, overflow

from orbifolio.reports.write_gallery import rebuild_gallery, write_sweep

PAGE = f"sweeps/{NAME}/index.html"
NOW = BEGAN + 60
SHOWN = ".member:visible"


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep over two parameters, finished: run n took 60 - 7 n seconds."""
    gallery = tmp_path_factory.mktemp("sweep") / "a gallery"
    finished_sweep(gallery, {"seed": ["1", "2"], "renderer.phases.0.steps": ["10", "20", "30"]})
    rebuild_gallery(gallery, now=NOW)
    return gallery


@pytest.fixture
def going(tmp_path: Path) -> tuple[Path, Callable[[int], None]]:
    """A sweep of three runs, of which one goes on as the test wishes; one has failed."""
    gallery = tmp_path / "going"
    entries = product({"seed": ["1", "2", "3"]})
    first = run_for(gallery, entries[0], state="running", steps=12, every=2)
    failed = run_for(gallery, entries[1], state="failed", until=1) | {"message": "NaN at step 1; lower the weight"}
    log = gallery / first["run"] / "events.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    steps = [at for at, line in enumerate(lines) if '"stepped"' in line]
    folder = write_sweep_record(gallery, record({"seed": ["1", "2", "3"]}, [first, failed, entries[2]]))

    def go_on(to: int) -> None:
        if to > 12:
            run = json.loads((gallery / first["run"] / "run.json").read_text())
            (gallery / first["run"] / "run.json").write_text(json.dumps(run | {"status": "done"}))
            (gallery / first["run"] / "card.json").unlink(missing_ok=True)
            members = [first | {"state": "done"}, failed, entries[2] | {"state": "interrupted"}]
            write_sweep_record(gallery, record({"seed": ["1", "2", "3"]}, members, status="interrupted"))
        log.write_text("".join(lines[: steps[min(to, 12) - 1] + 2]))
        os.utime(folder / "sweep.json", (BEGAN + to, BEGAN + to))
        write_sweep(gallery, folder, now=NOW)

    go_on(4)
    rebuild_gallery(gallery, now=NOW)
    return gallery, go_on


def numbers(page: Page) -> list[str]:
    return [each.get_attribute("data-member") or "" for each in page.locator(SHOWN).all()]


@pytest.mark.parametrize(("size", "dark"), [(DESKTOP, False), (PHONE, True)], ids=["desktop", "dark phone"])
def test_it_fits_and_is_accessible(
    swept: Path, open_page: OpenPage, assert_accessible: Callable[[Page], None], size: tuple[int, int], dark: bool
) -> None:
    for path in (PAGE, "sweeps/index.html", "index.html"):
        page = open_page(path, root=swept, size=size, dark=dark)
        assert overflow(page) == 0
        assert_accessible(page)
    page = open_page(PAGE, root=swept, size=size, dark=dark, fragment="sort=seconds")
    assert overflow(page) == 0
    assert_accessible(page)


def test_the_menu_sorts_the_pictures_and_the_address_keeps_it(swept: Path, open_page: OpenPage) -> None:
    page = open_page(PAGE, root=swept)
    assert numbers(page) == ["0", "1", "2", "3", "4", "5"]
    assert page.locator(".matrix").is_visible()
    page.get_by_label("Order", exact=True).select_option(label="By Time")
    assert numbers(page) == ["5", "4", "3", "2", "1", "0"]
    assert not page.locator(".matrix").is_visible()
    expect(page.locator("[data-member='5'] [data-facts]")).to_have_text("Time 25.0 s")
    expect(page.locator("[data-order-status]")).to_have_text("Sorted by Time, lowest first")
    page.get_by_role("button", name="Lowest first").press("Enter")
    assert numbers(page) == ["0", "1", "2", "3", "4", "5"]
    assert page.evaluate("location.hash") == "#sort=seconds&way=most"
    page.reload()
    assert page.get_by_label("Order", exact=True).input_value() == "seconds"
    expect(page.locator(".wall .member").first).to_be_visible()
    page.get_by_label("Order", exact=True).select_option("")
    assert page.evaluate("location.hash") == ""
    assert page.locator(".matrix").is_visible()
    assert numbers(page) == ["0", "1", "2", "3", "4", "5"]


def test_heads_sort_the_table_by_keyboard_and_the_address_keeps_it(swept: Path, open_page: OpenPage) -> None:
    def rows(page: Page) -> list[str]:
        return [text.split()[0] for text in page.locator("table.runs tbody th").all_inner_texts()]

    page = open_page(PAGE, root=swept)
    time = page.locator("table.runs thead th", has_text="Time")
    time.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(time).to_have_attribute("aria-sort", "ascending")
    assert rows(page) == ["#5", "#4", "#3", "#2", "#1", "#0"]
    assert page.evaluate("location.hash") == "#table=seconds%2Cascending"
    page.get_by_label("Order", exact=True).select_option(label="By Time")
    assert page.evaluate("location.hash") == "#table=seconds%2Cascending&sort=seconds"
    page.reload()
    assert rows(page) == ["#5", "#4", "#3", "#2", "#1", "#0"]
    page.get_by_label("Compare run 0").check()
    page.get_by_label("Compare run 3").check()
    page.get_by_role("link", name="Compare", exact=True).click()
    expect(page.locator(".stages figure")).to_have_count(2)


@pytest.mark.parametrize(
    "fragment", ["sort=__proto__&way=x", "table=seconds&sort=", "table=,ascending", "=&sort=%E0%A4%A", "table=x" * 900]
)
def test_a_hostile_address_sorts_nothing(swept: Path, open_page: OpenPage, fragment: str) -> None:
    page = open_page(PAGE, root=swept, fragment=fragment)
    assert numbers(page) == ["0", "1", "2", "3", "4", "5"]
    assert page.locator("table.runs [aria-sort]").count() == 1


def test_without_javascript_all_is_there(swept: Path, open_page: OpenPage) -> None:
    page = open_page(PAGE, root=swept, script=False)
    assert numbers(page) == ["0", "1", "2", "3", "4", "5"]
    assert page.locator("form:visible, select:visible, input:visible, button:visible").count() == 0
    assert page.locator("#curve-loss path.line:visible").count() >= 6
    assert page.locator("table.runs tbody tr").count() == 6


def test_curves_of_all_runs_can_be_hidden_one_by_one(swept: Path, open_page: OpenPage) -> None:
    page = open_page(PAGE, root=swept)
    switches = page.locator("#curve-loss .legend button")
    expect(switches).to_have_count(6)
    switches.first.click()
    expect(switches.first).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".hint")).to_contain_text("its name in the list to hide or show it")


def test_a_run_that_goes_on_changes_in_place_and_its_end_loads_the_page_again(
    going: tuple[Path, Callable[[int], None]], open_page: OpenPage, assert_accessible: Callable[[Page], None]
) -> None:
    gallery, go_on = going
    page = open_page(PAGE, root=gallery)
    cell = page.locator("[data-member='0']")
    expect(cell.locator("[data-member-line]")).to_contain_text("step 4 of 12")
    expect(cell.locator("img")).to_have_attribute("src", re.compile("00004.webp"))
    expect(page.locator("[data-member='1'] .why")).to_contain_text("lower the weight")
    expect(page.locator("[data-member='2']")).to_contain_text("Waiting")
    assert_accessible(page)
    page.evaluate("window.same = true")
    go_on(8)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(cell.locator("[data-member-line]")).to_contain_text("step 8 of 12")
    expect(cell.locator("img")).to_have_attribute("src", re.compile("00008.webp"))
    assert page.evaluate("window.same")
    go_on(13)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator(".title .status.interrupted")).to_be_visible()
    assert not page.evaluate("window.same")
    expect(page.locator(".notice .command")).to_contain_text("--resume")


def test_a_single_recipe_and_hostile_words_fit_a_phone(tmp_path: Path, open_page: OpenPage) -> None:
    from synthetic_card import HOSTILE

    write_run(tmp_path, recipe="x", identity="20261121-000000-0000", **TINY)
    values = [HOSTILE, "{kind: plane, " + "a" * 90 + ": 1}"]
    members = product({"a." + "b" * 70: values})
    members[0] |= {"run": "x/20261121-000000-0000", "state": "done"}
    members[1] |= {"state": "failed", "message": HOSTILE * 9}
    told = record({"a." + "b" * 70: values}, members, title=HOSTILE, command=HOSTILE, about=HOSTILE, status="failed")
    write_sweep(tmp_path, write_sweep_record(tmp_path, told), now=NOW)
    rebuild_gallery(tmp_path, now=NOW)
    for path in (PAGE, "index.html", "x/20261121-000000-0000/index.html"):
        page = open_page(path, root=tmp_path, size=PHONE)
        assert overflow(page) == 0, path
