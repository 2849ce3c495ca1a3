"""`orbifolio sweep`, and `orbifolio run FOLDER`: many runs, one table, one page.

Exit codes: 0 all done; 1 any failed; 2 the arguments or a recipe are wrong, and nothing was started; 130 interrupted.
"""

from __future__ import annotations

import json
import logging
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orbifolio.runner.commands.completion import RecipePath
from orbifolio.runner.commands.options import image_arguments, image_option, make_console, out_arguments, out_option
from orbifolio.runner.errors import InputError

if TYPE_CHECKING:
    from orbifolio.runner.sweeps.engine import SweepEngine
    from orbifolio.runner.sweeps.sweep import StoredSweep
    from orbifolio.runner.sweeps.validate import MemberForecast
    from orbifolio.runner.sweeps.variations import Variation

logger = logging.getLogger(__name__)

_MAX_LISTED = 24  # members listed before a sweep starts: what fits a terminal


@click.command(short_help="Run a recipe with many values, and compare the pictures.")
@click.argument("recipe", type=RecipePath(path_type=Path), required=False, metavar="RECIPE")
@click.argument("arguments", nargs=-1, metavar="KEY=A,B,C ...")
@image_option
@out_option
@click.option("--engine", type=click.Choice(["local", "ray"]), default="local", show_default=True)
@click.option(
    "--address", default="auto", show_default=True, help="Address of the Ray cluster; `local` starts one here."
)
@click.option("--devices", default="auto", show_default=True, help="cpu, or cuda:0,cuda:1: one run at a time on each.")
@click.option("--jobs", type=click.IntRange(1, 256), default=None, help="Runs side by side on each device.")
@click.option("--threads", type=click.IntRange(1, 256), default=None, help="Processor threads of each run.")
@click.option("--to", metavar="s3://BUCKET/PREFIX", default=None, help="Publish every run there while it is running.")
@click.option(
    "--work",
    metavar="s3://BUCKET/PREFIX",
    default=None,
    help="Bucket that carries runs from Ray's nodes to the gallery where they share no disk.",
)
@click.option(
    "--best-by",
    type=click.Choice(["judge"]),
    default=None,
    help="Rank the finished runs by how like their style they are: see `orbifolio judge`.",
)
@click.option(
    "--resume", is_flag=True, help="Continue the newest unfinished sweep, or the one of RECIPE and these values."
)
@click.option("--dry-run", is_flag=True, help="Only list the runs and their estimated time.")
@click.option("--yes", is_flag=True, help="Start even with more than 256 runs.")
def sweep(
    recipe: Path | None,
    arguments: tuple[str, ...],
    images: dict[str, Path],
    gallery: Path,
    engine: str,
    address: str,
    devices: str,
    jobs: int | None,
    threads: int | None,
    to: str | None,
    work: str | None,
    best_by: str | None,
    resume: bool,
    dry_run: bool,
    yes: bool,
) -> None:
    """Run RECIPE with every combination of values, and compare the pictures on one page.

    Commas separate values, except inside brackets and quotes; range(1,10) is 1 to 9.

    RECIPE is a file, or the name of a recipe that comes with the program.

    Example: orbifolio sweep kaleidoscope seed=1,2,3 renderer.objectives.1.weight=2,5
    """
    from orbifolio.runner.cpu_features import protect

    protect()  # before torch is imported
    from orbifolio.runner.recipe.shipped import find_recipe

    given, recipe = recipe, None if recipe is None else find_recipe(recipe)
    from orbifolio.runner.sweeps.local_engine import LocalEngine, choose_devices
    from orbifolio.runner.sweeps.variations import product, varied_keys

    def make() -> SweepEngine:
        if engine == "local":
            return LocalEngine(choose_devices(devices), jobs=jobs or 1, threads=threads or 0)
        from orbifolio.runner.sweeps.ray_engine import RayEngine

        return RayEngine(address, devices=devices, threads=threads or 0, store=_store(work))

    if engine == "local" and (work or address != "auto"):
        raise click.UsageError("--work and --address are for --engine ray")
    if engine == "ray" and jobs:
        raise click.UsageError(
            "--jobs is for this machine; Ray fills a cluster by itself; use --threads to set the size of a run"
        )
    if resume and (recipe is None or recipe.is_dir()):
        if arguments:
            raise click.UsageError("--resume with values needs their recipe, too; name it, or leave the values out")
        _resume(gallery, recipe, make(), best_by or "")
        return
    if recipe is None:
        raise click.UsageError("no recipe given; name one and the values to vary, or use --resume")
    words = ["orbifolio", "sweep", str(given), *arguments, *image_arguments(images), *out_arguments(gallery)]
    if recipe.is_dir():
        raise InputError(
            f"{recipe}: is a folder; a sweep varies one recipe; to run every recipe in it, use `orbifolio run`"
        )
    words += [] if to is None else ["--to", to]
    words += [] if best_by is None else ["--best-by", best_by]
    variations = product(recipe, [*arguments, *_publish(to)], yes=yes or dry_run)
    keys = varied_keys(arguments)
    _run_members(
        variations,
        images,
        gallery,
        make(),
        varied=keys,
        command=shlex.join([*words, *([] if engine == "local" else ["--engine", engine])]),
        title="",
        resume=resume,
        dry=dry_run,
        best_by=best_by or "",
    )


def run_folder(
    folder: Path,
    overrides: Sequence[str],
    images: Mapping[str, Path],
    *,
    gallery: Path,
    devices: str,
    resume: bool,
    dry: bool,
) -> None:
    """Run every recipe below a folder, one at a time on each device."""
    from orbifolio.runner.sweeps.local_engine import LocalEngine, choose_devices
    from orbifolio.runner.sweeps.validate import needed_uploads
    from orbifolio.runner.sweeps.variations import recipes_below

    runnable: list[Variation] = []
    used: set[str] = set()
    for variation in recipes_below(folder, overrides):
        needed = needed_uploads(variation)
        used |= set(needed)
        missing = [name for name in needed if name not in images]
        if missing:
            options = " ".join(f"--image {name}=FILE" for name in missing)
            logger.info("skipped: %s needs pictures; add %s", variation.recipe, options)
            continue
        runnable.append(replace(variation, number=len(runnable)))
    if not runnable:
        raise InputError(f"{folder}: every recipe in it needs a picture; give one with --image")
    unused = sorted(set(images) - used)
    if unused:
        raise InputError(
            f"--image {unused[0]}=...: no recipe in {folder} has such an upload; leave it out, or correct its name"
        )
    words = ["orbifolio", "run", str(folder), *overrides, *image_arguments(images), *out_arguments(gallery)]
    _run_members(
        runnable,
        images,
        gallery,
        LocalEngine(choose_devices(devices)),
        varied=(),
        command=shlex.join(words),
        title=folder.resolve().name.capitalize(),
        resume=resume,
        dry=dry,
    )


def _publish(to: str | None) -> list[str]:
    """The `publish=` override for `--to`."""
    from orbifolio.runner.commands.publishing import target_settings

    if to is None:
        return []
    return [f"publish={json.dumps(target_settings(to).model_dump(mode='json', exclude_none=True))}"]


def _store(work: str | None) -> str:
    """`--work` as settings of a store, in JSON; "" for none."""
    from orbifolio.runner.commands.publishing import target_settings

    if work is None:
        return ""
    settings = target_settings(work if "://" in work else str(Path(work).absolute()))
    return settings.model_dump_json(exclude_none=True)


def _run_members(
    variations: Sequence[Variation],
    images: Mapping[str, Path],
    gallery: Path,
    engine: SweepEngine,
    *,
    varied: tuple[tuple[str, tuple[str, ...]], ...],
    command: str,
    title: str,
    resume: bool,
    dry: bool,
    best_by: str = "",
) -> None:
    """Validate all members, list them, and run them unless this is a dry run."""
    from orbifolio.runner.sweeps.sweep import create_sweep, find_unfinished, make_spec
    from orbifolio.runner.sweeps.validate import validate_members

    root = gallery.absolute()
    forecasts = validate_members(variations, images, device=engine.kind)
    _print_members(variations, forecasts, engine, dry=dry)
    if dry:
        return
    spec = make_spec(variations, forecasts, images, threads=engine.threads, options=out_arguments(gallery))
    if resume:
        _run_missing(find_unfinished(root, spec), gallery, engine, best_by)
        return
    _fetch_weights(forecasts, engine)
    if best_by:
        _fetch_eyes()  # before a sweep is on disk
    stored = create_sweep(
        root,
        spec,
        variations,
        forecasts,
        images,
        title=title or forecasts[0].title,
        command=command,
        shown=gallery,
        about=" · ".join(_shared_overrides(variations)),
        varied=varied,
        engine=engine.name,
        best_by=best_by,
    )
    _run_missing(stored, gallery, engine, best_by)


def _shared_overrides(variations: Sequence[Variation]) -> list[str]:
    """Overrides that all members share, as typed."""
    varied = {key for key, _ in variations[0].varied}
    return [text for text in variations[0].overrides if text.partition("=")[0] not in {*varied, "publish"}]


def _print_members(
    variations: Sequence[Variation], forecasts: Sequence[MemberForecast], engine: SweepEngine, *, dry: bool
) -> None:
    """List the members with their estimated time; on stdout in a dry run, else on stderr."""
    from orbifolio.reports.wording import format_count
    from orbifolio.runner.run.listeners import clock
    from orbifolio.runner.sweeps.validate import total_seconds

    say = click.echo if dry else logger.info
    for variation in variations if dry else variations[:_MAX_LISTED]:
        say(variation.listing)
    if not dry and len(variations) > _MAX_LISTED:
        logger.info("and %d more (--dry-run lists them all)", len(variations) - _MAX_LISTED)
    total = total_seconds(forecasts)
    parallel = min(engine.slots, len(variations))
    estimate = f"{format_count(len(variations), 'run')}, about {clock(total)} in all on {engine.shown}"
    say(estimate + (f"; {parallel} at once: about {clock(total / parallel)}" if parallel > 1 else ""))
    warning = engine.warning(max((forecast.memory or 0.0 for forecast in forecasts), default=0.0))
    if warning:
        logger.warning(warning)


def _fetch_weights(forecasts: Sequence[MemberForecast], engine: SweepEngine) -> None:
    """Fetch weights once, before many processes need them; a cluster's nodes fetch their own."""
    from orbifolio.runner.vision.weights import default_store, show_progress

    if not engine.here:
        return
    with show_progress(make_console()):
        for name in dict.fromkeys(name for forecast in forecasts for name in forecast.weights):
            default_store().fetch(name)


def _resume(gallery: Path, sweep: Path | None, engine: SweepEngine, best_by: str) -> None:
    """Continue the newest unfinished sweep, or the one in a folder."""
    from orbifolio.runner.sweeps.record import SWEEPS
    from orbifolio.runner.sweeps.sweep import find_unfinished

    root, name = gallery.absolute(), None
    if sweep is not None:
        folder = sweep.resolve()
        if folder.parent.name != SWEEPS:
            raise InputError(
                f"{sweep}: is not a sweep; sweeps are in GALLERY/{SWEEPS}/; name one of those, or a recipe"
            )
        gallery, root, name = sweep.parent.parent, folder.parent.parent, folder.name
    _run_missing(find_unfinished(root, name=name), gallery, engine, best_by)


def _run_missing(sweep: StoredSweep, gallery: Path, engine: SweepEngine, best_by: str) -> None:
    """Run what is missing, rank, publish, and exit with a code other than 0 unless all is done.

    Args:
        sweep: to be run.
        gallery: as it was typed.
        engine: where its members run.
        best_by: what they are ranked by; "" for what the sweep's record says.
    """
    from orbifolio.reports.files import Obstacles
    from orbifolio.reports.write_gallery import rebuild_gallery
    from orbifolio.runner.sweeps.publishing import publish_sweep
    from orbifolio.runner.sweeps.record import DONE, INTERRUPTED, SWEEPS
    from orbifolio.runner.sweeps.spec import private_folder
    from orbifolio.runner.sweeps.sweep import changed_recipes, run_sweep

    root = gallery.absolute()
    sweep.record.best_by = best_by or sweep.record.best_by
    if sweep.record.best_by:
        _fetch_eyes()  # missing ones are told before hours of work, not after
    for typed in changed_recipes(private_folder(root, sweep.folder.name), sweep.spec):
        logger.info("%s: has changed; the sweep continues with its original text", typed)
    status = run_sweep(sweep, root, engine, make_console())
    obstacles = Obstacles()
    if not engine.here:
        with obstacles.gather():
            rebuild_gallery(root)  # a node made its runs' reports without seeing those of the others
    if sweep.record.best_by:
        with obstacles.gather():
            _rank(sweep, root)
    publish_sweep(sweep, root, make_console())
    _print_summary(sweep, status)
    click.echo(str(gallery / SWEEPS / sweep.folder.name / "index.html"))
    if status == INTERRUPTED:
        sys.exit(130)
    if status != DONE:
        sys.exit(1)
    obstacles.tell()


def _fetch_eyes() -> None:
    from orbifolio.runner.commands.judging import fetch_eyes

    fetch_eyes(make_console())


def _rank(sweep: StoredSweep, root: Path) -> None:
    """Judge the members that are done, and keep in the record which is the best."""
    from orbifolio.reports.write_gallery import update_sweeps
    from orbifolio.runner.commands.judging import rank_runs
    from orbifolio.runner.sweeps.record import DONE, write_record

    members = {member.listing: member for member in sweep.record.members if member.state == DONE and member.run}
    order = rank_runs(root, {name: root / str(member.run) for name, member in members.items()}, make_console())
    if order:
        sweep.record.best = members[order[0]].number
        write_record(sweep.folder, sweep.record)
        logger.info("best by %s: %s", sweep.record.best_by, order[0])
    update_sweeps(root)


def _print_summary(sweep: StoredSweep, status: str) -> None:
    """Print how the sweep ended, and how to resume it."""
    record = sweep.record
    done = len(record.members) - len(record.unfinished)
    logger.info("%s: %d of %d runs are done", status, done, len(record.members))
    for member in record.members:
        if member.state == "failed":
            click.echo(f"{member.listing}: {member.message}", err=True)
    if record.unfinished:
        logger.info("resume with: %s", record.resume)
