"""`orbifolio export`: a recipe as a task file for SkyPilot or Slurm."""

from __future__ import annotations

from pathlib import Path

import click

from orbifolio.runner.commands.completion import RecipePath
from orbifolio.runner.commands.options import image_option


@click.command(short_help="Print a task file for SkyPilot or Slurm.")
@click.argument("engine", type=click.Choice(["skypilot", "slurm"]))
@click.argument("recipe", type=RecipePath(path_type=Path))
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@image_option
@click.option("--write", type=click.Path(path_type=Path), default=None, help="Write it to a file instead.")
def export(engine: str, recipe: Path, overrides: tuple[str, ...], images: dict[str, Path], write: Path | None) -> None:
    """Print a task file for ENGINE that runs RECIPE.

    RECIPE is a file, or the name of a recipe that comes with the program.

    Example: orbifolio export slurm rainbow-hexagon --write hexagon.sh
    """
    from orbifolio.runner.recipe.model import load
    from orbifolio.runner.recipe.shipped import find_recipe

    loaded = load(find_recipe(recipe), overrides, images, typed_in=Path.cwd())
    from orbifolio.runner.cloud.cost import workload_of
    from orbifolio.runner.cloud.export import ENGINES
    from orbifolio.runner.files import write_atomically

    text = ENGINES[engine](loaded, recipe, workload_of(loaded))
    if write is None:
        click.echo(text, nl=False)
    else:
        write_atomically(write, text.encode())
