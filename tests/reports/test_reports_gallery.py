"""The gallery and the recipes' pages: what hangs where, what can be chosen, what differs; only changes are written."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from page_reading import read_page
from synthetic_card import HOSTILE, a_card
from synthetic_run import BEGAN, replace_in

from orbifolio.reports.data.caption import caption
from orbifolio.reports.data.card import Card, card_from_json
from orbifolio.reports.data.differences import parameter_differences, short_names
from orbifolio.reports.data.gallery_facts import FACTS_NAME, read_facts
from orbifolio.reports.data.log import read_run
from orbifolio.reports.media.run_card import card_from_run
from orbifolio.reports.pages.gallery import gallery_page, pages_above, shown_run
from orbifolio.reports.pages.recipe import MAX_PICTURES
from orbifolio.reports.parts.filters import Filters, filter_menus
from orbifolio.reports.parts.run_table import MAX_COLUMNS, RunTable
from orbifolio.reports.parts.thumbnail_grid import ThumbnailGrid
from orbifolio.reports.render import renderer
from orbifolio.reports.write_gallery import files_above, rebuild_gallery, update_index, write_above
from orbifolio.runner.errors import InputError

NOW = BEGAN + 10**6


def gallery_parts(cards: list[Card]) -> tuple[Any, ...]:
    return pages_above(Path("/nowhere"), cards)[-1].parts


# What can be chosen


def test_there_is_nothing_to_choose_among_a_few_runs() -> None:
    assert not [part for part in gallery_parts([a_card()]) if isinstance(part, Filters)]
    filters = gallery_parts([a_card(1), a_card(2), a_card(3)])[0]
    assert isinstance(filters, Filters)
    assert not filters.searched
    assert not filters.choosers
    assert not filters.sections


def test_menus_offer_what_differs_and_count_it() -> None:
    cards = [
        a_card(number, group="p6" if number % 3 else "p4", styles=("oil", f"style {number % 2}")) for number in range(9)
    ]
    filters = gallery_parts(cards)[0]
    assert isinstance(filters, Filters)
    menus = {chooser.name: {choice.value: choice.count for choice in chooser.choices} for chooser in filters.choosers}
    assert menus["group"] == {"p4": 3, "p6": 6}
    assert menus["style"] == {"oil": 9, "style 0": 5, "style 1": 4}
    assert "status" not in menus
    assert "length" not in menus
    assert len(menus["seed"]) == 9


def test_too_many_seeds_are_left_to_the_search() -> None:
    assert {each.name for each in filter_menus([a_card(number) for number in range(100)])} == set()


def test_months_and_durations_are_in_order() -> None:
    months = [a_card(number, started=BEGAN + number * 86400 * 40, seconds=10.0**number) for number in range(5)]
    menus = {chooser.name: [choice.label for choice in chooser.choices] for chooser in filter_menus(months)}
    assert menus["month"][0] == "April 2026"
    assert menus["month"][-1] == "November 2025"
    assert menus["length"] == ["under a minute", "1 to 10 minutes", "10 minutes to an hour", "over an hour"]


def test_themes_have_an_order_and_unknown_ones_follow() -> None:
    cards = [a_card(number, theme=theme) for number, theme in enumerate(("survey", "aaa", "plane", "", "dream"))]
    filters, wall = gallery_parts(cards)
    assert isinstance(filters, Filters)
    assert isinstance(wall, ThumbnailGrid)
    assert [section.label for section in filters.sections] == ["Plane", "Dream", "Survey", "Aaa", "Other"]
    assert [section.href for section in filters.sections] == [f"#{card.id}" for card in wall.cards]
    assert [dict(card.data)["theme"] for card in wall.cards] == ["plane", "dream", "survey", "aaa", "other"]


def test_a_card_is_told_in_words_and_found_by_its_tags() -> None:
    card = a_card(symmetry="six-fold, three colours", styles=("oil", "waves", "koi"), seconds=120.0, tags=("Blue",))
    assert caption(card) == ("six-fold, three colours", "oil, waves", "2 min")
    (wall,) = [part for part in gallery_parts([card, a_card(1)]) if isinstance(part, ThumbnailGrid)]
    data = dict(wall.cards[0].data)
    assert data["tag"] == "Blue"
    assert {"blue", "six-fold,", "oil"} <= set(data["words"].replace("oil,", "oil").split())
    menus = {
        each.name: [choice.label for choice in each.choices] for each in filter_menus([card, a_card(tags=("Red",))])
    }
    assert menus["tag"] == ["Blue", "Red"]
    assert card_from_json(json.loads(card.to_json())) == card


def test_the_runs_of_a_recipe_are_called_by_what_differs() -> None:
    cards = [a_card(id=f"run-{number}", parameters={"seed": str(number), "size": "64"}) for number in range(2)]
    page = next(page for page in pages_above(Path("/nowhere"), cards) if page.kind == "recipe")
    wall = page.parts[0]
    assert isinstance(wall, ThumbnailGrid)
    assert {card.title: card.href for card in wall.cards} == {
        "seed 0": "run-0/index.html",
        "seed 1": "run-1/index.html",
    }
    assert wall.cards[0].facts[0].startswith("21 November 2025")


# What the gallery says of itself


def test_a_gallery_has_a_title_an_author_and_a_picture_for_previews(
    gallery: Path, make_run: Callable[..., Path]
) -> None:
    run = make_run()
    rebuild_gallery(gallery, now=NOW)
    plain = read_page(gallery / "index.html")
    assert plain.xpath("//h1/text()") == ["Gallery"]
    (image,) = plain.xpath("//meta[@property='og:image']/@content")
    assert (gallery / image).is_file()
    (gallery / FACTS_NAME).write_text(
        "title: Rain & <tiles>\nintroduction: Made of **rain**.\nauthor: A. Painter\nlicence: CC BY 4.0\n"
        "address: https://example.org/a\n"
    )
    changed = rebuild_gallery(gallery, now=NOW)
    assert run / "index.html" in changed
    page = read_page(gallery / "index.html")
    assert page.xpath("//h1/text()") == ["Rain & <tiles>"]
    assert page.xpath("string(//*[contains(@class, 'introduction')]//strong)") == "rain"
    assert "Pictures by A. Painter. Licence: CC BY 4.0." in " ".join(page.text_content().split())
    for path in (gallery, run.parent, run):
        (image,) = read_page(path / "index.html").xpath("//meta[@property='og:image']/@content")
        assert image.startswith("https://example.org/a/rainbow-hexagon/")
        assert (gallery / image.removeprefix("https://example.org/a/")).is_file()
    assert rebuild_gallery(gallery, now=NOW) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("titel: x", "did you mean title?"),
        ("title: [a]", "title: ['a'] is not a text"),
        ("- a", "is a list"),
        ("a: [", "cannot be read"),
        ("address: ftp://x", "is no address of the web"),
        (f"title: {'x' * 300}", "300 letters; at most 200"),
    ],
)
def test_what_is_wrong_with_it_is_told_and_the_pages_are_made(
    gallery: Path, make_run: Callable[..., Path], text: str, told: str
) -> None:
    make_run()
    (gallery / FACTS_NAME).write_text(text)
    with pytest.raises(InputError, match=re.escape(told)):
        read_facts(gallery)
    rebuild_gallery(gallery, now=NOW)
    assert read_page(gallery / "index.html").xpath("//h1/text()") == ["Gallery"]


# What differs


def test_only_parameters_that_differ_have_a_column() -> None:
    cards = [
        a_card(parameters={"seed": "1", "renderer.phases.0.size": "32", "canvas.kind": '"pixels"'}, id="b"),
        a_card(parameters={"seed": "2", "renderer.phases.0.size": "32", "canvas.kind": '"fourier"'}, id="a"),
    ]
    differences = parameter_differences([each.parameters for each in cards])
    assert [(each.short, each.values) for each in differences] == [
        ("kind", ('"pixels"', '"fourier"')),
        ("seed", ("1", "2")),
    ]


def test_lists_of_other_lengths_differ_by_what_is_missing() -> None:
    short = {f"phases.{number}.size": "8" for number in range(2)}
    long = {f"phases.{number}.size": "8" for number in range(11)}
    differences = parameter_differences([short, long])
    assert [each.short for each in differences] == [f"phases.{number}.size" for number in range(2, 11)]
    assert differences[0].values == (None, "8")


def test_short_names_are_never_mistaken() -> None:
    names = ["a.kind", "b.kind", "b.c.kind", "kind", "x.0.y", "x.1.y", "only.deep.weight"]
    short = short_names(names)
    assert len(set(short.values())) == len(names)
    assert short["only.deep.weight"] == "weight"
    assert short["x.0.y"] == "x.0.y"
    assert short["kind"] == "kind"


def test_a_run_without_parameters_differs_in_nothing() -> None:
    assert parameter_differences([{}, {"seed": "1"}, {"seed": "1"}]) == ()


def test_the_table_of_a_recipe_is_bounded() -> None:
    cards = [
        a_card(id=f"run-{number:04d}", parameters={f"deep.{n}.value": str(n * number) for n in range(60)})
        for number in range(200)
    ]
    wall, table = pages_above(Path("/nowhere"), cards)[0].parts
    assert isinstance(wall, ThumbnailGrid)
    assert isinstance(table, RunTable)
    assert len(wall.cards) == MAX_PICTURES
    assert "200" in wall.note
    assert len(table.rows) == 200
    assert len(table.differing) == MAX_COLUMNS
    assert "more parameters differ" in table.note


def test_equal_runs_say_so() -> None:
    table = pages_above(Path("/nowhere"), [a_card(id="a"), a_card(id="b")])[0].parts[1]
    assert isinstance(table, RunTable)
    assert table.note == "All runs use the same parameters."
    assert not table.differing


# On disk


def test_the_pages_above_need_no_files(tmp_path: Path) -> None:
    cards = [a_card(number) for number in range(5)]
    written = write_above(tmp_path / "store", cards, renderer())
    names = [path.relative_to(tmp_path / "store").as_posix() for path in written]
    assert names[-1] == "index.html"
    assert {"runs.js", "feed.xml", "compare.html"} <= set(names)
    assert write_above(tmp_path / "store", cards, renderer()) == []


def test_only_what_changed_is_written(gallery: Path, make_run: Callable[..., Path]) -> None:
    make_run()
    other = make_run(recipe="other", title="Other", started=BEGAN - 5)
    rebuild_gallery(gallery, now=NOW)
    stamps = {path: path.stat().st_mtime_ns for path in gallery.rglob("*") if path.is_file()}
    assert rebuild_gallery(gallery, now=NOW) == []
    assert rebuild_gallery(gallery, rewrite=True, now=NOW) == []
    run_json = other / "run.json"
    replace_in(run_json, '"title": "Other"', '"title": "Another"')
    changed = {path.relative_to(gallery).as_posix() for path in rebuild_gallery(gallery, now=NOW)}
    assert {"index.html", "feed.xml", "runs.js", "other/index.html"} <= changed
    assert not [name for name in changed if name.startswith("rainbow-hexagon")]
    same = [path for path, stamp in stamps.items() if path.stat().st_mtime_ns == stamp]
    assert len(same) > len(stamps) / 2


def test_many_runs_are_written_alike_by_one_process_or_several(
    gallery: Path, make_run: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        make_run(recipe=f"recipe-{number}", steps=2, every=2)
    rebuild_gallery(gallery, now=NOW)
    alone = {path: path.read_bytes() for path in gallery.rglob("*.html")}
    for path in alone:
        path.unlink()
    monkeypatch.setattr("orbifolio.reports.parallel_map.MIN_ITEMS", 1)
    monkeypatch.setattr("orbifolio.reports.parallel_map._may_fork", lambda: True)
    monkeypatch.setattr("orbifolio.reports.parallel_map._cores", lambda: 2)
    changed = rebuild_gallery(gallery, rewrite=True, now=NOW)
    assert {path for path in changed if path.suffix == ".html"} == set(alone)
    assert {path: path.read_bytes() for path in gallery.rglob("*.html")} == alone


def test_hostile_names_stay_words(gallery: Path, make_run: Callable[..., Path]) -> None:
    run = make_run(title=HOSTILE, theme=HOSTILE[:40], inputs=[{"name": HOSTILE}], symmetry={"group": HOSTILE})
    made = card_from_run(read_run(run))
    for number in range(5):
        make_run(
            recipe=f"r{number}", title=f"{number}{HOSTILE}", theme="x", seed=HOSTILE, parameters={HOSTILE: [HOSTILE]}
        )
    make_run(recipe="r1", identity="second", title=HOSTILE, parameters={"a": HOSTILE})
    rebuild_gallery(gallery, now=NOW)
    for name in ("index.html", "r1/index.html", "compare.html"):
        page = read_page(gallery / name)
        assert not page.xpath("//script[not(@src)]")
        assert not page.xpath("//*[@*[starts-with(name(), 'on')]]")
    assert "</script" not in (gallery / "runs.js").read_text()
    assert made.title in read_page(gallery / "index.html").text_content()


def test_bytes_depend_on_the_cards_alone(tmp_path: Path) -> None:
    cards = [a_card(number, theme=("plane", "dream")[number % 2]) for number in range(6)]
    pages = renderer()
    one = files_above(tmp_path / "a", cards, pages)
    assert one == files_above(tmp_path / "elsewhere" / "b", cards[::-1], pages)
    here = [pages.html(page) for page in pages_above(tmp_path / "a", cards)]
    assert here == [pages.html(page) for page in pages_above(tmp_path / "elsewhere" / "b", cards[::-1])]


def test_the_index_of_one_recipe_leaves_the_others(gallery: Path, make_run: Callable[..., Path]) -> None:
    make_run(), make_run(recipe="other")
    rebuild_gallery(gallery, now=NOW)
    (gallery / "other" / "index.html").unlink()
    assert update_index(gallery, "rainbow-hexagon", now=NOW) == []
    assert update_index(gallery, "other", now=NOW) == [gallery / "other" / "index.html"]


def test_a_run_that_is_not_done_says_so_in_words(gallery: Path, make_run: Callable[..., Path]) -> None:
    make_run(status="failed", until=4)
    rebuild_gallery(gallery, now=NOW)
    page = read_page(gallery / "index.html")
    assert page.xpath("string(//li[@class='not-done']//*[contains(@class, 'badge')])") == "Failed"


def test_a_finished_picture_stands_for_its_recipe_while_a_newer_run_is_at_work(tmp_path: Path) -> None:
    older = a_card(1, type="tiles", id="20261121-000000-0001", started=1.0)
    newer = a_card(2, type="tiles", started=2.0, status="failed")
    assert shown_run([newer, older]) is older
    assert shown_run([newer]) is newer
    text = renderer().html(gallery_page(tmp_path, {"tiles": [newer, older]}))
    assert older.key in text
    assert "Newer run: failed" in text
    assert "Newer run" not in renderer().html(gallery_page(tmp_path, {"tiles": [older]}))
