"""Plain scalars by YAML 1.2's core schema, none of YAML 1.1's surprises."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orbifolio.runner.recipe.scalars import ScalarFault, resolve, shown


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("1E5", 1e5),
        (".5", 0.5),
        ("1.", 1.0),
        ("-2.5e+3", -2500.0),
        ("12", 12),
        ("+7", 7),
        ("-0", 0),
        ("010", 10),
        ("0o17", 15),
        ("0xFf", 255),
        ("18446744073709551615", 2**64 - 1),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("Off", "Off"),
        ("y", "y"),
        ("N", "N"),
        ("1:30", "1:30"),
        ("3:2", "3:2"),
        ("190:20:30.15", "190:20:30.15"),
        ("1_000", "1_000"),
        ("0b101", "0b101"),
        ("2001-12-14", "2001-12-14"),
        ("=", "="),
        ("inf", "inf"),
        ("nan", "nan"),
        ("1e", "1e"),
        (".", "."),
        ("0x", "0x"),
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("tRue", "tRue"),
        ("", None),
        ("~", None),
        ("Null", None),
    ],
)
def test_values(text, value):
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        ".inf",
        "-.Inf",
        "+.INF",
        ".nan",
        ".NaN",
        "1e999",
        "-1e999",
        str(2**64),
        "9" * 10_000,
        str(-(2**63) - 1),
        "0x" + "f" * 17,
        "0o" + "7" * 30,
    ],
)
def test_numbers_that_no_recipe_can_hold(text):
    with pytest.raises(ScalarFault) as caught:
        resolve(text)
    assert len(str(caught.value)) < 200
    assert str(caught.value).count(";") == 2


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_survives(value):
    assert resolve(repr(value)) == value


@given(st.text())
def test_every_text_has_a_value_or_a_fault(text):
    try:
        value = resolve(text)
    except ScalarFault:
        return
    assert value is None or isinstance(value, bool | int | str) or math.isfinite(value)


@given(st.one_of(st.text(), st.integers(), st.none(), st.booleans(), st.lists(st.integers())))
def test_values_are_shown_short_and_printable(value):
    assert len(shown(value)) <= 60 * 10 + 2
    assert shown(value).isprintable()
