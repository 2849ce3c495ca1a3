"""`orbifolio check`: validate and explain, compute nothing."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orbifolio.runner.errors import RecipeError
from orbifolio.runner.recipe import qualities
from orbifolio.runner.recipe.model import LoadedRecipe, load
from orbifolio.runner.recipe.shipped import UnknownRecipe, find_recipe

if TYPE_CHECKING:
    from orbifolio.runner.run.plan import Plan

logger = logging.getLogger(__name__)


def check_recipes(paths: Sequence[Path], overrides: Sequence[str], images: Mapping[str, Path], *, plan: bool) -> bool:
    """Check each recipe, a file or a shipped one's name; True if none has an error."""
    good, here = True, Path.cwd()
    for path in paths:
        try:
            file = find_recipe(path)
            loaded = load(file, overrides, images, typed_in=here)
            for name in qualities.names(loaded.source):  # sets that are not chosen now must be valid, too
                load(file, [f"quality={name}", *overrides], images, typed_in=here)
        except RecipeError as error:
            click.echo(str(error), err=True)
            count = len(error.problems)
            click.echo(f"{path}: {count} error{'s' if count != 1 else ''}", err=True)
            good = False
            continue
        except UnknownRecipe as error:
            click.echo(f"error: {error}", err=True)
            good = False
            continue
        for problem in loaded.warnings:
            logger.info(str(problem))
        for advisory in loaded.advisories:
            logger.info("%s: advisory: %s", path, advisory)
        click.echo(f"{path}: ok: {loaded.recipe.title}")
        if plan:
            from orbifolio.runner.run.plan import make_plan

            _show(loaded, make_plan(loaded))
    return good


def _show(loaded: LoadedRecipe, plan: Plan) -> None:
    from orbifolio.runner.run.plan import gigabytes

    if plan.symmetry:
        click.echo(f"  symmetry   {plan.symmetry}")
    for note in plan.notes:
        click.echo(f"             {note}")
    click.echo("  phase      picture          steps   numbers optimised   tables")
    for phase in plan.phases:
        extent = f"{phase.width} x {phase.height} px"
        tables = f"{phase.table_bytes / 1e6:,.1f} MB" if phase.table_bytes else ""
        click.echo(f"  {phase.title:<10} {extent:<16} {phase.steps:>5}   {phase.parameters:>17,}   {tables}".rstrip())
        for note in phase.notes:
            click.echo(f"             {note}")
    if loaded.recipe.finish.enlarge is not None:
        click.echo(f"  enlarged   {plan.finished[0]} x {plan.finished[1]} px")
    click.echo(f"  memory     about {gigabytes(plan.memory_bytes)}")
    click.echo(f"  time       about {plan.time_text} on this machine ({plan.device})")
    for name, size, present in plan.downloads:
        click.echo(f"  weights    {name}: {'here' if present else f'{size / 1e6:.0f} MB to fetch once'}")
    others = [name for name in qualities.names(loaded.source) if name != loaded.recipe.quality]
    if others:
        click.echo(f"  qualities  {', '.join(f'quality={name}' for name in others)}")
    if plan.refusal:
        click.echo(f"  too large  {plan.refusal}")
    if loaded.recipe.publish is not None:
        click.echo(f"  publish    {loaded.recipe.publish.target}")
    for path, source in loaded.recipe.pictures().items():
        click.echo(f"  picture    {source}  ({path})")
