"""Sliders, pairs and news of a run: packed small, in the right order, and light even for hundreds of frames."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from lxml import html as lxml_html
from page_reading import read_page, script_data
from synthetic_run import BEGAN, replace_in, write_run

from orbifolio.reports.charts.curves import steps_by_position
from orbifolio.reports.data.log import read_run
from orbifolio.reports.links import Place
from orbifolio.reports.live_updates import is_at_rest
from orbifolio.reports.pages.phase import MAX_FRAMES_SHOWN, pages_below
from orbifolio.reports.parts.image_pairs import image_pairs
from orbifolio.reports.parts.scrubber import make_scrubber, pack_frames
from orbifolio.reports.write import write_report

NOW = BEGAN + 5
MakeRun = Callable[..., Path]


def news(path: Path) -> dict[str, Any]:
    """What the script beside a page tells."""
    data: dict[str, Any] = script_data((path / "live.js").read_text(), "live")
    return data


# The slider's frames


def test_packed_frames_lead_to_files_that_are_there(make_run: MakeRun, gallery: Path) -> None:
    folder = make_run(sizes=((16, 28), (500, 400)), steps=4, every=2)
    write_report(folder, gallery=gallery, now=NOW)
    run = read_run(folder, now=NOW)
    data = pack_frames(Place(folder / "phases/1-16px"), run, run.phases)
    root = folder / "phases/1-16px" / data["root"]
    assert [phase["steps"] for phase in data["phases"]] == [[0, 2, 4], [0, 2, 4]]
    assert [phase["before"] for phase in data["phases"]] == [0, 4]
    assert data["phases"][1]["copies"] == [320]
    for phase in data["phases"]:
        for step in phase["steps"]:
            assert (root / unquote(phase["folder"]) / f"frames/{step:05d}.webp").is_file()
            assert (root / unquote(phase["folder"]) / f"steps/{step:05d}/index.html").is_file()
            for width in phase["copies"]:
                assert (root / "thumbs" / unquote(phase["folder"]) / f"frames/{step:05d}-{width}.webp").is_file()


def test_positions_are_those_of_the_curves(make_run: MakeRun) -> None:
    run = read_run(make_run(steps=6), now=NOW)
    placed = [(position, step.step) for position, step in steps_by_position(run.phases)]
    packed = pack_frames(Place(run.folder), run, run.phases)["phases"]
    assert {(phase["before"] + step, step) for phase in packed for step in phase["steps"] if step} <= set(placed)
    assert [phase["before"] for phase in packed] == [0, 6]


def test_frames_elsewhere_are_named(make_run: MakeRun) -> None:
    folder = make_run(sizes=((16, 28),))
    (folder / "phases/1-16px/frames/00003.webp").rename(folder / "odd name.webp")
    replace_in(folder / "events.jsonl", "phases/1-16px/frames/00003.webp", "odd name.webp")
    run = read_run(folder, now=NOW)
    (phase,) = pack_frames(Place(folder), run, run.phases)["phases"]
    assert phase["files"][1] == "odd%20name.webp"


def test_a_single_picture_needs_no_slider(make_run: MakeRun) -> None:
    run = read_run(make_run(sizes=((16, 28),), steps=1, every=5, status="failed", until=1), now=NOW)
    assert make_scrubber(Place(run.folder), run, run.phases, label="x") is None
    assert make_scrubber(Place(run.folder), run, run.phases, label="x", ends_with="The end") is not None


# Pairs


def test_pairs_of_a_run(make_run: MakeRun) -> None:
    run = read_run(make_run(), now=NOW)
    slider = image_pairs(run, Place(run.folder))
    assert slider is not None
    assert [pair.label for pair in slider.pairs] == [
        "Beginning and result",
        "Style 1 and result",
        "Style 1, original and prepared",
    ]
    assert slider.pairs[0].after.full == "final.png"
    assert len({pair.id for pair in slider.pairs}) == 3


def test_a_beginning_of_another_shape_is_not_laid_over_the_result(make_run: MakeRun) -> None:
    run = read_run(make_run(sizes=((16, 16), (32, 56)), inputs=[]), now=NOW)
    assert image_pairs(run, Place(run.folder)) is None


def test_an_unfinished_run_compares_how_far_it_came(make_run: MakeRun) -> None:
    stopped = read_run(make_run(status="failed", until=9), now=NOW)
    slider = image_pairs(stopped, Place(stopped.folder))
    assert slider is not None
    assert slider.pairs[0].after_label == "Latest frame"
    going = read_run(make_run(recipe="going", status="running", until=9), now=NOW)
    shown = image_pairs(going, Place(going.folder))
    assert shown is not None
    assert [pair.label for pair in shown.pairs] == ["Style 1, original and prepared"]


# News


def test_pages_that_refresh_have_news_beside_them(make_run: MakeRun, gallery: Path) -> None:
    folder = make_run(status="running", until=8)
    write_report(folder, gallery=gallery, now=NOW)
    update = news(folder)
    page = read_page(folder / "index.html")
    body = page.find("body")
    assert body is not None
    assert (update["running"], update["share"], update["line"]) == (True, "67", "Phase 2 of 2, step 2 of 6")
    assert update["shape"] == body.get("data-shape") != ""
    assert update["version"] == body.get("data-version")
    assert [phase["steps"] for phase in update["frames"]["phases"]] == [[0, 3, 6], [0]]
    assert {path.parent.relative_to(folder).as_posix() for path in folder.rglob("live.js")} == {
        ".",
        "system",
        "phases/2-32px",
    }


def test_news_of_progress_do_not_change_the_shape_but_news_of_a_phase_do(make_run: MakeRun, gallery: Path) -> None:
    folder = make_run(status="running", until=3)
    whole = write_run(gallery, recipe="other", status="running", until=8) / "events.jsonl"
    lines = whole.read_text().splitlines(keepends=True)
    shapes = []
    for length in range(8, len(lines) + 1):
        (folder / "events.jsonl").write_text("".join(lines[:length]))
        write_report(folder, gallery=gallery, now=NOW)
        shapes.append(news(folder)["shape"])
    assert len(set(shapes)) == 4  # phase 1 ends, phase 2 begins, its first frame is there


def test_open_pages_learn_that_the_run_ended(make_run: MakeRun, gallery: Path) -> None:
    folder = make_run(status="running", until=8)
    write_report(folder, gallery=gallery, now=NOW)
    replace_in(folder / "run.json", '"status": "running"', '"status": "interrupted"')
    write_report(folder, gallery=gallery, now=NOW)
    for path in folder.rglob("live.js"):
        assert news(path.parent)["running"] is False
    assert is_at_rest(folder / "index.html")
    assert not is_at_rest(folder / "no such page.html")


def test_a_run_that_is_over_has_no_news(make_run: MakeRun, gallery: Path) -> None:
    folder = make_run()
    write_report(folder, gallery=gallery, now=NOW)
    assert not list(folder.rglob("live.js"))
    assert "data-version" not in (folder / "index.html").read_text()


def test_news_cannot_break_out_of_their_script(make_run: MakeRun, gallery: Path) -> None:
    folder = make_run(status="running", until=8)
    for name in ("events.jsonl", "run.json"):
        replace_in(folder / name, '"32 px"', '"</script>\\u2028\\");alert(1)//"')
    write_report(folder, gallery=gallery, now=NOW)
    assert "<" not in (folder / "live.js").read_text()
    assert news(folder)["frames"]["phases"][1]["title"] == '</script>\u2028");alert(1)//'


# Weight


@pytest.fixture(scope="module")
def long_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 501 frames that goes on."""
    from PIL import Image

    def grey(width: int, height: int, *, seed: int) -> Image.Image:
        return Image.new("RGB", (width, height), (seed % 256, 128, 64))

    gallery = tmp_path_factory.mktemp("long")
    folder = write_run(gallery, sizes=((16, 28), (32, 56), (48, 84)), steps=166, every=1, status="running", artist=grey)
    write_report(folder, gallery=gallery, now=BEGAN + 250)
    return folder


def test_a_run_page_with_500_frames_is_light(long_run: Path) -> None:
    html = (long_run / "index.html").read_bytes()
    page = lxml_html.fromstring(html)
    contents = [html]
    for address in page.xpath("//link[@rel='stylesheet']/@href | //script/@src"):
        if "/vendor/" not in address:
            contents.append((long_run / address).read_bytes())
    sizes = [len(gzip.compress(content)) for content in contents]
    assert len(contents) > 8
    assert sum(sizes) < 60_000
    assert len(page.xpath("//img")) < 60
    assert len(json.dumps(news(long_run)["frames"])) < 10_000


def test_writing_again_costs_little_however_many_frames(long_run: Path) -> None:
    run = read_run(long_run, now=BEGAN + 250)
    made = [page.path for page in pages_below(run, long_run.parents[1], all_of_them=False)]
    assert len(made) < 8  # not the 501 pages of frames, nor those of phases that are over
    began = time.perf_counter()
    write_report(long_run, gallery=long_run.parents[1], now=BEGAN + 250)
    assert time.perf_counter() - began < 2.0


def test_a_phase_page_samples_its_frames_and_leads_to_all(long_run: Path) -> None:
    page = read_page(long_run / "phases/2-32px/index.html")
    assert len(page.xpath("//ol[@class='grid']/li")) == MAX_FRAMES_SHOWN
    assert "48 of 167 frames" in page.text_content()
    linked = set(page.xpath("//a/@href"))
    assert {f"steps/{step:05d}/index.html" for step in range(167)} <= linked
