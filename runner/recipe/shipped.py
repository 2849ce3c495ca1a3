"""The recipes that come with the program, by name."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path

from orbifolio.runner.errors import InputError
from orbifolio.runner.named_files import file_of


class UnknownRecipe(InputError):
    """A name that no shipped recipe has."""


def recipe_folder() -> Path:
    """Where the shipped recipes are: inside the installed package, or beside the sources."""
    runner = Path(__file__).resolve().parents[1]
    installed = runner / "_recipes"
    return installed if installed.is_dir() else runner.parent / "recipes"


def shipped_recipes() -> dict[str, Path]:
    """Recipes that come with the program, by name."""
    return {path.stem: path for path in sorted(recipe_folder().glob("**/*.yaml"))}


def unknown_recipe(name: str, shipped: Mapping[str, Path]) -> str:
    """The message that no shipped recipe has this name, with similar names.

    >>> unknown_recipe("tunel", {"tunnel": Path(), "horse": Path()})
    'tunel: no such shipped recipe; did you mean tunnel?'
    """
    near = difflib.get_close_matches(name, shipped, n=3, cutoff=0.4)
    cure = f"did you mean {' or '.join(near)}?" if near else f"choose from {', '.join(shipped)}"
    return f"{name}: no such shipped recipe; {cure}"


def shipped_recipe(name: str, shipped: Mapping[str, Path]) -> Path | None:
    """The shipped recipe of a name, `tunnel` or with its theme, `zoom/tunnel`; None if there is none.

    >>> [shipped_recipe(name, {"tunnel": Path("recipes/zoom/tunnel.yaml")}) is None for name in
    ...  ("tunnel", "zoom/tunnel", "plane/tunnel", "zoom")]
    [False, False, True, True]
    """
    theme, _, bare = name.rpartition("/")
    found = shipped.get(bare)
    return found if found is not None and theme in ("", found.parent.name) else None


def find_recipe(recipe: str | Path) -> Path:
    """A recipe by its path, or by the name of a shipped one, with its theme or without.

    Raises:
        UnknownRecipe: a bare name that is neither a file here nor a shipped recipe's.
    """
    path = file_of(str(recipe))
    if path.exists() or path.suffix:
        return path  # reading it reports what is wrong with it
    shipped = shipped_recipes()
    found = shipped_recipe(path.as_posix(), shipped)
    if found is None and len(path.parts) == 1:
        raise UnknownRecipe(unknown_recipe(path.name, shipped))
    return found or path
