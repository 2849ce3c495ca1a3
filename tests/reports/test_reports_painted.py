"""The part with a painting in real paint: there only where strokes were painted, and whatever its figures hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from synthetic_run import BEGAN, write_run

from orbifolio.reports.data.log import read_run
from orbifolio.reports.links import Place
from orbifolio.reports.parts.painting.stroke_comparison import stroke_comparison
from orbifolio.reports.write import write_report

EXTRAS = [
    {"path": "extras/painting.json", "title": "The painting in numbers", "kind": "data"},
    {"path": "extras/mypaint.png", "title": "Painted by the real program", "kind": "picture"},
    {"path": "extras/steps.pdf", "title": "Step by step", "kind": "vector"},
]
FIGURES = {
    "strokes": 500,
    "brush": "classic/dry_brush",
    "neural_db": 25.04,
    "mypaint": {"fitted_db": 24.31, "unfitted_db": 22.0, "fitted_to_neural_db": 27.5},
    "plotter": {"pens": ["#000000", "#ff0000"], "lines": 1},
}


def painting(gallery: Path, figures: Any = FIGURES, **changes: Any) -> Path:
    folder = write_run(gallery, **{"extras": EXTRAS, **changes})
    (folder / "extras" / "painting.json").write_text(figures if isinstance(figures, str) else json.dumps(figures))
    (folder / "extras" / "steps.pdf").write_text("x")
    Image.new("RGB", (64, 64), (200, 90, 40)).save(folder / "extras" / "mypaint.png")
    return folder


def part(folder: Path) -> Any:
    return stroke_comparison(read_run(folder, now=BEGAN + 1000), Place(folder))


def test_both_canvases_stand_side_by_side_with_what_was_measured(tmp_path: Path) -> None:
    section = part(painting(tmp_path))
    assert [card.name for card in section.cards] == [
        "Neural canvas",
        "The same strokes, fitted to the real brush and drawn by MyPaint",
    ]
    assert {fact.name: fact.value for fact in section.facts} == {
        "Strokes": "500",
        "Brush": "classic/dry_brush",
        "Neural canvas": "25.0 dB against the target",
        "Real MyPaint": "24.3 dB against the target",
        "Before fitting to the real brush": "22.0 dB",
        "Real against neural canvas": "27.5 dB",
        "Plotter": "1 line with 2 pens",
    }
    assert [link.href for link in section.links] == ["extras/steps.pdf"]
    assert "orbifolio redraw" in section.notes[-1]


def test_without_the_program_it_says_so(tmp_path: Path) -> None:
    section = part(painting(tmp_path, {**FIGURES, "mypaint": {"missing": "libmypaint: not found; install it"}}))
    assert section.cards == ()
    assert section.notes[0] == "Not redrawn by MyPaint: libmypaint: not found; install it"


@pytest.mark.parametrize("figures", ["", "[]", "3", '{"strokes": "many"}', "{}", "[" * 50_000, '{"strokes": null}'])
def test_other_figures_make_no_part(tmp_path: Path, figures: str) -> None:
    assert part(painting(tmp_path, figures)) is None


@pytest.mark.parametrize(
    "change", [{"brush": 3}, {"mypaint": []}, {"plotter": 1}, {"neural_db": "x"}, {"mypaint": {"fitted_db": None}}]
)
def test_odd_figures_are_left_out(tmp_path: Path, change: dict[str, Any]) -> None:
    assert part(painting(tmp_path, {**FIGURES, **change})).title == "In MyPaint"


def test_runs_without_strokes_have_none_and_the_page_has_it_else(tmp_path: Path) -> None:
    assert part(write_run(tmp_path / "a")) is None
    folder = painting(tmp_path / "b")
    write_report(folder, gallery=tmp_path / "b")
    text = (folder / "index.html").read_text(encoding="utf-8")
    assert 'id="painted"' in text
    assert "24.3 dB against" in text
