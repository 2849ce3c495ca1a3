"""One pydantic report -> "what; rule; cure" in plain words, with the nearest legal spelling."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, get_args

from orbifolio.runner.recipe.annotations import (
    End,
    Model,
    Slot,
    alternatives,
    describe,
    fields,
    keys_of,
    kinds,
    limits_of,
    number,
)
from orbifolio.runner.recipe.scalars import shown
from orbifolio.runner.settings import KindFamily, field_help

Words = Callable[[Any, Slot | None, Mapping[str, Any]], str]


def nearest(word: str, choices: Sequence[str]) -> str | None:
    """The choice that was probably meant: case, `_` and `-` do not count.

    >>> nearest("Sharpen_", ["sharpen", "shape"]), nearest("qqq", ["sharpen"])
    ('sharpen', None)
    """
    plain = {_plain(item): item for item in choices}
    close = difflib.get_close_matches(_plain(word)[:100], plain, 1, cutoff=0.6)
    if close:
        return plain[close[0]]
    completions = [item for item in plain if _plain(word) and item.startswith(_plain(word))]
    return plain[completions[0]] if len(completions) == 1 else None


def _plain(word: str) -> str:
    return word.lower().replace("_", "-").strip()


def owner_name(model: Model) -> str:
    """What a model is called: its kind, or its class in words.

    >>> from pydantic import BaseModel
    >>> owner_name(type("PhaseSettings", (BaseModel,), {}))
    'a phase'
    """
    kind = model.model_fields.get("kind")
    if kind is not None and len(get_args(kind.annotation)) == 1:
        return repr(get_args(kind.annotation)[0])
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", model.__name__.removesuffix("Settings")).lower()
    return f"{'an' if words[:1] in 'aeiou' else 'a'} {words}"


def unknown_key(key: str, owner: Model | None, family: KindFamily | None) -> str:
    """A key that its model does not have.

    Args:
        key: as the recipe spells it.
        owner: the model around the key; None where no model fits.
        family: whose kinds could be used here instead.
    """
    what = f"unknown key {shown(key)}"
    keys = list(fields(owner)) if owner is not None else []
    if owner is None or not keys:
        return f"{what}; nothing can be set here; remove it"
    rule = f"{owner_name(owner)} has {', '.join(name for name in keys if name != 'kind') or 'no keys'}"
    near = nearest(key, keys)
    if near is not None:
        return f"{what}; {rule}; did you mean {near!r}?"
    others = [] if family is None else [name for name in family.names if key in keys_of(family, name)]
    if others:
        return f"{what}; {rule}; {shown(key)} belongs to the kind {alternatives(others)}"
    return f"{what}; {rule}; remove it, or begin its name with x- to keep a note"


def missing_key(key: str, owner: Model | None, slot: Slot | None) -> str:
    """A key that its model needs."""
    text = field_help(owner).get(key, "") if owner is not None else ""
    about = f" ({_first_clause(text)})" if text else ""
    need = f"{owner_name(owner)} needs it" if owner is not None else "it is needed"
    form = f"; write '{key}:' with {describe(slot)}" if slot is not None else f"; add '{key}:'"
    return f"missing key {key!r}{about}; {need}{form}"


def _first_clause(text: str) -> str:
    clause = re.split(r"[.;:](?:\s|$)", text.strip(), maxsplit=1)[0]
    return clause if clause[:2].isupper() else clause[:1].lower() + clause[1:]


def unknown_kind(value: Any, slot: Slot) -> str:
    """A family's value that names no kind, or one that does not exist."""
    names = kinds(slot)
    given = value.get("kind") if isinstance(value, dict) else value
    if isinstance(value, dict) and "kind" not in value:
        return f"missing key 'kind'; it says which one is meant: {alternatives(names)}; add it"
    if not isinstance(given, str):
        return f"{shown(given)} is not a kind; the kinds are {', '.join(names)}; write one of these names"
    near = nearest(given, names)
    cure = f"did you mean {near!r}?" if near else "use one of them"
    return f"unknown kind {shown(given)}; the kinds are {', '.join(names)}; {cure}"


def not_expected(value: Any, slot: Slot, written: str = "") -> str:
    """A value of a form that the slot does not take, with the nearest choice where there are names.

    Args:
        value: as it was read.
        slot: where it stands.
        written: the value as it stands in its text, such as `0x10` for 16; "" where that is not known.
    """
    names = [choice for member in slot.members for choice in _choices(member)]
    near = nearest(value, names) if isinstance(value, str) else None
    cure = f"did you mean {near!r}?" if near else _cure(value, slot, written)
    return f"{shown(value)} does not fit; {describe(slot)} is needed here; {cure}"


def _choices(slot: Slot) -> list[str]:
    literals = [choice for choice in get_args(slot.form) if isinstance(choice, str)]
    return literals or list(kinds(slot))


def _cure(value: Any, slot: Slot, written: str) -> str:
    wanted = describe(slot)
    if isinstance(value, int | float) and wanted == "text":
        return f"put it in quotes: '{written or shown(value)}'"
    if isinstance(value, dict | list) and wanted == "text":
        return "write text, in quotes where it has signs of YAML"
    if wanted.startswith("a list") and not isinstance(value, dict | list):
        return f"write it in brackets: [{shown(value)}]" if wanted == "a list" else "write it as [a, b, ...]"
    if wanted.startswith(("a mapping", "one of the kinds")) and isinstance(value, list):
        return "write 'key: value' lines without dashes"
    if isinstance(value, str) and re.fullmatch(r"[-+]?[0-9][0-9_., ]*", value):
        return "write the digits without marks between them"
    return "change it"


def _out_of_range(value: Any, slot: Slot | None, context: Mapping[str, Any]) -> str:
    low = "gt" in context or "ge" in context
    limits = limits_of(slot) if slot is not None else ""
    if not limits:
        words = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}
        limits = " and ".join(f"{words[name]} {number(context[name])}" for name in words if name in context)
    edge = context.get("ge", context.get("le"))
    cure = (
        f"write {number(edge)} or {'more' if low else 'less'}"
        if edge is not None
        else (f"write {'more' if low else 'less'}")
    )
    return f"{shown(value)} is too {'small' if low else 'large'}; the range is {limits}; {cure}"


def _too_short(value: Any, slot: Slot | None, context: Mapping[str, Any]) -> str:
    minimum = context.get("min_length", 1)
    if isinstance(value, str):
        few = "is empty" if not value else "is too short"
        return f"{shown(value)} {few}; at least {minimum} character{'s' if minimum != 1 else ''} needed; write more"
    return f"{_count(value)} here; at least {minimum} needed; add some"


def _too_long(value: Any, slot: Slot | None, context: Mapping[str, Any]) -> str:
    maximum = number(context.get("max_length", 0))
    if isinstance(value, str):
        what = f"{shown(value, length=30)} has {len(value):,} characters"
        return f"{what}; at most {maximum} are allowed; shorten it"
    return f"{_count(value)} here; at most {maximum} allowed; leave some out"


def _count(value: Any) -> str:
    count = len(value) if isinstance(value, list | dict) else 0
    return f"{count:,} entr{'y' if count == 1 else 'ies'}"


_WORDS: dict[str, Words] = {
    **dict.fromkeys(("greater_than", "greater_than_equal", "less_than", "less_than_equal"), _out_of_range),
    **dict.fromkeys(("too_short", "string_too_short"), _too_short),
    **dict.fromkeys(("too_long", "string_too_long"), _too_long),
    "int_from_float": lambda value, slot, context: (
        f"{shown(value)} has a fraction; a whole number is needed here; round it"
    ),
    "finite_number": lambda value, slot, context: (
        f"{shown(value)} is not finite; every number in a recipe must be; write a finite one"
    ),
    "multiple_of": lambda value, slot, context: (
        f"{shown(value)} is not a multiple of {number(context.get('multiple_of'))}; only multiples fit here; write one"
    ),
    "none_required": lambda value, slot, context: (
        f"{shown(value)} is not allowed here; only null is, for now; leave the key out"
    ),
    "string_pattern_mismatch": lambda value, slot, context: (
        f"{shown(value)} does not fit; it must match the pattern {context.get('pattern')}; change it"
    ),
}


def word(report: Mapping[str, Any], end: End, family: KindFamily | None, written: str = "") -> str:
    """The message of one report.

    Args:
        report: of pydantic, as `ValidationError.errors()` gives it.
        end: where its location leads.
        family: whose kinds could be used instead of the owner.
        written: the value as it stands in its text, where that is known.
    """
    kind, value = str(report["type"]), report.get("input")
    context: Mapping[str, Any] = report.get("ctx", {})
    if kind == "extra_forbidden":
        return unknown_key(str(end.route[-1]), end.owner, family)
    if kind == "missing" and end.value is None and end.route and isinstance(end.route[-1], str):
        return missing_key(end.route[-1], end.owner, end.slot)
    if kind in ("value_error", "assertion_error"):
        message = str(context.get("error", "")) or str(report["msg"])
        return message if ";" in message else f"{shown(end.value)} does not fit; {message}; change it"
    if kind in _WORDS:
        return _WORDS[kind](value, end.slot, context)
    if end.rest == ("[key]",):
        return f"the key {shown(end.route[-1])} does not fit; {report['msg']}; change it"
    if end.slot is None:
        return f"{shown(value)} does not fit; {report['msg']}; change it"
    if kind.startswith("union_tag"):
        return unknown_kind(end.value, end.slot)
    if kind == "literal_error" and end.route[-1:] == ("kind",) and end.owner is not None:
        return unknown_kind(end.value, Slot(end.owner))
    return not_expected(end.value if end.value is not None else value, end.slot, written)
