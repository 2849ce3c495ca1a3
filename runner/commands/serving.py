"""`orbifolio serve`: the control page, for one gallery."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import click

from orbifolio.runner.commands.completion import RecipePath
from orbifolio.runner.commands.options import DEFAULT_GALLERY, make_console, open_option
from orbifolio.runner.errors import InputError


@click.command(short_help="Choose, change, run and watch recipes in a browser.")
@click.argument("recipe", type=RecipePath(path_type=Path), required=False, metavar="[RECIPE|FOLDER]")
@click.option(
    "--out",
    "gallery",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_GALLERY,
    show_default=True,
    help="The gallery for the reports.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("--port", default=1080, show_default=True, type=click.IntRange(0, 65535), help="0 for any free one.")
@click.option(
    "--device", default="auto", show_default=True, help="auto, cpu or cuda:0,cuda:1; one run at a time on each."
)
@click.option("--token-file", type=click.Path(path_type=Path), default=None, help="A file that holds the token.")
@click.option("--allow-host", "hosts", multiple=True, metavar="NAME", help="Another host name of this server.")
@click.option(
    "--idle-minutes",
    type=click.FloatRange(min=0.01),
    default=None,
    help="After so many idle minutes: start RECIPE, then exit.",
)
@click.option("--publish", metavar="TARGET", default=None, help="Copy every report to s3://BUCKET/PREFIX or a folder.")
@click.option("--share-pictures", "shared", is_flag=True, help="Show visitors each other's photos and runs of them.")
@open_option
def serve(
    recipe: Path | None,
    gallery: Path,
    host: str,
    port: int,
    device: str,
    token_file: Path | None,
    hosts: tuple[str, ...],
    idle_minutes: float | None,
    publish: str | None,
    shared: bool,
    show: bool,
) -> None:
    """Choose, change, run and watch recipes in a browser; paint photographs at /paint.

    RECIPE comes first on the page; the recipes of FOLDER are shown as yours, and changed ones can be saved there.

    Prints its address on stdout, with the token that opens it. Example: orbifolio serve --open
    """
    from orbifolio.runner.cpu_features import protect

    protect()  # before torch is imported
    from orbifolio.runner.recipe.shipped import find_recipe
    from orbifolio.runner.server.catalogue import RecipeCatalogue
    from orbifolio.runner.server.redirect_file import opened_later
    from orbifolio.runner.server.serve import ServeOptions, devices_for
    from orbifolio.runner.server.serve import serve as run_server

    recipe = None if recipe is None else find_recipe(recipe)
    if recipe is not None and not recipe.is_dir() and RecipeCatalogue(recipe).start is None:
        raise InputError(f"{recipe}: this recipe cannot be run; `orbifolio check` lists its errors; correct them")
    console = make_console()

    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False)

    def announce(address: str) -> None:
        say("orbifolio is running here; Ctrl-C stops it, and unfinished runs continue when it is started again")
        click.echo(address)
        if show:
            until_end.enter_context(opened_later(address))

    options = ServeOptions(
        gallery=gallery,
        recipe=recipe,
        host=host,
        port=port,
        devices=devices_for(device),
        token_file=token_file,
        hosts=hosts,
        idle_minutes=idle_minutes,
        shared=shared,
        overrides=() if publish is None else (_publish_override(publish),),
    )
    with contextlib.ExitStack() as until_end:
        run_server(options, say, announce)


def _publish_override(target: str) -> str:
    """The `publish=` override of every recipe that is run."""
    from orbifolio.runner.commands.publishing import target_settings

    settings = target_settings(target)
    values = settings.model_dump(mode="json", exclude_defaults=True)
    if "path" in values:
        values["path"] = str(Path(values["path"]).resolve())
    return f"publish={json.dumps({'kind': settings.kind, **values})}"
