"""The base of every kind: a frozen pydantic class whose field docstrings are the help text.

A *kind* is a settings class with a `kind` discriminator and a `build(...)` that returns the working
object; a *family* is the table of all kinds that may stand at one place of a recipe. As the annotation of a
field it is what validation, JSON Schema, did-you-mean and the docs are all derived from.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextvars import ContextVar
from functools import cache, cached_property
from importlib import import_module
from typing import Annotated, Any, ClassVar, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationInfo,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticKnownError, core_schema


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

    def idle(self) -> frozenset[str]:
        """The fields of which these values use nothing: what they cite was not used, either."""
        return frozenset()

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


class KindFamily(Collection[type[Settings]]):
    """The kinds that may stand at one place of a recipe, and the type of a field that holds one of them.

    A kind in a module of its own is imported when a recipe names it:

        NETWORKS = KindFamily({"vgg16": "orbifolio.runner.vision.vgg:Vgg16", ...})
        AnyNetwork = Annotated[Any, NETWORKS]

    Messages need no more than the names; iterating imports every kind, as do the JSON Schema and the docs. In a recipe
    a bare string is taken as the kind with its defaults: `canvas: pixels`.
    """

    def __init__(
        self,
        kinds: Mapping[str, str] | Sequence[type[Settings]],
        *,
        default: str | None = None,
        others: Callable[[Collection[str]], Mapping[str, type[Settings]]] | None = None,
        shorthand: Shorthand | None = None,
    ) -> None:
        """Describe the family; nothing is imported.

        Args:
            kinds: name -> `module:Class`, or the classes.
            default: the kind of a mapping that names none: `canvas: {aspect: 3:2}`.
            others: kinds of other packages by name, given the names that are taken; asked once, when first needed.
            shorthand: a further spelling of some kind, `init: 0.5`.
        """
        self._own = kinds
        self._default = default
        self._others = others
        self._shorthand = shorthand

    @cached_property
    def _kinds(self) -> dict[str, str | type[Settings]]:
        own = self._own if isinstance(self._own, Mapping) else {kind_of(kind): kind for kind in self._own}
        return {**own, **({} if self._others is None else self._others(own))}

    @property
    def names(self) -> tuple[str, ...]:
        """The kinds as a recipe spells them."""
        return tuple(self._kinds)

    def get(self, name: object) -> type[Settings] | None:
        """The kind of a name, imported if it was not; None where there is none."""
        kind = self._kinds.get(name) if isinstance(name, str) else None
        if isinstance(kind, str):
            module, _, member = kind.partition(":")
            kind = self._kinds[str(name)] = getattr(import_module(module), member)
        return kind

    def class_of(self, name: str) -> type[Settings] | str:
        """The kind of a name, or how its class is called where it is not imported yet."""
        kind = self._kinds[name]
        return kind.partition(":")[2] if isinstance(kind, str) else kind

    def __iter__(self) -> Iterator[type[Settings]]:
        return (kind for name in self.names if (kind := self.get(name)) is not None)

    def __len__(self) -> int:
        return len(self._kinds)

    def __contains__(self, kind: object) -> bool:
        return any(kind is member for member in self)

    def expand(self, value: Any) -> Any:
        """The full form of what a recipe says here; anything that has no shorter form as it is."""
        if self._shorthand is not None:
            value = self._shorthand.expand(value)
        if isinstance(value, str):
            return {"kind": value}
        if self._default is not None and isinstance(value, dict) and "kind" not in value:
            return {"kind": self._default, **value}
        return value

    def kind_for(self, value: Any) -> type[Settings] | None:
        """The kind that a recipe's value names, by any spelling; None where it names none."""
        full = self.expand(value)
        return self.get(full.get("kind")) if isinstance(full, dict) else None

    def _validate(self, value: Any, info: ValidationInfo) -> Settings:
        full = self.expand(value)
        if isinstance(full, dict):
            name = full.get("kind")
        elif isinstance(full, Settings):
            name = getattr(full, "kind", None)
        else:
            raise PydanticKnownError("model_attributes_type")
        if name is None:
            raise PydanticKnownError("union_tag_not_found", {"discriminator": "'kind'"})
        kind = self.get(name)
        if kind is None:
            expected = ", ".join(map(repr, self.names))
            raise PydanticKnownError(
                "union_tag_invalid", {"discriminator": "'kind'", "tag": str(name), "expected_tags": expected}
            )
        return kind.model_validate(full, context=info.context)

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Validation by the kind that is named; its errors are found at the same places as a model's."""
        return core_schema.with_info_plain_validator_function(self._validate)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """One of all kinds, or a shorter spelling."""
        around = _AROUND.get(())
        schemas: list[Any] = [kind.__pydantic_core_schema__ for kind in self]
        if self in around:  # a kind has parts of its own family: all of them are being described already
            schemas = [core_schema.definition_reference_schema(_root(schema)["ref"]) for schema in schemas]
        token = _AROUND.set((*around, self))
        try:
            full = handler(core_schema.union_schema(schemas))
        finally:
            _AROUND.reset(token)
        further = () if self._shorthand is None else self._shorthand.spellings
        return {"anyOf": [full, *further, {"enum": [*self.names]}]}


_AROUND: ContextVar[tuple[KindFamily, ...]] = ContextVar("families whose JSON Schema is being made, from outside")


def _root(schema: Any) -> Any:
    """The model of a core schema, which may have definitions of parts around it."""
    return schema["schema"] if schema["type"] == "definitions" else schema


def family(*kinds: type[Settings], default: type[Settings] | None = None) -> Any:
    """The field type of a family whose kinds are at hand: one of these, told apart by `kind`.

    Args:
        kinds: settings classes, each with a `kind: Literal[...]` field.
        default: the kind of a mapping that names none; where there is one kind alone, it is that.
    """
    default = kinds[0] if len(kinds) == 1 else default
    return Annotated[Any, KindFamily(kinds, default=None if default is None else kind_of(default))]


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
    """All `cites` keys of what a settings tree uses, sorted, each once."""
    keys: set[str] = set()

    def walk(item: object) -> None:
        if isinstance(item, Settings):
            keys.update(item.cited())
            for name in type(item).model_fields.keys() - item.idle():
                walk(getattr(item, name))
        elif isinstance(item, Sequence) and not isinstance(item, str | bytes):
            for element in item:
                walk(element)
        elif isinstance(item, dict):
            for element in item.values():
                walk(element)

    walk(value)
    return tuple(sorted(keys))
