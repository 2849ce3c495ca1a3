"""What a model expects at a path: fields, kinds, types and limits, read from its annotations.

A `Slot` is the type of one value together with its limits. `walk` follows the location of a pydantic
report through the slots and beside the data, which says by its `kind` which member of a family is meant;
it stops at a union, where the caller has to choose a member.
"""

from __future__ import annotations

import json
import types
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Interval, Le, Lt
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from orbifolio.runner.recipe.marks import Route
from orbifolio.runner.recipe.shipped import recipe_folder
from orbifolio.runner.settings import KindFamily

Model = type[BaseModel]


@dataclass(frozen=True)
class Slot:
    """The type of one value.

    Attributes:
        form: a type or generic alias, never `Annotated`.
        metadata: limits and validators, as in `Annotated`.
    """

    form: Any
    metadata: tuple[Any, ...] = ()

    @property
    def members(self) -> tuple[Slot, ...]:
        """The members of a union, itself for any other type; None is left out."""
        if get_origin(self.form) not in (Union, types.UnionType):
            return (self,)
        return tuple(slot_of(form) for form in get_args(self.form) if form is not type(None))

    @property
    def model(self) -> Model | None:
        """The model, where the type is one."""
        return self.form if isinstance(self.form, type) and issubclass(self.form, BaseModel) else None

    @property
    def family(self) -> KindFamily | None:
        """The family, where the value is of one."""
        return next((item for item in self.metadata if isinstance(item, KindFamily)), None)


@dataclass(frozen=True)
class End:
    """Where a walk ended.

    Attributes:
        route: keys and positions of the data; the last one may be missing there.
        slot: what is expected there; None for what no model knows.
        owner: the innermost model around it.
        value: the data at `route`, or None where it is missing.
        rest: what is left of the location; begins with a member's label at a union.
    """

    route: Route
    slot: Slot | None
    owner: Model | None
    value: Any
    rest: tuple[str | int, ...] = ()


def slot_of(form: Any) -> Slot:
    """The slot of a type as it is annotated."""
    if get_origin(form) is not Annotated:
        return Slot(form)
    inner, *metadata = get_args(form)
    base = slot_of(inner)
    limits = [limit for item in metadata if isinstance(item, FieldInfo) for limit in item.metadata]
    return Slot(base.form, (*base.metadata, *metadata, *limits))


def slot_of_field(field: FieldInfo) -> Slot:
    """The slot of a model's field."""
    base = slot_of(field.annotation)
    return Slot(base.form, (*base.metadata, *field.metadata))


def fields(model: Model) -> dict[str, Slot]:
    """The keys of a model as a recipe spells them, in the order of the class."""
    return {field.alias or name: slot_of_field(field) for name, field in model.model_fields.items()}


def keys_of(family: KindFamily, name: str) -> Collection[str]:
    """The keys of a kind of a family; to know those of a kind that is not imported, the shipped schema is asked.

    So a key that is unknown here, and may belong to another renderer, does not cost the import of every renderer.
    """
    kind = family.class_of(name)
    described = _described().get(kind) if isinstance(kind, str) else None
    if described is not None:
        return frozenset(described["properties"])
    found = family.get(name)
    return () if found is None else fields(found)


@cache
def _described() -> Mapping[str, Any]:
    """The JSON Schema of each class of a recipe, by the class's name."""
    try:
        text = (recipe_folder() / "recipe.schema.json").read_text(encoding="utf-8")
    except OSError:
        return {}  # kinds are imported instead
    found: Mapping[str, Any] = json.loads(text)["$defs"]
    return found


def kinds(slot: Slot) -> tuple[str, ...]:
    """The names of the kinds that a slot takes; empty for other types."""
    names: list[str] = []
    for member in slot.members:
        if member.family is not None:
            names += member.family.names
        elif member.model is not None and "kind" in member.model.model_fields:
            names += map(str, get_args(member.model.model_fields["kind"].annotation))
    return tuple(names)


def walk(slot: Slot, value: Any, location: Sequence[str | int], route: Route = ()) -> End:
    """Follow a pydantic report's location.

    Args:
        slot: what is expected at `route`.
        value: the data at `route`.
        location: `loc` of the report.
        route: where the location starts.

    Returns:
        Where it ends, or the first union on the way.
    """
    owner: Model | None = slot.model
    rest = tuple(location)
    while rest:
        if slot.family is not None and (kind := slot.family.kind_for(value)) is not None:
            slot = Slot(kind)
            continue
        members = slot.members
        if len(members) > 1:
            return End(route, slot, owner, value, rest)
        if members[0] is not slot:
            slot = Slot(members[0].form, members[0].metadata + slot.metadata)
            continue
        owner = slot.model or owner
        following = step(slot, rest[0])
        if isinstance(rest[0], int) and following is None:
            return End(route, slot, owner, value)
        route, value = (*route, rest[0]), part_of(value, rest[0])
        if following is None:
            return End(route, None, owner, value)
        slot, rest = following, rest[1:]
        if rest == ("[key]",):
            return End(route, slot, owner, value, rest)
    return End(route, slot, owner, value)


def step(slot: Slot, part: str | int) -> Slot | None:
    """The slot of a key or position within a type that is not a union, or None if it has none."""
    if slot.model is not None:
        return fields(slot.model).get(str(part))
    origin, arguments = get_origin(slot.form), get_args(slot.form)
    if origin is tuple and isinstance(part, int):
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return slot_of(arguments[0])
        return slot_of(arguments[part]) if part < len(arguments) else None
    if isinstance(origin, type) and issubclass(origin, Mapping) and len(arguments) == 2:
        return slot_of(arguments[1])
    if isinstance(origin, type) and issubclass(origin, Sequence) and isinstance(part, int) and arguments:
        return slot_of(arguments[0])
    return None


def part_of(value: Any, part: str | int) -> Any:
    """What a mapping or list holds at a key or position, or None."""
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and isinstance(part, int) and 0 <= part < len(value):
        return value[part]
    return None


def leaves(slot: Slot, value: Any, route: Route = ()) -> Iterator[tuple[Route, tuple[Slot, ...], Any]]:
    """Every single value of the data, with all that may be expected there.

    Args:
        slot: what is expected at `route`.
        value: the data at `route`.
        route: keys and positions from the top.

    Yields:
        (route, slots, value); nothing for what no model knows.
    """
    if not isinstance(value, dict | list):
        yield route, slot.members, value
        return
    chosen = tuple(_choose(slot, value))
    for part in value if isinstance(value, dict) else range(len(value)):
        for member in chosen:
            following = step(member, part)
            if following is not None:
                yield from leaves(following, value[part], (*route, part))
                break


def _choose(slot: Slot, value: Any) -> Iterator[Slot]:
    """The members that a value may be meant for; of a family, the one of its kind."""
    if slot.family is not None:
        kind = slot.family.kind_for(value)
        if kind is not None:
            yield Slot(kind)
        return
    members = slot.members
    if len(members) == 1 and members[0] is slot:
        yield slot
        return
    for member in members:
        if suits(member, value):
            yield from _choose(member, value)


def suits(slot: Slot, value: Any) -> bool:
    """Whether a value has the form of a type: mapping for mapping, list for list, text for text."""
    if slot.family is not None:
        return isinstance(value, dict | str)
    if len(slot.members) > 1:
        return any(suits(member, value) for member in slot.members)
    form = slot.members[0].form if slot.members else slot.form
    origin = get_origin(form) or form
    if origin is Literal:
        return any(type(choice) is type(value) for choice in get_args(form))
    if not isinstance(origin, type):
        return True
    if isinstance(value, bool):
        return issubclass(origin, bool)
    if isinstance(value, int | float):
        return issubclass(origin, int | float) and origin is not bool
    if isinstance(value, str):
        return issubclass(origin, str)
    if isinstance(value, dict):
        return issubclass(origin, BaseModel | Mapping)
    if isinstance(value, list):
        return issubclass(origin, Sequence) and not issubclass(origin, str)
    return False


def describe(slot: Slot) -> str:
    """What a slot takes, in a reader's words.

    >>> describe(slot_of(tuple[float, float])), describe(slot_of(Literal["auto", "none"]))
    ('a list of 2 numbers', "'auto' or 'none'")
    """
    names = kinds(slot)
    if names and len(slot.members) == 1:
        return f"one of the kinds {', '.join(names)}" if len(names) > 1 else f"the kind {names[0]}"
    if len(slot.members) > 1:
        return " or ".join(dict.fromkeys(describe(member) for member in slot.members))
    form = slot.members[0].form if slot.members else slot.form
    if slot.members and slot.members[0] is not slot:
        return describe(slot.members[0])
    origin, arguments = get_origin(form) or form, get_args(form)
    if origin is Literal:
        return alternatives([repr(item) if isinstance(item, str) else str(item) for item in arguments])
    if slot.model is not None:
        return f"a mapping with {', '.join(fields(slot.model))}"
    if origin is bool:
        return "true or false"
    if origin in (int, float):
        limits = limits_of(slot)
        return ("a whole number" if origin is int else "a number") + (f" {limits}" if limits else "")
    if origin is tuple and arguments and arguments[-1] is not Ellipsis:
        inner = {describe(slot_of(argument)) for argument in arguments}
        only = inner.pop() if len(inner) == 1 else "entries"
        return f"a list of {len(arguments)} {only.removeprefix('a ').replace('number', 'numbers', 1)}"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return "a mapping"
    if isinstance(origin, type) and issubclass(origin, Sequence) and not issubclass(origin, str):
        return "a list"
    if origin is str:  # text of a certain form says so in its title
        return next((item.title for item in slot.metadata if isinstance(item, FieldInfo) and item.title), "text")
    return "null" if origin in (None, type(None)) else "another value"


def limits_of(slot: Slot) -> str:
    """The range of a number in words: `from 1 to 8`, `above 0`, or "" where there is none."""
    low = high = ""
    for item in slot.metadata:
        for limit in item if isinstance(item, Interval) else (item,):
            if isinstance(limit, Ge):
                low = f"from {number(limit.ge)}"
            elif isinstance(limit, Gt):
                low = f"above {number(limit.gt)}"
            elif isinstance(limit, Le):
                high = f"to {number(limit.le)}" if low.startswith("from") else f"at most {number(limit.le)}"
            elif isinstance(limit, Lt):
                high = f"below {number(limit.lt)}"
    joint = " " if high.startswith("to ") else " and "
    return joint.join(part for part in (low, high) if part)


def number(value: object) -> str:
    """A limit as a reader writes it: no trailing zeros, commas between thousands.

    >>> number(1e6), number(0.25), number(2**63 - 1)
    ('1,000,000', '0.25', '9,223,372,036,854,775,807')
    """
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def alternatives(words: Sequence[str]) -> str:
    """Words joined for a reader.

    >>> alternatives(["a", "b", "c"])
    'a, b or c'
    """
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
