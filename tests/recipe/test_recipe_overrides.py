"""Overrides read as if they stood in the file, and are named in what is told about them."""

import shlex

import pytest
from standin import VALID, Recipe

from orbifolio.runner.errors import RecipeError
from orbifolio.runner.recipe.overrides import apply_overrides
from orbifolio.runner.recipe.source import Source, parse
from orbifolio.runner.recipe.validation import validate


def with_overrides(*overrides: str, text: str = VALID) -> Source:
    return apply_overrides(parse(text, file="x.yaml"), overrides)


def told(*overrides: str, text: str = VALID) -> str:
    with pytest.raises(RecipeError) as caught:
        validate(Recipe, with_overrides(*overrides, text=text))
    return str(caught.value)


@pytest.mark.parametrize(
    ("overrides", "route", "value"),
    [
        (["phases.0.size=32"], ("phases", 0, "size"), 32),
        (["phases.-1.size=32"], ("phases", 1, "size"), 32),
        (["phases.+={size: 256, steps: 5}"], ("phases", 2), {"size": 256, "steps": 5}),
        (["phases.+.size=256", "phases.-1.steps=7"], ("phases", 2), {"size": 256, "steps": 7}),
        (
            ["canvas=pixels", "canvas.start=noise", "canvas.start.amount=1e-3"],
            ("canvas",),
            {"kind": "pixels", "start": {"kind": "noise", "amount": 0.001}},
        ),
        (["title=a=b"], ("title",), "a=b"),
        (["title='3:2'"], ("title",), "3:2"),
        (["title=on"], ("title",), "on"),
        (["ending.levels="], ("ending", "levels"), None),
        (["ending.levels=[0, 1]"], ("ending", "levels"), [0, 1]),
        ([" phases . 0 . size = 32"], ("phases", 0, "size"), 32),
        (["phases.0.size=32", "phases.0.size=48"], ("phases", 0, "size"), 48),
        (["x-anything=.nonsense"], (), None),
    ],
)
def test_values_are_put_in(overrides, route, value):
    source = with_overrides(*overrides)
    assert source.problems == ()
    validate(Recipe, source)
    found = source.data
    for part in route:
        found = found[part]
    assert not route or found == value


def test_the_source_before_is_left_alone():
    source = parse(VALID)
    before = repr(source.data)
    apply_overrides(source, ["phases.0.size=32", "phases.+={size: 9}"])
    assert repr(source.data) == before


def test_missing_lists_and_mappings_are_made():
    source = with_overrides("phases.+.size=64", "ending.levels=auto", text="title: x\n")
    assert source.data == {"title": "x", "phases": [{"size": 64}], "ending": {"levels": "auto"}}
    validate(Recipe, source)


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (
            "phases.0.siz=64",
            "override:10: error: phases.0.siz: unknown key 'siz'; a phase has size, steps; did you mean "
            "'size'?\n    phases.0.siz=64\n             ^",
        ),
        (
            "phases.0.size=4",
            "override:15: error: phases.0.size: 4 is too small; the range is from 8 to 4,096; write 8 or "
            "more\n    phases.0.size=4\n                  ^",
        ),
        (
            "phases.0={size: 64, step: 3}",
            "override:21: error: phases.0.step: unknown key 'step'; a phase has size, steps; "
            "did you mean 'steps'?\n    phases.0={size: 64, step: 3}\n                        ^",
        ),
        (
            "phases.2.size=64",
            "override:8: error: phases has 2 items, none at 2; write a number from 0 to 1, or + for one "
            "more\n    phases.2.size=64\n           ^",
        ),
        (
            "phases.-3.size=64",
            "override:8: error: phases has 2 items, none at -3; write a number from 0 to 1, or + for one "
            "more\n    phases.-3.size=64\n           ^",
        ),
        (
            "phases.last.size=64",
            "override:8: error: phases is a list, 'last' is not a position in it; write a number from 0 to 1, "
            "or + for one more\n    phases.last.size=64\n           ^",
        ),
        (
            "phases.0.size.x=1",
            "override:15: error: phases.0.size is 64; a single value has nothing inside; end the path "
            "there\n    phases.0.size.x=1\n                  ^",
        ),
        (
            "titel=x",
            "override:1: error: titel: unknown key 'titel'; a recipe has schema, title, canvas, objectives, "
            "phases, ending; did you mean 'title'?\n    titel=x\n    ^",
        ),
        (
            "seed",
            "override:1: error: this is not KEY=VALUE; a value of the recipe is changed by its path; write it as in "
            "seed=3\n    seed\n    ^",
        ),
        (
            "=3",
            "override:1: error: this is not KEY=VALUE; a value of the recipe is changed by its path; write it as in "
            "seed=3\n    =3\n    ^",
        ),
        (
            "phases..size=3",
            "override:8: error: the path has an empty part; parts are keys or list positions; remove the "
            "extra dot\n    phases..size=3\n           ^",
        ),
        (
            "title=[1,",
            "override:10: error: a value is missing here; a key, a dash or a comma is followed by one; add it\n"
            "    title=[1,\n             ^",
        ),
        (
            "phases.0.size=.inf",
            "override:15: error: phases.0.size: .inf is not finite; every number in a recipe "
            "must be; write a finite one, or leave the key out for its default"
            "\n    phases.0.size=.inf\n                  ^",
        ),
        (
            "title=*x",
            "override:7: error: no anchor &x above; an alias repeats what was anchored before; check its name\n"
            "    title=*x\n          ^",
        ),
        (
            "ending.levels.2=3",
            "override:15: error: ending.levels has 2 items, none at 2; write a number from 0 to 1, or + "
            "for one more\n    ending.levels.2=3\n                  ^",
        ),
    ],
    ids=lambda value: value.partition("\n")[0][:40] if isinstance(value, str) else None,
)
def test_errors_name_the_override(override, expected):
    assert told(override) == expected


@pytest.mark.parametrize(
    ("override", "value"),
    [
        ("title=#aa0000", "#aa0000"),
        ("title=Study #3", "Study #3"),
        ("title= a #b.jpg ", "a #b.jpg"),
        ("title='Study #3'", "Study #3"),
        ("objectives=[{kind: style, layers: ['#a', 'b #c']}]", [{"kind": "style", "layers": ["#a", "b #c"]}]),
    ],
)
def test_no_text_is_lost_behind_a_hash(override, value):
    assert with_overrides(override).data[override.partition("=")[0]] == value


@pytest.mark.parametrize(
    "value", ["{y}.jpg", "[x].jpg", '"q".jpg', "%d.jpg", "'it''s' #3", "[a, b] # c", "!bang.jpg", "}z.jpg", "],"]
)
def test_a_value_that_yaml_would_read_otherwise_is_taken_as_the_cure_spells_it(value):
    cure = told(f"title={value}").split("\n")[0].partition("quote the value: ")[2]
    (argument,) = shlex.split(cure)
    assert with_overrides(argument).data["title"] == value


@pytest.mark.parametrize(
    "name", ["!bang.jpg", "[x].jpg", "{y}.jpg", "*.jpg", "&a.jpg", "#c.jpg", "a #b.png", "%d.webp"]
)
def test_names_in_a_list_that_yaml_would_read_otherwise_are_taken_as_the_cure_spells_them(name):
    cure = told(f"objectives=[{name}, plain.jpg]").split("\n")[0].partition("or quote the names: ")[2]
    (argument,) = shlex.split(cure)
    assert with_overrides(argument).data["objectives"] == [name, "plain.jpg"]


@pytest.mark.parametrize("number", ["0x10", "1e3", "0o17", "12", "-1.50"])
def test_a_number_where_text_belongs_is_quoted_as_it_was_typed(number):
    assert f"text is needed here; put it in quotes: '{number}'" in told(f"title={number}")


def test_a_pattern_of_files_is_told_to_be_none():
    assert "'*.jpg' is no pattern; one picture is one file, a list has several" in told("title=*.jpg")


def test_errors_of_the_file_come_first_then_overrides_in_order():
    answer = told("phases.0.size=1", "phases.1.size=2", text=VALID + "extra: 1\n")
    heads = [line for line in answer.split("\n") if ": error: " in line]
    assert [head.partition(": error:")[0] for head in heads] == ["x.yaml:12:1", "override:15", "override:15"]


def test_an_override_mends_the_value_of_the_file():
    broken = VALID.replace("size: 64", "size: .inf")
    assert ".inf" in told("title=x", text=broken)
    validate(Recipe, with_overrides("phases.0.size=64", text=broken))


def test_a_faulty_override_changes_nothing():
    for override in ("new.thing=[1,", "phases.0.size.deep.er=1", "phases.+.x..y=1"):
        source = with_overrides(override)
        assert source.data == parse(VALID).data
        assert len(source.problems) == 1


def test_text_of_several_lines_points_into_the_right_line():
    answer = told("phases=\n  - size: 64\n  - size: 1\n")
    assert answer.startswith("override:11: error: phases.1.size: 1 is too small")
    assert answer.split("\n")[1:] == ["      - size: 1", "              ^"]


def test_too_many_overrides_and_too_long_paths():
    assert "more than 1,000 overrides" in told(*["title=x"] * 1200)
    assert "the path has 60 parts; at most 50 fit; shorten it" in told(".".join("a" * 60) + "=1")


def test_a_fatal_source_stays_as_it_is():
    source = parse("- a")
    assert apply_overrides(source, ["title=x"]) is source
