"""Kinds of other packages: a group of entry points and a base class -> what completes a family's table.

A package adds a kind by an entry point in its pyproject.toml; see docs/plugins.md:

    [project.entry-points."orbifolio.objectives"]
    contrast = "orbifolio_contrast:Contrast"

The packages of a group are imported, in the order of their names, when a recipe has a value of the family.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from orbifolio.runner.errors import InputError
from orbifolio.runner.settings import Settings, kind_of

_OWN = "orbifolio"


def plugins(group: str, base: str) -> Callable[[Collection[str]], dict[str, type[Settings]]]:
    """The `others` of a family: kinds of installed packages by their names, in the order of the packages.

    Args:
        group: of entry points, without `orbifolio.`: `objectives`.
        base: `module:Class` that every kind of the family derives from; imported if there is a package.

    Returns:
        A function of the names that the program's own kinds have. It raises InputError where a package's kind cannot be
        imported, is not one, or has a name that is taken.
    """

    def find(own: Collection[str]) -> dict[str, type[Settings]]:
        kinds: dict[str, type[Settings]] = {}
        owners = dict.fromkeys(own, _OWN)
        for entry in sorted(entry_points(group=f"{_OWN}.{group}"), key=lambda entry: (_package(entry), entry.name)):
            kind = _load(entry, base)
            name = kind_of(kind)
            if name in owners:
                raise InputError(
                    f"{_package(entry)}: its kind {name!r} in {entry.group} has the name of one from {owners[name]}; "
                    "names are unique in a family; uninstall one of the packages"
                )
            owners[name] = _package(entry)
            kinds[name] = kind
        return kinds

    return find


def _load(entry: EntryPoint, base: str) -> type[Settings]:
    cure = f"update or uninstall {_package(entry)}"
    try:
        kind: Any = entry.load()
    except Exception as error:  # another package's import may raise anything
        raise InputError(
            f"{_package(entry)}: its plug-in {entry.value} for {entry.group} cannot be imported "
            f"({type(error).__name__}: {error}); {cure}"
        ) from error
    module, _, name = base.partition(":")
    parent: type[Settings] = getattr(import_module(module), name)
    if not (isinstance(kind, type) and issubclass(kind, parent) and "kind" in kind.model_fields):
        raise InputError(
            f"{_package(entry)}: {entry.value} is not a kind for {entry.group}; a kind is a subclass of "
            f"{module}.{name} with a field `kind`; {cure}"
        )
    return kind


def _package(entry: EntryPoint) -> str:
    """The distribution that an entry point is from."""
    return entry.dist.name if entry.dist else entry.value
