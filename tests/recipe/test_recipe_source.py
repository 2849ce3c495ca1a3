"""Recipe text to data: what is read, where it stands, and the full text of every refusal."""

import time

import pytest

from orbifolio.runner.recipe.marks import Mark
from orbifolio.runner.recipe.source import parse, read


def told(content) -> str:
    return "\n".join(str(problem) for problem in parse(content, file="x.yaml").problems)


def test_data_and_marks():
    source = parse("a: 1\nb:\n  - {c: 'on', d: [3:2, 1e-3]}\n  - ~\n", file="x.yaml")
    assert source.problems == ()
    assert source.data == {"a": 1, "b": [{"c": "on", "d": ["3:2", 0.001]}, None]}
    assert source.marks["a",].key == Mark(0, 1, 1)
    assert source.marks["a",].value == Mark(0, 1, 4)
    assert source.marks["b", 0, "d"].key == Mark(0, 3, 15)
    assert source.marks["b", 0, "d", 1].value == Mark(0, 3, 24)
    assert source.marks["b", 1].key is None


def test_byte_order_mark_line_ends_and_other_alphabets():
    source = parse("\ufefftitle: Blätter 葉\r\nabout: |\r\n  eins\r\n  zwei\r\n".encode(), file="x.yaml")
    assert source.problems == ()
    assert source.data == {"title": "Blätter 葉", "about": "eins\nzwei\n"}
    assert source.marks["about",].value.line == 2


def test_a_permutation_in_round_brackets_is_one_text_wherever_it_stands():
    source = parse("a: (2,3,1)\nb: {c: (2,3, 1), d: [(1, -2,3), 'x (1,2)', (r,g,b)]}\n", file="x.yaml")
    assert source.problems == ()
    assert source.data == {"a": "(2,3,1)", "b": {"c": "(2,3, 1)", "d": ["(1, -2,3)", "x (1,2)", "(r,g,b)"]}}
    assert source.marks["b", "d", 2].value == Mark(0, 2, 44)
    assert "the key '3' is a number" in told("a: {b: (2,3,1}\n")


def test_notes_are_dropped_but_their_anchors_hold():
    source = parse("x-phase: &p {size: 64, steps: 3}\na: {x-note: .inf, b: *p}\nc:\n  <<: *p\n  steps: 9\n")
    assert source.problems == ()
    assert source.data == {"a": {"b": {"size": 64, "steps": 3}}, "c": {"size": 64, "steps": 9}}
    assert source.marks["a", "b", "size"].value.line == 1  # where one has to edit
    assert source.marks["c", "steps"].value.line == 5


def test_of_merged_mappings_the_first_gives_the_value():
    source = parse("x-a: &a {k: 1}\nx-b: &b {k: 2, l: 2}\nx-c: &c {<<: *b, m: 3}\nd: {<<: [*a, *c]}\n")
    assert source.data == {"d": {"k": 1, "l": 2, "m": 3}}


def test_aliases_make_values_of_their_own():
    source = parse("a: &a [1]\nb: *a\n")
    source.data["a"].append(2)
    assert source.data["b"] == [1]


HOSTILE = {
    "empty": (
        "",
        "x.yaml:1:1: error: the recipe is empty; it needs at least the key 'renderer'; start with a copy "
        "of a shipped recipe",
    ),
    "comment": (
        "# nothing\n",
        "x.yaml:1:1: error: the recipe is empty; it needs at least the key 'renderer'; "
        "start with a copy of a shipped recipe\n    # nothing\n    ^",
    ),
    "list": (
        "- a\n",
        "x.yaml:1:1: error: the recipe is a list; its top is a mapping of keys such as 'renderer'; write "
        "'key: value' lines\n    - a\n    ^",
    ),
    "word": (
        "hello\n",
        "x.yaml:1:1: error: the recipe is one value, 'hello'; its top is a mapping of keys such as "
        "'renderer'; write 'key: value' lines\n    hello\n    ^",
    ),
    "twice": (
        "a: 1\nb: {c: 1,  c: 2}\na: 3\n",
        "x.yaml:2:12: error: b.c: the key 'c' is written twice; the first is at line 2, column 5; remove one of "
        "them\n    b: {c: 1,  c: 2}\n               ^\n"
        "x.yaml:3:1: error: a: the key 'a' is written twice; the first is at line 1, column 1; remove one of them"
        "\n    a: 3\n    ^",
    ),
    "infinity": (
        "a: [1, -.inf]\n",
        "x.yaml:1:8: error: a.1: -.inf is not finite; every number in a recipe "
        "must be; write a finite one, or leave the key out for its default\n    a: [1, -.inf]\n           ^",
    ),
    "integer": (
        "a: 99999999999999999999\n",
        "x.yaml:1:4: error: a: '99999999999999999999' is too large; integers have "
        "at most 64 bits; write a smaller one\n    a: 99999999999999999999\n       ^",
    ),
    "number-key": (
        "1: x\n",
        "x.yaml:1:1: error: the key '1' is a number; keys are text; quote it: '1'\n    1: x\n    ^",
    ),
    "true-key": (
        "a: {true: x}\n",
        "x.yaml:1:5: error: a: the key 'true' is true or false; keys are text; quote it: "
        "'true'\n    a: {true: x}\n        ^",
    ),
    "list-key": (
        "? [a, b]\n: 1\n",
        "x.yaml:1:3: error: this key is a collection; keys are text; write one word\n    ? [a, b]\n      ^",
    ),
    "tag": (
        "a: !!python/object:os.system ls\n",
        "x.yaml:1:4: error: a: unexpected tag '!!python/object:os.system'; "
        "values of a recipe have no tags; remove it\n    a: !!python/object:os.system ls\n       ^",
    ),
    "tab": (
        "a:\n\tb: 1\n",
        "x.yaml:2:1: error: unexpected tab; YAML is indented with spaces; replace the tab\n     b: 1\n    ^",
    ),
    "question mark in a list": (
        "a: [b?.jpg]\n",
        "x.yaml:1:6: error: a ? inside [brackets] or {braces}; it is a sign of YAML there, so text with one is "
        "quoted; put it in quotes\n    a: [b?.jpg]\n         ^",
    ),
    "colour in a list": (
        "a: [#aa0000, b]\n",
        "x.yaml:2:1: error: #aa0000 is read as a comment; a # begins one in YAML; quote the colour: '#aa0000'",
    ),
    "colour as a comment": (
        "a: #fff\n",
        "x.yaml:1:3: error: a: no value, since #fff is read as a comment; a # after a space begins a comment in YAML; "
        "quote the colour: '#fff'\n    a: #fff\n      ^",
    ),
    "colons": (
        "a: b: c\n",
        "x.yaml:1:5: error: a second ': ' in one line, or a line indented too far; each key needs "
        "a line of its own; quote the value, or fix the indentation\n    a: b: c\n        ^",
    ),
    "indentation": (
        "a:\n  b: 1\n c: 2\n",
        "x.yaml:3:2: error: this line is indented unlike its neighbours; keys of "
        "one mapping begin in one column; fix the indentation (it began in line 1)\n     c: 2\n     ^",
    ),
    "bracket": (
        "a: [1,\nb: 2\n",
        "x.yaml:3:1: error: a list in [brackets] is not closed; its items are separated by "
        "commas; add ',' or ']' (it began in line 1)",
    ),
    "quote": (
        "a: 'b\n",
        "x.yaml:2:1: error: the text ends inside quotes; each quote needs its partner; close it (it began in line 1)",
    ),
    "at": (
        "a: @b\n",
        "x.yaml:1:4: error: plain text cannot begin with this character; YAML reserves it; quote "
        "the value\n    a: @b\n       ^",
    ),
    "escape": (
        'a: "\\UFFFFFFFF"\n',
        "x.yaml:1:7: error: this is not YAML; a recipe is YAML 1.2; compare with a "
        'shipped recipe\n    a: "\\UFFFFFFFF"\n          ^',
    ),
    "surrogate": (
        'a: "\\ud800"\n',
        "x.yaml:1:4: error: a: the escape makes the character U+D800; a recipe is "
        'printable text; remove the escape\n    a: "\\ud800"\n       ^',
    ),
    "nul": (
        "a: b\0c\n",
        "x.yaml:1:5: error: unexpected character U+0000; a recipe is printable text; remove it\n"
        "    a: b\ufffdc\n        ^",
    ),
    "documents": (
        "a: 1\n---\nb: 2\n",
        "x.yaml:2:1: error: a second document begins here; a recipe is one document; "
        "remove the '---' or split the file\n    ---\n    ^",
    ),
    "alias": (
        "a: *b\n",
        "x.yaml:1:4: error: no anchor &b above; an alias repeats what was anchored before; check its "
        "name\n    a: *b\n       ^",
    ),
    "recursion": (
        "a: &a {b: [*a]}\n",
        "x.yaml:1:12: error: *a is inside &a itself; no value can contain itself; "
        "remove the alias\n    a: &a {b: [*a]}\n               ^",
    ),
    "merge": (
        "a: {<<: [1]}\n",
        "x.yaml:1:10: error: a: '<<' does not merge a mapping here; it takes an alias of a "
        "mapping, or a list of these; remove it\n    a: {<<: [1]}\n             ^",
    ),
    "latin-1": (
        "a: 1\ntitle: Bl\xe4tter\n".encode("latin-1"),
        "x.yaml:2:10: error: byte 14 (0xe4) is not UTF-8; a "
        "recipe is text in UTF-8; save it again in that encoding\n    title: Bl\ufffdtter\n             ^",
    ),
    "utf-16": ("a: 1\n".encode("utf-16"), None),
    "picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", None),
}


@pytest.mark.parametrize(("content", "expected"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_refused_in_words(content, expected):
    if expected is None:
        assert told(content).startswith("x.yaml:1:1: error: the file is ")
        assert "; a recipe is text in UTF-8; save it again in that encoding" in told(content)
    else:
        assert told(content) == expected


def test_every_fault_of_a_text_at_once():
    source = parse("a: .nan\nb: {c: 1, c: 2}\n3: 4\nd: !t 5\n", file="x.yaml")
    assert [problem.line for problem in source.problems] == [1, 2, 3, 4]


def bomb(fan: int, depth: int) -> str:
    lines = [f"a0: &a0 [{', '.join(['x'] * fan)}]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * fan)}]" for i in range(1, depth)]
    return "\n".join(lines)


BOMBS = {
    "aliases": (bomb(9, 12), "more than 20,000 values with all aliases written out"),
    "merges": (
        "a: &a {" + ", ".join(f"k{i}: 1" for i in range(6000)) + "}\nb: {<<: [" + "*a, " * 5000 + "]}",
        "more than 20,000 values with all aliases written out",
    ),
    "brackets": ("a: " + "[" * 100_000, "nested deeper than 50 levels"),
    "braces": ("a: " + "{b: " * 60, "nested deeper than 50 levels"),
    "dashes": ("- " * 100_000, "nested deeper than 50 levels"),
    "keys": ("? " * 100_000, "nested deeper than 50 levels"),
    "alias-depth": (
        "x-a: &a0 " + "[" * 30 + "]" * 30 + "\nx-b: &b " + "[" * 30 + "*a0" + "]" * 30 + "\nc: *b\n",
        "nested deeper than 50 levels through aliases",
    ),
    "long": (
        "a: " + "x" * 2_000_000,
        "the file has more than 1,000,000 bytes; a recipe has a few thousand; is this the right file?",
    ),
    "anchors": ("&a " * 300_000, "text goes on where the value has ended"),
    "many": ("a: 1\n" * 199_000, "more than 20,000 values"),
}


@pytest.mark.parametrize(("content", "expected"), BOMBS.values(), ids=BOMBS)
def test_bombs_are_refused_quickly(content, expected):
    began = time.monotonic()
    source = parse(content, file="x.yaml")
    assert time.monotonic() - began < 20
    assert source.fatal
    assert len(source.problems) == 1
    assert expected in str(source.problems[0])
    assert len(str(source.problems[0])) < 800


def test_long_values_are_harmless():
    assert parse("a: " + "x" * 900_000).data["a"] == "x" * 900_000
    assert parse('a: "' + "\\x41" * 200_000 + '"').data["a"] == "A" * 200_000


def test_files(tmp_path):
    (tmp_path / "whirl.yaml").write_text("a: 1\n")
    assert read(tmp_path / "whirl.yaml").data == {"a": 1}
    assert read(tmp_path / "whirl.yaml", name="w").file == "w"

    def problem(name: str) -> str:
        return str(read(tmp_path / name, name=name).problems[0])

    assert problem("wirl.yaml") == (
        f"wirl.yaml: error: no such file; a recipe is a YAML file; did you mean {str(tmp_path / 'whirl.yaml')!r}?"
    )
    assert problem("none/a.yaml") == (
        "none/a.yaml: error: no such file; its folder does not exist either; check the path"
    )
    assert problem(".") == ".: error: is a folder; a recipe is one YAML file; name a file in it"
    assert problem("a" * 5000).startswith("a" * 5000 + ": error: cannot be read: ")
    (tmp_path / "large.yaml").write_bytes(b"#" * 10_000_000)
    assert problem("large.yaml") == (
        "large.yaml: error: the file has more than 1,000,000 bytes; a recipe has a few thousand; is this the "
        "right file?"
    )


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("!!str title: x", {"title": "x"}),
        ("! title: x", {"title": "x"}),
        ("!mine title: x", {}),
        ("!!binary title: x", {}),
    ],
)
def test_a_key_may_be_tagged_as_the_text_that_it_is_and_as_nothing_else(text, data):
    source = parse(text)
    assert source.data == data
    assert bool(source.faults) == (not data)
