"""The base of every kind: a frozen pydantic class whose field docstrings are the help text.

A *kind* is a settings class with a `kind` discriminator and a `build(...)` that returns the working
object; a *family* is the tuple of all its kinds. `family(A, B)` makes the field type that validation,
JSON Schema, did-you-mean and the docs are all derived from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, ClassVar, Union, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema


class Settings(BaseModel):
    """Values of a recipe: frozen, no unknown keys, attribute docstrings as descriptions."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        arbitrary_types_allowed=False,
        allow_inf_nan=False,
    )

    cites: ClassVar[tuple[str, ...]] = ()
    """Keys into the report's table of references, for what this class implements."""

    def cited(self) -> tuple[str, ...]:
        """The keys of what these values use: `cites`, where all of it is used always."""
        return self.cites


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
