"""Files beside pictures that a recipe names: (valid recipe) -> what must travel with it, and where it will lie.

A folder of faces, a brush of one's own, shards of strokes, weights, a model. The program looks for most of them
from the folder it is started in, for models from the recipe's. On the node it is started in the bundle's folder: what
is named by a path below this one lies at the same path there, what is named by an absolute one in `inputs/`.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orbifolio.runner.errors import InputError
from orbifolio.runner.recipe.model import LoadedRecipe

LARGEST = 500_000_000
"""Bytes that may travel in all; more is copied to the node sooner by other ways."""

MOST_FILES = 50_000
_OWN = ("recipe", "inputs", "constraints.txt", "mail.yaml")  # names that the bundle has itself
_FILES = ("path", "images", "labels", "start", "examples", "files", "fonts", "model")
"""Settings that name files even where the name does not look like one."""

_FROM_RECIPE = ("model",)


@dataclass(frozen=True)
class Traveller:
    """A file or a folder.

    Attributes:
        place: dotted path of the setting.
        named: as the recipe names it.
        path: where it is here.
        beside_recipe: its name is meant from the recipe's folder.
    """

    place: str
    named: str
    path: Path
    beside_recipe: bool = False

    def files(self) -> Iterator[tuple[str, Path]]:
        """(path below its own, file) of all that it holds; "" for a file itself. Hidden ones stay."""
        if self.path.is_file():
            yield "", self.path
            return
        for folder, folders, names in os.walk(self.path):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                path = Path(folder, name)
                if not name.startswith(".") and path.is_file():
                    yield path.relative_to(self.path).as_posix(), path


def _leaves(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """(dotted path, text) of all texts in nested values."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{place}.{key}")
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{place}.{number}")
    elif isinstance(value, str):
        yield place, value


def _setting(place: str) -> str:
    """A setting's own name, positions in lists left out."""
    return next(word for word in reversed(place.split(".")) if not word.isdigit())


def _exists(path: Path) -> bool:
    try:
        return path.is_file() or path.is_dir()
    except (OSError, ValueError):
        return False


def travellers(loaded: LoadedRecipe) -> tuple[Traveller, ...]:
    """Everything that is no picture and lies on this machine, each once."""
    pictures = {*loaded.recipe.renderer.pictures().values()}
    found: dict[str, Traveller] = {}
    for place, text in _leaves(loaded.parameters.get("renderer", {}), "renderer"):
        name = _setting(place)
        if not text or text in pictures or name == "kind" or "://" in text:
            continue
        beside = name in _FROM_RECIPE
        path = loaded.images.base / text if beside else Path(text).expanduser()
        looks_like_one = name in _FILES or "/" in text or os.sep in text or text.startswith("~")
        if looks_like_one and _exists(path):
            found.setdefault(text, Traveller(place, text, path, beside))
    return tuple(found.values())


def address(traveller: Traveller, number: int, folder: str) -> str:
    """Where it lies in the bundle.

    Args:
        traveller: it.
        number: of it among all, for names of their own.
        folder: the recipe's in the bundle.

    Raises:
        InputError: it cannot lie where the program would look for it.
    """
    name = traveller.named
    if os.path.isabs(name) or name.startswith("~"):
        return f"inputs/file-{number}-{traveller.path.name}"
    if traveller.beside_recipe:
        return posixpath.normpath(posixpath.join(folder, name))
    below = posixpath.normpath(Path(name).as_posix())
    if below.partition("/")[0] in ("..", ".", *_OWN):
        raise InputError(
            f"{traveller.place}: {name} travels with the recipe, but cannot lie at this path on the machine; a "
            "relative path must lead below the folder that you are in; go to another one, or name it by its whole path"
        )
    return below


def contents(found: tuple[Traveller, ...], folder: str) -> tuple[dict[str, bytes], dict[str, str]]:
    """What travels.

    Args:
        found: files and folders.
        folder: the recipe's in the bundle.

    Returns:
        (path in the bundle -> content, absolute name -> path in the bundle).

    Raises:
        InputError: too much, or something cannot be read.
    """
    files: dict[str, bytes] = {}
    moved: dict[str, str] = {}
    total = 0
    for number, traveller in enumerate(found, 1):
        place = address(traveller, number, folder)
        if place.startswith("inputs/"):
            moved[traveller.named] = place
        for below, path in traveller.files():
            try:
                total += path.stat().st_size
                if total > LARGEST or len(files) >= MOST_FILES:
                    raise InputError(
                        f"{traveller.place}: {traveller.named} has too much to travel ({LARGEST // 10**6} MB and "
                        f"{MOST_FILES:,} files at most); thin it out, or run on a machine that has it"
                    )
                files[f"{place}/{below}" if below else place] = path.read_bytes()
            except OSError as error:
                raise InputError(
                    f"{traveller.place}: {path.name} cannot be read ({error.strerror or error}); check its permissions"
                ) from error
    return files, moved
