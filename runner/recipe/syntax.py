"""PyYAML's complaints about syntax, in the words of people who write recipes."""

from __future__ import annotations

import re

import yaml

# (part of PyYAML's text, ours as "what; rule; cure"); the first that fits is taken.
COMPLAINTS = (
    ("character '\\t'", "unexpected tab; YAML is indented with spaces; replace the tab"),
    (
        "mapping values are not allowed",
        "a second ': ' in one line, or a line indented too far; each key needs "
        "a line of its own; quote the value, or fix the indentation",
    ),
    (
        "could not find expected ':'",
        "a key without ':'; each line of a mapping is 'key: value'; add the colon, or fix the indentation",
    ),
    (
        "but found '<block mapping start>'",
        "this line is indented unlike its neighbours; keys of one mapping begin in one column; fix the indentation",
    ),
    (
        "but found '<block sequence start>'",
        "this item is indented unlike its neighbours; items of one list begin in one column; fix the indentation",
    ),
    (
        "expected <block end>",
        "this does not continue what is above; keys and items of one collection "
        "begin in one column; fix the indentation",
    ),
    (
        "unindent",
        "this line is indented unlike any above it; keys of one mapping begin in one column; fix the indentation",
    ),
    (
        "sequence entries are not allowed",
        "a list item '- ' is not allowed here; a list begins on the line after its key; put it on a line of its own",
    ),
    (
        "but got '?'",
        "a ? inside [brackets] or {braces}; it is a sign of YAML there, so text with one is quoted; put it in quotes",
    ),
    ("expected ',' or ']'", "a list in [brackets] is not closed; its items are separated by commas; add ',' or ']'"),
    ("expected ',' or '}'", "a mapping in {braces} is not closed; its items are separated by commas; add ',' or '}'"),
    ("expected the node content", "a value is missing here; a key, a dash or a comma is followed by one; add it"),
    (
        "expected '<document start>'",
        "text goes on where the value has ended; what begins with a bracket or a quote ends with it; quote all of it",
    ),
    ("unexpected end of stream", "the text ends inside quotes; each quote needs its partner; close it"),
    ("unexpected document separator", "'---' is inside quotes; each quote needs its partner; close it"),
    (
        "unknown escape character",
        "no such escape in double quotes; a backslash begins an escape there; write "
        "\\\\ for a backslash, or use single quotes",
    ),
    (
        "that cannot start any token",
        "plain text cannot begin with this character; YAML reserves it; quote the value",
    ),
)


EATEN_ITEM = re.compile(r"[\[{,]\s*(#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8}))\b")
"""A colour that stands in a list or mapping without quotes, and so begins a comment."""


def syntax_message(error: yaml.MarkedYAMLError, text: str) -> str:
    """PyYAML's complaint about a text as "what; rule; cure"."""
    complaint = error.problem or error.context or "not YAML"
    eaten = EATEN_ITEM.search(text)
    if eaten and error.problem_mark is not None and eaten.start() < error.problem_mark.index:
        return f"{eaten[1]} is read as a comment; a # begins one in YAML; quote the colour: '{eaten[1]}'"
    message = next((ours for theirs, ours in COMPLAINTS if theirs in complaint), None)
    if message is None:
        message = f"not YAML: {complaint}; compare with a shipped recipe"
    start = error.context_mark
    if start is not None and error.problem_mark is not None and start.line != error.problem_mark.line:
        message += f" (it began in line {start.line + 1})"
    return message
