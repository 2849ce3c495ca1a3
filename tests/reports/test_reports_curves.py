"""Curves: what is drawn, what is kept of long runs, and that data, drawing and table say the same."""

from __future__ import annotations

import gzip
import json
import math
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from page_reading import read_page

from orbifolio.reports.charts.chart import Series, draw_chart
from orbifolio.reports.charts.curves import loss_charts, phase_columns, step_position
from orbifolio.reports.charts.thinning import choose_positions
from orbifolio.reports.charts.ticks import step_ticks
from orbifolio.reports.data.log import PhaseRecord, StepRecord, read_run
from orbifolio.reports.links import Header
from orbifolio.reports.parts.curves import Curves
from orbifolio.reports.render import PageRenderer
from orbifolio.reports.tree import Page
from orbifolio.reports.write import write_report


def points(path: str) -> list[tuple[str, float, float]]:
    return [(pen, float(x), float(y)) for pen, x, y in re.findall(r"([ML])([\d.-]+) ([\d.-]+)", path)]


def test_a_geometric_fall_is_a_straight_line_on_the_log_scale() -> None:
    chart = draw_chart("c", "C", [Series("loss", [(n, 100 * 0.5**n) for n in range(1, 30)])])
    assert chart is not None
    assert chart.scale == "logarithmic"
    drawn = np.array([(x, y) for _, x, y in points(chart.lines[0].path)])
    fitted = np.polyval(np.polyfit(drawn[:, 0], drawn[:, 1], 1), drawn[:, 0])
    assert np.abs(fitted - drawn[:, 1]).max() < 0.1  # of 1000, by rounding to tenths
    assert (drawn[0, 0], drawn[-1, 0]) == (0, 1000)
    assert 0 < drawn[:, 1].min() < drawn[:, 1].max() < 1000


def test_negative_values_choose_the_linear_scale() -> None:
    chart = draw_chart("c", "C", [Series("dream", [(1, -1.0), (2, -3.0)])])
    assert chart is not None
    assert chart.scale == "linear"
    assert chart.lines[0].last == "−3"


def test_gaps_and_phases_lift_the_pen() -> None:
    series = [Series("a", [(1, 1.0), (2, math.nan), (3, 2.0), (4, 1.0), (5, 9.0), (6, 8.0)])]
    chart = draw_chart("c", "C", series, columns=[(1, "one"), (5, "two")])
    assert chart is not None
    assert [pen for pen, _, _ in points(chart.lines[0].path)] == ["M", "M", "L", "M", "L"]
    assert [mark.label for mark in chart.columns] == ["one", "two"]


def test_spikes_survive_thinning() -> None:
    values_ = [(float(n), 1.0) for n in range(20_000)]
    values_[12_345] = (12_345.0, 1000.0)
    chart = draw_chart("c", "C", [Series("a", values_)])
    assert chart is not None
    drawn = points(chart.lines[0].path)
    assert len(drawn) < 1000
    assert min(y for _, _, y in drawn) == pytest.approx(38.5, abs=2)  # the top, less the margin


@pytest.mark.parametrize("series", [[], [Series("a", [])], [Series("a", [(1, math.nan)])]])
def test_nothing_to_draw_is_no_chart(series: list[Series]) -> None:
    assert draw_chart("c", "C", series) is None


@pytest.mark.parametrize("low", [1e-300, 1e-9, 0.999, 5.0, 1e12, -4.0, -1e-6])
@pytest.mark.parametrize("span", [0.0, 1e-12, 0.01, 3.0, 1e9])
def test_axes_have_a_few_labels_in_place(low: float, span: float) -> None:
    chart = draw_chart("c", "C", [Series("a", [(1, low), (2, low + abs(low) * span)])])
    assert chart is not None
    assert 1 <= len(chart.rows) <= 12
    assert all(-0.1 <= float(mark.place) <= 100.1 for mark in chart.rows)


def phase(index: int, steps: int, terms: dict[str, Callable[[int], float]]) -> PhaseRecord:
    """A phase with such terms of its steps."""
    made = tuple(
        StepRecord(n, {name: value(n) for name, value in terms.items()}, {}, 0.1, 0) for n in range(1, steps + 1)
    )
    return PhaseRecord(index, f"phase {index}", f"phases/{index}", 16, 16, 1, steps, 1.0, {}, (), made, (), True, True)


def test_kept_steps_are_real_and_few_and_hold_what_is_odd() -> None:
    smooth = [(float(n), 1.0 + n / 1e4) for n in range(1, 10_001)]
    spiked = [(n, 50.0 if n == 7777 else y) for n, y in smooth]
    broken = [(n, math.nan if n == 1234 else y) for n, y in smooth]
    late = smooth[5000:]
    keep = choose_positions([smooth, spiked, broken, late], 200)
    assert len(keep) <= 200
    assert list(keep) == sorted(set(keep))
    assert {1.0, 10_000.0, 7777.0, 1234.0} <= set(keep)
    assert set(keep) <= {n for n, _ in smooth}
    assert max(np.diff(keep)) < 200  # no stretch is left without a point
    assert choose_positions([late, smooth[:3]], 9999) == tuple(n for n, _ in (*smooth[:3], *late))
    assert choose_positions([], 10) == ()


def test_a_long_run_with_many_terms_stays_light() -> None:
    generator = np.random.default_rng(0)
    noise = 1 + 0.3 * generator.random((30, 10_001))
    terms = {f"gram.conv{k}": (lambda n, k=k: float(noise[k, n] * 10 / n)) for k in range(30)}
    charts = loss_charts([phase(0, 10_000, terms)])
    page = Page(Path("/g/index.html"), "step", "", Header("x"), (), (Curves(charts),))
    html = PageRenderer().html(page)
    assert len(gzip.compress(html.encode(), mtime=0)) < 25_000
    assert sum(len(item.lines) for item in charts) == 31


def test_all_charts_of_a_page_share_their_steps_and_show_true_values() -> None:
    terms = {"a.x": lambda n: 3.0 / n, "a.y": lambda n: 2.0 + math.sin(n), "b": lambda n: n * 1.0}
    charts = loss_charts([phase(0, 2000, terms)])
    data = Curves(charts).data
    assert [item.title for item in charts] == ["Total loss", "A", "Other terms"]
    assert {item.positions for item in charts} == {data["x"]}
    for index, x in enumerate(data["x"]):
        assert data["charts"]["curve-1"][0][index] == pytest.approx(3.0 / x, rel=1e-3)
        assert data["charts"]["curve-1"][1][index] == pytest.approx(2.0 + math.sin(x), rel=1e-3)
        assert data["charts"]["curve-loss"][0][index] == pytest.approx(3 / x + 2 + math.sin(x) + x, rel=1e-3)
    lines = charts[1].lines
    assert (lines[0].first, lines[0].last, lines[0].lowest, lines[0].lowest_at) == ("3", "0.0015", "0.0015", "2,000")
    assert lines[0].change == "−100%"
    exact = min((2 + math.sin(n), n) for n in range(1, 2001))  # of all steps, not only of the drawn ones
    assert lines[1].lowest_at == f"{exact[1]:,}"


def test_the_data_of_a_chart_lie_on_its_drawing() -> None:
    chart = loss_charts([phase(0, 700, {"a": lambda n: 1e3 / n})])[0]
    drawn = points(chart.lines[0].path)
    assert len(drawn) == len(chart.positions)
    values = chart.lines[0].values
    top, bottom = math.log10(max(values)), math.log10(min(values))
    for (_, x, y), step, value in zip(drawn, chart.positions, values, strict=True):
        assert x == pytest.approx(1000 * (step - 1) / 699, abs=0.06)
        down = (top - math.log10(value)) / (top - bottom)
        assert y == pytest.approx(1000 * (0.04 + down) / 1.08, abs=0.6)  # four digits of the values, tenths here


def test_numbers_that_are_none_are_none_in_the_data() -> None:
    charts = loss_charts([phase(0, 5, {"a": lambda n: math.inf if n == 2 else math.nan if n == 3 else 1.0})])
    data = json.dumps(Curves(charts).data, allow_nan=False)
    assert json.loads(data)["charts"]["curve-loss"] == [[1, None, None, 1, 1]]


def test_positions_count_over_all_phases() -> None:
    phases = [phase(0, 6, {"a": float}), phase(1, 4, {"a": float}), phase(2, 3, {"a": float})]
    assert [step_position(phases, each, 0) for each in phases] == [0, 6, 10]
    assert step_position(phases, phases[2], 3) == 13
    assert phase_columns(phases) == ((1, "phase 0"), (7, "phase 1"), (11, "phase 2"))
    borders = loss_charts(phases)[0].columns
    assert [float(mark.place) for mark in borders] == [0, 50, pytest.approx(83.3)]
    assert sum(float(mark.width) for mark in borders) == pytest.approx(100, abs=0.2)


@pytest.mark.parametrize(("low", "high"), [(1, 1), (1, 2), (1, 7), (3, 690), (1, 100_000), (1.0, 12.5)])
def test_steps_are_labelled_by_whole_numbers(low: float, high: float) -> None:
    ticks = step_ticks(low, high)
    assert 1 <= len(ticks) <= 8
    assert all(low <= value <= high and value == int(value) for value in ticks)


def test_a_frame_is_marked_where_it_stands(make_run: Callable[..., Path], gallery: Path) -> None:
    folder = make_run(steps=6, every=3)
    write_report(folder, gallery=gallery)
    for page, place, words in (
        ("1-16px/steps/00000", 0.0, "before the first step"),
        ("1-16px/steps/00003", 100 * 2 / 11, "step 3 of 12"),
        ("2-32px/steps/00000", 100 * 5 / 11, "step 6 of 12"),
        ("2-32px/steps/00006", 100.0, "step 12 of 12"),
    ):
        document = read_page(folder / "phases" / page / "index.html")
        (mark,) = document.xpath("//*[@id='whereabouts']//*[local-name()='line'][@class='here']")
        assert float(mark.get("x1").rstrip("%")) == pytest.approx(place, abs=0.06)
        assert words in document.get_element_by_id("whereabouts").text_content()
    run = (folder / "index.html").read_text()
    assert 'class="here"' not in run


def test_only_pages_with_curves_load_the_library(make_run: Callable[..., Path], gallery: Path) -> None:
    folder = make_run()
    write_report(folder, gallery=gallery)
    loads = {
        name: "uPlot" in (folder / name / "index.html").read_text()
        for name in (".", "phases/1-16px", "phases/1-16px/steps/00003", "system")
    }
    assert loads == {".": True, "phases/1-16px": True, "phases/1-16px/steps/00003": False, "system": True}
    assert "openseadragon" not in (folder / "index.html").read_text()


def test_a_phase_says_how_many_steps_came_before(make_run: Callable[..., Path], gallery: Path) -> None:
    folder = make_run(steps=6)
    write_report(folder, gallery=gallery)
    document = read_page(folder / "phases" / "2-32px" / "index.html")
    (script,) = document.xpath("//script[@data-curves-data]")
    data = json.loads(script.text)
    assert data["before"] == 6
    assert data["x"] == [1, 2, 3, 4, 5, 6]
    run = read_run(folder)
    assert data["charts"]["curve-loss"][0] == pytest.approx([step.loss for step in run.phases[1].steps], rel=1e-3)


def test_terms_with_evil_names_stay_text(make_run: Callable[..., Path], gallery: Path) -> None:
    folder = make_run()
    evil = "</script><img src=x onerror=alert(1)>"
    log = (folder / "events.jsonl").read_text().replace("moments.conv1_1", evil).replace("32 px", evil)
    (folder / "events.jsonl").write_text(log)
    write_report(folder, gallery=gallery)
    html = (folder / "index.html").read_text()
    assert "<img src=x" not in html
    assert re.search(r"<script[^>]*data-curves-data>[^<]*</script>", html)
