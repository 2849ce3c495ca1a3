"""Files besides pictures that a recipe names: (valid recipe) -> what to upload with it, and its path on the node.

For instance a folder of faces, a brush of one's own, shards of strokes, weights, a model. The program looks for them
from the recipe's folder. So a file that is named by a relative path gets the same path there, beside the recipe; one
that is named by an absolute path lies in `inputs/`.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orbifolio.runner.errors import InputError
from orbifolio.runner.named_files import file_of
from orbifolio.runner.recipe.model import LoadedRecipe

MAX_BYTES = 500_000_000
"""Of all files together, which are read into memory and packed as one archive: more would make every launch wait."""
MAX_FILES = 50_000
"""A folder with more is usually a data set or a home folder, named by mistake."""
_FILES = ("path", "images", "labels", "start", "examples", "files", "fonts", "model", "figure")
"""Settings whose values are paths, even where they do not look like one."""


@dataclass(frozen=True)
class ExtraFile:
    """A file or a folder to upload.

    Attributes:
        setting: dotted path of the setting that names it.
        named: as the recipe names it.
        path: of the file or folder on this machine.
    """

    setting: str
    named: str
    path: Path

    def files(self) -> Iterator[tuple[str, Path]]:
        """(path below a folder, file) of all its files that are not hidden; ("", file) for a file itself."""
        if self.path.is_file():
            yield "", self.path
            return
        for folder, folders, names in os.walk(self.path):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                path = Path(folder, name)
                if not name.startswith(".") and path.is_file():
                    yield path.relative_to(self.path).as_posix(), path


def _leaves(value: Any, setting: str) -> Iterator[tuple[str, str]]:
    """(dotted path, text) of all texts in a JSON value."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _leaves(item, f"{setting}.{key}")
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _leaves(item, f"{setting}.{number}")
    elif isinstance(value, str):
        yield setting, value


def _last_key(setting: str) -> str:
    """The last part of a dotted path that is not a position in a list."""
    return next(word for word in reversed(setting.split(".")) if not word.isdigit())


def _exists(path: Path) -> bool:
    try:
        return path.is_file() or path.is_dir()
    except (OSError, ValueError):
        return False


def extra_files(loaded: LoadedRecipe) -> tuple[ExtraFile, ...]:
    """The files and folders of this machine that a recipe names, without its pictures; each once."""
    pictures = {*loaded.recipe.renderer.pictures().values()}
    extras: dict[str, ExtraFile] = {}
    for setting, text in _leaves(loaded.parameters.get("renderer", {}), "renderer"):
        key = _last_key(setting)
        if not text or text in pictures or key == "kind" or "://" in text:
            continue
        path = file_of(text, loaded.images.base)
        looks_like_one = key in _FILES or "/" in text or os.sep in text or text.startswith("~")
        if looks_like_one and _exists(path):
            extras.setdefault(text, ExtraFile(setting, text, path))
    return tuple(extras.values())


def is_whole(name: str) -> bool:
    """Whether a name leads somewhere from any folder."""
    return os.path.isabs(name) or name.startswith("~")


def bundle_path(extra: ExtraFile, number: int, folder: str) -> str:
    """The path of a file or folder in the bundle.

    Args:
        extra: the file or folder.
        number: makes the names in `inputs/` unique.
        folder: of the recipe in the bundle.
    """
    name = extra.named
    if is_whole(name):
        return f"inputs/file-{number}-{extra.path.name}"
    return posixpath.normpath(posixpath.join(folder, Path(name).as_posix()))


def read_extra_files(extras: tuple[ExtraFile, ...], folder: str) -> tuple[dict[str, bytes], dict[str, str]]:
    """The contents of files and folders.

    Args:
        extras: files and folders that the recipe names.
        folder: of the recipe in the bundle.

    Returns:
        (path in the bundle -> content, absolute path as the recipe names it -> path in the bundle).

    Raises:
        InputError: they are too large, or cannot be read.
    """
    files: dict[str, bytes] = {}
    moved: dict[str, str] = {}
    total = 0
    for number, extra in enumerate(extras, 1):
        target = bundle_path(extra, number, folder)
        if target.startswith("inputs/"):
            moved[extra.named] = target
        for below, path in extra.files():
            try:
                total += path.stat().st_size
                if total > MAX_BYTES or len(files) >= MAX_FILES:
                    raise InputError(
                        f"{extra.setting}: {extra.named} is too large to upload ({MAX_BYTES // 10**6} MB and "
                        f"{MAX_FILES:,} files at most); reduce it, or run on a machine that has it"
                    )
                files[f"{target}/{below}" if below else target] = path.read_bytes()
            except OSError as error:
                raise InputError(
                    f"{extra.setting}: {path.name} cannot be read ({error.strerror or error}); check its permissions"
                ) from error
    return files, moved
