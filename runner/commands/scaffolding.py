"""`orbifolio new` and `orbifolio schema`: recipes for people and for their editors."""

from __future__ import annotations

import difflib
import json
from pathlib import Path

from orbifolio.runner.errors import InputError
from orbifolio.runner.files import write_atomically
from orbifolio.runner.recipe.model import Recipe, recipe_folders


def schema_text() -> str:
    """The JSON Schema of recipes, as text with a final newline.

    `x-*` keys are allowed at every level of a recipe; the schema says so for editors.
    """
    schema = Recipe.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "orbifolio recipe"
    for part in [schema, *schema.get("$defs", {}).values()]:
        if part.get("type") == "object":
            part["patternProperties"] = {"^x-": {}}
    return json.dumps(schema, indent=1, sort_keys=True) + "\n"


def shipped_recipes() -> dict[str, Path]:
    """Recipes that come with the program, by name."""
    return {path.stem: path for folder in recipe_folders() for path in sorted(folder.glob("**/*.yaml"))}


def new_recipe(path: Path, like: str) -> Path:
    """Write a recipe to begin from.

    Raises:
        InputError: the file exists, or there is no such shipped recipe.
    """
    if path.suffix not in (".yaml", ".yml"):
        path = path.with_name(path.name + ".yaml")
    if path.exists():
        raise InputError(f"{path}: exists; nothing is overwritten; choose another name")
    shipped = shipped_recipes()
    if like not in shipped:
        near = difflib.get_close_matches(like, shipped, n=3, cutoff=0.4)
        raise InputError(
            f"--like {like}: no such shipped recipe; did you mean {' or '.join(near)}?"
            if near
            else f"--like {like}: no such shipped recipe; choose from {', '.join(shipped)}"
        )
    source = shipped[like]
    text = source.read_text(encoding="utf-8")
    # The header that tells editors of the schema is relative to our own folders.
    text = text.replace("$schema=../recipe.schema.json", f"$schema={source.parents[1] / 'recipe.schema.json'}", 1)
    write_atomically(path, text.encode())
    return path
