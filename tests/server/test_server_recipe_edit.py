"""One value of a text is changed and nothing else: by examples, and by whatever hypothesis thinks of."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orbifolio.runner.errors import InputError
from orbifolio.runner.recipe.source import parse
from orbifolio.runner.server.recipe_edit import REMOVE, _put, edit, read_flow

WORDS = st.characters(codec="ascii", min_codepoint=32, max_codepoint=126)
RECIPES = sorted((Path(__file__).parents[2] / "recipes").glob("*/*.yaml"))
HEXAGON = """\
# yaml-language-server: $schema=../recipe.schema.json
schema: 1
title: Rainbow hexagon
seed: 1
renderer:
  kind: image-optimisation
  symmetry: {kind: plane, group: p6, colours: {r6: [g, b, r]}}   # a sixth of a turn: red to blue to green
  vision: vgg16
  objectives:
    - {kind: style, images: ["orbifolio:stained-glass"]}
    - {kind: smoothness, weight: 5}     # removes pixel grain, keeps the brushwork
    - {kind: range, weight: 10}         # stay within what a screen shows
  optimiser: lbfgs
  phases: [{size: 96, steps: 40}, {size: 192, steps: 40}, {size: 384, steps: 40}]
finish: {levels: auto}
frames: 18
qualities:
  print: {renderer.phases: [{size: 192, steps: 80}, {size: 512, steps: 80}, {size: 1536, steps: 60}]}
"""


@pytest.mark.parametrize(
    ("route", "value", "line"),
    [
        (("seed",), 7, "seed: 7"),
        (("renderer", "symmetry", "group"), "p3", "# a sixth of a turn"),
        (("renderer", "vision", "layer"), "x", "vision: {kind: vgg16, layer: x}"),
        (("renderer", "canvas", "init"), {"kind": "plasma"}, "  canvas: {init: {kind: plasma}}"),
        (("renderer", "objectives", 3), {"kind": "range"}, "    - {kind: range}"),
        (("title",), "A: b # c", "title: 'A: b # c'"),
    ],
)
def test_only_the_line_that_is_meant_changes(route, value, line):
    found = edit(HEXAGON, route, value)
    before, after = HEXAGON.splitlines(), found.splitlines()
    assert len(set(after) - set(before)) == 1
    assert line in (set(after) - set(before)).pop()
    assert len(after) - len(before) in (0, 1)


def test_an_entry_is_taken_out_with_its_line_and_no_other():
    found = edit(HEXAGON, ("renderer", "objectives", 1), REMOVE)
    assert set(HEXAGON.splitlines()) - set(found.splitlines()) == {
        "    - {kind: smoothness, weight: 5}     # removes pixel grain, keeps the brushwork"
    }


def routes(data, route=()):
    yield route
    if isinstance(data, dict):
        for key, item in data.items():
            yield from routes(item, (*route, key))
    elif isinstance(data, list):
        for number, item in enumerate(data):
            yield from routes(item, (*route, number))


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_any_value_of_any_recipe_says_what_was_meant_and_nothing_else(data):
    text = data.draw(st.sampled_from(RECIPES)).read_text(encoding="utf-8")
    before = parse(text).data
    route = data.draw(st.sampled_from([route for route in routes(before) if route]))
    plain = st.one_of(st.none(), st.booleans(), st.integers(-99, 99), st.text(WORDS, max_size=8), st.floats(-9, 9))
    value = data.draw(
        st.one_of(st.just(REMOVE), plain, st.lists(plain, max_size=3), st.dictionaries(st.just("kind"), plain))
    )
    after = parse(edit(text, route, value))
    assert not after.fatal
    assert after.data == _put(before, route, value)


def test_comments_elsewhere_stay():
    assert edit(HEXAGON, ("frames",), 3).count("#") == HEXAGON.count("#")


def test_anchors_and_merges_cost_comments_but_never_values():
    text = "title: x\nx-note: &a {kind: pixels}\nrenderer: {kind: survey, base: *a}\nseed: 1\n"
    found = parse(edit(text, ("renderer", "base", "kind"), "fourier"))
    assert found.data["renderer"]["base"] == {"kind": "fourier"}


@pytest.mark.parametrize("route", [("seed", "x"), ("renderer", "phases", 9), ("renderer", 0), ()])
def test_a_path_that_leads_nowhere_is_refused(route):
    with pytest.raises(InputError):
        edit(HEXAGON, route, 1)


def test_what_no_recipe_can_hold_is_refused():
    with pytest.raises(InputError, match="unprintable"):
        edit(HEXAGON, ("title",), "a\x1fb")


@pytest.mark.parametrize("text", ["", "- a", "a: [", "\0", "a: &a [*a]"])
def test_what_is_no_recipe_is_refused(text):
    with pytest.raises(InputError):
        edit(text, ("seed",), 1)


@pytest.mark.parametrize(
    ("text", "value"), [("{r6: [g, b, r]}", {"r6": ["g", "b", "r"]}), ("0.5", 0.5), ("auto", "auto"), ("3:2", "3:2")]
)
def test_a_flow_is_read_as_recipes_are(text, value):
    assert read_flow(text) == value


@pytest.mark.parametrize("text", ["{a: ", "[1, 2", "a: b: c"])
def test_a_broken_flow_is_refused(text):
    with pytest.raises(InputError):
        read_flow(text)
