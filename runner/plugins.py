"""Kinds of other packages: (group of entry points, base class, own kinds) -> the family's whole table.

A package adds a kind by an entry point in its pyproject.toml; see docs/plugins.md:

    [project.entry-points."orbifolio.objectives"]
    contrast = "orbifolio_contrast:Contrast"

The packages are imported together with the family, in the order of their names.
"""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from orbifolio.runner.errors import InputError
from orbifolio.runner.settings import Settings, kind_of

_OWN = "orbifolio"


def with_plugins(group: str, base: type[Settings], *own: type[Settings]) -> tuple[type[Settings], ...]:
    """A family's kinds: its own, then those of installed packages by the packages' names.

    Args:
        group: of entry points, without `orbifolio.`: `objectives`.
        base: the class that every kind of the family derives from.
        own: the kinds that come with the program.

    Raises:
        InputError: a package's kind cannot be imported, is not one, or has a name that is taken.
    """
    kinds = list(own)
    owners = {kind_of(kind): _OWN for kind in own}
    for entry in sorted(entry_points(group=f"{_OWN}.{group}"), key=lambda entry: (_package(entry), entry.name)):
        kind = _load(entry, base)
        name = kind_of(kind)
        if name in owners:
            raise InputError(
                f"{_package(entry)}: its kind {name!r} in {entry.group} has the name of one from {owners[name]}; names "
                "are unique in a family; uninstall one of the packages"
            )
        owners[name] = _package(entry)
        kinds.append(kind)
    return tuple(kinds)


def _load(entry: EntryPoint, base: type[Settings]) -> type[Settings]:
    cure = f"update or uninstall {_package(entry)}"
    try:
        kind = entry.load()
    except Exception as error:  # another package's import may raise anything
        raise InputError(
            f"{_package(entry)}: its plug-in {entry.value} for {entry.group} cannot be imported "
            f"({type(error).__name__}: {error}); {cure}"
        ) from error
    if not (isinstance(kind, type) and issubclass(kind, base) and "kind" in kind.model_fields):
        raise InputError(
            f"{_package(entry)}: {entry.value} is not a kind for {entry.group}; a kind is a subclass of "
            f"{base.__module__}.{base.__name__} with a field `kind`; {cure}"
        )
    return kind


def _package(entry: EntryPoint) -> str:
    """The distribution that an entry point is from."""
    return entry.dist.name if entry.dist else entry.value
