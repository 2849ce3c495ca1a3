"""`orbifolio run`: one recipe in this process, or every recipe of a folder as a sweep."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from orbifolio.runner.commands.completion import RecipePath
from orbifolio.runner.commands.options import (
    image_arguments,
    image_option,
    open_option,
    out_arguments,
    out_option,
    threads_option,
)


@click.command(short_help="Run a recipe, or every recipe of a folder.")
@click.argument("recipe", type=RecipePath(path_type=Path), metavar="RECIPE|FOLDER")
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@image_option
@out_option
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@click.option("--resume", is_flag=True, help="Continue the newest unfinished run of this recipe, or of this folder.")
@click.option("--dry-run", is_flag=True, help="Only show what it would do, as `check --plan`; compute nothing.")
@threads_option
@open_option
@click.option("--mail", type=click.Path(path_type=Path, dir_okay=False), help="A file with the mail settings.")
def run(
    recipe: Path,
    overrides: tuple[str, ...],
    images: dict[str, Path],
    gallery: Path,
    device: str,
    resume: bool,
    dry_run: bool,
    threads: int | None,
    show: bool,
    mail: Path | None,
) -> None:
    """Run RECIPE into the gallery, with values changed by KEY=VALUE; or every recipe below FOLDER.

    RECIPE is a file, or the name of a recipe that comes with the program.

    Example: orbifolio run rainbow-hexagon seed=3 renderer.size=256
    """
    from orbifolio.runner.cpu_features import protect

    protect(threads or 0)  # before torch is imported
    if recipe.is_dir():
        from orbifolio.runner.commands.sweeping import run_folder

        for given, option in ((mail is not None, "--mail"), (show, "--open")):
            if given:
                raise click.UsageError(f"{option} is for a single run; leave it out for a folder")
        run_folder(recipe, overrides, images, gallery=gallery, devices=device, resume=resume, dry=dry_run)
        return
    if dry_run:
        from orbifolio.runner.commands.checking import check_recipes

        if not check_recipes([recipe], overrides, images, plan=True):
            sys.exit(2)
        return
    from orbifolio.runner.commands.running import run_here
    from orbifolio.runner.recipe.model import load
    from orbifolio.runner.recipe.shipped import find_recipe

    file = find_recipe(recipe)
    # before anything else is imported: a refusal does not wait for torch
    loaded = load(file, overrides, images, typed_in=Path.cwd())
    thread_words = [] if threads is None else ["--threads", str(threads)]
    words = ["orbifolio", "run", str(recipe), *overrides, *image_arguments(images), *out_arguments(gallery)]
    run_here(
        loaded,
        file.parent,
        gallery=gallery,
        device=device,
        resume=resume,
        command=shlex.join([*words, *([] if device == "auto" else ["--device", device]), *thread_words]),
        mail=mail,
        show=show,
    )
