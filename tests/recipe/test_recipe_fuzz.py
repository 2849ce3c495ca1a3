"""No text and no structure, however strange, ends in anything but a recipe or a `RecipeError`."""

import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from standin import VALID, Recipe

from orbifolio.runner.errors import RecipeError
from orbifolio.runner.recipe.overrides import apply_overrides
from orbifolio.runner.recipe.source import Source, parse
from orbifolio.runner.recipe.validation import validate

FUZZ = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def judge(source: Source) -> None:
    """A recipe, or problems that each have a place and can be printed anywhere."""
    try:
        recipe = validate(Recipe, source)
    except RecipeError as error:
        problems = error.problems
    else:
        assert isinstance(recipe, Recipe)
        assert source.problems == ()
        return
    assert problems
    for problem in problems:
        text = str(problem)
        text.encode("utf-8")
        assert len(text) < 2000
        assert problem.message.strip()
        if problem.line is not None:
            assert 1 <= problem.line <= len(source.lines)
        if problem.source is not None:
            _, line, caret = text.rsplit("\n", 2)
            assert caret.index("^") <= len(line)


YAMLISH = st.lists(
    st.sampled_from(
        [
            *"abc:-?[]{},&*#|>@`%!'\"\\ \n\t0123.~=<",
            "\n  ",
            ": ",
            "- ",
            "<<: ",
            "&a ",
            "*a",
            "---\n",
            "...\n",
            "!!str ",
            "title: x\n",
            "phases:\n",
            "size: 64",
            "kind: ",
            "style",
            "canvas: ",
            "start: ",
            "objectives:\n  - ",
            ".inf",
            "true",
            "null",
            "x-a: ",
            "\ufeff",
            "\x85",
            "\u2028",
            "é",
            "\0",
            '"\\ud800"',
            '"\\U00110000"',
            "%YAML 1.2\n",
            "%TAG ! !\n",
            "? ",
            "|+2\n",
            "1e999",
            "9" * 30,
        ]
    ),
    max_size=60,
).map("".join)


@FUZZ
@given(st.binary(max_size=300))
@example(b"\xff\xfe")
@example(b"\xef\xbb\xbf")
def test_bytes(content):
    judge(parse(content))


@FUZZ
@given(st.text(max_size=300))
@example("a: \ud800")
def test_text(content):
    judge(parse(content))


@FUZZ
@given(YAMLISH)
def test_text_that_looks_like_yaml(content):
    judge(parse(content))


@FUZZ
@given(st.integers(0, len(VALID)), st.integers(0, 12), YAMLISH | st.text(max_size=5))
def test_a_recipe_with_something_cut_out_and_something_put_in(at, length, inserted):
    judge(parse(VALID[:at] + inserted + VALID[at + length :]))


KEYS = st.sampled_from(
    [
        "schema",
        "title",
        "canvas",
        "objectives",
        "phases",
        "ending",
        "kind",
        "start",
        "of",
        "photo",
        "sharp",
        "layers",
        "weight",
        "channel",
        "blend",
        "size",
        "steps",
        "levels",
        "colour",
        "amount",
        "x-a",
        "<<",
        "siz",
        "",
    ]
) | st.text(max_size=8)
WORDS = st.sampled_from(["noise", "photo", "sum", "pixels", "style", "dream", "auto", "mean", "red", "1", ".nan"])
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | WORDS
    | st.integers(10**18, 10**30)
    | st.dates()
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=20
)


@FUZZ
@given(st.dictionaries(KEYS, VALUES, max_size=6))
@example({"title": "x", "canvas": {"start": {"kind": "sum", "of": [{"kind": []}]}}})
@example({"title": "x", "objectives": [{"kind": "style", "layers": {"a": {}}}]})
def test_structures(data):
    judge(parse(yaml.safe_dump(data, allow_unicode=True)))


@FUZZ
@given(st.data())
def test_a_recipe_with_one_value_exchanged(data):
    values = yaml.safe_load(VALID)
    place, route = values, []
    while True:
        part = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else list(range(len(place)))))
        route.append(part)
        if not isinstance(place[part], dict | list) or not place[part] or data.draw(st.booleans()):
            break
        place = place[part]
    place[part] = data.draw(VALUES)
    judge(parse(yaml.safe_dump(values)))


PATHS = st.lists(KEYS | st.sampled_from(["0", "1", "-1", "+", "99", " ", "٣"]), max_size=6).map(".".join)


@FUZZ
@given(st.lists(st.tuples(PATHS, YAMLISH | WORDS).map("=".join) | st.text(max_size=30), max_size=4))
@example(["canvas.start.of.0.amount=3", "canvas.start.of.+=photo", "canvas.start.of.-1.photo=x"])
@example(["\udcff=1", "title=\udcff"])
@example(["0\n.="])
def test_overrides(overrides):
    judge(apply_overrides(parse(VALID), overrides))
