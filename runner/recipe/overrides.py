"""`KEY=VALUE` overrides: values put in by dotted path, as if they were written in the file.

    renderer.phases.0.size=64      an item of a list, from 0; -1 is the last
    renderer.phases.+={size: 512, steps: 40}      one more item
    renderer.symmetry.colours.r6=[-r, -g, -b]

VALUE is read by the rules of the recipe's own text. Each override is a text of its own, named `override`,
so errors show it with a caret as they show a line of the file.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from runner.recipe.composition import SyntaxFault, read_value
from runner.recipe.marks import Mark, Marks, Route, Source, Text

MOST_OVERRIDES = 1000


class _Misplaced(Exception):
    """A path leads nowhere: message and column."""

    def __init__(self, message: str, column: int) -> None:
        self.message, self.column = message, column
        super().__init__(message)


def apply_overrides(source: Source, overrides: Sequence[str]) -> Source:
    """A source with values replaced or added.

    Args:
        source: the recipe's; a fatal one is returned as it is.
        overrides: `KEY=VALUE` texts, later ones win.

    Returns:
        A new source; what is wrong with an override is among its faults.
    """
    if source.fatal or not overrides:
        return source
    data = copy.deepcopy(source.data)
    marks: dict[Route, Marks] = dict(source.marks)
    texts, faults = list(source.texts), list(source.faults)
    for override in overrides[:MOST_OVERRIDES]:
        index = len(texts)
        origin = Text("override", (override,), override=True)
        texts.append(origin)
        try:
            _apply(data, marks, faults, override, origin, index)
        except _Misplaced as error:
            mark = Mark(index, 1, error.column)
            faults.append((mark, (), origin.problem(mark, error.message)))
        except SyntaxFault as error:
            faults.append((error.mark, (), origin.problem(error.mark, error.message)))
    return Source(data, marks, tuple(texts), tuple(faults))


def _apply(
    data: dict[str, Any], marks: dict[Route, Marks], faults: list[Any], override: str, origin: Text, index: int
) -> None:
    path, equals, text = override.partition("=")
    if not equals or not path.strip():
        raise _Misplaced(
            "this is not KEY=VALUE; a value of the recipe is changed by its path; write it as in seed=3", 1
        )
    route, place, column = _find(data, marks, path, index)
    found = read_value(origin, text, index=index, shift=len(path) + 1, route=route)
    last = route[-1]
    if isinstance(place, list) and last == len(place):
        place.append(found.value)
    else:
        place[last] = found.value
    for old in [old for old in marks if old[: len(route)] == route]:
        del marks[old]
    marks.update(found.marks)
    marks[route] = Marks(Mark(index, 1, column), Mark(index, 1, len(path) + 2))
    faults[:] = [fault for fault in faults if fault[1][: len(route)] != route or not fault[1]]
    faults.extend(found.faults)


def _find(
    data: dict[str, Any], marks: dict[Route, Marks], path: str, index: int
) -> tuple[Route, Any, int]:
    """(route, container of its last part, column of its last part); makes mappings on the way."""
    parts = path.split(".")
    place: Any = data
    route: list[str | int] = []
    column = 1
    for number, part in enumerate(parts):
        key: str | int = part.strip()
        if not key:
            raise _Misplaced("the path has an empty part; parts are keys or list positions; remove the extra dot", column)
        if isinstance(place, list):
            key = _position(place, part.strip(), ".".join(map(str, route)), column)
        elif not isinstance(place, dict):
            raise _Misplaced(
                f"{'.'.join(map(str, route))} is one value; it has nothing inside; end the path there", column
            )
        route.append(key)
        if number == len(parts) - 1:
            return tuple(route), place, column
        if isinstance(place, dict) and not isinstance(place.get(str(key)), dict | list):
            # A missing mapping is made; a bare name (`canvas: pixels`) becomes the kind it stands for.
            name = place.get(str(key))
            place[str(key)] = {"kind": name} if isinstance(name, str) else {}
            if name is not None and not isinstance(name, str):
                raise _Misplaced(f"{'.'.join(map(str, route))} is one value; it has nothing inside; end the path there", column)
            here = Marks(Mark(index, 1, column), Mark(index, 1, column))
            marks[tuple(route)] = marks.get(tuple(route), here)
            if isinstance(name, str):
                marks[(*route, "kind")] = marks[tuple(route)]
        place = place[key]
        column += len(part) + 1
    raise AssertionError("a path has at least one part")


def _position(place: list[Any], part: str, where: str, column: int) -> int:
    if part == "+":
        return len(place)
    try:
        position = int(part)
    except ValueError:
        raise _Misplaced(
            f"{where} is a list; its items have positions; write a number from 0 to {len(place) - 1}, or + for one more", column
        ) from None
    if not -len(place) <= position < len(place):
        raise _Misplaced(
            f"{where} has {len(place)} item{'s' if len(place) != 1 else ''}; positions count from 0 to "
            f"{len(place) - 1}; use one of them, or + for one more", column
        )
    return position % len(place)
