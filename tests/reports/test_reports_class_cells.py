"""Classes in strokes: a table for each class that was compared, and whatever the record holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from synthetic_run import BEGAN, write_run

from orbifolio.reports.data.log import read_run
from orbifolio.reports.links import Place
from orbifolio.reports.parts.painting.class_cells import class_cells_part

NAMES = ("made.png", "few.png", "many.png")
CLASS = {
    "class": "starfish",
    "judge": "efficientnet-lite2",
    "made": {"picture": "made.png", "probability": 0.99},
    "brushes": [
        {
            "brush": "oil",
            "cells": [{"picture": "few.png", "probability": 0.005}, {"picture": "many.png", "probability": 0.876}],
        }
    ],
}
RECORD = {"strokes": [60, 1000], "classes": [CLASS]}


def part(gallery: Path, record: Any, pictures: tuple[str, ...] = NAMES) -> Any:
    folder = write_run(gallery, extras=[{"path": "extras/classes.json", "title": "Classes", "kind": "data"}])
    (folder / "extras" / "classes.json").write_text(record if isinstance(record, str) else json.dumps(record))
    for number, name in enumerate(pictures):
        Image.new("RGB", (64, 64), (60 * number, 90, 40)).save(folder / "extras" / name)
    return class_cells_part(read_run(folder, now=BEGAN + 1000), Place(folder))


def test_each_painting_stands_under_its_number_of_strokes_with_what_the_judge_says(tmp_path: Path) -> None:
    section = part(tmp_path, RECORD)
    assert section.columns == ("60 strokes", "1,000 strokes")
    (table,) = section.tables
    (row,) = table.rows
    assert (table.name, row.brush) == ("Starfish", "Oil")
    assert [(Path(cell.picture.full).name, cell.probability) for cell in row.cells] == [
        ("few.png", "0.01"),
        ("many.png", "0.88"),
    ]
    assert row.cells[1].picture.alt == "starfish, oil, 1,000 strokes"
    assert table.made.probability == "0.99"
    assert "efficientnet-lite2" in section.notes[0]


def test_a_missing_picture_leaves_its_place_empty(tmp_path: Path) -> None:
    (table,) = part(tmp_path, RECORD, ("many.png",)).tables
    assert table.made is None
    assert [cell is None for cell in table.rows[0].cells] == [True, False]


@pytest.mark.parametrize(
    "record",
    [
        "",
        "[]",
        "{}",
        {**RECORD, "classes": [3]},
        {**RECORD, "strokes": [60]},
        {**RECORD, "classes": [{**CLASS, "class": ""}]},
    ],
)
def test_other_records_make_no_part(tmp_path: Path, record: Any) -> None:
    assert part(tmp_path, record) is None


def test_pictures_outside_of_the_run_are_not_shown(tmp_path: Path) -> None:
    Image.new("RGB", (64, 64)).save(tmp_path / "secret.png")
    outside = {**CLASS, "made": {"picture": "../../../../secret.png", "probability": 1.0}}
    (table,) = part(tmp_path, {**RECORD, "classes": [outside]}).tables
    assert table.made is None
