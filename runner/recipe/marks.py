"""A recipe's values and where each is written: `Source`, and the `Mark`s that errors point at.

A `Source` holds nested dicts and lists of the values, a map from the *route* of each value
(`("renderer", "phases", 0, "size")`) to its marks, and the problems of reading it.

Convention: lines and columns count from 1, columns in characters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orbifolio.runner.errors import Problem

MAX_LINE_SHOWN = 200
"""Characters of a source line that an error may repeat: a longer one fills a terminal and hides its caret."""

Route = tuple[str | int, ...]
"""The keys and indices from the top of a recipe to a value."""

# PyYAML's own line ends, so that its marks and our lines agree.
_LINE_END = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, order=True)
class Mark:
    """A position in one of a source's texts; marks sort in reading order, the file's first.

    Attributes:
        text: index into `Source.texts`.
        line: counted from 1.
        column: in characters, counted from 1.
    """

    text: int = 0
    line: int = 1
    column: int = 1


@dataclass(frozen=True)
class Marks:
    """Where a value's key is written (None in a list, and at the top) and where the value is."""

    key: Mark | None
    value: Mark


@dataclass(frozen=True)
class Text:
    """A text that values came from: the recipe's file or one override of the command line."""

    file: str
    lines: tuple[str, ...]
    override: bool = False

    def problem(self, mark: Mark, message: str, route: Route = (), *, severity: str = "error") -> Problem:
        """A problem at a mark in this text, with its source line where that is short enough to show."""
        line = self.lines[mark.line - 1] if 0 < mark.line <= len(self.lines) else ""
        shown: str | None = printable(line)
        if not line or mark.column > MAX_LINE_SHOWN - 40:  # nothing to show, or the caret would lie near the cut
            shown = None
        elif len(line) > MAX_LINE_SHOWN:
            shown = printable(line[: MAX_LINE_SHOWN - 4]) + " ..."
        return Problem(
            message,
            path=dotted(route),
            file=self.file,
            line=None if self.override else mark.line,
            column=mark.column,
            source=shown,
            severity=severity,
        )


@dataclass(frozen=True)
class Source:
    """What was written: data, marks and the problems of reading it.

    Attributes:
        data: the values as dicts, lists, strings, numbers, booleans and None.
        marks: of each value of `data` by its route; the top is `()`.
        texts: the file, then one text for each override.
        faults: problems as (mark, route, problem).
        broken: routes whose value could not be understood; `data` has a placeholder there.
        fatal: the text is not a recipe at all; `data` is empty.
    """

    data: dict[str, Any]
    marks: Mapping[Route, Marks]
    texts: tuple[Text, ...]
    faults: tuple[tuple[Mark, Route, Problem], ...] = field(default=())
    broken: frozenset[Route] = frozenset()
    fatal: bool = False

    @property
    def file(self) -> str:
        """The recipe's file as the user named it."""
        return self.texts[0].file

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of the recipe's file."""
        return self.texts[0].lines

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The problems of reading it, in reading order."""
        return tuple(problem for _, _, problem in sorted(self.faults, key=lambda fault: fault[0]))


def dotted(route: Sequence[str | int]) -> str:
    """A route as errors and overrides spell it.

    >>> dotted(("renderer", "phases", 0, "size"))
    'renderer.phases.0.size'
    """
    return ".".join(printable(str(part))[:60] for part in route)


def split_lines(text: str) -> tuple[str, ...]:
    """The lines of a text, without their ends; one more than there are line ends."""
    return tuple(_LINE_END.split(text))


def unprintable(text: str) -> re.Match[str] | None:
    """The first character that YAML text cannot hold: a control, a surrogate, a byte order mark."""
    return _UNPRINTABLE.search(text)


def mark_at(text: str, offset: int, *, index: int = 0) -> Mark:
    """The mark of a character, by its offset in the text."""
    before = split_lines(text[:offset])
    return Mark(index, len(before), len(before[-1]) + 1)


def printable(line: str) -> str:
    """One printable character for each character, so that a caret below still points at the right one."""
    return "".join(c if c.isprintable() else " " if c == "\t" else "\ufffd" for c in line)
