"""`orbifolio paint`: a photograph painted, with one word for how."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import click

from orbifolio.runner.commands.options import open_option, out_arguments, out_option, threads_option

RECIPE = "paint-a-photo"
LOOK_NAMES = ("oil", "bold", "gouache", "watercolour", "pastel", "ink", "pointillist", "flow")
"""Those of `runner/painting/looks.py`, which this command would wait a second for; a test compares them."""
PLACER_NAMES = ("planned", "predictor")
"""Kinds of `runner/painting/placers`, named here so that the command starts without importing them."""


@click.command(short_help="Paint a photo in oil or another look, in seconds.")
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
@threads_option
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
    threads: int | None,
    show: bool,
) -> None:
    """Paint PHOTO, a file or anything a recipe takes for a picture, into the gallery.

    Examples: orbifolio paint photo.jpg --look bold --size 2400; orbifolio paint photo.jpg --hand painting.jpg
    """
    from orbifolio.runner.cpu_features import protect

    protect(threads or 0)  # before torch is imported
    from orbifolio.runner.commands.running import run_here, source_of, typed
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
    words = ["orbifolio", "paint", photo, *typed(click.get_current_context(), "photo"), *out_arguments(gallery)]
    run_here(loaded, file.parent, gallery=gallery, device="cpu", command=shlex.join(words), show=show)
