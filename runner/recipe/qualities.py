"""Qualities of a recipe: named sets of overrides in the file itself.

    qualities:
      print: {renderer.phases.2.size: 3072, renderer.phases.2.steps: 200}

`quality=print` on the command line, or `quality: print` in the file, puts the set's values where their paths say;
the command line's own overrides come after them and win.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from orbifolio.runner.recipe.composition import Fault
from orbifolio.runner.recipe.marks import Mark, Source
from orbifolio.runner.recipe.scalars import shown

KEYS = ("quality", "qualities")
"""The keys that choose a set and hold the sets; they do not describe the picture."""


def chosen(source: Source, overrides: Sequence[str]) -> str:
    """The name of the set that a run uses, "" for none; the command line overrides the file."""
    name: Any = source.data.get("quality")
    for override in overrides:
        key, equals, value = override.partition("=")
        if equals and key.strip() == "quality":
            name = value.strip().strip("'\"")
    return name if isinstance(name, str) else ""


def entries(source: Source, name: str) -> Mapping[str, tuple[Any, Mark]]:
    """Path -> (value, mark of the path in the file), in the order of the file; nothing for an unknown name."""
    sets = source.data.get("qualities")
    values = sets.get(name) if isinstance(sets, dict) else None
    if not isinstance(values, dict):
        return {}
    return {
        str(path): (value, source.marks[("qualities", name, path)].key or Mark())
        for path, value in values.items()
        if ("qualities", name, path) in source.marks
    }


def names(source: Source) -> tuple[str, ...]:
    """The sets that a recipe has."""
    sets = source.data.get("qualities")
    return tuple(str(name) for name in sets) if isinstance(sets, dict) else ()


def unknown(source: Source, name: str) -> tuple[Fault, ...]:
    """The fault of choosing a set that the recipe does not have, where it was chosen."""
    sets = names(source)
    if not name or name in sets or ("quality",) not in source.marks:
        return ()
    close = difflib.get_close_matches(name, sets, 1)
    cure = f"did you mean {shown(close[0])}?" if close else f"it has {', '.join(sets)}" if sets else "leave it out"
    rule = "a quality is a set of the recipe's `qualities`" if sets else "this recipe has no `qualities`"
    mark = source.marks[("quality",)].value
    message = f"unknown quality {shown(name)}; {rule}; {cure}"
    return ((mark, ("quality",), source.texts[mark.text].problem(mark, message, ("quality",))),)
