"""Markdown of strangers: bounded in depth and time, and no words of it are lost."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orbifolio.reports.prose import markdown_to_html, markdown_to_text

MARKS = (
    *(
        "+ ",
        "- ",
        "* ",
        "1. ",
        "1) ",
        "> ",
        "#",
        "-\n",
        "- - - \n",
        "a\n===\n",
        "> -\na\n===\n",
        "> -\n> -\n(",
        "a\n: b\n",
    ),
    *(
        "*",
        "**a",
        "_",
        "*a_ ",
        "`",
        "``a",
        "[",
        "[a](",
        "![](",
        "[[]]",
        "![[](",
        "[a]: b\n",
        "[a][b]",
        "](",
        "<",
        "<a ",
        "<!--",
    ),
    *(
        "<?",
        "<![CDATA[",
        "<div>\n",
        "|",
        "|a",
        "| a |\n|--|\n",
        "```\n",
        "    a\n",
        "\n\n",
        "\t",
        "\\",
        "&",
        "~~",
        "word ",
    ),
)
CPU_SECONDS = 4.0  # they take 0.7 at most, and a busy machine counts double
LETTERS, MOST = 10_000, 400  # of a text, and of each sign that Markdown takes the square of: the most that is rendered


def as_costly_as_can_be(unit: str) -> str:
    """A text of one unit again and again, filled up with words where more of it would not be rendered."""
    most = max(unit.count(sign) for sign in "[*_`<")
    repeated = unit * min(LETTERS // len(unit), MOST // most if most else LETTERS)
    return repeated + "word " * ((LETTERS - len(repeated)) // 5)


def check_markdown(text: str) -> None:
    began = time.process_time()
    shown = markdown_to_html(text)
    markdown_to_text(text)
    assert time.process_time() - began < CPU_SECONDS, text[:40]
    assert len(shown) < 800_000


@pytest.mark.parametrize(
    "text",
    ["+ " * 9900, "1. " * 6600, "a\n: b\n" * 3333, "-\n" * 10_000, "> -\na\n===\n" * 1800, "> " * 9900],
    ids=range(6),
)
def test_markdown_made_to_be_costly_is_shown_all_the_same(text: str) -> None:
    check_markdown(text)
    assert markdown_to_html(text).strip()


def test_what_is_nested_too_deeply_is_shown_as_it_is() -> None:
    assert "<li>" in markdown_to_html("+ " * 5 + "word")
    assert markdown_to_html("+ " * 50 + "word") == f"<p>{'+ ' * 50}word</p>"
    assert "<blockquote>" in markdown_to_html("> " * 5 + "word")


@pytest.mark.parametrize("seed", range(8))
def test_markdown_of_repeated_marks_takes_bounded_time(seed: int) -> None:
    chance = random.Random(seed)
    unit = "".join(chance.choice(MARKS) * chance.randint(1, 3) for _ in range(chance.randint(1, 3)))
    check_markdown(as_costly_as_can_be(unit))


@pytest.mark.slow
@pytest.mark.parametrize("block", range(8))
def test_pairs_of_marks_take_bounded_time(block: int) -> None:
    for first in MARKS[block::8]:
        for second in random.Random(first).sample(MARKS, 8):
            check_markdown(as_costly_as_can_be(first + second))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from([mark for mark in MARKS if "<" not in mark]), max_size=40).map("".join))
def test_no_words_are_lost(text: str) -> None:
    assert "needle" in markdown_to_text(f"{text}\n\nneedle\n", limit=1000)
