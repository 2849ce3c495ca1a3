"""A sweep's page read back with lxml: layout by parameter, honest cells, measures, links; and its writing."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from page_reading import read_page, script_data, texts
from synthetic_card import HOSTILE, a_card
from synthetic_run import BEGAN
from synthetic_sweep import NAME, finished_sweep, member, product, record, run_for, write_sweep_record

from orbifolio.reports.data.card import card_from_json
from orbifolio.reports.data.log import STALE_AFTER, read_run
from orbifolio.reports.data.metrics import loss_curve, run_measures
from orbifolio.reports.media.run_card import card_from_run
from orbifolio.reports.pages.sweep import sweep_page
from orbifolio.reports.render import renderer
from orbifolio.reports.sweep.arranging import arrange_members
from orbifolio.reports.sweep.measured import shared_measures
from orbifolio.reports.sweep.overview import seconds_left, share_done
from orbifolio.reports.sweep.record import RecordedSweep, read_sweeps, sweep_from_record
from orbifolio.reports.sweep.run_preview import RunPreview, SweepSnapshot, make_snapshot
from orbifolio.reports.write_gallery import rebuild_gallery, run_folders, write_sweep

SOON = BEGAN + 60
FOUR = {"seed": ["1", "2"], "renderer.symmetry": ["{kind: plane, group: p4}", "{kind: plane, group: p6}"]}


def a_sweep(varied: dict[str, list[str]], **changes: Any) -> RecordedSweep:
    return sweep_from_record(NAME, record(varied, product(varied), **changes), BEGAN)


def broken_links(gallery: Path, path: Path) -> list[str]:
    """Addresses of a page that lead to no file."""
    broken = []
    for each in read_page(path).xpath("//@href | //@src"):
        parts = urlsplit(str(each))
        if parts.path and not parts.scheme and not (path.parent / unquote(parts.path)).is_file():
            broken.append(str(each))
    return broken


def test_two_parameters_make_rows_and_columns(gallery: Path) -> None:
    folder = finished_sweep(gallery, FOUR)
    page = read_page(write_sweep(gallery, folder, now=SOON))
    assert texts(page, "//table[@class='matrix']/thead//th") == ["group p4", "group p6"]
    assert texts(page, "//table[@class='matrix']/tbody//th") == ["seed 1", "seed 2"]
    cells = [row.xpath(".//div[contains(@class,'member')]/@data-member") for row in page.xpath("//tbody/tr")[:2]]
    assert cells == [["0", "1"], ["2", "3"]]
    names = texts(page, "//table[@class='matrix']//*[@class='name']")
    assert names == ["seed 1, group p4", "seed 1, group p6", "seed 2, group p4", "seed 2, group p6"]
    assert page.xpath("//th[@title='renderer.symmetry={kind: plane, group: p4}']")
    assert broken_links(gallery, folder / "index.html") == []


@pytest.mark.parametrize(
    ("varied", "headings", "matrices", "rows"),
    [
        ({"seed": ["1", "2", "3"]}, [], 0, [3]),
        ({"a.x": ["1", "2"], "seed": ["1", "2"], "steps": ["3", "4", "5"]}, ["x 1", "x 2"], 2, []),
        (
            {"a": ["1", "2"], "b": ["1", "2"], "c": ["1"], "d": ["1", "2"]},
            ["a 1", "b 1", "b 2", "a 2", "b 1", "b 2"],
            4,
            [],
        ),
    ],
)
def test_other_numbers_of_parameters(
    varied: dict[str, list[str]], headings: list[str], matrices: int, rows: list[int]
) -> None:
    sweep = a_sweep(varied)
    groups = arrange_members(sweep, lambda _: "plane")
    assert [head.text for block in groups for head in block.headings] == headings
    assert sum(block.columns is not None for block in groups) == matrices
    assert [len(block.cells[0]) for block in groups if block.columns is None] == rows
    laid = [cell.number for block in groups for row in block.cells for cell in row if cell is not None]
    assert sorted(laid) == [each.number for each in sweep.members]


def test_a_folder_of_recipes_is_laid_out_by_theme(gallery: Path) -> None:
    members = [
        run_for(
            gallery,
            member(0, {}, recipe="recipes/zoom/tunnel.yaml", type="tunnel"),
            theme="zoom",
            title="Tunnel",
            steps=6,
        ),
        run_for(gallery, member(1, {}, recipe="recipes/plane/square.yaml", type="square"), title="Square"),
        member(2, {}, recipe="recipes/plane/late-one.yaml", type="late-one"),
    ]
    folder = write_sweep_record(gallery, record({}, members))
    page = read_page(write_sweep(gallery, folder, now=SOON))
    assert texts(page, "//*[contains(@class,'group')][starts-with(name(),'h')]") == ["Plane", "Zoom"]
    assert texts(page, "//ul[@class='wall']//*[@class='name']") == ["Square", "Late one", "Tunnel"]
    assert not page.xpath("//table[@class='matrix']")
    assert "different objectives" in page.text_content()


def test_members_that_are_not_done_say_so(gallery: Path) -> None:
    entries = product({"seed": ["1", "2", "3", "4", "5"]})
    members = [
        run_for(gallery, entries[0]),
        run_for(gallery, entries[1], state="running", until=2),
        run_for(gallery, entries[2], state="failed", until=1) | {"message": "NaN at step 1; lower <the> weight"},
        entries[3],
        entries[4] | {"state": "done", "run": "rainbow-hexagon/20261121-000000-gone"},
    ]
    folder = write_sweep_record(gallery, record({"seed": ["1", "2", "3", "4", "5"]}, members))
    path = write_sweep(gallery, folder, now=SOON)
    assert broken_links(gallery, path) == []  # a run whose report is not written yet has no link
    rebuild_gallery(gallery, now=SOON)
    page = read_page(path)
    cells = {each.get("data-member"): each for each in page.xpath("//div[@data-member]")}
    assert {number: cell.get("class").split()[1] for number, cell in cells.items()} == {
        "0": "done",
        "1": "running",
        "2": "failed",
        "3": "waiting",
        "4": "gone",
    }
    assert cells["1"].xpath(".//progress/@value") == ["50"]
    assert "step 2 of 4" in cells["1"].text_content()
    assert cells["1"].xpath(".//img/@src")[0].endswith("frames/00002.webp")
    assert "NaN at step 1; lower <the> weight" in cells["2"].text_content()
    assert cells["2"].xpath(".//img")
    assert "Waiting" in cells["3"].text_content()
    assert not cells["3"].xpath(".//a | .//img")
    assert "its report is elsewhere" in cells["4"].text_content()
    assert not cells["4"].xpath(".//a")
    assert page.xpath("//noscript/meta[@http-equiv='refresh']")
    assert page.xpath("//section[@data-progress]//progress/@value") == ["70"]  # what has ended counts: 3 1/2 of 5
    assert "2 of 5 done, 1 running, 1 waiting, 1 failed" in page.text_content()
    assert "1 run of 5 failed" in page.text_content()
    assert "--resume" not in page.text_content()  # not while it is running
    assert broken_links(gallery, path) == []


def test_news_of_running_members_reach_an_open_page(gallery: Path) -> None:
    entries = product({"seed": ["1", "2"]})
    members = [run_for(gallery, entries[0], state="running", until=3), entries[1]]
    folder = write_sweep_record(gallery, record({"seed": ["1", "2"]}, members))
    write_sweep(gallery, folder, now=SOON)
    update = script_data((folder / "live.js").read_text(), "live")
    assert update["members"]["0"]["line"].startswith("Phase 1 of 1, step 3 of 4")
    assert update["members"]["0"]["src"].endswith("frames/00002.webp")
    assert update["line"] == "0 of 2 done, 1 running, 1 waiting"
    shape = update["shape"]
    members[1] |= {"state": "running"}
    write_sweep_record(gallery, record({"seed": ["1", "2"]}, members))
    write_sweep(gallery, folder, now=SOON)
    assert f'"shape":"{shape}"' not in (folder / "live.js").read_text()  # a run began: the page loads again


def test_time_left_counts_waiting_runs_and_those_at_once() -> None:
    members = [
        member(0, {}, run="x/0", state="done"),
        member(1, {}, run="x/1", state="running"),
        member(2, {}, run="x/2", state="running"),
        *(member(number, {}) for number in (3, 4, 5, 6)),
    ]
    sweep = sweep_from_record(NAME, record({}, members), BEGAN)
    going = {f"x/{n}": RunPreview(a_card(type="x", id=str(n), status="running", seconds=30.0)) for n in (1, 2)}
    from orbifolio.reports.data.progress import ProgressEstimate

    going = {run: RunPreview(preview.card, ProgressEstimate(0.5, 30.0, "")) for run, preview in going.items()}
    seen = {"x/0": RunPreview(a_card(type="x", id="0", seconds=60.0)), **going}
    shown = make_snapshot(sweep, seen, SOON)
    assert seconds_left(shown) == pytest.approx((30 + 30 + 4 * 60) / 2)
    assert share_done(shown) == pytest.approx(2 / 7)
    assert seconds_left(make_snapshot(sweep, {}, SOON)) is None


def test_measures_are_those_that_runs_share_and_differ_in(gallery: Path) -> None:
    folder = finished_sweep(gallery, FOUR)
    page = read_page(write_sweep(gallery, folder, now=SOON))
    heads = texts(page, "//table[@data-runs]/thead//th")
    assert heads[:6] == ["Run", "Status", "seed", "group", "Time", "Peak memory"]  # losses are all the same
    rows = page.xpath("//table[@data-runs]/tbody/tr")
    assert [texts(row, "./td")[3] for row in rows] == ["1 min", "53.0 s", "46.0 s", "39.0 s"]
    assert texts(page, "//td[contains(@class,'best')]")[0] in ("100 MB", "39.0 s")
    assert [row.xpath("./td")[3].get("data-order") for row in rows] == ["60", "53", "46", "39"]
    assert [row.get("data-key").split("/")[0] for row in rows] == ["rainbow-hexagon"] * 4
    data = json.loads(page.xpath("//script[@data-members-data]/text()")[0])
    assert {each["key"] for each in data["measures"]} == {"seconds", "peak_memory_bytes"}
    options = page.xpath("//select[@name='sort']/option/@value")
    assert options == ["", "seconds", "peak_memory_bytes"]


def test_measures_of_a_run_are_its_summary_and_its_log(make_run: Callable[..., Path]) -> None:
    run = read_run(make_run(painting={"decibels": 31.5, "name": "x", "table": [1, 2]}, flag=True))
    measures = run_measures(run)
    last = run.phases[-1].steps[-1]
    assert measures["loss"] == pytest.approx(sum(last.terms.values()))
    assert measures["seconds"] == 93.1
    assert measures["symmetry.worst"] == 0.006
    assert measures["terms.smoothness"] == last.terms["smoothness"]
    assert measures["metrics.evaluations"] == 1.0
    assert measures["painting.decibels"] == 31.5
    assert not {"flag", "seed", "schema", "painting.table"} & set(measures)
    curve = loss_curve(run)
    assert [(each.title, each.steps) for each in curve] == [("16 px", 6), ("32 px", 6)]
    assert [step for step, _ in curve[0].points] == [1, 2, 3, 4, 5, 6]
    kept = card_from_json(json.loads(card_from_run(run).to_json()))
    assert kept == card_from_run(run)


def test_long_curves_keep_the_same_few_steps(make_run: Callable[..., Path]) -> None:
    long = loss_curve(read_run(make_run(sizes=((16, 16),), steps=900, every=900)))[0]
    early = loss_curve(read_run(make_run(recipe="b", sizes=((16, 16),), steps=900, every=900, until=500)))[0]
    assert len(long.points) <= 60
    assert long.points[0][0] == 1
    assert long.points[-1][0] == 900
    assert {step for step, _ in early.points} - {500.0} < {step for step, _ in long.points}


def test_hostile_measures_make_no_column() -> None:
    each = {"a/1": {"loss": 1.0, "terms.x": 2.0, "only": 1.0}, "a/2": {"loss": 2.0, "terms.x": 2.0}}
    columns = shared_measures(each, alike=True)
    assert [(measure.key, measure.best) for measure in columns] == [("loss", 1.0)]
    assert shared_measures(each, alike=False)[0].best is None


def test_losses_are_drawn_over_each_other_with_the_colour_of_the_cell(gallery: Path) -> None:
    folder = finished_sweep(gallery, {"seed": ["1", "2", "3"]})
    page = read_page(write_sweep(gallery, folder, now=SOON))
    lines = page.xpath("//*[@id='curve-loss']//*[local-name()='svg'][@role='img']/*[local-name()='path']/@class")
    assert lines == ["line s0", "line s1", "line s2"]
    assert page.xpath("//div[@data-member='2']//*[local-name()='path']/@class") == ["line s2"]
    assert texts(page, "//*[@class='legend']//*[@class='name']") == ["#0 seed 1", "#1 seed 2", "#2 seed 3"]
    data = json.loads(page.xpath("//script[@data-curves-data]/text()")[0])
    assert data["joined"] is True
    assert data["x"] == [1, 2, 3, 4]


def test_what_is_common_leaves_out_what_differs(gallery: Path) -> None:
    folder = finished_sweep(gallery, {"seed": ["1", "2"]})
    page = read_page(write_sweep(gallery, folder, now=SOON))
    names = texts(page, "//dl[@class='common']//dt")
    assert names == ["renderer.kind", "renderer.phases.0.size"]


def test_pages_lead_to_the_sweep_and_back(gallery: Path) -> None:
    folder = finished_sweep(gallery, FOUR)
    rebuild_gallery(gallery, now=SOON)
    address = f"sweeps/{NAME}/index.html"
    assert read_page(gallery / "index.html").xpath(f"//ul[@class='shelf']//a[@href='{address}']")
    assert read_page(gallery / "index.html").xpath("//a[@href='#sweeps']")
    assert read_page(gallery / "rainbow-hexagon/index.html").xpath(f"//ul[@class='shelf']//a[@href='../{address}']")
    assert read_page(gallery / "sweeps/index.html").xpath(f"//a[@href='{NAME}/index.html']")
    run = next(path for path in run_folders(gallery))
    assert read_page(run / "index.html").xpath(f"//a[@href='../../{address}']")
    links = read_page(folder / "index.html").xpath("//a/@href")
    keys = ",".join(f"{path.parent.name}/{path.name}" for path in run_folders(gallery))
    assert f"../../compare.html#runs={keys}" in links
    for path in (gallery / "index.html", gallery / "sweeps/index.html", folder / "index.html", run / "index.html"):
        assert broken_links(gallery, path) == [], path
    assert rebuild_gallery(gallery, now=SOON) == []


def test_runs_that_ended_before_they_were_named_lead_to_the_sweep(gallery: Path) -> None:
    entries = product({"seed": ["1", "2"]})
    done = run_for(gallery, entries[0])
    rebuild_gallery(gallery, now=SOON)
    report = gallery / done["run"] / "index.html"
    assert "sweeps/" not in report.read_text()
    folder = write_sweep_record(gallery, record({"seed": ["1", "2"]}, [done, entries[1]], status="interrupted"))
    write_sweep(gallery, folder, now=SOON)
    assert f"sweeps/{NAME}/index.html" in report.read_text()


@pytest.mark.parametrize(
    ("after", "running", "status"),
    [(10, False, "running"), (2 * STALE_AFTER, True, "running"), (2 * STALE_AFTER, False, "stopped")],
)
def test_a_silent_sweep_has_stopped_unless_a_run_lives(after: float, running: bool, status: str) -> None:
    sweep = sweep_from_record(NAME, record({}, [member(0, {}, run="x/0", state="running")]), BEGAN)
    preview = RunPreview(a_card(type="x", id="0", status="running" if running else "stopped"))
    assert make_snapshot(sweep, {"x/0": preview}, BEGAN + after).sweep.status == status


@pytest.mark.parametrize(
    ("status", "words", "offered"),
    [("interrupted", "was interrupted", True), ("stopped", "stopped unexpectedly", True), ("done", "", False)],
)
def test_a_sweep_that_ended_early_says_how_to_resume(gallery: Path, status: str, words: str, offered: bool) -> None:
    entry = record({"seed": ["1"]}, product({"seed": ["1"]}), status=status)
    path = write_sweep(gallery, write_sweep_record(gallery, entry), now=SOON)
    text = read_page(path).text_content()
    assert words in text
    assert ("orbifolio sweep recipes/plane/rainbow-hexagon.yaml seed=1,2 --resume" in text) == offered
    assert not read_page(path).xpath("//meta[@http-equiv='refresh']")


def test_the_page_is_stable_and_needs_no_files(tmp_path: Path) -> None:
    sweep = a_sweep(FOUR, status="done")
    shown = SweepSnapshot(sweep, {})
    one = renderer().html(sweep_page(shown, tmp_path / "a"))
    assert one == renderer().html(sweep_page(shown, Path("/nowhere")))


@pytest.mark.parametrize(
    "damaged",
    [
        {},
        {"members": [None, 3, {"run": "../../etc/passwd", "overrides": [1]}], "varied": [{"key": "a"}, 7]},
        {"title": HOSTILE, "command": HOSTILE, "about": HOSTILE, "status": HOSTILE, "started": HOSTILE},
        {"varied": [{"key": HOSTILE, "values": [HOSTILE, "2"]}], "members": [{"overrides": {HOSTILE: HOSTILE}}]},
        {
            "varied": [{"key": name, "values": [str(n) for n in range(999)]} for name in "abcdef"],
            "members": [{"overrides": dict.fromkeys("abcdef", "1"), "state": "failed", "message": HOSTILE}],
        },
    ],
    ids=["empty", "torn", "words", "keys", "vast"],
)
def test_a_damaged_record_still_makes_a_page(gallery: Path, damaged: dict[str, Any]) -> None:
    folder = write_sweep_record(gallery, damaged)
    path = write_sweep(gallery, folder, now=SOON)
    assert not read_page(path).xpath("//main//script[not(@type='application/json')]")
    assert broken_links(gallery, path) == []
    assert "passwd" not in path.read_text()


def test_a_missing_record_is_reported(gallery: Path) -> None:
    (gallery / "sweeps" / "x").mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match=re.escape("sweep.json: missing or torn")):
        write_sweep(gallery, gallery / "sweeps" / "x")
    assert read_sweeps(gallery) == []


def test_sweeps_is_no_recipe(gallery: Path) -> None:
    finished_sweep(gallery, {"seed": ["1"]})
    (gallery / "sweeps" / "x").mkdir()
    (gallery / "sweeps" / "x" / "run.json").write_text("{}")
    assert [path.parent.name for path in run_folders(gallery)] == ["rainbow-hexagon"]


def test_members_that_fit_nowhere_are_shown_all_the_same() -> None:
    entries = product(FOUR)
    entries += [member(4, {"seed": "9"}), member(5, dict(entries[0]["overrides"]))]
    sweep = sweep_from_record(NAME, record(FOUR, entries), BEGAN)
    groups = arrange_members(sweep, lambda _: "plane")
    assert [head.text for head in groups[-1].headings] == ["Others"]
    assert [each.number for each in groups[-1].cells[0] if each] == [4, 5]


def test_a_record_is_read_again_when_it_changes(gallery: Path) -> None:
    """A run's own page must not keep an old answer."""
    from orbifolio.reports.sweep.membership import sweeps_of_run

    entries = product({"seed": ["1"]})
    folder = write_sweep_record(gallery, record({"seed": ["1"]}, entries))
    assert sweeps_of_run(gallery, "x/1") == ()
    write_sweep_record(gallery, record({"seed": ["1"]}, [entries[0] | {"run": "x/1"}]))
    os.utime(folder / "sweep.json", (BEGAN + 1, BEGAN + 1))
    assert sweeps_of_run(gallery, "x/1") == ((NAME, "Rainbow hexagon, varied"),)
