"""What a renderer adds to its report: pictures on the way, and curves of its own measures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from page_reading import read_page

from orbifolio.reports.charts.curves import charted_metrics, loss_charts
from orbifolio.reports.data.log import read_run
from orbifolio.reports.write import write_report


def test_pictures_on_the_way_are_shown_in_their_order(tmp_path: Path, make_run: Callable[..., Path]) -> None:
    folder = make_run(
        stages=[
            {"name": "grey", "path": "inputs/style-1.webp"},
            {"name": "points", "path": "inputs/style-1-prepared.webp"},
        ]
    )
    write_report(folder, gallery=folder.parents[1])
    page = read_page(folder / "index.html")
    section = page.xpath("//section[@id='inputs']")[0]
    assert [name.text_content().strip() for name in section.xpath(".//h3")][-2:] == ["Grey", "Points"]
    assert all((folder / image.get("src")).is_file() for image in section.xpath(".//img"))


def test_a_stage_outside_the_run_is_not_shown(make_run: Callable[..., Path]) -> None:
    folder = make_run(stages=[{"name": "grey", "path": "../../../etc/passwd"}])
    write_report(folder, gallery=folder.parents[1])
    assert "Grey" not in (folder / "index.html").read_text()


def test_measures_get_a_curve_if_the_run_says_so(make_run: Callable[..., Path]) -> None:
    silent = read_run(make_run())
    assert charted_metrics(silent) == ()
    charted = read_run(make_run(recipe="other", charted=["evaluations", "nothing"]))
    charts = loss_charts(charted.phases, charted_metrics(charted))
    assert [chart.id for chart in charts][-1] == "curve-metrics"
    assert charts[-1].title == "Evaluations"
    assert len(charts) == len(loss_charts(silent.phases)) + 1
