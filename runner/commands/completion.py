"""What the Tab key offers after `orbifolio COMMAND`: recipes, groups and networks by name.

Click's own completion asks the program itself (`_ORBIFOLIO_COMPLETE`, see docs/shell.md), so nothing slow is imported.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import click
from click.shell_completion import CompletionItem

Completion = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


class RecipePath(click.Path):
    """A recipe's file, or the name of one that comes with the program."""

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """The names that begin so, and files."""
        return [*recipe_names(ctx, param, incomplete), *super().shell_complete(ctx, param, incomplete)]


def _beginning(names: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def recipe_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of shipped recipes."""
    from orbifolio.runner.recipe.shipped import shipped_recipes

    return _beginning(shipped_recipes(), incomplete)


def recipe_files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of shipped recipes, and files."""
    return [*recipe_names(ctx, param, incomplete), CompletionItem(incomplete, type="file")]


def group_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The seventeen wallpaper groups."""
    from orbifolio.runner.symmetry.groups.groups import GROUPS

    return _beginning(GROUPS, incomplete)


def weight_names(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Networks with their weights."""
    from orbifolio.runner.vision.weights import TABLE

    return _beginning(TABLE, incomplete)
