"""The grammar of a sweep's values, against plain Python for what a range or a product is."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orbifolio.runner.errors import InputError
from orbifolio.runner.sweeps.values import read_varied
from orbifolio.runner.sweeps.variations import product, varied_keys


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1,2,3", ["1", "2", "3"]),
        (" 1 , 2 ", ["1", "2"]),
        ("[g, b, r]", ["[g, b, r]"]),
        ("[g, b, r],[r, g, b]", ["[g, b, r]", "[r, g, b]"]),
        ("none,{kind: plane, colours: {r6: [g, b, r]}}", ["none", "{kind: plane, colours: {r6: [g, b, r]}}"]),
        ("'one, value',\"and, another\"", ["'one, value'", '"and, another"']),
        ("don't,stop", ["don't", "stop"]),
        ("range(1,10,3)", ["1", "4", "7"]),
        ("range(0,1,0.25)", ["0", "0.25", "0.5", "0.75"]),
        ("range(3,0,-1),null", ["3", "2", "1", "null"]),
        ("1:sqrt(3),3:2", ["1:sqrt(3)", "3:2"]),
        ("", [""]),
    ],
)
def test_commas_separate_values_at_the_top_level_only(text, values):
    assert list(read_varied(f"key={text}").values) == values


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(-7, 7).filter(bool))
def test_a_range_is_pythons(start, end, step):
    expected = [str(number) for number in range(start, end, step)]
    if expected:
        assert list(read_varied(f"seed=range({start},{end},{step})").values) == expected
    else:
        with pytest.raises(InputError, match="holds no number"):
            read_varied(f"seed=range({start},{end},{step})")


leaf = st.integers(-99, 99) | st.sampled_from(["a", "it's", "x, y", "[", "}", '"', "range(1,3)"]) | st.booleans()
anything = st.recursive(
    leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner)
)


@given(st.lists(anything, min_size=1, max_size=4, unique_by=repr))
def test_any_values_joined_by_commas_come_apart_again(values):
    texts = [json.dumps(value) for value in values]  # which is YAML, too
    assert list(read_varied(f"key={','.join(texts)}").values) == texts


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("seed", "seed: this is not KEY=A,B,C; a sweep varies values by their path; write seed=1,2,3"),
        ("seed=1,,2", "seed=1,,2: a value is empty; commas separate values; remove one, or write null"),
        ("a=[1,2", "a=[1,2: ] is missing at the end"),
        ("a=1]", "a=1]: ] has no opening bracket"),
        ("seed=1,2,1", "seed=1,2,1: 1 is listed twice; equal runs give equal pictures; leave one out"),
        ("seed=range(1,x)", "range(1,x) holds something that is not a number"),
        ("seed=range(0,1e9)", "is longer than 10,000"),
    ],
)
def test_a_mistyped_value_is_told_with_its_cure(argument, message):
    with pytest.raises(InputError) as caught:
        read_varied(argument)
    assert message in str(caught.value)


def test_the_product_is_in_the_order_typed_and_the_last_key_varies_fastest(tmp_path):
    path = tmp_path / "a.yaml"
    arguments = ["seed=1,2", "frames=3", "quality=draft,print,x"]
    found = product(path, arguments)
    expected = list(itertools.product("12", ["draft", "print", "x"]))
    assert [variation.varied for variation in found] == [(("seed", a), ("quality", b)) for a, b in expected]
    assert found[1].overrides == ("seed=1", "frames=3", "quality=print")
    assert found[1].listing == "#1 : seed=1 quality=print"
    assert varied_keys(arguments) == (("seed", ("1", "2")), ("quality", ("draft", "print", "x")))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["seed=1"], "nothing varies"),
        (["seed=range(0,300)"], "300 runs; more than 256 start only with --yes; add it"),
        (["seed=1,2", "seed=3"], "seed: is given twice"),
        (["seed=1,,2", "frames=[1"], "frames=[1: ] is missing"),
    ],
)
def test_what_cannot_be_meant_is_refused(tmp_path, arguments, message):
    with pytest.raises(InputError) as caught:
        product(tmp_path / "a.yaml", arguments)
    assert message in str(caught.value)


def test_many_runs_begin_when_they_are_meant(tmp_path):
    assert len(product(tmp_path / "a.yaml", ["seed=range(0,300)"], yes=True)) == 300
    with pytest.raises(InputError, match="more than 10,000"):
        product(tmp_path / "a.yaml", ["seed=range(0,300)", "frames=range(1,300)"], yes=True)
