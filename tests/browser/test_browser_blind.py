"""The blind page in a browser: pairs without names, votes that stay, a ranking as the program computes it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from synthetic_card import HOSTILE
from synthetic_run import BEGAN, write_run
from watching import DESKTOP, PHONE, WALL, OpenPage, overflow

from orbifolio.reports.data.bradley_terry import Duel, fit_strengths
from orbifolio.reports.data.votes import rank_runs, votes_from_text
from orbifolio.reports.write_gallery import rebuild_gallery

FINISHED = 5  # runs of the tests' site that are done
READY = "document.querySelector('.pair') && !document.querySelector('.pair').classList.contains('loading')"
NAMES = re.compile(r"hexagon|upside|dream|frames|2026", re.IGNORECASE)


def judging(open_page: OpenPage, **options: object) -> Page:
    page = open_page("blind.html", **options)
    page.wait_for_function(READY)
    return page


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.wait_for_function(READY)
        page.keyboard.press(key)
    page.wait_for_function(READY)


def exported(page: Page) -> str:
    with page.expect_download() as download:
        page.get_by_role("button", name="Export votes").click()
    return Path(download.value.path()).read_text()


@pytest.mark.parametrize("over", ["file", "http"])
def test_a_click_is_a_vote_that_stays(open_page: OpenPage, over: str) -> None:
    page = judging(open_page, over=over)
    first = page.evaluate("orbifolio.blind.pair()")
    page.get_by_role("button", name="A is better").click()
    page.wait_for_function(READY)
    page.get_by_role("button", name="No difference").click()
    expect(page.get_by_text("2 votes", exact=True)).to_be_visible()
    page.reload()
    page.wait_for_function(READY)
    votes = votes_from_text(exported(page))
    assert [vote.better for vote in votes] == ["left", "neither"]
    assert [votes[0].left, votes[0].right] == first
    assert set(first) != {votes[1].left, votes[1].right}


def test_nothing_tells_a_name_while_judging(open_page: OpenPage) -> None:
    page = judging(open_page)
    press(page, "ArrowLeft", "ArrowRight", "=")
    text = page.evaluate("[document.title, document.querySelector('.judging').innerText, location.href].join(' ')")
    site = page.evaluate("location.pathname")
    assert NAMES.search(text.replace(site, "")) is None
    named = page.eval_on_selector_all(
        ".judging, .judging *", "all => all.flatMap(e => ['alt', 'title', 'aria-label', 'href'].map(a => e[a] || ''))"
    )
    assert set(filter(None, map(str, named))) == {"Picture A", "Picture B"}
    assert page.locator(".side").count() == 2


def test_both_pictures_have_the_same_size(open_page: OpenPage) -> None:
    page = judging(open_page)
    for _ in range(3):
        boxes = [image.bounding_box() for image in page.locator(".side img").all()]
        assert boxes[0]
        assert boxes[1]
        assert boxes[0]["width"] == pytest.approx(boxes[1]["width"], abs=0.1)
        assert boxes[0]["height"] == pytest.approx(boxes[1]["height"], abs=0.1)
        press(page, "ArrowLeft")


def test_keys_undo_and_a_held_key(open_page: OpenPage) -> None:
    page = judging(open_page)
    press(page, "ArrowLeft", "ArrowRight", "0")
    assert page.evaluate("orbifolio.blind.votes().map((vote) => vote.better)") == ["left", "right", "neither"]
    before = page.evaluate("orbifolio.blind.pair()")
    page.keyboard.down("ArrowLeft")
    page.keyboard.down("ArrowLeft")  # as a held key repeats
    page.keyboard.up("ArrowLeft")
    page.wait_for_function(READY)
    assert page.evaluate("orbifolio.blind.votes().length") == 4
    press(page, "u")
    assert page.evaluate("orbifolio.blind.pair()") == before
    assert page.evaluate("orbifolio.blind.votes().length") == 3


def test_every_picture_is_shown_before_any_is_shown_often(open_page: OpenPage) -> None:
    page = judging(open_page)
    press(page, *["ArrowLeft"] * 20)
    votes = page.evaluate("orbifolio.blind.votes()")
    early = {run for vote in votes[:3] for run in (vote["left"], vote["right"])}
    assert len(early) == FINISHED
    pairs = [tuple(sorted((vote["left"], vote["right"]))) for vote in votes]
    assert len(set(pairs[:10])) >= 8  # of ten; equal votes on a pair say less than a new pair
    left = sum(one == vote["left"] for (one, _), vote in zip(pairs, votes, strict=True))
    assert 2 <= left <= 18  # sides by lot: all but twice on one side has a chance of 0.0004


@pytest.mark.parametrize("seed", range(3))
def test_strengths_are_those_of_the_program(open_page: OpenPage, seed: int) -> None:
    page = judging(open_page)
    generator = np.random.default_rng(seed)
    pairs = [generator.choice(7, 2, replace=False) for _ in range(30)]
    duels = [[int(one), int(other), float(generator.choice([0, 0.5, 1]))] for one, other in pairs]
    page_fit = page.evaluate(
        """([count, duels]) => {
          const fit = orbifolio.bradleyTerry.fit(count, duels);
          return [[...fit.strengths], [...fit.covariance], orbifolio.bradleyTerry.chances(fit, 2)];
        }""",
        [7, duels],
    )
    fit = fit_strengths(7, [Duel(*duel) for duel in duels])
    np.testing.assert_allclose(page_fit[0], fit.log_strengths, atol=1e-9)
    np.testing.assert_allclose(page_fit[1], fit.covariance.ravel(), atol=1e-9)
    np.testing.assert_allclose(page_fit[2], [fit.chance(2), *fit.interval(2)], atol=1e-9)


def test_the_pair_that_tells_most_has_the_largest_gain(open_page: OpenPage) -> None:
    page = judging(open_page)
    duels = [[0, 1, 1], [0, 2, 1], [1, 2, 0.5], [0, 1, 1], [3, 0, 0]]
    pair = page.evaluate(
        "(duels) => orbifolio.bradleyTerry.tellingPair(orbifolio.bradleyTerry.fit(5, duels), () => 0)", duels
    )
    fit = fit_strengths(5, [Duel(*duel) for duel in duels])
    chances = 1 / (1 + np.exp(fit.log_strengths[None] - fit.log_strengths[:, None]))
    spread = np.diag(fit.covariance)
    gain = np.triu(chances * (1 - chances) * (spread[:, None] + spread[None] - 2 * fit.covariance), 1)
    assert gain[tuple(pair)] == pytest.approx(gain.max())
    assert 4 in pair  # never shown


def test_the_ranking_shows_names_and_agrees(open_page: OpenPage) -> None:
    page = judging(open_page)
    press(page, *["ArrowLeft", "ArrowRight", "ArrowLeft", "="] * 3)
    votes = votes_from_text(exported(page))
    page.get_by_role("button", name="Show the ranking").click()
    expect(page.locator(".pair")).to_be_hidden()
    expect(page.get_by_role("heading", name="Ranking")).to_be_focused()
    shown = [row.inner_text().split("\t") for row in page.locator(".ranking tbody tr").all()]
    wanted = rank_runs(votes)
    keys = page.eval_on_selector_all(".ranking .what", "all => all.map((each) => each.title)")
    assert keys == [each.run for each in wanted]
    for row, each in zip(shown, wanted, strict=True):
        assert f"{round(100 * each.chance)} %" in row
        assert [int(count) for count in row[-3:]] == [each.wins, each.losses, each.ties]
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("orbifolio.blind.votes().length") == len(votes)
    page.locator(".ranking a").first.click()
    page.wait_for_url("**/index.html")


def test_only_runs_of_one_recipe(open_page: OpenPage) -> None:
    page = judging(open_page, fragment="recipe/rainbow-hexagon")
    assert page.evaluate("location.hash") == ""
    assert all(key.startswith("rainbow-hexagon/") for key in page.evaluate("orbifolio.blind.pair()"))
    press(page, "ArrowLeft", "ArrowLeft")
    menu = page.get_by_label("Pictures to judge")
    assert menu.evaluate("(e) => e.selectedOptions[0].textContent") == "Rainbow hexagon (2)"
    menu.select_option("")
    expect(page.get_by_text("2 votes", exact=True)).to_be_visible()
    page.reload()
    assert menu.evaluate("(e) => e.selectedOptions[0].textContent") == f"All pictures ({FINISHED})"


def test_export_clear_and_import_again(open_page: OpenPage, tmp_path: Path) -> None:
    page = judging(open_page)
    press(page, "ArrowLeft", "=", "ArrowRight")
    text = exported(page)
    page.get_by_role("button", name="Clear votes").click()
    page.get_by_role("button", name="Delete 3 votes").click()
    expect(page.get_by_text("0 votes", exact=True)).to_be_visible()
    assert page.get_by_role("button", name="Export votes").is_disabled()
    mine = tmp_path / "mine.json"
    mine.write_text(text)
    chooser = page.get_by_label("Files with votes")
    chooser.set_input_files(mine)
    expect(page.locator(".tally [role=status]")).to_have_text("mine.json: 3 votes added.")
    record = json.loads(text)
    record["votes"][0] |= {"id": "another", "left": "elsewhere/1"}
    (tmp_path / "more.json").write_text(json.dumps(record))
    (tmp_path / "bad.json").write_text('{"orbifolio": "votes", "version": 1, "votes": [{"id": "<b>"}]}')
    (tmp_path / "other.json").write_text("[1]")
    chooser.set_input_files([tmp_path / name for name in ("more.json", "bad.json", "other.json")])
    expect(page.locator(".tally [role=status]")).to_have_text(
        "more.json: 1 vote added, 2 already here; 1 vote on pictures that are not in this gallery. "
        "bad.json cannot be read: its vote 1 is damaged. "
        "other.json holds no votes; choose a file that this page exported."
    )
    expect(page.get_by_text("3 of 4 votes on these pictures")).to_be_visible()


@pytest.mark.parametrize(
    ("size", "dark"), [(PHONE, True), (DESKTOP, False), (WALL, False)], ids=["phone", "desktop", "4k"]
)
def test_it_is_accessible_and_fits(
    open_page: OpenPage, assert_accessible: Callable[[Page], None], size: tuple[int, int], dark: bool
) -> None:
    page = judging(open_page, size=size, dark=dark, still=True)
    last = page.get_by_role("button", name="No difference").bounding_box()
    assert last
    assert last["y"] + last["height"] <= size[1]  # pictures and answers are seen at once
    assert overflow(page) == 0
    assert_accessible(page)
    press(page, "ArrowLeft", "ArrowLeft")
    page.get_by_role("button", name="Show the ranking").click()
    assert overflow(page) == 0
    assert_accessible(page)
    page.get_by_role("button", name="Clear votes").click()
    assert_accessible(page)


def test_without_javascript_it_says_what_it_needs(open_page: OpenPage) -> None:
    page = open_page("blind.html", script=False)
    assert "needs JavaScript" in page.locator("main").inner_text()
    assert page.locator("main a, main button, main img").count() == 0


def test_the_gallery_leads_to_it(open_page: OpenPage) -> None:
    page = open_page("index.html")
    page.get_by_role("link", name="Judge blindly").click()
    page.wait_for_url("**/blind.html")
    page.wait_for_function(READY)
    recipe = open_page("rainbow-hexagon/index.html")
    recipe.get_by_role("link", name="Judge these runs blindly").click()
    recipe.wait_for_function(READY)
    assert all(key.startswith("rainbow-hexagon/") for key in recipe.evaluate("orbifolio.blind.pair()"))


def test_a_gallery_without_two_pictures_says_so(open_page: OpenPage, tmp_path: Path) -> None:
    gallery = tmp_path / "one"
    write_run(gallery)
    write_run(gallery, recipe="b", status="failed", until=3)
    rebuild_gallery(gallery, now=BEGAN + 10**6)
    page = open_page("blind.html", root=gallery)
    expect(page.get_by_text("There are fewer than two finished pictures in this gallery yet.")).to_be_visible()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("orbifolio.blind.votes().length") == 0
    assert page.locator(".judging").is_hidden()


def test_hostile_names_and_stored_nonsense(open_page: OpenPage, tmp_path: Path) -> None:
    gallery = tmp_path / "a gallery #1"
    write_run(gallery, recipe="odd & 'name'", identity="it's, 100%", title=HOSTILE)
    write_run(gallery, recipe="b", title="</script><b>")
    rebuild_gallery(gallery, now=BEGAN + 10**6)
    page = judging(open_page, root=gallery, fragment="recipe/%E0%A4%A")
    page.evaluate(
        """() => {
          const key = Object.keys(localStorage).find((each) => each.startsWith("orbifolio.judged "));
          const odd = '[1, null, {"id": "x"}, {"id": "1", "left": "a", "right": "b", "better": "toString"}]';
          localStorage.setItem(key.replace("judged", "votes"), odd);
        }"""
    )
    page.reload()
    page.wait_for_function(READY)
    assert page.evaluate("orbifolio.blind.votes().length") == 0
    press(page, "ArrowLeft")
    page.get_by_role("button", name="Show the ranking").click()
    expect(page.locator(".ranking tbody tr")).to_have_count(2)
    assert page.locator(".ranking b:not(.interval b)").count() == 0
    assert overflow(page) == 0
