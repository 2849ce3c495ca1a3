"""The part that says how a picture is painted: in words and bars, and absent where nothing was measured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from synthetic_run import BEGAN, write_run

from orbifolio.reports.data.log import read_run
from orbifolio.reports.parts.painting.marks import marks_part
from orbifolio.reports.write import write_report

MARKS = {
    "strokes": 21000,
    "density": 140.2,
    "lengths": {"bounds": [0, 1, 2, 4], "counts": [10, 40, 20], "quartiles": [1.2, 1.9, 2.5]},
    "widths": {"bounds": [0, 1, 2], "counts": [70, 0], "quartiles": [0.2, 0.3, 0.5]},
    "clipped": 0.04,
    "texture": 0.0139,
    "picture_texture": 0.0037,
    "edges": 0.71,
    "lpips": 0.244,
    "decibels": 22.31,
}


def painted(gallery: Path, marks: Any) -> Path:
    folder = write_run(gallery, extras=[{"path": "extras/painting.json", "title": "In numbers", "kind": "data"}])
    (folder / "extras" / "painting.json").write_text(json.dumps({"marks": marks}))
    return folder


def test_figures_are_in_words_and_decibels_last(tmp_path: Path) -> None:
    part = marks_part(read_run(painted(tmp_path, MARKS), now=BEGAN + 1000))
    assert part is not None
    facts = {fact.name: fact.value for fact in part.facts}
    assert facts["Paint in calm places"] == "texture 0.014, the picture's own 0.0037: paint is seen"
    assert facts["Strokes"] == "21,000"
    assert facts["Length of a stroke"] == "half of them 1.2 to 2.5 %, median 1.9 %"
    assert "mostly followed" in facts["Strokes along edges"]
    assert "Likeness to a network (VGG)" not in facts
    assert list(facts)[-1] == "Likeness by pixels (PSNR)"
    lengths, widths = part.histograms
    assert [bar.height for bar in lengths.bars] == [25, 100, 50]
    assert [bar.y + bar.height for bar in widths.bars] == [100, 100]
    assert lengths.bars[2].title == "2 % and more: 20"


def test_a_painting_out_of_focus_is_said_to_be(tmp_path: Path) -> None:
    part = marks_part(read_run(painted(tmp_path, {**MARKS, "texture": 0.002}), now=BEGAN + 1000))
    assert part is not None
    assert "out of focus" in part.facts[0].value


@pytest.mark.parametrize("marks", [None, [], "x", {}, {"strokes": 0}, {"strokes": "many"}])
def test_other_figures_make_no_part(tmp_path: Path, marks: Any) -> None:
    assert marks_part(read_run(painted(tmp_path, marks), now=BEGAN + 1000)) is None


@pytest.mark.parametrize(
    "change",
    [
        {"lengths": 3},
        {"lengths": {"bounds": [0, "x"], "counts": [1], "quartiles": [1, None, 2]}},
        {"widths": {"bounds": [0, 1], "counts": [1, 2]}},
        {"widths": {"bounds": [0, 1], "counts": [0]}},
        {"texture": "much", "lpips": [], "decibels": None, "edges": {}, "clipped": "x", "density": None},
    ],
)
def test_odd_figures_are_left_out(tmp_path: Path, change: dict[str, Any]) -> None:
    part = marks_part(read_run(painted(tmp_path, {**MARKS, **change}), now=BEGAN + 1000))
    assert part is not None
    assert len(part.histograms) + len(part.facts) < 11


def test_the_page_shows_bars(tmp_path: Path) -> None:
    folder = painted(tmp_path, MARKS)
    write_report(folder, gallery=tmp_path)
    page = (folder / "index.html").read_text()
    assert page.count("<rect ") == 5
    assert "How it is painted" in page
