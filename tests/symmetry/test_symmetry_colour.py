"""The 48 colour elements are the signed permutation matrices, spelt and multiplied as documented."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from orbifolio.runner.symmetry import colour

elements = st.integers(0, 47)


@pytest.mark.parametrize(
    ("numbers", "letters"),
    [([2, 3, 1], "g,b,r"), ("(2,3,1)", "g,b,r"), ("[-1, -2, -3]", "-r,-g,-b"), ((1, "b", -2), "r,b,-g")],
)
def test_channels_may_be_numbered(numbers, letters) -> None:
    assert colour.parse(numbers) == colour.parse(letters)


def test_orders_of_the_48() -> None:
    assert Counter(colour.ORDER) == {1: 1, 2: 19, 3: 8, 4: 12, 6: 8}


@settings(deadline=None)
@given(elements, elements)
def test_product_is_that_of_the_matrices(left: int, right: int) -> None:
    product = colour.MATRICES[colour.compose(left, right)]
    assert (product == colour.MATRICES[left] @ colour.MATRICES[right]).all()


@settings(deadline=None)
@given(elements)
def test_inverse_is_the_transpose(element: int) -> None:
    assert (colour.MATRICES[colour.INVERSE[element]] == colour.MATRICES[element].T).all()
    assert colour.power(element, -1) == colour.INVERSE[element]


@settings(deadline=None)
@given(elements)
def test_spelling_says_what_the_matrix_does(element: int) -> None:
    old = {"r": 0.1, "g": 0.2, "b": 0.4, "-r": -0.1, "-g": -0.2, "-b": -0.4}
    new = colour.MATRICES[element] @ [0.1, 0.2, 0.4]
    assert new.tolist() == [old[entry] for entry in colour.as_list(element)]
    assert colour.parse(colour.spell(element)) == colour.parse(colour.as_list(element)) == element


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (
            ["g", "b", "x"],
            "[g, b, x]: 'x' is not a channel; a colour is r, g and b in some order, each with or "
            "without a minus; did you mean [g, b, r]?",
        ),
        (
            ["r", "r", "g"],
            "[r, r, g]: 'b' is missing; a colour is r, g and b in some order, each with or "
            "without a minus; did you mean [r, b, g]?",
        ),
        (
            ["red", "-green", "b"],
            "[red, -green, b]: 'red' is not a channel; a colour is r, g and b in some order, "
            "each with or without a minus; did you mean [r, -g, b]?",
        ),
        (
            ["g", "b"],
            "[g, b]: 2 entries where there are 3 channels; a colour is r, g and b in some order, each "
            "with or without a minus; did you mean [g, b, r]?",
        ),
        (
            [],
            "[]: 0 entries where there are 3 channels; a colour is r, g and b in some order, each with or "
            "without a minus; did you mean [r, g, b]?",
        ),
    ],
)
def test_mistakes_are_explained(value: list[str], text: str) -> None:
    with pytest.raises(ValueError, match=r"^\[") as caught:
        colour.parse(value)
    assert str(caught.value) == text


@settings(deadline=None)
@given(st.one_of(st.text(max_size=30), st.lists(st.one_of(st.none(), st.integers(), st.text(max_size=5)))))
def test_parse_never_fails_otherwise(value: object) -> None:
    try:
        element = colour.parse(value)  # type: ignore[arg-type]
    except ValueError:
        return
    assert 0 <= element < 48


@settings(deadline=None)
@given(st.lists(elements, max_size=3))
def test_projector_is_the_fixed_space(generators: list[int]) -> None:
    projector = colour.projector(generators)
    np.testing.assert_allclose(projector @ projector, projector, atol=1e-12)
    np.testing.assert_allclose(projector, projector.T, atol=1e-12)
    # independent: the fixed space is the common kernel of all C - 1
    stacked = np.vstack([np.zeros((1, 3)), *(colour.MATRICES[item] - np.eye(3) for item in generators)])
    assert colour.fixed_dimension(generators) == 3 - np.linalg.matrix_rank(stacked)
    np.testing.assert_allclose(stacked @ projector, 0, atol=1e-12)


def test_generated_subgroup() -> None:
    cycle, swap = colour.parse("g,b,r"), colour.parse("g,r,b")
    assert len(colour.generate([cycle])) == 3
    assert len(colour.generate([cycle, swap])) == 6
    assert colour.generate([cycle, swap])[0] == colour.IDENTITY
    assert len(colour.generate([cycle, swap, colour.parse("-r,g,b")])) == 48


def test_words() -> None:
    assert colour.describe(colour.parse("g,b,r")) == "red to blue to green"
    pure_red = colour.MATRICES[colour.parse("g,b,r")] @ [1, 0, 0]
    assert pure_red.tolist() == [0, 0, 1]  # the words are true: red becomes blue
    assert colour.describe(colour.parse("-r,-g,-b")) == "colours inverted"
    assert colour.describe_fixed(colour.parse("g,r,b")) == "red equals green"
    assert colour.describe_fixed(colour.parse("-r,-g,-b")) == "mid-grey"
    assert colour.describe_fixed(colour.parse("-g,-r,b")) == "red is the inverse of green"
    assert colour.describe_fixed(colour.parse("r,g,-b")) == "blue is one half"


def test_field_type() -> None:
    field = TypeAdapter(colour.Colour)
    assert field.validate_python(["-r", "-g", "-b"]) == ("-r", "-g", "-b")
    assert field.validate_json('["g", "b", "r"]') == ("g", "b", "r")
    with pytest.raises(ValidationError, match="is not a colour; write three channels"):
        field.validate_python(3)
