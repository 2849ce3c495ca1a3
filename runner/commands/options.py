"""Options that several commands share: (text of the command line) -> values, and back to what is told of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import click
from rich.console import Console

DEFAULT_GALLERY = Path("gallery")


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
            raise click.BadParameter(f"{name} is given twice; give it once")
        found[name] = Path(file)
    return found


image_option = click.option(
    "--image",
    "images",
    multiple=True,
    metavar="NAME=FILE",
    callback=pairs,
    help="A picture for an `upload` of the recipe; may be repeated.",
)

out_option = click.option(
    "--out",
    "gallery",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_GALLERY,
    show_default=True,
    help="The gallery for the report.",
)


class Meter(Console):
    """A console whose reader may go away: progress must not end the computation."""

    def on_broken_pipe(self) -> None:
        """Fall silent."""
        self.quiet = True


def console() -> Console:
    """stderr; plain lines where it is no terminal, in CI, or with NO_COLOR."""
    plain = bool(os.environ.get("CI"))
    return Meter(stderr=True, force_terminal=False if plain else None, soft_wrap=True)


def image_arguments(images: Mapping[str, Path]) -> list[str]:
    """Pictures as they were typed."""
    return [part for name, file in images.items() for part in ("--image", f"{name}={file}")]


def out_arguments(gallery: Path) -> list[str]:
    """The gallery as it was typed, relative where it lies below the present folder; nothing for the usual one."""
    if gallery == DEFAULT_GALLERY:
        return []
    below = gallery.is_absolute() and gallery.is_relative_to(Path.cwd())
    return ["--out", str(gallery.relative_to(Path.cwd()) if below else gallery)]
