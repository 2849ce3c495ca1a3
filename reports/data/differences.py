"""What differs between runs: (flat parameters of each) -> the names whose values are not all the same.

Convention: parameters are as on a card, `renderer.phases.0.size` -> JSON text; a name that a run lacks
(its list of phases is shorter) counts as a value of its own, None.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

DESCRIPTIVE = ("about", "title", "theme", "tags", "publish")
"""Words about the recipe, and where it goes: no parameters of the picture."""


MAX_NAMING = 3
"""Parameters that name a run; a table has the others."""


@dataclass(frozen=True)
class Difference:
    """One parameter: its full dotted name, its shortest unambiguous ending, and its value in each run."""

    name: str
    short: str
    values: tuple[str | None, ...]


def _suffixes(name: str) -> list[str]:
    """The name's endings, short to long, none of which begins with a number.

    >>> _suffixes("renderer.phases.0.size")
    ['size', 'phases.0.size', 'renderer.phases.0.size']
    """
    words = name.split(".")
    return [".".join(words[at:]) for at in reversed(range(len(words))) if not words[at].isdigit() or at == 0]


def short_names(names: Iterable[str]) -> dict[str, str]:
    """For each name its shortest ending that no other name has.

    >>> short_names(["phases.0.size", "phases.1.size", "canvas.init.kind", "seed"])
    {'phases.0.size': 'phases.0.size', 'phases.1.size': 'phases.1.size', 'canvas.init.kind': 'kind', 'seed': 'seed'}
    """
    every = list(dict.fromkeys(names))
    endings = Counter(ending for name in every for ending in _suffixes(name))
    return {name: next((each for each in _suffixes(name) if endings[each] == 1), name) for name in every}


def _sorted_names(each: Sequence[Mapping[str, str]]) -> list[str]:
    """All names, sorted with numbers by value: `phases.2` before `phases.10`."""

    def key(name: str) -> list[tuple[int, int, str]]:
        return [(0, int(word), "") if word.isascii() and word.isdigit() else (1, 0, word) for word in name.split(".")]

    return sorted({name for parameters in each for name in parameters}, key=key)


def parameter_differences(each: Sequence[Mapping[str, str]]) -> tuple[Difference, ...]:
    """The parameters that are not the same in all runs.

    Args:
        each: the flat parameters of every run; a run without any (an old one) is left out of the comparison.
    """
    recorded = [parameters for parameters in each if parameters]
    names = _sorted_names(recorded)
    shorts = short_names(names)
    differences = []
    for name in names:
        if name.partition(".")[0] in DESCRIPTIVE or len({parameters.get(name) for parameters in recorded}) < 2:
            continue
        differences.append(Difference(name, shorts[name], tuple(parameters.get(name) for parameters in each)))
    return tuple(differences)


def naming_words(differences: Sequence[Difference], run: int) -> str:
    """What tells one run from the others, in a few words; "" if nothing does.

    >>> sizes = Difference("renderer.size", "size", ("64", "128"))
    >>> naming_words([sizes, Difference("seed", "seed", ("1", None))], 1)
    'size 128'
    """
    known = [(each.short, each.values[run]) for each in differences]
    words = [f"{short} {plain_value(value)}" for short, value in known if value is not None]
    return " · ".join(words[:MAX_NAMING]) + (" …" if len(words) > MAX_NAMING else "")


def plain_value(value: str | None) -> str:
    """A value as it is read: JSON, but without the quotes of a text; "" for none.

    >>> plain_value('"adam"'), plain_value("[]"), plain_value("0.5"), plain_value(None)
    ('adam', '[]', '0.5', '')
    """
    if value is None:
        return ""
    if value.startswith('"'):
        try:
            return str(json.loads(value))
        except ValueError:
            return value
    return value
