"""`orbifolio style`: one picture in the style of another, in one line."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import click

from orbifolio.runner.commands.options import open_option, out_arguments, out_option, threads_option

RECIPE = "style-transfer"
STEPS = (30, 30, 25)
"""Of the phases, at a quarter, half and all of the size: those of the recipe."""


@click.command(short_help="Put a photo into the style of a painting, in minutes.")
@click.argument("photo", metavar="PHOTO")
@click.argument("painting", metavar="PAINTING")
@click.option("--size", type=click.IntRange(128, 4096), default=640, show_default=True, help="Width in pixels.")
@click.option(
    "--content",
    type=click.FloatRange(0, 100),
    default=0.7,
    show_default=True,
    help="How much of the photo is kept: 0.3 is mostly style, 2 stays a photo.",
)
@click.option("--keep-colours", is_flag=True, help="Keep the photo's colours: only light and dark become strokes.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Another picture for each.")
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@out_option
@threads_option
@open_option
def style(
    photo: str,
    painting: str,
    size: int,
    content: float,
    keep_colours: bool,
    seed: int,
    device: str,
    gallery: Path,
    threads: int | None,
    show: bool,
) -> None:
    """Make a picture of PHOTO in the style of PAINTING, into the gallery.

    Each is a file or anything a recipe takes for a picture. Networks look (Gatys et al. 2016), so it takes minutes;
    `orbifolio paint PHOTO --hand PAINTING` paints in its strokes in seconds.

    Example: orbifolio style photo.jpg painting.jpg --size 960
    """
    from orbifolio.runner.cpu_features import protect

    protect(threads or 0)  # before torch is imported
    from orbifolio.runner.commands.running import run_here, source_of, typed
    from orbifolio.runner.recipe.model import load
    from orbifolio.runner.recipe.shipped import find_recipe

    images: dict[str, Path] = {}
    photo_source = json.dumps(source_of(photo, "photo", "skimage:coffee", images))
    values = {
        "title": json.dumps(f"{Path(photo).stem} in the style of {Path(painting).stem}"),
        "seed": seed,
        "renderer.canvas.init.image": photo_source,
        "renderer.objectives.0.images.0.image": json.dumps(source_of(painting, "painting", "orbifolio:starry", images)),
        "renderer.objectives.1.image": photo_source,
        "renderer.objectives.1.weight": content,
        "renderer.phases": json.dumps(
            [{"size": size // part, "steps": steps} for part, steps in zip((4, 2, 1), STEPS, strict=True)]
        ),
    }
    if keep_colours:
        values["finish.chroma"] = photo_source
    file = find_recipe(RECIPE)
    loaded = load(file, [f"{name}={value}" for name, value in values.items()], images)
    options = typed(click.get_current_context(), "photo", "painting")
    words = ["orbifolio", "style", photo, painting, *options, *out_arguments(gallery)]
    run_here(loaded, file.parent, gallery=gallery, device=device, command=shlex.join(words), show=show)
