"""The base of every kind: a frozen pydantic class whose field docstrings are the help text.

A *kind* is a settings class with a `kind` discriminator and a `build(...)` that returns the working
object; a *family* is the tuple of all its kinds. `family(A, B)` makes the field type that validation,
JSON Schema, did-you-mean and the docs are all derived from.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, ClassVar, Union, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema


class Settings(BaseModel):
    """Values of a recipe: frozen, no unknown keys, attribute docstrings as descriptions.

    The descriptions are read when a schema asks for them, and not by `use_attribute_docstrings`, which would read the
    source of every kind whenever the program starts.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        arbitrary_types_allowed=False,
        allow_inf_nan=False,
    )

    cites: ClassVar[tuple[str, ...]] = ()
    """Keys into the report's table of references, for what this class implements."""

    def cited(self) -> tuple[str, ...]:
        """The keys of what these values use: `cites`, where all of it is used always."""
        return self.cites

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """The schema with `field_help` as its descriptions."""
        found = handler(schema)
        properties = handler.resolve_ref_schema(found).get("properties", {})
        for name, text in field_help(cls).items():
            if name in properties:
                properties[name].setdefault("description", text)
        return found


@cache
def field_help(settings: type[BaseModel]) -> Mapping[str, str]:
    """What the fields of a class mean, by their spelling in a recipe: the docstrings below them.

    As in pydantic, a subclass that declares a field again explains it again.
    """
    texts: dict[str, str] = {}
    for base in reversed(settings.__mro__):
        own = vars(base).get("__annotations__", {})
        found = _docstrings(base.__module__).get(base.__qualname__, {}) if own and base is not BaseModel else {}
        for name in own:
            texts.pop(name, None)
            if name in found:
                texts[name] = found[name]
    return {field.alias or name: texts[name] for name, field in settings.model_fields.items() if name in texts}


@cache
def _docstrings(module: str) -> Mapping[str, Mapping[str, str]]:
    """The strings below annotated names, by qualified class and name."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (OSError, TypeError):  # typed in, or compiled: nothing to read
        return {}
    return dict(_classes(tree, ""))


def _classes(tree: ast.AST, above: str) -> Iterator[tuple[str, dict[str, str]]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            texts: dict[str, str] = {}
            for field, below in zip(node.body, node.body[1:], strict=False):
                if not (isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)):
                    continue
                if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
                    texts[field.target.id] = inspect.cleandoc(str(below.value.value))
            yield above + node.name, texts
            yield from _classes(node, f"{above}{node.name}.")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _classes(node, f"{above}{node.name}.<locals>.")
        else:
            yield from _classes(node, above)


def kind_of(settings: type[Settings]) -> str:
    """The spelling of a kind in a recipe, e.g. `lbfgs`."""
    annotation = settings.model_fields["kind"].annotation
    return str(get_args(annotation)[0])


def family(*kinds: type[Settings], default: type[Settings] | None = None) -> Any:
    """The field type of a family: one of these kinds, told apart by `kind`.

    A bare string is taken as the kind with its defaults: `canvas: pixels`.

    Args:
        kinds: settings classes, each with a `kind: Literal[...]` field.
        default: the kind of a mapping that names none: `canvas: {aspect: 3:2}`.

    Returns:
        An annotated union usable as a pydantic field type.
    """
    union: Any = kinds[0] if len(kinds) == 1 else Annotated[Union[kinds], Field(discriminator="kind")]  # noqa: UP007
    fallback = None if default is None else kind_of(default)

    def expand(value: Any) -> Any:
        if isinstance(value, str):
            return {"kind": value}
        if fallback is not None and isinstance(value, dict) and "kind" not in value:
            return {"kind": fallback, **value}
        return value

    return Annotated[union, Shorthand(expand, {"enum": [kind_of(kind) for kind in kinds]})]


def switched(settings: type[Settings]) -> Any:
    """The type of a field that is off (null or false), on with its defaults (true), or a mapping of settings."""

    def expand(value: Any) -> Any:
        if value is True:
            return {}
        return None if value is False else value

    return Annotated[settings | None, BeforeValidator(expand, json_schema_input_type=settings | bool | None)]


class Shorthand:
    """Marks a field that has a shorter spelling too: validation expands it, the JSON Schema allows it."""

    def __init__(self, expand: Callable[[Any], Any], *spellings: dict[str, Any]) -> None:
        """Describe the shorter spelling.

        Args:
            expand: brings it to the full form; returns anything else as it is.
            spellings: JSON Schemas of the shorter forms.
        """
        self.expand = expand
        self.spellings = spellings

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Validation of the expanded form."""
        return core_schema.no_info_before_validator_function(self.expand, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """The full form or a shorter one."""
        full = handler(schema)
        if "oneOf" in full:  # a mapping that leaves its kind to the default may fit several
            full = {"anyOf": full["oneOf"]}
        return {"anyOf": [full, *self.spellings]}


def citations(value: object) -> tuple[str, ...]:
    """All `cites` keys of a settings tree, sorted, each once."""
    keys: set[str] = set()

    def walk(item: object) -> None:
        if isinstance(item, Settings):
            keys.update(item.cited())
            for name in type(item).model_fields:
                walk(getattr(item, name))
        elif isinstance(item, Sequence) and not isinstance(item, str | bytes):
            for element in item:
                walk(element)
        elif isinstance(item, dict):
            for element in item.values():
                walk(element)

    walk(value)
    return tuple(sorted(keys))
