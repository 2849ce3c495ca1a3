"""`orbifolio new`: a recipe to start from."""

from __future__ import annotations

import os
from pathlib import Path

from orbifolio.runner.errors import InputError
from orbifolio.runner.files import write_atomically
from orbifolio.runner.recipe.shipped import UnknownRecipe, shipped_recipes, unknown_recipe


def new_recipe(path: Path, like: str) -> Path:
    """Write a recipe to start from.

    Raises:
        InputError: the file exists, or there is no such shipped recipe.
    """
    if path.suffix not in (".yaml", ".yml"):
        path = path.with_name(path.name + ".yaml")
    if path.exists():
        raise InputError(f"{path}: exists; nothing is overwritten; choose another name")
    shipped = shipped_recipes()
    if like not in shipped:
        raise UnknownRecipe(unknown_recipe(like, shipped))
    source = shipped[like]
    text = source.read_text(encoding="utf-8")
    # The header that tells editors of the schema is relative to our own folders.
    schema = os.path.relpath(source.parents[1] / "recipe.schema.json", path.resolve().parent)
    text = text.replace("$schema=../recipe.schema.json", f"$schema={Path(schema).as_posix()}", 1)
    write_atomically(path, text.encode())
    return path
