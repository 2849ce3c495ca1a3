"""Laying out a sweep's runs: (varied parameters, members) -> headings with a matrix or a row of members each.

Two varied parameters make rows x columns, in the order in which they were typed; those before them make
groups, the outermost first. One makes a single row, none (a folder of recipes) a row for each theme.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from orbifolio.reports.data import differences
from orbifolio.reports.pages import thumbnail_grid
from orbifolio.reports.sweep.record import Member, Sweep, Varied

RECIPE = "recipe"
_QUOTED = re.compile(r"""(["'])((?!\1)[^\\])*\1""")
_SPARSE = 4096  # cells; a larger matrix has at least a member for every four


@dataclass(frozen=True)
class Axis:
    """A varied parameter as a page shows it.

    Attributes:
        key: its full dotted path.
        name: the shortest ending of it that no other varied parameter has; where its values are objects that
            differ in one entry, that entry's name.
        values: as typed.
        labels: the same, without what all of them begin and end with.
    """

    key: str
    name: str
    values: tuple[str, ...]
    labels: tuple[str, ...]

    def label(self, value: str) -> str:
        """A value as it is shown."""
        return self.labels[self.values.index(value)] if value in self.values else value


@dataclass(frozen=True)
class Heading:
    """A heading over members: `level` as in HTML."""

    level: int
    text: str
    hint: str = ""


@dataclass(frozen=True)
class Block:
    """Members under headings: `rows` and `columns` are axes of a matrix, or None where they stand in a row.

    Attributes:
        headings: those that begin here, the outermost first.
        cells: row by row; None where the sweep has no such member.
    """

    headings: tuple[Heading, ...]
    cells: tuple[tuple[Member | None, ...], ...]
    rows: Axis | None = None
    columns: Axis | None = None


def brief(values: Sequence[str]) -> tuple[str, ...]:
    """Values without the entries that all of them share at their beginning and end.

    >>> brief(["{kind: plane, group: p4}", "{kind: plane, group: p6}"])
    ('group: p4', 'group: p6')
    >>> brief(["1", "12"]), brief(["[a]", "[]"]), brief(['"a: b"', "c"])
    (('1', '12'), ('[a]', '[]'), ('a: b', 'c'))
    >>> brief(['["oil"]', '["agate"]']), brief(["[a, b]", "{a: b}"])
    (('oil', 'agate'), ('[a, b]', '{a: b}'))
    """
    found = tuple(values)
    if len(found) > 1 and all(value[:1] in tuple("{[") and value[-1:] in tuple("}]") for value in found):
        found = _distinct(_cut(found), found)
    return _distinct(tuple(value[1:-1] if _QUOTED.fullmatch(value) else value for value in found), found)


def _distinct(short: tuple[str, ...], whole: tuple[str, ...]) -> tuple[str, ...]:
    """Shorter texts if they still tell one from another, else the whole ones."""
    return short if all(short) and len(set(short)) == len(set(whole)) else whole


def _cut(values: tuple[str, ...]) -> tuple[str, ...]:
    """Lists or objects without the entries that all have at their beginning and end, and without brackets."""
    ahead = os.path.commonprefix(list(values))
    start = max(ahead.rfind(", ") + 2 if ", " in ahead else 0, max(ahead.rfind(each) for each in "{[") + 1)
    behind = os.path.commonprefix([value[start:][::-1] for value in values])[::-1]
    cut = next((len(behind) - at for at, letter in enumerate(behind) if letter in ",}]"), 0)
    return tuple(value[start : len(value) - cut] for value in values)


def _stem(recipe: str) -> str:
    return recipe.replace("\\", "/").rpartition("/")[2].removesuffix(".yaml").removesuffix(".yml")


def axes(sweep: Sweep) -> tuple[Axis, ...]:
    """What varies, outermost first; several recipes under several values count as what varies most slowly."""
    varied = list(sweep.varied)
    recipes = tuple(dict.fromkeys(member.recipe for member in sweep.members))
    if varied and len(recipes) > 1:
        varied.insert(0, Varied(RECIPE, recipes))
    names = differences.short_names([each.key for each in varied])
    return tuple(_axis(each, names[each.key]) for each in varied)


_ENTRY = re.compile(r"([\w-]+): ?([^,:{}\[\]]+|\[[^\[\]]*\])")


def _axis(varied: Varied, name: str) -> Axis:
    """A varied parameter with its labels; `{kind: plane, group: p4}` among its likes is `p4`, of `group`."""
    labels = tuple(map(_stem, varied.values)) if varied.key == RECIPE else brief(varied.values)
    entries = [_ENTRY.fullmatch(label) for label in labels]
    found = [entry for entry in entries if entry is not None]
    if labels != varied.values and len(found) == len(labels) and len({entry[1] for entry in found}) == 1:
        return Axis(varied.key, found[0][1], varied.values, tuple(entry[2] for entry in found))
    return Axis(varied.key, name, varied.values, labels)


def value_of(member: Member, axis: Axis) -> str | None:
    """Where a member stands on an axis, or None."""
    value = member.recipe if axis.key == RECIPE else member.overrides.get(axis.key)
    return value if value in axis.values else None


def _by_theme(members: Sequence[Member], theme: Callable[[Member], str]) -> Iterator[Block]:
    """A row for each theme, in the gallery's order."""
    themes: dict[str, list[Member]] = {}
    for member in members:
        themes.setdefault(theme(member), []).append(member)
    for name in sorted(themes, key=thumbnail_grid.theme_order):
        heading = (Heading(3, thumbnail_grid.spelled(name)),) if len(themes) > 1 else ()
        yield Block(heading, (tuple(themes[name]),))


def _headings(outer: Sequence[Axis], values: Sequence[str], before: Sequence[str] | None) -> tuple[Heading, ...]:
    """The headings of a group that the group before had not."""
    same = 0
    while before is not None and values[same] == before[same]:
        same += 1
    return tuple(
        Heading(min(6, 3 + at), f"{outer[at].name} {outer[at].label(values[at])}", f"{outer[at].key}={values[at]}")
        for at in range(same, len(outer))
    )


def blocks(sweep: Sweep, theme: Callable[[Member], str]) -> tuple[Block, ...]:
    """All members, laid out.

    Args:
        sweep: the sweep.
        theme: of a member, where there is nothing else to lay them out by.
    """
    across = axes(sweep)
    if not across:
        return tuple(_by_theme(sweep.members, theme))
    placed: dict[tuple[str, ...], Member] = {}
    others: list[Member] = []
    for member in sweep.members:
        place = tuple(value_of(member, axis) or "" for axis in across)
        if all(place) and place not in placed:
            placed[place] = member
        else:
            others.append(member)
    found = []
    if len(across) == 1:
        row = tuple(placed[(value,)] for value in across[0].values if (value,) in placed)
        found = [Block((), (row,))] if row else []
    else:
        found = list(_matrices(across, placed))
    if others:
        found.append(Block((Heading(3, "Others"),) if found else (), (tuple(others),)))
    return tuple(found)


def _matrices(across: Sequence[Axis], placed: dict[tuple[str, ...], Member]) -> Iterator[Block]:
    """A matrix for each combination of the outer parameters that any member has."""
    *outer, rows, columns = across
    if len(rows.values) * len(columns.values) > _SPARSE + 4 * len(placed):
        yield Block((), (tuple(placed.values()),))  # a record that no sweep wrote: mostly holes
        return
    groups = {place[:-2]: None for place in placed}
    before: tuple[str, ...] | None = None
    for values in sorted(groups, key=lambda each: [axis.values.index(v) for axis, v in zip(outer, each, strict=True)]):
        cells = tuple(tuple(placed.get((*values, row, column)) for column in columns.values) for row in rows.values)
        yield Block(_headings(outer, values, before), cells, rows, columns)
        before = values
