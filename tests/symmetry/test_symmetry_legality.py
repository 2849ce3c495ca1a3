"""Colour actions are homomorphisms: counted, judged twice independently, and refused with a reason."""

from __future__ import annotations

import numpy as np
import pytest

from orbifolio.runner.errors import IllegalSymmetry
from orbifolio.runner.symmetry import colour
from orbifolio.runner.symmetry.groups import legality
from orbifolio.runner.symmetry.groups.groups import GROUPS, coset_words, relations, suggest_group
from orbifolio.runner.symmetry.groups.isometry import Isometry

# nontrivial homomorphisms to the 48 elements: neutral translations / colour-changing ones, |P|
COUNTS = {
    "p1": (0, 479, 1),
    "p2": (19, 3756, 2),
    "pm": (19, 2668, 2),
    "pg": (19, 460, 2),
    "cm": (19, 556, 2),
    "p2mm": (207, 19248, 4),
    "p2mg": (207, 2800, 4),
    "p2gg": (207, 432, 4),
    "c2mm": (207, 3184, 4),
    "p4": (31, 416, 4),
    "p4mm": (303, 2704, 8),
    "p4gm": (303, 144, 8),
    "p3": (8, 48, 3),
    "p3m1": (67, 192, 6),
    "p31m": (67, 64, 6),
    "p6": (35, 96, 6),
    "p6mm": (303, 192, 12),
}


def parsed(**colours: str) -> dict[str, int]:
    return {name: colour.parse(value) for name, value in colours.items()}


@pytest.mark.parametrize("name", GROUPS)
def test_number_of_colour_actions(name: str) -> None:
    group = GROUPS[name]
    table = legality.homomorphisms(group)
    names = list(group.generators)
    neutral = ((table[:, names.index("t1")] == 0) & (table[:, names.index("t2")] == 0)).sum()
    assert (neutral - 1, len(table) - neutral, group.order) == COUNTS[name]
    assert len(np.unique(table, axis=0)) == len(table)


@pytest.mark.parametrize("name", GROUPS)
def test_search_and_relations_agree(name: str) -> None:
    group, generator = GROUPS[name], np.random.default_rng(5)
    names, table = list(group.generators), legality.homomorphisms(GROUPS[name])
    legal = {tuple(row) for row in table.tolist()}
    for row in table[generator.choice(len(table), 12)].tolist():
        assert legality.search(group, dict(zip(names, row, strict=True))) == ""
        spoilt = list(row)
        spoilt[generator.integers(len(names))] = int(generator.integers(48))
        witness = legality.search(group, dict(zip(names, spoilt, strict=True)))
        assert (witness == "") == (tuple(spoilt) in legal)


def test_a_witness_is_a_relation_of_the_group() -> None:
    group = GROUPS["p4mm"]
    colours = {**parsed(r4="g,r,b", m="b,g,r"), "t1": 0, "t2": 0}
    sides = legality.search(group, colours).split(" = ")
    isometries, elements = [], []
    for side in sides:
        word = tuple((name, 1) for name in side.split() if name != "1")
        isometries.append(group.isometry(word))
        elements.append(legality.evaluate(word, colours))
    assert isometries[0].matrix == isometries[1].matrix
    assert elements[0] != elements[1]


@pytest.mark.parametrize("name", GROUPS)
def test_relations_hold_in_the_plane(name: str) -> None:
    group = GROUPS[name]
    for relation in relations(group):
        assert group.isometry(relation.left) == group.isometry(relation.right)
    for matrix, word in coset_words(group).items():
        assert group.isometry(word).matrix == matrix


@pytest.mark.parametrize("name", GROUPS)
def test_elements_are_a_homomorphism(name: str) -> None:
    group, generator = GROUPS[name], np.random.default_rng(3)
    table = legality.homomorphisms(group)
    row = table[generator.integers(len(table))].tolist()
    colours = dict(zip(group.generators, row, strict=True))
    period = legality.neutral_period(colours)
    assert period.index in (1, 2, 3, 4, 6, 8)
    known = {isometry.reduced(period): element for isometry, element in legality.elements(group, colours)}
    assert len(known) == group.order * period.index
    pairs = list(known.items())
    for _ in range(60):
        (g, cg), (h, ch) = (pairs[item] for item in generator.integers(len(pairs), size=2))
        assert known[(g @ h).reduced(period)] == colour.compose(cg, ch)


ERRORS = [
    (
        "p2",
        {"r2": "g,b,r"},
        "colours.r2",
        "r2 r2 = 1",
        "half a turn twice is the identity, but [g, b, r] twice is [b, r, g]; try [b, g, r] or r3",
    ),
    (
        "p4mm",
        {"r4": "g,b,r"},
        "colours.r4",
        "r4 r4 r4 r4 = 1",
        "a quarter turn four times is the identity, but [g, b, r] four times is [g, b, r]; try [b, g, r] or r3",
    ),
    (
        "p4mm",
        {"r4": "g,r,b", "m": "g,b,r"},
        "colours.m",
        "m m = 1",
        "a mirror twice is the identity, but [g, b, r] twice is [b, r, g]; try [g, r, b] or r3",
    ),
    (
        "p4mm",
        {"r4": "g,r,b", "m": "b,g,r"},
        "colours.m",
        "r4 m r4 m = 1",
        "r4 m r4 m is the identity, but r4: [g, r, b] and m: [b, g, r] make it [b, r, g]; try [r, g, -b]",
    ),
    (
        "p3",
        {"r3": "g,r,b"},
        "colours.r3",
        "r3 r3 r3 = 1",
        "a third of a turn three times is the identity, but [g, r, b] three times is [g, r, b]; try [b, r, g] or r2",
    ),
    (
        "pg",
        {"g": "g,b,r", "t2": "r,g,b"},
        "colours.t2",
        "g g = t2",
        "a glide twice is the translation t2, but [g, b, r] twice is [b, r, g] and t2 has [r, g, b]; try [b, r, g]",
    ),
    (
        "p1",
        {"t1": "g,r,b", "t2": "b,g,r"},
        "colours.t2",
        "t1 t2 t1^-1 t2^-1 = 1",
        "t1 and t2 give the same in either order, but t1: [g, r, b] and t2: [b, g, r] do not; try [r, g, -b]",
    ),
    (
        "p6",
        {"r2": "g,r,b"},
        "colours.r2",
        "",
        "half a turn is r6 three times in p6, so r6 decides its colours; the generators of p6 are r6, t1, t2; "
        "write r6: [g, r, b]",
    ),
    (
        "p6",
        {"r3": "g,b,r"},
        "colours.r3",
        "",
        "a third of a turn is r6 twice in p6, so r6 decides its colours; the generators of p6 are r6, t1, t2; "
        "write r6: [b, r, g]",
    ),
    (
        "p3",
        {"r6": "g,b,r"},
        "colours.r6",
        "",
        "p3 has no sixth of a turn; the generators of p3 are r3, t1, t2; p6, p6mm have r6",
    ),
    (
        "p2gg",
        {"m": "g,r,b"},
        "colours.m",
        "",
        "a glide generates the reflections of p2gg, not a mirror; the generators of p2gg are r2, g, t1, t2; "
        "name g instead",
    ),
    (
        "p4",
        {"R4": "g,r,b"},
        "colours.R4",
        "",
        "'R4' is not a generator; the generators of p4 are r4, t1, t2; did you mean r4?",
    ),
]


@pytest.mark.parametrize(("name", "colours", "where", "witness", "text"), ERRORS)
def test_error_texts(name: str, colours: dict[str, str], where: str, witness: str, text: str) -> None:
    with pytest.raises(IllegalSymmetry) as caught:
        legality.complete(GROUPS[name], parsed(**colours))
    error = caught.value
    assert (str(error), error.where, error.witness) == (text, where, witness)


def test_single_suggestions_are_legal() -> None:
    generator, tried = np.random.default_rng(11), 0
    for group in GROUPS.values():
        for _ in range(8):
            given = {name: int(generator.integers(48)) for name in group.point}
            try:
                legality.complete(group, given)
            except IllegalSymmetry as error:
                blamed = error.where.removeprefix("colours.")
                for suggestion in error.suggestions:
                    mended = dict(given)
                    if suggestion.startswith("["):
                        mended[blamed] = colour.parse(suggestion)
                    else:
                        for part in suggestion.split(" with "):
                            name, value = part.split(": ")
                            mended[name] = colour.parse(value)
                    legality.complete(group, mended)  # raises if the advice is wrong
                    tried += 1
    assert tried > 100


def test_completion_prefers_neutral_generators() -> None:
    assert legality.complete(GROUPS["p6"], parsed(r6="g,b,r")) == {**parsed(r6="g,b,r"), "t1": 0, "t2": 0}
    glide = legality.complete(GROUPS["pg"], parsed(g="g,b,r"))
    assert glide == {**parsed(g="g,b,r", t2="b,r,g"), "t1": 0}  # t2 is the glide twice
    travelling = legality.complete(GROUPS["p4"], parsed(t1="g,r,b"))
    assert travelling["t2"] == travelling["t1"]  # a quarter turn carries t1 to t2


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("p4m", "p4mm"),
        ("cmm", "c2mm"),
        ("*632", "p6mm"),
        ("P6M", "p6mm"),
        ("22x", "p2gg"),
        ("pmg", "p2mg"),
    ],
)
def test_other_names_of_groups(text: str, name: str) -> None:
    assert suggest_group(text).endswith(
        f"is another name of {name}; groups go by their short international symbol; write {name}"
    )


def test_isometries_form_a_group() -> None:
    steps = [item for group in GROUPS.values() for item in group.generators.values()]
    for left in steps:
        assert left @ left.inverse() == Isometry() == left.inverse() @ left
        for right in steps[::3]:
            assert (left @ right).inverse() == right.inverse() @ left.inverse()
