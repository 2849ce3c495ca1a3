"""One run in this process, for every command that makes one: `run`, `paint`, `style`."""

from __future__ import annotations

import sys
from pathlib import Path

import click
from click.core import ParameterSource

from orbifolio.runner.commands.options import make_console, open_page
from orbifolio.runner.errors import InputError
from orbifolio.runner.importing import without_collections
from orbifolio.runner.recipe.model import LoadedRecipe


def run_here(
    loaded: LoadedRecipe,
    base: Path,
    *,
    gallery: Path,
    command: str,
    device: str = "auto",
    resume: bool = False,
    mail: Path | None = None,
    show: bool = False,
) -> None:
    """Run a valid recipe, print its report's path, and exit with a code other than 0 unless it is done.

    Args:
        base: folder that a relative target of its `publish:` starts from.
        show: open the report in a browser as soon as it is there.

    The others are those of `run_recipe`.
    """
    with without_collections():
        from orbifolio.runner.execute import run_recipe
        from orbifolio.runner.run.loop import Stop
        from orbifolio.runner.run.subprocess import stop_on_signals

    stop = Stop()
    stop_on_signals(stop)
    result = run_recipe(
        loaded,
        base,
        gallery=gallery,
        device=device,
        resume=resume,
        command=command,
        console=make_console(),
        stop=stop,
        mail=mail,
        on_start=lambda folder: open_page((folder.absolute() / "index.html").as_uri()) if show else None,
    )
    if result.outcome != "done":
        click.echo(f"{result.outcome}: {result.message}", err=True)
    click.echo(str(result.folder / "index.html"))
    if result.exit_code:
        sys.exit(result.exit_code)


def source_of(picture: str, name: str, example: str, images: dict[str, Path]) -> str:
    """The source of a picture in a recipe.

    Args:
        picture: a file, or a source.
        name: that an upload has.
        example: of another source.
        images: uploads by name; a file is added.

    Raises:
        InputError: it is neither a file nor a source.
    """
    from orbifolio.runner.named_files import file_of

    file = file_of(picture)
    if file.is_file():
        images[name] = file
        return f"upload:{name}"
    if ":" not in picture:
        raise InputError(f"{picture}: this file does not exist; give a picture, or another source such as {example}")
    return picture


def typed(context: click.Context, *others: str) -> list[str]:
    """The options that were given, as typed.

    Args:
        others: parameters that are left out, beside the gallery and the browser.
    """
    given = {name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    names = [name for name in context.params if name in given - {"gallery", "show", *others}]
    return [word for name in names for word in (f"--{name.replace('_', '-')}", str(context.params[name]))]
