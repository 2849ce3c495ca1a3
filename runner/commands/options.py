"""Options that several commands share: (text of the command line) -> values."""

from __future__ import annotations

from pathlib import Path

import click


def pairs(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Path]:
    """`NAME=FILE` options as a mapping.

    Raises:
        BadParameter: one is not of this form, or a name comes twice.
    """
    found: dict[str, Path] = {}
    for value in values:
        name, equals, file = value.partition("=")
        if not equals or not name or not file:
            raise click.BadParameter(f"{value!r} is not NAME=FILE, as in --image style=photo.jpg")
        if name in found:
            raise click.BadParameter(f"{name} is given twice; once is enough")
        found[name] = Path(file)
    return found
