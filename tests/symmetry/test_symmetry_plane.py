"""The plane kind: settings, titles, claims' names, orientations, appearances, advisories."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from pydantic import TypeAdapter, ValidationError

from orbifolio.runner.errors import IllegalSymmetry
from orbifolio.runner.settings import citations, field_help, kind_of
from orbifolio.runner.symmetry import SYMMETRIES, AnySymmetry, colour
from orbifolio.runner.symmetry.groups.groups import GROUPS
from orbifolio.runner.symmetry.groups.legality import elements
from orbifolio.runner.symmetry.groups.motion import in_picture
from orbifolio.runner.symmetry.groups.plane_candidates import _belongs
from orbifolio.runner.symmetry.kinds.none import NoSymmetry
from orbifolio.runner.symmetry.kinds.plane import Plane
from orbifolio.runner.symmetry.verify.summary import summarise


def plane(group: str, **colours: str) -> Plane:
    return Plane.model_validate(
        {"group": group, "colours": {name: value.split(",") for name, value in colours.items()}}
    )


def test_family() -> None:
    field = TypeAdapter(AnySymmetry)
    assert field.validate_python("none") == NoSymmetry()
    chosen = field.validate_python({"kind": "plane", "group": "p6", "colours": {"r6": ["g", "b", "r"]}})
    assert chosen == plane("p6", r6="g,b,r")
    kinds = [kind_of(item) for item in SYMMETRIES]
    assert kinds[:2] == ["none", "plane"]
    assert {"frieze", "rotor", "droste", "partial"} <= set(kinds)
    assert "itc-a" in citations(chosen)
    for kind in SYMMETRIES:
        assert set(kind.model_fields) - set(field_help(kind)) <= {"kind"}


def test_settings_survive_json() -> None:
    chosen = Plane.model_validate({"group": "cm", "cell": 1.5, "colours": {"m": ["-r", "-g", "-b"]}})
    assert Plane.model_validate_json(chosen.model_dump_json()) == chosen


@pytest.mark.parametrize(
    ("group", "text"),
    [
        ("p4m", "'p4m' is another name of p4mm; groups go by their short international symbol; write p4mm"),
        ("p6n", "did you mean p6 or p6mm?"),
        (
            "hexagon",
            "'hexagon' is not a plane group; the 17 are p1, p2, pm, pg, cm, p2mm, p2mg, p2gg, c2mm, p4, "
            "p4mm, p4gm, p3, p3m1, p31m, p6, p6mm; the plain torus is p1",
        ),
    ],
)
def test_unknown_groups(group: str, text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Plane.model_validate({"group": group})
    assert caught.value.errors()[0]["msg"].endswith(text)


def test_legality_is_judged_by_build_not_by_validation() -> None:
    illegal = plane("p2", r2="g,b,r")
    with pytest.raises(IllegalSymmetry) as caught:
        illegal.build()
    assert caught.value.where == "colours.r2"
    assert (
        str(caught.value) == "half a turn twice is the identity, but [g, b, r] twice is [b, r, g]; try [b, g, r] or r3"
    )


@pytest.mark.parametrize(
    ("settings", "title"),
    [
        (plane("p6"), "p6"),
        (plane("p6", r6="g,b,r"), "p6, red to blue to green at each sixth of a turn"),
        (plane("p2", r2="-r,-g,-b"), "p2, colours inverted at each half turn"),
        (plane("pm", m="g,r,b"), "pm, red and green exchanged by the mirror"),
        (plane("p1", t1="r,g,-b"), "p1, blue inverted along t1"),
    ],
)
def test_titles(settings: Plane, title: str) -> None:
    assert settings.build().title == title


def test_claims_have_readable_names() -> None:
    claims = {claim.name: colour.spell(claim.colour) for claim in plane("p6", r6="g,b,r").build().claims()}
    assert claims == {
        "60 degree rotation about (0, 0)": "[g, b, r]",
        "120 degree rotation about (0, 0)": "[b, r, g]",
        "180 degree rotation about (0, 0)": "[r, g, b]",
        "240 degree rotation about (0, 0)": "[g, b, r]",
        "300 degree rotation about (0, 0)": "[b, r, g]",
        "translation by (1/2, 1/2)": "[r, g, b]",
    }
    names = [claim.name for claim in plane("p2mg").build().claims()]
    assert names == [
        "180 degree rotation about (0, 0)",
        "mirror in the line at 90 degrees through (1/4, 0)",
        "glide by (1/2, 0) in the line at 0 degrees through (0, 0)",
    ]


@pytest.mark.parametrize("name", GROUPS)
def test_orientations_are_the_claims_seen_as_turns_and_flips(name: str) -> None:
    symmetry = plane(name).build()
    orientations = [(angle, mirrored) for angle, mirrored, _ in symmetry.appearances()]
    assert orientations[0] == (0.0, False)
    assert len(set(orientations)) == len(orientations) == GROUPS[name].order
    stretch = np.diag([symmetry.ratio or 1.0, 1.0])
    expected = {tuple(np.eye(2).round(6).ravel().tolist())}
    for claim in symmetry.claims():
        linear = stretch @ claim.matrix[:, :2] @ np.linalg.inv(stretch)
        expected.add(tuple((linear.round(6) + 0.0).ravel().tolist()))
    found = set()
    for angle, mirrored in orientations:
        turn = np.radians(angle)
        # y points down, so counter-clockwise as seen has the sine with this sign
        matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        matrix = matrix @ np.diag([-1.0 if mirrored else 1.0, 1.0])
        found.add(tuple((matrix.round(6) + 0.0).ravel().tolist()))
    assert found == expected


def test_appearances_pair_turns_with_their_colours() -> None:
    found = plane("p6", r6="g,b,r").build().appearances()
    assert [(angle, mirrored) for angle, mirrored, _ in found] == [(60.0 * i, False) for i in range(6)]
    cycle = colour.MATRICES[colour.parse("g,b,r")]
    for step, (_, _, matrix) in enumerate(found):
        assert (matrix == np.linalg.matrix_power(cycle, step)).all()
    travelling = plane("p4", r4="g,r,b", t1="-r,-g,-b").build()
    assert len(travelling.appearances()) == 8  # each turn in both tones
    assert len({tuple(matrix.ravel().tolist()) for _, _, matrix in travelling.appearances()}) == 4
    for name in GROUPS:
        angle, mirrored, matrix = plane(name).build().appearances()[0]
        assert (angle, mirrored, matrix.tolist()) == (0.0, False, np.eye(3).tolist())


@pytest.mark.parametrize(
    ("settings", "emblem"),
    [
        (
            plane("p4"),
            "four-fold centres without a colour action tend to read as swastikas; "
            "colours {r4: [g, r, b]} or {r4: [-r, -g, -b]} prevent it",
        ),
        (
            plane("p6"),
            "six-fold centres without a colour action tend to read as hexagrams; "
            "colours {r6: [g, b, r]} or {r6: [g, r, b]} prevent it",
        ),
    ],
)
def test_emblem_advisories(settings: Plane, emblem: str) -> None:
    assert settings.build().advisories() == (emblem,)


@pytest.mark.parametrize("name", GROUPS)
def test_emblem_cures_work(name: str) -> None:
    advisories = plane(name).build().advisories()
    assert bool(advisories) == name.startswith(("p4", "p6"))
    for advisory in advisories:
        for cure in advisory.split("{")[1:]:
            generator, value = cure.split("}")[0].split(": ")
            cured = plane(name, **{generator: value.strip("[]").replace(" ", "")}).build()
            assert not [item for item in cured.advisories() if "tend to read as" in item]


def test_mirrors_that_change_colours_are_told() -> None:
    assert plane("pm", m="-r,-g,-b").build().advisories() == (
        "mirror lines at 90 degrees carry [-r, -g, -b]: all along them mid-grey (0 of 3 colour dimensions "
        "stay free); m: [r, g, b] frees them, or pg has no mirrors",
    )
    assert plane("p4gm", r4="g,r,b").build().advisories() == (
        "mirror lines at 45, 135 degrees carry [g, r, b]: all along them red equals green (2 of 3 colour "
        "dimensions stay free); g: [g, r, b] frees them, or p4 has no mirrors",
    )
    assert plane("p4gm", r4="g,r,b", g="g,r,b").build().advisories() == ()
    assert plane("pg", g="-r,-g,-b").build().advisories() == ()  # a glide restricts nothing


def test_centres_that_a_colour_action_leaves_grey_are_told() -> None:
    (negative,) = plane("p6", r6="-r,-g,-b").build().advisories()
    assert negative.startswith("six-fold and two-fold centres carry [-r, -g, -b]: at the centre mid-grey (0 of 3 ")
    assert plane("p4", r4="g,r,b").build().advisories() == ()  # an exchange leaves two dimensions
    assert plane("p3").build().advisories() == ()


def test_forced_colours_are_noted() -> None:
    assert plane("pg", g="g,b,r").build().notes == (
        "translations change colours: they repeat after 3 primitive cells",
        "the picture holds 3 primitive cells of pg",
        "these colours also need t2: [b, r, g]",
    )


def test_summary_before_there_is_a_picture() -> None:
    summary = summarise(plane("p6", r6="g,b,r").build(), "plane", None)
    assert summary == {
        "kind": "plane",
        "group": "p6",
        "title": "p6, red to blue to green at each sixth of a turn",
        "cells": 2,
        "colour_count": None,
        "notes": ["the picture holds 2 primitive cells of p6"],
        "advisories": [
            "six-fold and three-fold centres carry [g, b, r]: at the centre red equals green and red equals blue (1 of "
            "3 colour dimensions stay free), which looks dull beside the rest; a style with dark or light details "
            "hides it, and an exchange of two channels leaves more"
        ],
        "claims": [],
        "worst": None,
        "grain": 0.0,
        "unmeasured": [],
        "near": [],
        "visibility": None,
        "emblems": None,
        "elements": None,
        "unclaimed": [],
        "closest_unclaimed": None,
        "remark": "",
    }
    assert summarise(NoSymmetry().build(), "none", None)["claims"] == []


def test_scipy_is_not_loaded_by_the_family() -> None:
    program = "import sys, orbifolio.runner.symmetry; sys.exit('scipy.ndimage' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize(
    ("group", "step", "count"), [("p6mm", 60, 12), ("p4mm", 90, 8), ("p3m1", 120, 6), ("p31m", 120, 6)]
)
def test_turns_and_flips_of_a_picture_are_the_point_groups(group: str, step: int, count: int) -> None:
    ways = {(angle, mirrored) for angle, mirrored, _ in plane(group).build().appearances()}
    assert len(ways) == count
    for flipped in (False, True):
        angles = sorted(angle for angle, mirrored in ways if mirrored == flipped)
        assert len(angles) == count // 2
        assert all(0 <= angle < 360 for angle in angles)
        assert {round(second - first, 6) for first, second in zip(angles, angles[1:], strict=False)} == {step}


def test_a_motion_belongs_to_a_group_by_its_place_too() -> None:
    symmetry = plane("p3").build()
    group, frame = GROUPS["p3"], symmetry.frame
    for isometry, _ in elements(group, symmetry.assignment):
        motion = in_picture(isometry, frame)
        assert _belongs(motion, group, frame)
        for shift in ((0.1, 0.0), (0.0, 0.25), (0.2, 0.3)):
            assert not _belongs(motion + np.column_stack([np.zeros((2, 2)), shift]), group, frame)
        moved = np.linalg.solve(np.array(frame.edges, dtype=np.float64).T * [1.0, -1.0], [1.0, 0.0])
        assert _belongs(motion + np.column_stack([np.zeros((2, 2)), moved]), group, frame)
