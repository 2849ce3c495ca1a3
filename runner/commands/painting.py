"""`orbifolio paint`: a photograph painted, with one word for how."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import click
from click.core import ParameterSource

from orbifolio.runner.commands.options import make_console, open_option, open_page, out_arguments, out_option
from orbifolio.runner.errors import InputError
from orbifolio.runner.importing import without_collections

RECIPE = "paint-a-photo"
LOOK_NAMES = ("oil", "bold", "gouache", "watercolour", "pastel", "ink", "pointillist", "flow")
"""Those of `runner/painting/looks.py`, which this command would wait a second for; a test compares them."""
PLACER_NAMES = ("planned", "predictor")
"""Kinds of `runner/painting/placers`, named here so that the command starts without importing them."""


@click.command()
@click.argument("photo", metavar="PHOTO")
@click.option("--look", type=click.Choice(LOOK_NAMES), default="oil", show_default=True, help="How it is painted.")
@click.option("--size", type=click.IntRange(64, 16384), default=1600, show_default=True, help="Longer side in pixels.")
@click.option(
    "--brush-size", type=click.FloatRange(0.2, 5), default=1.0, show_default=True, help="Factor of the strokes' width."
)
@click.option(
    "--liveliness", type=click.FloatRange(0, 4), default=1.0, show_default=True, help="Factor of the play of colours."
)
@click.option(
    "--placer",
    type=click.Choice(PLACER_NAMES),
    default="planned",
    show_default=True,
    help="Strokes planned along the picture, or named by a trained network: loose, in half the time.",
)
@click.option("--hand", metavar="PAINTING", help="A painting whose strokes and colours are taken.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another painting for each.")
@out_option
@open_option
def paint(
    photo: str,
    look: str,
    size: int,
    brush_size: float,
    liveliness: float,
    placer: str,
    hand: str | None,
    seed: int,
    gallery: Path,
    show: bool,
) -> None:
    """Paint PHOTO, a file or anything a recipe takes for a picture, into the gallery.

    Examples: orbifolio paint photo.jpg --look bold --size 2400; orbifolio paint photo.jpg --hand painting.jpg
    """
    from orbifolio.runner.cpu_features import protect

    protect()  # before torch is imported
    from orbifolio.runner.recipe.model import load
    from orbifolio.runner.recipe.shipped import find_recipe

    images: dict[str, Path] = {}
    photo_source = source_of(photo, "photo", "skimage:coffee", images)
    values = {
        "title": json.dumps(f"{Path(photo).stem}, painted"),
        "renderer.image": json.dumps(photo_source),
        "seed": seed,
        "renderer.look": look,
        "renderer.size": size,
        "renderer.brush_size": brush_size,
        "renderer.liveliness": liveliness,
        "renderer.placer": placer,
    }
    if hand is not None:
        values["renderer.hand.image"] = json.dumps(source_of(hand, "hand", "orbifolio:starry", images))
    file = find_recipe(RECIPE)
    loaded = load(file, [f"{name}={value}" for name, value in values.items()], images)
    with without_collections():
        from orbifolio.runner.execute import run_recipe
        from orbifolio.runner.run.loop import Stop
        from orbifolio.runner.run.subprocess import stop_on_signals

    words = ["orbifolio", "paint", photo, *typed(click.get_current_context()), *out_arguments(gallery)]
    stop = Stop()
    stop_on_signals(stop)
    result = run_recipe(
        loaded,
        file.parent,
        gallery=gallery,
        device="cpu",
        resume=False,
        command=shlex.join(words),
        console=make_console(),
        stop=stop,
        on_start=lambda folder: open_page((folder.absolute() / "index.html").as_uri()) if show else None,
    )
    if result.outcome != "done":
        click.echo(f"{result.outcome}: {result.message}", err=True)
    click.echo(str(result.folder / "index.html"))
    if result.outcome == "interrupted":
        sys.exit(130)
    if result.outcome != "done":
        sys.exit(1)


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


def typed(context: click.Context) -> list[str]:
    """The options that were given, without the gallery, as typed."""
    given = {name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    names = [name for name in context.params if name in given - {"photo", "gallery", "show"}]
    return [word for name in names for word in (f"--{name.replace('_', '-')}", str(context.params[name]))]
