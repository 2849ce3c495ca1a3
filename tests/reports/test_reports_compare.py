"""What the compare page loads: an index of runs, and of each run its frames, curve and parameters."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

from page_reading import read_page, script_data
from synthetic_card import HOSTILE, a_card
from synthetic_run import BEGAN, replace_in

from orbifolio.reports.links import Place
from orbifolio.reports.pages.compare import COMPARED_NAME, run_index
from orbifolio.reports.pages.gallery import pages_above
from orbifolio.reports.parts.compare import COMPARE_PAGE, RUN_INDEX, compare_address
from orbifolio.reports.write_gallery import rebuild_gallery

NOW = BEGAN + 10**6


def test_the_index_has_every_run_by_title() -> None:
    recipes = {"b": [a_card(type="b", title="Zebra")], "a": [a_card(type="a", title="apple", id=i) for i in ("2", "1")]}
    entries = script_data(run_index(recipes), "runs")
    assert [(entry["type"], [run[0] for run in entry["runs"]]) for entry in entries] == [
        ("a", ["2", "1"]),
        ("b", [entries[1]["runs"][0][0]]),
    ]
    assert entries[0]["runs"][0][3] == "thumbs/final-32.webp"


def test_a_run_has_its_frames_curve_and_parameters(gallery: Path, make_run: Callable[..., Path]) -> None:
    run = make_run(steps=300, every=100)
    rebuild_gallery(gallery, now=NOW)
    data = script_data((run / COMPARED_NAME).read_text(), "compared")
    assert data["key"] == f"rainbow-hexagon/{run.name}"
    assert data["finished"] is True
    assert data["last"] == 600
    assert [phase["steps"] for phase in data["frames"]["phases"]] == [[0, 100, 200, 300]] * 2
    for phase in data["frames"]["phases"]:
        for step in phase["steps"]:
            assert (run / phase["folder"] / "frames" / f"{step:05d}.webp").is_file()
    for _, path in data["picture"]["copies"]:
        assert (run / path).is_file()
    at, loss = data["curve"]["at"], data["curve"]["loss"]
    assert len(at) == len(loss) <= 240
    assert at[0] == 1
    assert at[-1] == 600
    assert data["parameters"]["renderer.phases.1.size"] == "32"
    assert (run / COMPARED_NAME).stat().st_size < 12_000


def test_a_loss_that_is_no_number_is_a_gap(gallery: Path, make_run: Callable[..., Path]) -> None:
    run = make_run()
    replace_in(run / "events.jsonl", '"gram.conv1_1": 100.0', '"gram.conv1_1": NaN')
    rebuild_gallery(gallery, now=NOW)
    data = script_data((run / COMPARED_NAME).read_text(), "compared")
    assert data["curve"]["loss"][0] is None
    assert all(value is None or math.isfinite(value) for value in data["curve"]["loss"])


def test_a_run_that_failed_at_once_can_be_compared(gallery: Path, make_run: Callable[..., Path]) -> None:
    run = make_run(status="failed")
    (run / "events.jsonl").write_text("")
    rebuild_gallery(gallery, now=NOW)
    data = script_data((run / COMPARED_NAME).read_text(), "compared")
    assert data["curve"] == {"at": [], "loss": []}
    assert data["last"] == 0
    assert data["finished"] is False


def test_hostile_words_cannot_end_the_script(gallery: Path, make_run: Callable[..., Path]) -> None:
    run = make_run(title=HOSTILE, parameters={HOSTILE: {"</script>": "\u2028</script><!--"}}, seed=HOSTILE)
    rebuild_gallery(gallery, now=NOW)
    assert script_data((run / COMPARED_NAME).read_text(), "compared")["title"] == HOSTILE
    assert script_data((gallery / RUN_INDEX).read_text(), "runs")[0]["title"] == HOSTILE


def test_addresses_of_the_page() -> None:
    gallery = Path("/g")
    assert compare_address(Place(gallery), gallery) == "compare.html"
    assert (
        compare_address(Place(gallery / "a" / "1"), gallery, "a/1", "ü,/2") == "../../compare.html#runs=a/1,%C3%BC%2C/2"
    )


def test_without_a_script_the_page_leads_to_the_tables(tmp_path: Path) -> None:
    cards = [a_card(1, id="a"), a_card(1, id="b"), a_card(2)]
    page = next(page for page in pages_above(tmp_path, cards) if page.path.name == COMPARE_PAGE)
    part = page.parts[0]
    assert [link.href for link in part.recipes] == ["recipe-1/index.html"]  # type: ignore[attr-defined]


def test_links_to_the_page(gallery: Path, make_run: Callable[..., Path]) -> None:
    make_run(), make_run(identity="20261121-000000-0000"), make_run(recipe="other")
    rebuild_gallery(gallery, now=NOW)
    for name, address in (("index.html", "compare.html"), ("rainbow-hexagon/index.html", "../compare.html")):
        page = read_page(gallery / name)
        assert address in page.xpath("//main//a/@href")
        assert page.xpath("//head/link[@rel='alternate'][@type='application/atom+xml']/@href")[0].endswith("feed.xml")
    assert "./feed.xml" in read_page(gallery / "index.html").xpath("//footer//a/@href")
