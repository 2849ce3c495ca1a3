"""`orbifolio new`: a recipe to start from."""

from __future__ import annotations

import os
import re
from pathlib import Path

from orbifolio.runner.errors import InputError
from orbifolio.runner.files import write_atomically
from orbifolio.runner.images.png_text import RECIPE, read_text
from orbifolio.runner.recipe.shipped import UnknownRecipe, shipped_recipe, shipped_recipes, unknown_recipe


def new_recipe(path: Path | None, like: str) -> Path:
    """Write a recipe to start from.

    Args:
        path: of the file to write; None for one named after what it is made from, in the working folder.
        like: name of a shipped recipe, or path of a PNG that a run has made, which holds its recipe.

    Returns:
        The file that was written.

    Raises:
        InputError: the file exists, there is no such shipped recipe, or the picture holds none.
    """
    path = path or Path(Path(like).stem)
    if path.suffix not in (".yaml", ".yml"):
        path = path.with_name(path.name + ".yaml")
    if path.exists():
        raise InputError(f"{path}: exists; nothing is overwritten; choose another name")
    if like.lower().endswith(".png"):
        write_atomically(path, _recipe_in(Path(like), path).encode())
        return path
    shipped = shipped_recipes()
    source = shipped_recipe(like, shipped)
    if source is None:
        raise UnknownRecipe(unknown_recipe(like, shipped))
    text = source.read_text(encoding="utf-8")
    text = _with_schema(text, path)
    write_atomically(path, text.encode())
    return path


def _with_schema(text: str, path: Path) -> str:
    """The recipe with a header that tells editors of the schema, as seen from where it will lie."""
    folder = next(iter(shipped_recipes().values())).parents[1]
    schema = Path(os.path.relpath(folder / "recipe.schema.json", path.resolve().parent)).as_posix()
    return re.sub(r"\$schema=\S*recipe\.schema\.json", lambda _: f"$schema={schema}", text, count=1)


def _recipe_in(picture: Path, path: Path) -> str:
    """The recipe inside a picture.

    Raises:
        InputError: the picture cannot be read, or holds none.
    """
    text = read_text(picture, RECIPE)
    if not text:
        raise InputError(
            f"{picture}: holds no recipe; a run's own final.png, tile.png, picture.png do, unless another program "
            "wrote them anew; name such a file, or a shipped recipe"
        )
    return _with_schema(text, path)
