"""Plain data against a pydantic model -> the model, or every problem with its position, in plain words.

Pydantic reports where in the *model* something is wrong, and once for each member of a union. Here each
report is brought back to the key or value that the user wrote, reports about one value become one, and
`wording.py` says it as "what; rule; cure".
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from orbifolio.runner.errors import Problem, RecipeError
from orbifolio.runner.recipe.annotations import End, Slot, leaves, part_of, step, suits, walk
from orbifolio.runner.recipe.marks import Mark, Route, Source
from orbifolio.runner.recipe.wording import not_expected, word
from orbifolio.runner.settings import KindFamily

Model = TypeVar("Model", bound=BaseModel)
Report = Mapping[str, Any]

MAX_PROBLEMS = 100
"""More than anyone reads; a last line counts those left out."""


def validate(
    model: type[Model],
    source: Source,
    *,
    folder: Path | None = None,
    legal: bool = False,
    given: Mapping[str, Path] | None = None,
) -> Model:
    """The model of a source's data.

    Args:
        model: what the data should be.
        source: the data with its marks.
        folder: that relative paths in it start from.
        legal: also refuse symmetries whose colour action is impossible.
        given: files for its uploads, by the upload's name.

    Raises:
        RecipeError: every problem of the text and of the values, in the order of the file.
    """
    if source.fatal:
        raise RecipeError(source.problems)
    faults = {(mark, problem) for mark, _, problem in source.faults}
    validated: Model | None = None
    try:
        validated = model.model_validate(
            source.data, context={"folder": folder or Path(), "legal": legal, "given": dict(given or {})}
        )
    except ValidationError as error:
        translation = _Translation(model, source)
        translation.explain(
            Slot(model),
            source.data,
            (),
            [(tuple(report["loc"]), report) for report in error.errors(include_url=False)],
        )
        faults |= translation.faults
    truths = _truth_as_number(model, source)
    replaced = {(mark, problem.path) for mark, problem in truths}  # pydantic says that true, as 1, is too small
    faults = {(mark, problem) for mark, problem in faults if (mark, problem.path) not in replaced} | truths
    if faults or validated is None:
        raise RecipeError(_in_order(faults))
    return validated


def problem_at(
    source: Source, route: Sequence[str | int], message: str, *, at_key: bool = False, severity: str = "error"
) -> Problem:
    """A problem at a value of the recipe, or at the nearest one above it that was written.

    Args:
        source: the recipe's text and marks.
        route: keys and positions from the top.
        message: what is wrong, the rule, and the cure, with semicolons between.
        at_key: point at the key instead of the value.
        severity: `error` stops the run, `warning` does not.
    """
    return _located(source, tuple(route), message, at_key=at_key, severity=severity)[1]


def _located(
    source: Source, route: Route, message: str, *, at_key: bool = False, severity: str = "error"
) -> tuple[Mark, Problem]:
    written = route
    while written not in source.marks and written:
        written = written[:-1]
    marks = source.marks[written]
    mark = marks.key if at_key and marks.key is not None else marks.value
    return mark, source.texts[mark.text].problem(mark, message, route, severity=severity)


def _in_order(faults: set[tuple[Mark, Problem]]) -> tuple[Problem, ...]:
    ordered = [problem for _, problem in sorted(faults, key=lambda fault: (fault[0], str(fault[1])))]
    if len(ordered) > MAX_PROBLEMS:
        left = len(ordered) - MAX_PROBLEMS
        last = Problem(f"and {left:,} more problems; fix these first", file=ordered[-1].file)
        ordered = [*ordered[:MAX_PROBLEMS], last]
    return tuple(ordered)


def _truth_as_number(model: type[BaseModel], source: Source) -> set[tuple[Mark, Problem]]:
    """Truth values where only numbers fit: pydantic would take `steps: true` for one step."""
    problems = set()
    for route, slots, value in leaves(Slot(model), source.data):
        if isinstance(value, bool) and any(suits(slot, 1) for slot in slots) and route not in source.broken:
            slot = next(slot for slot in slots if suits(slot, 1))
            problems.add(_located(source, route, not_expected(value, slot)))
    return problems


class _Translation:
    """Reports of one validation -> problems with their marks."""

    def __init__(self, model: type[BaseModel], source: Source) -> None:
        self.model = model
        self.source = source
        self.faults: set[tuple[Mark, Problem]] = set()

    def explain(
        self, slot: Slot, value: Any, route: Route, reports: Sequence[tuple[tuple[str | int, ...], Report]]
    ) -> None:
        """Turn reports below a slot into problems; those that meet at a union become one.

        Args:
            slot: what is expected at `route`.
            value: the data at `route`.
            route: where all the locations start.
            reports: (rest of the location, report).
        """
        at_unions: dict[Route, list[tuple[End, Report]]] = {}
        for location, report in reports:
            if report["type"] == "missing" and location and isinstance(location[-1], int):
                location = location[:-1]  # a list that is too short is a fault of the list
            end = walk(slot, value, location, route)
            if end.rest and end.rest != ("[key]",):
                at_unions.setdefault(end.route, []).append((end, report))
            else:
                self.explain_one(end, report)
        for meetings in at_unions.values():
            self.choose(meetings)

    def choose(self, meetings: Sequence[tuple[End, Report]]) -> None:
        """Reports of all members of a union about one value: those of the member that was meant."""
        end = meetings[0][0]
        assert end.slot is not None
        members = end.slot.members
        # Every member failed, and pydantic reports them in the order of the union.
        labels = list(dict.fromkeys(met.rest[0] for met, _ in meetings))
        meant = [number for number, member in enumerate(members) if suits(member, end.value)]
        if len(labels) == len(members) and len(meant) == 1:
            chosen = [(met.rest[1:], report) for met, report in meetings if met.rest[0] == labels[meant[0]]]
            self.explain(members[meant[0]], end.value, end.route, chosen)
            return
        own = [report for _, report in meetings if report["type"] in ("value_error", "assertion_error")]
        if own and meant:
            self.explain_one(End(end.route, end.slot, end.owner, end.value), own[0])
            return
        self.add(end.route, not_expected(end.value, end.slot))

    def explain_one(self, end: End, report: Report) -> None:
        """Turn one report into a problem at the key or value that the user wrote."""
        kind, route = report["type"], end.route
        if kind == "too_short" and len(end.value or ()) >= report["ctx"]["min_length"]:
            return  # pydantic counts only the good items; the bad ones are reported themselves
        family = self.family(route[:-1])
        message = word(report, end, family, self.written(route))
        if kind == "missing" and end.value is None:
            self.add(route[:-1], message, at_key=True)
        elif kind.startswith("union_tag") and isinstance(end.value, dict):
            named = "kind" in end.value
            self.add((*route, "kind") if named else route, message, at_key=not named)
        else:
            self.add(route, message, at_key=kind == "extra_forbidden" or end.rest == ("[key]",))

    def add(self, route: Route, message: str, *, at_key: bool = False) -> None:
        """A problem, unless reading the value has already failed."""
        if route in self.source.broken:
            return
        written = route
        while written not in self.source.marks and written:
            written = written[:-1]  # the long form of a shorthand is not in the file
        self.faults.add(_located(self.source, written, message, at_key=at_key))

    def written(self, route: Route) -> str:
        """The word that a value's mark points at, as it stands in its text; "" where nothing was written."""
        marks = self.source.marks.get(route)
        if marks is None:
            return ""
        text = self.source.texts[marks.value.text]
        line = text.lines[marks.value.line - 1] if 0 < marks.value.line <= len(text.lines) else ""
        found = re.match(r"[^\s,\]}#]*", line[marks.value.column - 1 :])
        return found[0] if found else ""

    def family(self, route: Route) -> KindFamily | None:
        """The family at a route, by the data on the way to it; None where there is none."""
        slots: tuple[Slot, ...] = (Slot(self.model),)
        value: Any = self.source.data
        for part in route:
            following: list[Slot | None] = []
            for slot in slots:
                kind = None if slot.family is None else slot.family.kind_for(value)
                following.append(step(slot if kind is None else Slot(kind), part))
            slots = tuple(member for slot in following if slot is not None for member in slot.members)
            value = part_of(value, part)
        return next((slot.family for slot in slots if slot.family is not None), None)
