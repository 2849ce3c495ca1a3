"""The symmetry on a run's page: what is kept, near, too small to be judged, and seen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from page_reading import read_page

from orbifolio.reports.write import write_report

MakeRun = Callable[..., Path]


def claim(name: str, residual: float) -> dict[str, Any]:
    return {"name": name, "colour": "[r, g, b]", "residual": residual, "second": 0.8}


def section(make_run: MakeRun, **record: Any) -> tuple[list[str], str]:
    """The verdicts of the symmetry's section, the first of all of it; and its whole text."""
    measured = {"kind": "plane", "group": "p6", "title": "p6", "claims": [], "unclaimed": [], "worst": None, **record}
    folder = make_run(symmetry=measured)
    write_report(folder, gallery=folder.parent.parent)
    (found,) = read_page(folder / "index.html").xpath("//section[@id='symmetry']")
    verdicts = [
        f"{item.get('class').split()[-1]}: {' '.join(item.text_content().split())}"
        for item in found.xpath(".//span[starts-with(@class, 'verdict')]")
    ]
    return verdicts, " ".join(found.text_content().split())


def test_kept_and_broken_claims(make_run: MakeRun) -> None:
    verdicts, _ = section(make_run, claims=[claim("a", 0.01), claim("b", 0.3)], worst=0.3, grain=0.1)
    assert verdicts == ["bad: 1 of 2 claims kept; the largest residual is 0.3.", "good: kept", "bad: not exact"]


def test_a_picture_too_small_to_be_judged_is_not_called_broken(make_run: MakeRun) -> None:
    verdicts, text = section(
        make_run, claims=[claim("a", 0.01), claim("b", 0.09)], worst=0.09, grain=0.12, unmeasured=["c"]
    )
    assert verdicts[0].startswith("good: 1 of 3 claims kept; the largest residual is 0.09. 2 claims cannot be judged: ")
    assert verdicts[1:] == ["good: kept", "calm: too small to be judged", "calm: not shown enough"]
    assert "the picture is too small, or shows too little, to tell" in text


def test_what_is_nearly_symmetric_is_what_was_wanted(make_run: MakeRun) -> None:
    verdicts, text = section(make_run, near=[claim("turned by 60 degrees", 0.2)])
    assert verdicts == ["good: Nearly symmetric, as wanted (turned by 60 degrees: 0.2).", "good: near, as wanted"]
    assert "should not have" not in text


def test_what_is_hardly_near_is_told(make_run: MakeRun) -> None:
    verdicts, _ = section(make_run, near=[claim("turned by 60 degrees", 0.9)])
    assert verdicts[0] == "caution: Hardly seen as wanted (turned by 60 degrees: 0.9)."


@pytest.mark.parametrize(
    ("visibility", "words"),
    [(0.31, "seen at a glance"), (0.08, "seen on a closer look"), (0.01, "reads as a carpet")],
)
def test_visibility_is_told_in_words(make_run: MakeRun, visibility: float, words: str) -> None:
    _, text = section(make_run, claims=[claim("a", 0.01)], worst=0.01, visibility=visibility)
    assert f"{visibility:g}, {words}" in text
    assert ("larger motifs show the symmetry" in text) == (visibility < 0.05)


def test_runs_of_before_have_no_visibility(make_run: MakeRun) -> None:
    _, text = section(make_run, claims=[claim("a", 0.01)], worst=0.01)
    assert "Visibility" not in text


def test_a_centre_that_looks_like_an_emblem_is_told_calmly(make_run: MakeRun) -> None:
    record = {"name": "hooked cross (swastika)", "fold": 4, "hand": "left", "place": [0.5, 0.25], "size": 0.5}
    _, text = section(make_run, emblems=[{**record, "score": 0.861}, {"name": 3}, "torn"])
    assert (
        "Around (50 %, 25 %) from the top left, a centre of 4-fold turns, the picture looks somewhat like a hooked "
        "cross (swastika) with hooks counter-clockwise, about 16 pixels wide (likeness 0.86 of 1). If that is not "
        "wanted: another seed, another colour action for its turn, or a group with mirrors changes it."
    ) in text
    assert text.count("looks somewhat like") == 1


@pytest.mark.parametrize(("emblems", "told"), [([], True), (None, False)])
def test_that_no_emblem_was_found_is_told_where_one_was_sought(
    make_run: MakeRun, emblems: list[object] | None, told: bool
) -> None:
    _, text = section(make_run, emblems=emblems)
    assert ("none found at the centres of turns" in text) == told
