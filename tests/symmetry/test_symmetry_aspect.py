"""Aspects are exact, the aspect rule decides which a lattice can have, and sizes are fitted to it."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orbifolio.runner.errors import IllegalSymmetry
from orbifolio.runner.symmetry.aspect import exact_root, parse_ratio, spell_ratio
from orbifolio.runner.symmetry.groups.groups import GROUPS
from orbifolio.runner.symmetry.kinds.none import NoSymmetry
from orbifolio.runner.symmetry.kinds.plane import Plane, PlaneSymmetry

RULE = "an aspect is width:height, like 3:2, 1:sqrt(3) or 1.5"


def build(group: str, ratio: str | None = None, **settings: object) -> PlaneSymmetry:
    symmetry = Plane.model_validate({"group": group, **settings})
    return symmetry.build(parse_ratio(ratio) if ratio else None)


@pytest.mark.parametrize(
    ("text", "square"),
    [
        ("3:2", (9, 4)),
        ("16:9", (256, 81)),
        ("1.5", (9, 4)),
        (1.5, (9, 4)),
        (2, (4, 1)),
        ("1:sqrt(3)", (1, 3)),
        ("sqrt(3):2", (3, 4)),
        ("2*sqrt(3):5", (12, 25)),
        ("2sqrt(3) : 5", (12, 25)),
        ("√2:1", (2, 1)),
        ("1 : 1.25", (16, 25)),
        ("SQRT(2)", (2, 1)),
        ("3/2", (9, 4)),
    ],
)
def test_ratios_are_exact(text: str | float, square: tuple[int, int]) -> None:
    ratio = parse_ratio(text)
    assert ratio.square == square
    assert math.isclose(ratio.value, math.sqrt(square[0] / square[1]))
    assert parse_ratio(ratio) is ratio


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("3:2:1", f"'3:2:1' is not an aspect; {RULE}; write two sides with one colon"),
        ("1:", f"'1:' is not an aspect; {RULE}; write two sides with one colon"),
        ("", f"'' is not an aspect; {RULE}; write two sides with one colon"),
        ("0:1", f"'0:1' has a side of zero; {RULE}; write two positive lengths"),
        (
            "wide",
            f"'wide' is not an aspect: 'wide' is not a length; {RULE}; a length is a number, sqrt(number) or "
            "number*sqrt(number)",
        ),
        (
            "-1:2",
            f"'-1:2' is not an aspect: '-1' is not a length; {RULE}; a length is a number, sqrt(number) or "
            "number*sqrt(number)",
        ),
        ("100:1", "'100:1' is too long a picture; one side is at most 16 times the other; use 16:1 or less"),
        (True, f"'True' is not an aspect; {RULE}"),
    ],
)
def test_other_texts_are_refused(text: str | bool, error: str) -> None:
    with pytest.raises(ValueError, match="aspect|side|long") as caught:
        parse_ratio(text)
    assert str(caught.value) == error


@settings(deadline=None)
@given(st.one_of(st.text(max_size=30), st.from_regex(r"[0-9.:sqrt()* ]{1,12}"), st.floats(), st.integers()))
def test_parse_never_fails_otherwise(value: str | float) -> None:
    try:
        ratio = parse_ratio(value)
    except ValueError:
        return
    assert 1 / 16 <= ratio.value <= 16


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(1, 60), st.sampled_from([Fraction(1), Fraction(3), Fraction(1, 3)]))
def test_spelling_comes_back(top: int, bottom: int, square: Fraction) -> None:
    rational = square == 1
    square *= Fraction(top, bottom) ** 2
    assert (exact_root(square) is not None) == rational
    if Fraction(1, 256) <= square <= 256:
        assert Fraction(*parse_ratio(spell_ratio(square)).square) == square
    root = exact_root(square)
    assert root is None or root**2 == square


@pytest.mark.parametrize(
    ("group", "ratio", "cells", "own"),
    [
        ("p4", None, 1, 1.0),
        ("p4", "3:2", 6, 1.5),
        ("p4mm", "1:2", 2, 0.5),
        ("p4gm", "1.25", 20, 1.25),
        ("p6", None, 2, 1 / math.sqrt(3)),
        ("p6", "1:sqrt(3)", 2, 1 / math.sqrt(3)),
        ("p6", "sqrt(3):1", 2, math.sqrt(3)),
        ("p31m", "sqrt(3):2", 4, math.sqrt(3) / 2),
        ("p3", "2:sqrt(3)", 4, 2 / math.sqrt(3)),
        ("p1", "16:9", 1, None),
        ("p2gg", "1:sqrt(2)", 1, None),
        ("c2mm", "3:7", 2, None),
        ("pm", None, 1, None),
    ],
)
def test_what_a_ratio_holds(group: str, ratio: str | None, cells: int, own: float | None) -> None:
    symmetry = build(group, ratio)
    assert symmetry.cells == cells
    assert symmetry.ratio == (own if own is None else pytest.approx(own))
    if ratio and cells > 1:
        assert f"{ratio} holds {cells} primitive cells of {group}" in symmetry.notes


ELSE = ", else its turned copies would leave no room for a picture"


@pytest.mark.parametrize(
    ("group", "ratio", "text"),
    [
        (
            "p6",
            "1:1",
            "1:1 for p6; a hexagonal lattice fills only rectangles of p:q times sqrt(3)"
            + ELSE
            + "; try 2:sqrt(3) or sqrt(3):2; nearest of all is 7:4*sqrt(3)",
        ),
        (
            "p3m1",
            "1:1.732",
            "1:1.732 for p3m1; a hexagonal lattice fills only rectangles of p:q times sqrt(3)"
            + ELSE
            + "; try 1:sqrt(3)",
        ),
        (
            "p4",
            "1:sqrt(3)",
            "1:sqrt(3) for p4; a square lattice fills only rectangles of p:q"
            + ELSE
            + "; try 1:2 or 2:3; nearest of all is 4:7",
        ),
        (
            "p4",
            "16:9",
            "16:9 for p4; a square lattice fills only rectangles of p:q with p and q at most 8; "
            "try 2:1 or 3:2; nearest of all is 7:4",
        ),
    ],
)
def test_impossible_ratios_are_refused(group: str, ratio: str, text: str) -> None:
    with pytest.raises(IllegalSymmetry) as caught:
        build(group, ratio)
    assert str(caught.value) == text
    assert caught.value.where == "aspect"
    for suggestion in caught.value.suggestions:
        build(group, suggestion)


@pytest.mark.parametrize(
    ("settings", "where", "text"),
    [
        (
            {"group": "p4", "angle": 80},
            "angle",
            "angle 80 for p4; a square lattice always has 90 degrees; leave angle out",
        ),
        (
            {"group": "p6", "cell": "1:2"},
            "cell",
            "cell 1:2 for p6; the cell of a hexagonal lattice has no freedom; leave cell out",
        ),
        (
            {"group": "cm", "cell": "1:1", "angle": 80},
            "cell",
            "angle 80 and cell 1:1 for cm; in a rhombic lattice each decides the other; keep one: cell 1:1 is angle 90",
        ),
        (
            {"group": "p2", "angle": 89.5},
            "angle",
            "angle 89.5 with e1:e2 1 for p2; a sheared lattice must close on the picture within 12 cells; "
            "nearest are 90 degrees and angle 89.5 with e1:e2 0.1047; try 90",
        ),
    ],
)
def test_freedom_that_a_lattice_does_not_have(settings: dict[str, object], where: str, text: str) -> None:
    with pytest.raises(IllegalSymmetry) as caught:
        Plane.model_validate(settings).build()
    assert (str(caught.value), caught.value.where) == (text, where)


@settings(deadline=None)
@given(st.sampled_from(["p1", "p2"]), st.floats(20, 160), st.sampled_from([None, "1:1", "3:2"]))
def test_oblique_lattices_have_nearly_the_angle(group: str, angle: float, ratio: str | None) -> None:
    try:
        symmetry = build(group, ratio, angle=angle)
    except IllegalSymmetry:
        return
    frame = symmetry.frame
    value = symmetry.ratio or 1.0
    edges = np.array(frame.edges, dtype=float).T
    first, second = (np.diag([value, 1.0]) @ np.linalg.inv(edges)).T  # e1, e2 in a picture of height 1
    if symmetry.frame.up[0]:
        found = math.degrees(math.acos(first @ second / np.linalg.norm(first) / np.linalg.norm(second)))
        assert found == pytest.approx(angle, abs=1e-6 if ratio is None else 3.01)


@settings(deadline=None)
@given(
    st.sampled_from(list(GROUPS)),
    st.integers(16, 1500),
    st.sampled_from([1, 4, 8, 16, 32]),
    st.floats(0.3, 3),
    st.sampled_from([None, "1:2", "sqrt(3):2"]),
)
def test_fitted_sizes(group: str, width: int, multiple: int, wish: float, ratio: str | None) -> None:
    try:
        symmetry = build(group, ratio)
    except IllegalSymmetry:
        return
    fitted = symmetry.fit(width, multiple=multiple, ratio=wish)
    units = symmetry.frame.units()
    for side, unit in zip(fitted, units, strict=True):
        assert side > 0
        assert side % multiple == 0
        assert side % unit == 0
    step = math.lcm(units[0], multiple) * (symmetry.frame.columns if symmetry.frame.square else 1)
    assert abs(fitted[0] - width) <= max(step, 0.05 * width)
    wanted = symmetry.ratio or wish
    tall = math.lcm(units[1], multiple)
    if symmetry.frame.square:
        assert fitted[0] * symmetry.frame.rows == fitted[1] * symmetry.frame.columns
    else:
        assert abs(fitted[1] - fitted[0] / wanted) <= max(tall / 2, tall - fitted[0] / wanted) + 1e-6
    if width <= 200 and max(fitted) <= 400:
        symmetry.layout(*fitted)


def test_fit_prefers_little_distortion() -> None:
    p6 = build("p6")
    assert p6.fit(384, multiple=8, ratio=1.0) == (384, 664)
    assert p6.fit(440, multiple=8, ratio=1.0) == (448, 776)  # 448 * sqrt(3) = 775.96
    assert build("p4", "3:2").fit(384, multiple=16, ratio=1.0) == (384, 256)
    assert build("pm").fit(384, multiple=16, ratio=1.5) == (384, 256)
    assert NoSymmetry().build(parse_ratio("3:2")).fit(384, multiple=16, ratio=1.0) == (384, 256)
    with pytest.raises(ValueError, match="all must be positive"):
        p6.fit(0, multiple=8, ratio=1.0)
