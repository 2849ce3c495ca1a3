"""Every wrong value is told at its place, in words, all at once; the whole text of each message is held."""

import json
from typing import Annotated, Literal

import pytest
from pydantic import Field
from rich.console import Console
from standin import VALID, AnyStart, Recipe

from orbifolio.runner.errors import RecipeError
from orbifolio.runner.recipe.annotations import describe, kinds, slot_of, step
from orbifolio.runner.recipe.model import load
from orbifolio.runner.recipe.source import parse
from orbifolio.runner.recipe.validation import MAX_PROBLEMS, problem_at, validate
from orbifolio.runner.vision.weights import WeightsStore


def told(text: str) -> list[str]:
    with pytest.raises(RecipeError) as caught:
        validate(Recipe, parse(text, file="x.yaml"))
    assert str(caught.value) == "\n".join(str(problem) for problem in caught.value.problems)
    return [str(problem).partition("\n")[0].removeprefix("x.yaml:") for problem in caught.value.problems]


def test_a_valid_recipe():
    recipe = validate(Recipe, parse(VALID))
    assert recipe.canvas.start.of[2].photo == "tree.png"
    assert recipe.objectives[2].layers == ("a", "b")


CASES = {
    "unknown key": (
        "phases: [{siz: 64}]",
        [
            "2:10: error: phases.0: missing key 'size' (width in pixels); a phase needs it; write 'size:' with a whole "
            "number from 8 to 4,096",
            "2:11: error: phases.0.siz: unknown key 'siz'; a phase has size, steps; did you mean 'size'?",
        ],
    ),
    "unknown key at the top": (
        "Titel: y",
        [
            "2:1: error: Titel: unknown key 'Titel'; a recipe has schema, title, canvas, objectives, phases, ending; did "
            "you mean 'title'?",
        ],
    ),
    "key of another kind": (
        "objectives: [{kind: style, blend: mean}]",
        [
            "2:28: error: objectives.0.blend: unknown key 'blend'; 'style' has layers, weight; 'blend' belongs to the kind "
            "dream",
        ],
    ),
    "key of nothing": (
        "ending: {qqq: 1}",
        [
            "2:10: error: ending.qqq: unknown key 'qqq'; an ending has levels, colour; remove it, or begin its name with "
            "x- to keep a note",
        ],
    ),
    "unknown kind": (
        "objectives: [{kind: stile}]",
        [
            "2:21: error: objectives.0.kind: unknown kind 'stile'; the kinds are style, dream; did you mean 'style'?",
        ],
    ),
    "unknown kind by name": (
        "canvas: {start: nois}",
        [
            "2:17: error: canvas.start: unknown kind 'nois'; the kinds are noise, photo, sum; did you mean 'noise'?",
        ],
    ),
    "unknown kind of a single one": (
        "canvas: {kind: pixel}",
        [
            "2:16: error: canvas.kind: unknown kind 'pixel'; the kinds are pixels; did you mean 'pixels'?",
        ],
    ),
    "missing kind": (
        "objectives: [{weight: 1}]",
        [
            "2:14: error: objectives.0: missing key 'kind'; it says which one is meant: style or dream; add it",
        ],
    ),
    "kind of the wrong type": (
        "objectives: [{kind: 3}, 4, [5]]",
        [
            "2:21: error: objectives.0.kind: 3 is not a kind; the kinds are style, dream; write one of these names",
            "2:25: error: objectives.1: 4 does not fit; one of the kinds style, dream is needed here; change it",
            "2:28: error: objectives.2: a list of 1 does not fit; one of the kinds style, dream is needed here; write "
            "'key: value' lines without dashes",
        ],
    ),
    "kind and key of one name": (
        "canvas: {start: {kind: photo, photo: 3, sharp: maybe}}",
        [
            "2:38: error: canvas.start.photo: 3 does not fit; text is needed here; put it in quotes: '3'",
            "2:48: error: canvas.start.sharp: 'maybe' does not fit; true or false is needed here; change it",
        ],
    ),
    "missing in a short form": (
        "canvas: {start: photo}",
        [
            "2:10: error: canvas.start: missing key 'photo' (where it is); 'photo' needs it; write 'photo:' with text",
        ],
    ),
    "deep in a family within itself": (
        "canvas: {start: {kind: sum, of: [noise, {kind: sum, of: [{amount: 99, kind: noise}]}]}}",
        [
            "2:67: error: canvas.start.of.1.of.0.amount: 99 is too large; the range is above 0 and at most 10; write "
            "10 or less",
        ],
    ),
    "limits": (
        "phases: [{size: 4}, {size: 9999, steps: -1}]",
        [
            "2:17: error: phases.0.size: 4 is too small; the range is from 8 to 4,096; write 8 or more",
            "2:28: error: phases.1.size: 9999 is too large; the range is from 8 to 4,096; write 4,096 or less",
            "2:41: error: phases.1.steps: -1 is too small; the range is from 0; write 0 or more",
        ],
    ),
    "types": (
        "phases: {size: 3}\nending: [1]\nobjectives: x",
        [
            "2:9: error: phases: a mapping does not fit; a list is needed here; change it",
            "3:9: error: ending: a list of 1 does not fit; a mapping with levels, colour is needed here; write 'key: "
            "value' lines without dashes",
            "4:13: error: objectives: 'x' does not fit; a list is needed here; write it in brackets: ['x']",
        ],
    ),
    "numbers": (
        "phases: [{size: 64.5}, {size: '1_0,0'}, {size: true}]",
        [
            "2:17: error: phases.0.size: 64.5 has a fraction; a whole number is needed here; round it",
            "2:31: error: phases.1.size: '1_0,0' does not fit; a whole number from 8 to 4,096 is needed here; write the "
            "digits without marks between them",
            "2:48: error: phases.2.size: true does not fit; a whole number from 8 to 4,096 is needed here; change it",
        ],
    ),
    "truth as a number": (
        "objectives: [{kind: dream, channel: true}, {kind: style, weight: false}]",
        [
            "2:37: error: objectives.0.channel: true does not fit; a whole number from 0 is needed here; change it",
            "2:66: error: objectives.1.weight: false does not fit; a number is needed here; change it",
        ],
    ),
    "choice": (
        "objectives: [{kind: dream, blend: meen}]\nending: {levels: Auto}",
        [
            "2:35: error: objectives.0.blend: 'meen' does not fit; 'mean' or 'most' is needed here; did you mean 'mean'?",
            "3:18: error: ending.levels: 'Auto' does not fit; 'auto' is needed here; did you mean 'auto'?",
        ],
    ),
    "the member of a union that was meant": (
        "objectives: [{kind: style, layers: {a: 2, b: x}}, {kind: style, layers: [1]}, {kind: style, layers: 5}]",
        [
            "2:40: error: objectives.0.layers.a: 2 is too large; the range is from 0 to 1; write 1 or less",
            "2:46: error: objectives.0.layers.b: 'x' does not fit; a number from 0 to 1 is needed here; change it",
            "2:74: error: objectives.1.layers.0: 1 does not fit; text is needed here; put it in quotes: '1'",
            "2:101: error: objectives.2.layers: 5 does not fit; a list or a mapping is needed here; write it as [a, b, "
            "...]",
        ],
    ),
    "lists of one length": (
        "ending: {levels: [1]}",
        [
            "2:18: error: ending.levels: a list of 1 does not fit; a list of 2 numbers is needed here; change it",
        ],
    ),
    "too many": (
        "objectives: [dream, dream, dream, dream]",
        [
            "2:13: error: objectives: 4 entries here; at most 3 allowed; leave some out",
        ],
    ),
    "words of a validator": (
        "objectives: [{kind: dream, channel: 13}]\nending: {colour: pink}",
        [
            "2:14: error: objectives.0: channel 13 is unlucky; any other is fine; take 14",
            "3:18: error: ending.colour: 'pink' does not fit; no such colour; change it",
        ],
    ),
    "not a number anywhere": (
        "objectives: [{kind: style, weight: nan}]",
        [
            "2:36: error: objectives.0.weight: 'nan' is not finite; every number in a recipe must be; write a finite one",
        ],
    ),
    "faults of the text too": (
        "phases: [{size: .inf}, {size: 64, size: 65}, {size: 1}]",
        [
            "2:17: error: phases.0.size: .inf is not finite; every number in a recipe must be; write a finite one, or leave the "
            "key out for its default",
            "2:35: error: phases.1.size: the key 'size' is written twice; the first is at line 2, column 25; remove one of "
            "them",
            "2:53: error: phases.2.size: 1 is too small; the range is from 8 to 4,096; write 8 or more",
        ],
    ),
}


@pytest.mark.parametrize(("text", "expected"), CASES.values(), ids=CASES)
def test_what_is_told(text, expected):
    assert told("title: x\n" + text + "\n") == expected


def test_missing_keys_point_at_the_parent():
    assert told("schema: 1\n") == [
        "1:1: error: missing key 'title' (its name); a recipe needs it; write 'title:' with text",
    ]
    assert told("title: 2001\nschema: 2\n") == [
        "1:8: error: title: 2001 does not fit; text is needed here; put it in quotes: '2001'",
        "2:9: error: schema: 2 does not fit; 1 is needed here; change it",
    ]


def test_what_an_alias_repeats_is_told_where_it_is_written():
    answer = told("title: x\nx-p: &p {size: 1}\nphases: [*p, {size: 2}]\n")
    assert [line.partition(": error: ")[0] for line in answer] == ["2:16", "3:21"]


def test_the_caret_stands_under_the_value():
    with pytest.raises(RecipeError) as caught:
        validate(Recipe, parse("title: x\nphases: [{size: 4}]\n", file="x.yaml"))
    head, line, caret = str(caught.value).split("\n")
    assert line[caret.index("^")] == "4"


def test_a_flood_of_problems_is_cut():
    answer = told("title: x\n" + "".join(f"k{n}: 1\n" for n in range(1000)))
    assert len(answer) == MAX_PROBLEMS + 1
    assert answer[-1].endswith("error: and 900 more problems; fix these first")


def test_place_finds_the_nearest_value_that_was_written():
    source = parse(VALID, file="x.yaml")
    problem = problem_at(source, ("objectives", 1, "channel"), "no such channel", severity="warning")
    assert str(problem) == (
        "x.yaml:8:14: warning: objectives.1.channel: no such channel\n        channel: 3\n                 ^"
    )
    assert problem_at(source, ("ending", "sharpen", "x"), "m").line == 11
    assert problem_at(source, ("ending",), "m", at_key=True).column == 1
    assert problem_at(source, (), "m").line == 1


def test_text_of_a_certain_form_is_called_by_its_title():
    form = Literal["auto"] | Annotated[str, Field(pattern="^#.{6}$", title="a colour")]
    assert describe(slot_of(form)) == "'auto' or a colour"
    assert describe(slot_of(str)) == "text"


def test_the_kinds_of_a_family_that_may_be_left_out_are_its_kinds():
    assert set(kinds(slot_of(AnyStart))) == {"noise", "photo", "sum"}
    assert kinds(slot_of(AnyStart | None)) == kinds(slot_of(AnyStart))
    assert kinds(slot_of(int | None)) == ()


def test_problems_of_one_line_are_told_from_left_to_right(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text(
        "schema: 1\ntitle: T\nrenderer:\n  kind: image-optimisation\n  vision: untrained\n"
        "  objectives: [range, {kind: style, layers: [zzz], images: [no.png]}]\n  phases: [{size: 16, steps: 4}]\n"
    )
    with pytest.raises(RecipeError) as caught:
        load(path)
    assert [(problem.line, problem.column) for problem in caught.value.problems] == [(6, 45), (6, 61)]
    assert "no layer 'zzz'" in str(caught.value.problems[0])


def test_only_weights_that_are_missing_are_fetched(tmp_path, monkeypatch):
    path = tmp_path / "x.yaml"
    path.write_text(
        "schema: 1\ntitle: T\nrenderer:\n  kind: image-optimisation\n  vision: vgg16\n"
        "  objectives: [{kind: style, images: ['skimage:coffee'], layers: [conv1_1]}]\n  phases: [{size: 16, steps: 4}]\n"
    )
    loaded = load(path)
    fetched = []
    monkeypatch.setattr(WeightsStore, "fetch", lambda self, name: fetched.append(name))
    monkeypatch.setattr(WeightsStore, "present", lambda self, name: True)
    loaded.fetch_weights(Console(quiet=True))
    assert fetched == []
    monkeypatch.setattr(WeightsStore, "present", lambda self, name: False)
    loaded.fetch_weights(Console(quiet=True))
    assert fetched == [name for name, _, _ in loaded.weights_needed()] != []


def test_each_place_of_a_pair_has_its_own_type():
    pair = slot_of(tuple[int, str])
    assert [step(pair, place) for place in range(3)] == [slot_of(int), slot_of(str), None]
    assert step(slot_of(tuple[int, ...]), 5) == slot_of(int)


def test_parameters_are_spelt_as_in_a_recipe(tmp_path):
    path = tmp_path / "x.yaml"
    path.write_text(
        "schema: 1\ntitle: T\nrenderer: {kind: image-optimisation, objectives: [range], vision: untrained,\n"
        "  phases: [{size: 16, steps: 4}]}\n"
    )
    loaded = load(path)
    assert list(loaded.parameters)[:2] == ["schema", "title"]
    assert loaded.parameters["schema"] == 1
    (tmp_path / "y.yaml").write_text(json.dumps(loaded.parameters))
    assert load(tmp_path / "y.yaml").recipe == loaded.recipe


@pytest.mark.parametrize("end", ["", "\n"])
def test_a_recipe_as_run_is_the_file_itself_and_ends_with_its_line(tmp_path, end):
    text = "schema: 1\ntitle: T  # a note\nrenderer: {kind: growing-neural-gas, image: 'skimage:coins'}"
    path = tmp_path / "x.yaml"
    path.write_text(text + end)
    assert load(path).text == text + "\n"
