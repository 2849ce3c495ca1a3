"""`orbifolio run`: one recipe in this process, or all recipes of a folder by the pool."""

from __future__ import annotations

import shlex
import signal
import sys
from pathlib import Path
from types import FrameType

import click

from orbifolio.runner.commands.options import console, image_arguments, image_option, out_arguments, out_option


@click.command()
@click.argument("recipe", type=click.Path(path_type=Path), metavar="RECIPE|FOLDER")
@click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]...")
@image_option
@out_option
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N.")
@click.option("--resume", is_flag=True, help="Continue the newest unfinished run of this recipe, or of this folder.")
@click.option("--mail", type=click.Path(path_type=Path, dir_okay=False), help="A file with the mail settings.")
def run(
    recipe: Path,
    overrides: tuple[str, ...],
    images: dict[str, Path],
    gallery: Path,
    device: str,
    resume: bool,
    mail: Path | None,
) -> None:
    """Run RECIPE into the gallery, with values changed by KEY=VALUE; or every recipe below FOLDER.

    Example: orbifolio run recipes/plane/rainbow-hexagon.yaml seed=3 renderer.phases.0.size=64
    """
    from orbifolio.runner.cpu_features import protect

    protect()  # before torch is imported
    if recipe.is_dir():
        from orbifolio.runner.commands.sweeping import run_folder

        if mail is not None:
            raise click.UsageError("--mail is for a single run; leave it out for a folder")
        run_folder(recipe, overrides, images, gallery=gallery, devices=device, resume=resume)
        return
    from orbifolio.runner.execute import run_recipe

    words = ["orbifolio", "run", str(recipe), *overrides, *image_arguments(images), *out_arguments(gallery)]
    stop = _Interrupts()
    result = run_recipe(
        recipe,
        overrides,
        images,
        gallery=gallery,
        device=device,
        resume=resume,
        command=shlex.join([*words, *([] if device == "auto" else ["--device", device])]),
        console=console(),
        stop=stop.stop,
        mail=mail,
    )
    if result.outcome != "done":
        click.echo(f"{result.outcome}: {result.message}", err=True)
    click.echo(str(result.folder / "index.html"))
    if result.outcome == "interrupted":
        sys.exit(130)
    if result.outcome != "done":
        sys.exit(1)


class _Interrupts:
    """Ctrl-C and SIGTERM stop after the step under way; a second one stops at once."""

    def __init__(self) -> None:
        from orbifolio.runner.run.loop import Stop

        self.stop = Stop()

        def handle(number: int, frame: FrameType | None) -> None:
            self.stop.request()

        signal.signal(signal.SIGINT, handle)
        signal.signal(signal.SIGTERM, handle)
