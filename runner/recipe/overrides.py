"""`KEY=VALUE` overrides: values put in by dotted path, as if they were written in the file.

    renderer.phases.0.size=64      an item of a list, from 0; -1 is the last
    renderer.phases.+={size: 512, steps: 40}      one more item
    renderer.symmetry.colours.r6=[-r, -g, -b]
    renderer.canvas.init=plasma    `canvas: pixels` becomes `canvas: {kind: pixels, init: plasma}`

VALUE is read by the rules of the recipe's own text, but for `#`, which begins no comment here. Each override is a
text of its own, named `override`, so errors show it with a caret as they show a line of the file.
"""

from __future__ import annotations

import copy
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from orbifolio.runner.named_files import TypedName
from orbifolio.runner.recipe import qualities
from orbifolio.runner.recipe.annotations import part_of
from orbifolio.runner.recipe.composition import Data, Fault, SyntaxFault, read_value
from orbifolio.runner.recipe.marks import Mark, Marks, Route, Source, Text, dotted, split_lines, unprintable
from orbifolio.runner.recipe.scalars import shown

MAX_OVERRIDES = 1000  # more than anyone types; each is a text that errors may show
MAX_PATH_PARTS = 50  # as deep as a recipe may be: `composition.MAX_DEPTH`


_SIGNS = "[{]},\"'|>&*!%@`"  # with which something other than plain text begins
_FILE = re.compile(r"\.[A-Za-z]{2,5}\b")  # the end of a file's name
_COMMENT = re.compile(r"(?:^|\s)#")
_COMMENT_AFTER = re.compile(r"\s#[^'\"]*$")


@dataclass
class _State:
    """A source while overrides are put in."""

    data: dict[str, Any]
    marks: dict[Route, Marks]
    faults: list[Fault]
    broken: set[Route]


def apply_overrides(source: Source, overrides: Sequence[str], *, folder: Path | None = None) -> Source:
    """A source with values replaced or added.

    The values of the chosen quality come first: see `qualities.py`.

    Args:
        source: the recipe's; a fatal one is returned as it is.
        overrides: `KEY=VALUE` texts, later ones win.
        folder: in which they were typed, from which their relative paths start; None: as in the recipe.

    Returns:
        A new source; what is wrong with an override is among its faults.
    """
    quality = "" if source.fatal else qualities.chosen(source, overrides)
    if source.fatal or not (overrides or quality):
        return source
    state = _State(copy.deepcopy(source.data), dict(source.marks), list(source.faults), set(source.broken))
    texts = list(source.texts)
    for path, (value, mark) in qualities.entries(source, quality).items():
        try:
            _put_quality(state, source, ("qualities", quality, path), value, mark)
        except SyntaxFault as error:
            state.faults.append((mark, (), texts[0].problem(mark, f"{path}: {error.message}")))
    for number, override in enumerate(overrides):
        index = len(texts)
        origin = Text("override", split_lines(override), override=True)
        texts.append(origin)
        try:
            if number == MAX_OVERRIDES:
                raise SyntaxFault(
                    Mark(index),
                    f"more than {MAX_OVERRIDES:,} overrides; nobody reads that many; write a recipe",
                )
            _put(state, override, origin, index, folder)
        except SyntaxFault as error:
            state.faults.append((error.mark, (), origin.problem(error.mark, error.message)))
        if number == MAX_OVERRIDES:
            break
    changed = Source(state.data, state.marks, tuple(texts), tuple(state.faults), broken=frozenset(state.broken))
    missing = qualities.unknown(changed, quality)
    return replace(changed, faults=(*changed.faults, *missing))


def _put_quality(state: _State, source: Source, written: Route, value: Any, mark: Mark) -> None:
    """Put one value of a quality in; its marks are those in the file."""
    route, columns = _route(state.data, str(written[-1]), mark.text)
    if route[0] in qualities.KEYS:
        raise SyntaxFault(mark, "a quality changes the picture, not the qualities; take it out")
    inside = {old[len(written) :]: marks for old, marks in source.marks.items() if old[: len(written)] == written}
    broken = {(*route, *old[len(written) :]) for old in source.broken if old[: len(written)] == written}
    moved = {(*route, *rest): marks for rest, marks in inside.items()}
    _set(state, route, columns, copy.deepcopy(value), moved, mark)
    state.broken |= broken


def _put(state: _State, override: str, origin: Text, index: int, folder: Path | None) -> None:
    """Put one override in; nothing is changed if it is faulty."""
    path, equals, text = override.partition("=")
    if not equals or not path.strip():
        raise SyntaxFault(
            Mark(index),
            "this is not KEY=VALUE; a value of the recipe is changed by its path; write it as in seed=3",
        )
    first = split_lines(path)[0]
    if first != path:
        raise SyntaxFault(
            Mark(index, 1, len(first) + 1), "the line ends inside the path; a path is one line; join the lines"
        )
    bad = unprintable(path)
    if bad is not None:
        raise SyntaxFault(
            Mark(index, 1, bad.start() + 1),
            f"unexpected character U+{ord(bad.group()):04X}; keys are printable text; remove it",
        )
    route, columns = _route(state.data, path, index)
    if any(isinstance(part, str) and part.startswith("x-") for part in route):
        return  # as in the file: notes are not read
    data = _read(origin, path, text, index=index, route=route)
    marks = {**data.marks, route: Marks(Mark(index, 1, columns[-1]), data.marks[route].value)}
    value = data.value if folder is None else _typed(data.value, folder)
    _set(state, route, columns, value, marks, Mark(index))
    state.faults.extend(data.faults)
    state.broken |= data.broken


def _read(origin: Text, path: str, text: str, *, index: int, route: Route) -> Data:
    """The value of an override; nobody comments a command line, so that no text is lost behind a `#`."""
    shift = len(path) + 1
    plain = text.strip()
    commented = _COMMENT.search(plain) is not None
    if commented and plain[0] not in _SIGNS and ": " not in plain and "\n" not in plain:
        mark = Mark(index, 1, 1 + shift + len(text) - len(text.lstrip()))
        return Data(plain, {route: Marks(None, mark)})
    try:
        data = read_value(origin, text, index=index, shift=shift, route=route)
    except SyntaxFault as fault:
        what, _, cure = fault.message.rpartition("; ")
        if cure == "check its name":
            raise  # an alias is meant
        if plain.startswith("*"):
            message = f"{shown(plain)} is no pattern; one picture is one file, a list has several: [a.jpg, b.jpg]"
        elif _names_files(plain):
            raise SyntaxFault(fault.mark, f"{what}; or quote the names: {_quoted_names(path, plain)}") from None
        elif plain[:1] not in _SIGNS or (plain[:1] in ("[", "{") and cure != "quote all of it"):
            raise  # a list or a mapping is meant
        else:
            message = what
        raise SyntaxFault(fault.mark, f"{message}; or quote the value: {_quoted(path, plain)}") from None
    for mark, _, problem in data.faults:
        what, _, _ = problem.message.rpartition("; ")
        if plain[:1] == "!":
            raise SyntaxFault(mark, f"{what}; or quote the value: {_quoted(path, plain)}")
        if _names_files(plain):
            raise SyntaxFault(mark, f"{what}; or quote the names: {_quoted_names(path, plain)}")
    if commented and _COMMENT_AFTER.search(plain):
        where = Mark(index, 1, 1 + shift + text.index("#"))
        rule = "a # after a space begins a comment in YAML"
        raise SyntaxFault(where, f"text from the # on is lost; {rule}; quote the value: {_quoted(path, plain)}")
    return data


def _typed(value: Any, folder: Path) -> Any:
    """A value whose texts know where they were typed."""
    if isinstance(value, dict):
        return {key: _typed(item, folder) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item, folder) for item in value]
    if not isinstance(value, str):
        return value
    name = TypedName(value)
    name.folder = folder
    return name


def _names_files(value: str) -> bool:
    """Whether a list is meant that has names of files in it."""
    return value[:1] == "[" and value[-1:] == "]" and _FILE.search(value) is not None


def _quoted_names(path: str, value: str) -> str:
    """An override whose value is a list of texts as they stand, as a shell takes it."""
    return shlex.quote(f"{path}=[{', '.join(_text(item.strip()) for item in value[1:-1].split(','))}]")


def _quoted(path: str, value: str) -> str:
    """An override whose value is text as it stands, as a shell takes it.

    >>> print(_quoted("title", "{y}"))
    'title='"'"'{y}'"'"''
    """
    return shlex.quote(f"{path}={_text(value)}")


def _text(value: str) -> str:
    """Text as it stands, as YAML takes it."""
    inner = value.replace("'", "''")
    return f"'{inner}'"


def _set(state: _State, route: Route, columns: list[int], value: Any, marks: Mapping[Route, Marks], mark: Mark) -> None:
    """Put a value, with the marks of all that is in it; containers made on the way to it are marked `mark`."""
    container = _open(state, route, columns, mark)
    last = route[-1]
    if isinstance(container, list) and last == len(container):
        container.append(value)
    else:
        container[last] = value
    for old in [old for old in state.marks if old[: len(route)] == route]:
        del state.marks[old]
    state.marks.update(marks)
    # the replaced value takes its faults with it
    state.faults[:] = [fault for fault in state.faults if not fault[1] or fault[1][: len(route)] != route]
    state.broken = {old for old in state.broken if old[: len(route)] != route}


def _route(data: dict[str, Any], path: str, index: int) -> tuple[Route, list[int]]:
    """The route that a path means in this data, and the column of each part."""
    parts = path.split(".")
    if len(parts) > MAX_PATH_PARTS:
        raise SyntaxFault(Mark(index), f"the path has {len(parts)} parts; at most {MAX_PATH_PARTS} fit; shorten it")
    container: Any = data
    route: list[str | int] = []
    columns: list[int] = []
    column = 1
    for part in parts:
        mark = Mark(index, 1, column)
        word = part.strip()
        if not word:
            raise SyntaxFault(
                mark, "the path has an empty part; parts are keys or list positions; remove the extra dot"
            )
        if isinstance(container, str) and word != "+" and not word.isdecimal():
            container = {"kind": container}  # a bare name is short for its kind
        if container is None:
            container = [] if word in ("+", "0") else {}
        if isinstance(container, list):
            position = _position(container, word, dotted(route), mark)
            route.append(position)
            container = container[position] if position < len(container) else None
        elif isinstance(container, dict):
            route.append(word)
            container = container.get(word)
        else:
            raise SyntaxFault(
                mark,
                f"{dotted(route)} is {shown(container)}; a single value has nothing inside; end the path there",
            )
        columns.append(column)
        column += len(part) + 1
    return tuple(route), columns


def _position(items: list[Any], word: str, where: str, mark: Mark) -> int:
    count = len(items)
    allowed = f"write a number from 0 to {count - 1}, or + for one more" if count else "write + for the first"
    if word == "+" or (word == "0" and not items):
        return count
    if not word.removeprefix("-").isascii() or not word.removeprefix("-").isdecimal():
        raise SyntaxFault(mark, f"{where} is a list, {shown(word)} is not a position in it; {allowed}")
    position = int(word) if len(word) < 10 else count
    if not -count <= position < count:
        items_there = f"{count} item{'s' if count != 1 else ''}"
        raise SyntaxFault(mark, f"{where} has {items_there}, none at {word[:20]}; {allowed}")
    return position % count


def _open(state: _State, route: Route, columns: list[int], start: Mark) -> Any:
    """The container of a route's last part; makes what is missing on the way."""
    container: Any = state.data
    for depth, part in enumerate(route[:-1], start=1):
        here = route[:depth]
        mark = Mark(start.text, start.line, start.column + columns[depth - 1] - 1)
        inside = part_of(container, part)
        if isinstance(inside, str):
            state.marks[(*here, "kind")] = state.marks[here]
            inside = {"kind": inside}
        elif inside is None:
            inside = [] if isinstance(route[depth], int) else {}
            state.marks[here] = Marks(mark, mark)
        if isinstance(container, list) and part == len(container):
            container.append(inside)
        else:
            container[part] = inside
        container = inside
    return container
