"""Plain data against a pydantic model -> the model, or every problem at its place in plain words.

Pydantic reports where in the *model* something is wrong, with the tags of unions among the path; here each
report is brought back to a key or value that the user wrote, worded as "what; rule; cure", with the nearest
legal spelling.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from runner.errors import Problem, RecipeError
from runner.recipe.marks import Mark, Route, Source
from runner.recipe.scalars import shown

Model = TypeVar("Model", bound=BaseModel)


def validate(model: type[Model], source: Source) -> Model:
    """The model of a source's data.

    Raises:
        RecipeError: every problem of the text and of the values, in the order of the file.
    """
    if source.fatal:
        raise RecipeError(source.problems)
    faults = [(mark, problem) for mark, _, problem in source.faults]
    found: Model | None = None
    try:
        found = model.model_validate(source.data)
    except ValidationError as error:
        faults += _translate(error, model, source)
    except RecursionError:
        mark = Mark()
        faults.append((mark, source.texts[0].problem(mark, "the values are nested too deeply; a recipe is flat; simplify it")))
    if faults or found is None:
        raise RecipeError(tuple(problem for _, problem in sorted(faults, key=lambda fault: fault[0])))
    return found


def place(source: Source, route: Sequence[str | int], message: str, *, at_key: bool = False, severity: str = "error") -> Problem:
    """A problem at a value of the recipe, or at the nearest one above it that was written.

    Args:
        source: what was written.
        route: keys and positions from the top.
        message: "what; rule; cure".
        at_key: point at the key instead of the value.
        severity: `error` or `warning`.
    """
    return _located(source, tuple(route), message, at_key=at_key, severity=severity)[1]


def _located(
    source: Source, route: Route, message: str, *, at_key: bool = False, severity: str = "error"
) -> tuple[Mark, Problem]:
    written = route
    while written and written not in source.marks:
        written = written[:-1]
    marks = source.marks.get(written)
    mark = Mark() if marks is None else marks.value
    if marks is not None and at_key and written == route and marks.key is not None:
        mark = marks.key
    return mark, source.texts[mark.text].problem(mark, message, route, severity=severity)


def _translate(error: ValidationError, model: type[BaseModel], source: Source) -> list[tuple[Mark, Problem]]:
    found: dict[tuple[Route, str], tuple[Mark, Problem]] = {}
    details = error.errors(include_url=False)
    for detail in details:
        given = detail.get("input")
        if detail["type"] == "too_short" and isinstance(given, list) and len(given) >= detail["ctx"]["min_length"]:
            continue  # pydantic counts only the items that were good; the bad ones are reported themselves
        route = _written_route(detail["loc"], source.data)
        if detail["type"] == "union_tag_invalid" and (*route, "kind") in source.marks:
            route = (*route, "kind")
        # Under a union without tags pydantic reports once for each member: keep the first of a place.
        message, at_key = _word(detail, route, model, source)
        found.setdefault((route, message), _located(source, route, message, at_key=at_key))
    return list(_one_for_each_place(found).values())


def _one_for_each_place(
    found: Mapping[tuple[Route, str], tuple[Mark, Problem]]
) -> dict[Route, tuple[Mark, Problem]]:
    """Several complaints about one value (members of a union) become one, alternatives joined."""
    places: dict[Route, tuple[Mark, Problem]] = {}
    for (route, _), (mark, problem) in found.items():
        if route not in places:
            places[route] = (mark, problem)
    return places


def _written_route(location: Sequence[str | int], data: Any) -> Route:
    """The part of a pydantic location that stands in the file: union tags and type names drop out."""
    route: list[str | int] = []
    place: Any = data
    for number, part in enumerate(location):
        last = number == len(location) - 1
        if isinstance(place, dict) and isinstance(part, str):
            if part in place:
                route.append(part)
                place = place[part]
                continue
            if last and not _is_tag(part, place):
                route.append(part)  # a missing key
            continue
        if isinstance(place, list) and isinstance(part, int) and part < len(place):
            route.append(part)
            place = place[part]
    return tuple(route)


def _is_tag(part: str, place: Mapping[str, Any]) -> bool:
    return part == place.get("kind") or "[" in part or part in ("str", "int", "float", "dict", "list", "tuple")


def _word(detail: ErrorDetails, route: Route, model: type[BaseModel], source: Source) -> tuple[str, bool]:
    """(message, whether it is about the key) of one pydantic report."""
    kind = detail["type"]
    key = str(route[-1]) if route else ""
    given = detail.get("input")
    context: Mapping[str, Any] = detail.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(key, _model_at(model, source.data, route[:-1])), True
    if kind == "missing":
        wanted = _model_at(model, source.data, route[:-1])
        about = _describe(wanted, key)
        return f"{key!r} is missing; it is needed here{about}; add it", True
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _unknown_kind(kind, given, context), False
    if kind in ("literal_error", "enum"):
        return _not_one_of(given, str(context.get("expected", ""))), False
    if kind == "value_error" or kind == "assertion_error":
        return str(context.get("error", detail["msg"])), False
    rule = _RULES.get(kind)
    if rule is not None:
        return f"{_value(given)} {rule(context)}", False
    return f"{_value(given)} does not fit; {detail['msg'].lower()}; change it", False


def _value(given: object) -> str:
    return shown(given)


def _number(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _limit(words: str, name: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda context: f"is out of range; it must be {words} {_number(context.get(name))}; change it"


_RULES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "greater_than": _limit("greater than", "gt"),
    "greater_than_equal": _limit("at least", "ge"),
    "less_than": _limit("less than", "lt"),
    "less_than_equal": _limit("at most", "le"),
    "int_type": lambda c: "is not a whole number; one is needed here; write it without quotes",
    "int_parsing": lambda c: "is not a whole number; one is needed here; write digits only",
    "int_from_float": lambda c: "is not whole; a whole number is needed here; round it",
    "int_parsing_size": lambda c: "is too large; the greatest whole number is 9223372036854775807; make it smaller",
    "float_type": lambda c: "is not a number; one is needed here; write it without quotes",
    "float_parsing": lambda c: "is not a number; one is needed here; write digits, as in 0.5",
    "finite_number": lambda c: "is not finite; a number is needed here; write digits",
    "string_type": lambda c: "is not text; text is needed here; put it in quotes",
    "bool_type": lambda c: "is neither true nor false; one of them is needed here; write true or false",
    "bool_parsing": lambda c: "is neither true nor false; one of them is needed here; write true or false",
    "list_type": lambda c: "is not a list; one is needed here; write [in, brackets] or '- ' lines",
    "tuple_type": lambda c: "is not a list; one is needed here; write [in, brackets] or '- ' lines",
    "dict_type": lambda c: "is not a mapping; one is needed here; write {key: value} or 'key: value' lines",
    "model_type": lambda c: "is not a mapping; one is needed here; write {key: value} or 'key: value' lines",
    "model_attributes_type": lambda c: "is not a mapping; one is needed here; write {key: value} or 'key: value' lines",
    "too_short": lambda c: f"has too few items; at least {c.get('min_length')} are needed; add some",
    "too_long": lambda c: f"has too many items; at most {c.get('max_length')} are allowed; leave some out",
    "string_too_short": lambda c: "is empty; some text is needed here; write it",
    "string_too_long": lambda c: f"is too long; at most {c.get('max_length')} characters are allowed; shorten it",
    "none_required": lambda c: "cannot stand here; only null is allowed for now; leave the key out",
}


def _unknown_key(key: str, models: Sequence[type[BaseModel]]) -> str:
    known = sorted({field.alias or name for model in models for name, field in model.model_fields.items()})
    if not known:
        return f"unknown key {key!r}; nothing can be set here; remove it"
    near = difflib.get_close_matches(key, known, n=1, cutoff=0.6)
    owner = " or ".join(dict.fromkeys(_title(model) for model in models))
    cure = f"did you mean {near[0]!r}?" if near else "remove it, or begin its name with x- to keep a note"
    return f"unknown key {key!r}; {owner} has {', '.join(known)}; {cure}"


def _title(model: type[BaseModel]) -> str:
    field = model.model_fields.get("kind")
    if field is not None and field.default is not None:
        return str(field.default)
    name = model.__name__.removesuffix("Settings")
    return "a " + "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip()


def _describe(models: Sequence[type[BaseModel]], key: str) -> str:
    for model in models:
        for name, field in model.model_fields.items():
            if key in (name, field.alias) and field.description:
                text = field.description.split(";")[0].split(". ")[0].rstrip(".")
                return f" ({text[:1].lower()}{text[1:]})" if not text[:2].isupper() else f" ({text})"
    return ""


def _quoted(expected: str) -> list[str]:
    return [part.strip().strip("'") for part in expected.replace(" or ", ", ").split(",") if part.strip()]


def _unknown_kind(kind: str, given: object, context: Mapping[str, Any]) -> str:
    expected = _quoted(str(context.get("expected_tags", "")))
    choices = ", ".join(expected)
    if kind == "union_tag_not_found":
        if not isinstance(given, Mapping):
            return f"{_value(given)} does not fit; a name or {{kind: ...}} is needed here; choose from {choices}" if choices else (
                f"{_value(given)} does not fit; a name or {{kind: ...}} is needed here; write one"
            )
        return "'kind' is missing; it says which one is meant; add it" + (f": {choices}" if choices else "")
    tag = str(context.get("tag", ""))
    near = difflib.get_close_matches(tag, expected, n=1, cutoff=0.5)
    return f"unknown kind {tag!r}; the kinds are {choices}; " + (f"did you mean {near[0]!r}?" if near else "use one of them")


def _not_one_of(given: object, expected: str) -> str:
    choices = _quoted(expected)
    near = difflib.get_close_matches(str(given), choices, n=1, cutoff=0.5)
    cure = f"did you mean {near[0]!r}?" if near else "use one of them"
    if len(choices) == 1:
        return f"{_value(given)} is not allowed; only {choices[0]} is; write {choices[0]}"
    return f"{_value(given)} is not one of the choices; they are {', '.join(choices)}; {cure}"


def _model_at(model: type[BaseModel], data: Any, route: Route) -> list[type[BaseModel]]:
    """The models that the value at a route may be, by walking annotations beside the data."""
    candidates: list[Any] = [model]
    place = data
    for part in route:
        following: list[Any] = []
        for candidate in candidates:
            following += _step(candidate, part, place)
        place = place[part] if isinstance(place, dict | list) and _has(place, part) else None
        candidates = following
    return [chosen for item in candidates for chosen in _choose(item, place)]


def _has(place: Any, part: str | int) -> bool:
    return part in place if isinstance(place, dict) else isinstance(part, int) and part < len(place)


def _step(candidate: Any, part: str | int, place: Any) -> list[Any]:
    if isinstance(candidate, type) and issubclass(candidate, BaseModel):
        for name, field in candidate.model_fields.items():
            if part in (name, field.alias):
                return [field.annotation]
        return []
    origin = get_origin(candidate)
    arguments = [argument for argument in get_args(candidate) if argument is not Ellipsis]
    if origin in (list, tuple) and isinstance(part, int):
        return arguments[:1] if len(arguments) < 2 else arguments[part : part + 1]
    if origin is dict and len(arguments) == 2:
        return arguments[1:]
    inner = [argument for argument in arguments if get_origin(argument) is not None and not isinstance(argument, str)]
    return [
        found for argument in [*_choose(candidate, place), *inner] if argument is not candidate
        for found in _step(argument, part, place)
    ]


def _choose(annotation: Any, place: Any) -> list[type[BaseModel]]:
    """The models in an annotation; of a family the one whose `kind` the data names."""
    if isinstance(annotation, type):
        return [annotation] if issubclass(annotation, BaseModel) else []
    models = [found for argument in get_args(annotation) for found in _choose(argument, None)]
    models = list(dict.fromkeys(models))
    kind = place if isinstance(place, str) else place.get("kind") if isinstance(place, dict) else None
    chosen = [
        found for found in models
        if "kind" in found.model_fields and kind in get_args(found.model_fields["kind"].annotation)
    ]
    return chosen or models
