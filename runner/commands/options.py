"""Options that several commands share: text of the command line -> values, and back again."""

from __future__ import annotations

import os
import threading
import webbrowser
from collections.abc import Mapping
from pathlib import Path

import click
from rich.console import Console

from orbifolio.runner.log_lines import LEVELS, is_quiet, show_records

DEFAULT_GALLERY = Path("gallery")
_VERBOSITY = "verbosity"  # of the context's notes: which of the two options was given


def is_file(argument: str) -> bool:
    """Whether a word names a file that is there; one that is too long for a name does not."""
    try:
        return Path(argument).is_file()
    except (OSError, ValueError):
        return False


def parse_pairs(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Path]:
    """`NAME=FILE` options as a mapping.

    Raises:
        BadParameter: one is not of this form, or a name comes twice.
    """
    from orbifolio.runner.named_files import file_of

    files: dict[str, Path] = {}
    for value in values:
        name, equals, file = value.partition("=")
        if not equals or not name or not file:
            raise click.BadParameter(f"{value!r} is not NAME=FILE, as in --image style=photo.jpg")
        if name in files:
            raise click.BadParameter(f"{name} is given twice; give it once")
        files[name] = file_of(file)
    return files


image_option = click.option(
    "--image",
    "images",
    multiple=True,
    metavar="NAME=FILE",
    callback=parse_pairs,
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


threads_option = click.option(
    "--threads",
    type=click.IntRange(1, 1024),
    metavar="N",
    help="Processor threads; one for each core if left out.",
)
open_option = click.option("--open", "show", is_flag=True, help="Open the page in a browser.")


def open_page(address: str) -> None:
    """Open a page in the user's browser, without waiting for it: one in the terminal stays until it is left."""
    threading.Thread(target=webbrowser.open, args=(address,)).start()


class SafeConsole(Console):
    """A console whose reader may go away: progress must not end the computation."""

    def on_broken_pipe(self) -> None:
        """Print nothing more, so that the computation goes on."""
        self.quiet = True


def make_console() -> Console:
    """A console on stderr; plain lines if that is not a terminal, in CI, or with NO_COLOR; silent with `-q`."""
    plain = bool(os.environ.get("CI"))
    return SafeConsole(stderr=True, force_terminal=False if plain else None, soft_wrap=True, quiet=is_quiet())


def image_arguments(images: Mapping[str, Path]) -> list[str]:
    """The `--image` options, as typed."""
    return [part for name, file in images.items() for part in ("--image", f"{name}={file}")]


def out_arguments(gallery: Path) -> list[str]:
    """The `--out` option, relative if below the working folder; nothing for the default gallery."""
    if gallery == DEFAULT_GALLERY:
        return []
    below = gallery.is_absolute() and gallery.is_relative_to(Path.cwd())
    return ["--out", str(gallery.relative_to(Path.cwd()) if below else gallery)]


def _set_verbosity(context: click.Context, parameter: click.Parameter, given: bool) -> None:
    if not given or context.resilient_parsing:
        return
    names = {"verbose": "debug", "quiet": "error"}
    chosen = context.meta.setdefault(_VERBOSITY, parameter.name)
    if chosen != parameter.name:
        raise click.UsageError("-v says more and -q less; give one of them", context)
    show_records(LEVELS[names[str(parameter.name)]])


def is_verbose() -> bool:
    """Whether `-v` was given."""
    return click.get_current_context().meta.get(_VERBOSITY) == "verbose"


def add_verbosity(command: click.Command) -> None:
    """Give a command the two options; they take effect before anything that it does."""
    command.params += [
        click.Option(
            ["-v", "--verbose"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_set_verbosity,
            help="Also say what is decided and why, with times.",
        ),
        click.Option(
            ["-q", "--quiet"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_set_verbosity,
            help="Only say where the result is, and errors.",
        ),
    ]
