"""The sheet of candidates: there only where a class picture was made, and whatever its record holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from synthetic_run import BEGAN, write_run

from orbifolio.reports.data.log import read_run
from orbifolio.reports.links import Place
from orbifolio.reports.parts.painting.candidates import candidates_part

EXTRAS = [
    {"path": "extras/candidates.json", "title": "What the judge says", "kind": "data"},
    {"path": "extras/candidates.png", "title": "All candidates", "kind": "picture"},
]
RECORD = {
    "class": "starfish",
    "judge": "efficientnet-lite2",
    "candidates": [0.1, 0.9],
    "painted": 2,
    "picked": False,
    "probability": 0.876,
}


def part(gallery: Path, record: Any = RECORD) -> Any:
    folder = write_run(gallery, extras=EXTRAS)
    (folder / "extras" / "candidates.json").write_text(record if isinstance(record, str) else json.dumps(record))
    Image.new("RGB", (64, 64), (200, 90, 40)).save(folder / "extras" / "candidates.png")
    return candidates_part(read_run(folder, now=BEGAN + 1000), Place(folder))


def test_the_sheet_stands_with_what_the_judge_says_of_the_painting(tmp_path: Path) -> None:
    section = part(tmp_path)
    assert {fact.name: fact.value for fact in section.facts} == {
        "Class": "starfish",
        "Painted": "2 of 2, the best",
        "Probability of the painting": "0.88",
    }
    assert "efficientnet-lite2" in section.notes[0]
    assert "renderer.pick=N" in section.notes[1]


def test_a_choice_by_a_person_is_told(tmp_path: Path) -> None:
    (fact,) = [fact for fact in part(tmp_path, {**RECORD, "picked": True}).facts if fact.name == "Painted"]
    assert fact.value == "2 of 2, chosen by a person"


@pytest.mark.parametrize("record", ["", "[]", "3", "{}", "[" * 50_000, json.dumps({**RECORD, "painted": "x"})])
def test_other_records_make_no_part(tmp_path: Path, record: str) -> None:
    assert part(tmp_path, record) is None


def test_other_runs_have_no_part(tmp_path: Path) -> None:
    folder = write_run(tmp_path)
    assert candidates_part(read_run(folder, now=BEGAN + 1000), Place(folder)) is None
