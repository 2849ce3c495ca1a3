"""Laying out a sweep's runs: (varied parameters, members) -> headings with a matrix or a row of members each.

Two varied parameters make rows x columns, in the order in which they were typed; those before them make
groups, the outermost first. One makes a single row, none (a folder of recipes) a row for each theme.
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from orbifolio.reports.data.card import theme_order
from orbifolio.reports.data.differences import short_names
from orbifolio.reports.sweep.record import RecordedMember, RecordedSweep, VariedParameter
from orbifolio.reports.wording import title_from_name

RECIPE = "recipe"
_QUOTED = re.compile(r"""(["'])((?!\1)[^\\])*\1""")
_MAX_SPARSE_CELLS = 4096  # cells that a matrix may have beside four for each of its members


@dataclass(frozen=True)
class SweepAxis:
    """A varied parameter as a page shows it.

    Attributes:
        key: its full dotted path.
        name: the shortest ending of it that no other varied parameter has; where its values are objects that
            differ in one entry, that entry's name.
        values: as typed on the command line.
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
class GroupHeading:
    """A heading over members: `level` as in HTML."""

    level: int
    text: str
    hint: str = ""


@dataclass(frozen=True)
class MemberGroup:
    """Members under headings: `rows` and `columns` are axes of a matrix, or None where they form rows without heads.

    Attributes:
        headings: those that begin here, the outermost first.
        cells: row by row; None where the sweep has no such member.
    """

    headings: tuple[GroupHeading, ...]
    cells: tuple[tuple[RecordedMember | None, ...], ...]
    rows: SweepAxis | None = None
    columns: SweepAxis | None = None


def shorten_values(values: Sequence[str]) -> tuple[str, ...]:
    """Values without the entries that all of them share at their beginning and end.

    >>> shorten_values(["{kind: plane, group: p4}", "{kind: plane, group: p6}"])
    ('group: p4', 'group: p6')
    >>> shorten_values(["1", "12"]), shorten_values(["[a]", "[]"]), shorten_values(['"a: b"', "c"])
    (('1', '12'), ('[a]', '[]'), ('a: b', 'c'))
    >>> shorten_values(['["oil"]', '["agate"]']), shorten_values(["[a, b]", "{a: b}"])
    (('oil', 'agate'), ('[a, b]', '{a: b}'))
    """
    shortened = tuple(values)
    if len(shortened) > 1 and all(value[:1] in tuple("{[") and value[-1:] in tuple("}]") for value in shortened):
        shortened = _distinct(_cut(shortened), shortened)
    return _distinct(tuple(value[1:-1] if _QUOTED.fullmatch(value) else value for value in shortened), shortened)


def _distinct(short: tuple[str, ...], whole: tuple[str, ...]) -> tuple[str, ...]:
    """The shorter texts if they still differ where the whole ones do, else the whole ones."""
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


def sweep_axes(sweep: RecordedSweep) -> tuple[SweepAxis, ...]:
    """What varies, outermost first; where several recipes were run with several values, that is the recipe."""
    varied = list(sweep.varied)
    recipes = tuple(dict.fromkeys(member.recipe for member in sweep.members))
    if varied and len(recipes) > 1:
        varied.insert(0, VariedParameter(RECIPE, recipes))
    names = short_names([each.key for each in varied])
    return tuple(_axis(each, names[each.key]) for each in varied)


_ENTRY = re.compile(r"([\w-]+): ?([^,:{}\[\]]+|\[[^\[\]]*\])")


def _axis(varied: VariedParameter, name: str) -> SweepAxis:
    """A varied parameter; of `{kind: plane, group: p4}` and `{kind: plane, group: p6}`, `group` with `p4` and `p6`."""
    labels = tuple(map(_stem, varied.values)) if varied.key == RECIPE else shorten_values(varied.values)
    entries = [_ENTRY.fullmatch(label) for label in labels]
    matches = [entry for entry in entries if entry is not None]
    if labels != varied.values and len(matches) == len(labels) and len({entry[1] for entry in matches}) == 1:
        return SweepAxis(varied.key, matches[0][1], varied.values, tuple(entry[2] for entry in matches))
    return SweepAxis(varied.key, name, varied.values, labels)


def value_of(member: RecordedMember, axis: SweepAxis) -> str | None:
    """A member's value on an axis, or None."""
    value = member.recipe if axis.key == RECIPE else member.overrides.get(axis.key)
    return value if value in axis.values else None


def _by_theme(members: Sequence[RecordedMember], theme: Callable[[RecordedMember], str]) -> Iterator[MemberGroup]:
    """A row for each theme, in the gallery's order."""
    themes: dict[str, list[RecordedMember]] = {}
    for member in members:
        themes.setdefault(theme(member), []).append(member)
    for name in sorted(themes, key=theme_order):
        heading = (GroupHeading(3, title_from_name(name)),) if len(themes) > 1 else ()
        yield MemberGroup(heading, (tuple(themes[name]),))


def _headings(
    outer: Sequence[SweepAxis], values: Sequence[str], before: Sequence[str] | None
) -> tuple[GroupHeading, ...]:
    """The headings of a group that the previous group does not share."""
    same = 0
    while before is not None and values[same] == before[same]:
        same += 1
    return tuple(
        GroupHeading(min(6, 3 + at), f"{outer[at].name} {outer[at].label(values[at])}", f"{outer[at].key}={values[at]}")
        for at in range(same, len(outer))
    )


def arrange_members(sweep: RecordedSweep, theme: Callable[[RecordedMember], str]) -> tuple[MemberGroup, ...]:
    """All members, laid out.

    Args:
        theme: of a member, where there is nothing else to lay them out by.
    """
    across = sweep_axes(sweep)
    if not across:
        return tuple(_by_theme(sweep.members, theme))
    placed: dict[tuple[str, ...], RecordedMember] = {}
    others: list[RecordedMember] = []
    for member in sweep.members:
        values = tuple(value_of(member, axis) or "" for axis in across)
        if all(values) and values not in placed:
            placed[values] = member
        else:
            others.append(member)
    groups = []
    if len(across) == 1:
        row = tuple(placed[(value,)] for value in across[0].values if (value,) in placed)
        groups = [MemberGroup((), (row,))] if row else []
    else:
        groups = list(_matrices(across, placed))
    if others:
        groups.append(MemberGroup((GroupHeading(3, "Others"),) if groups else (), (tuple(others),)))
    return tuple(groups)


def _matrices(across: Sequence[SweepAxis], placed: dict[tuple[str, ...], RecordedMember]) -> Iterator[MemberGroup]:
    """A matrix for each combination of the outer parameters that any member has."""
    *outer, rows, columns = across
    if len(rows.values) * len(columns.values) > _MAX_SPARSE_CELLS + 4 * len(placed):
        yield MemberGroup((), (tuple(placed.values()),))  # not a record of a real sweep: mostly holes
        return
    groups = {values[:-2]: None for values in placed}
    before: tuple[str, ...] | None = None
    for values in sorted(groups, key=lambda each: [axis.values.index(v) for axis, v in zip(outer, each, strict=True)]):
        cells = tuple(tuple(placed.get((*values, row, column)) for column in columns.values) for row in rows.values)
        yield MemberGroup(_headings(outer, values, before), cells, rows, columns)
        before = values
