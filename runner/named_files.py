"""Files that a recipe names: the name as it is written -> where the file is.

A name in a recipe is relative to the recipe's folder, a name typed on the command line to the working folder; `~` is
the home folder. Both spellings of an accented letter find a file, é as one character or as e with an accent: macOS
and archives from there write the second, keyboards the first.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import ValidationInfo, ValidatorFunctionWrapHandler, WrapValidator

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # of two letters at least: one is a drive of Windows


class TypedName(str):
    """A text of the command line, with the folder in which it was typed."""

    folder: Path = Path()


class NamedFile(str):
    """A name as the recipe writes it, with the folder that it is relative to.

    Attributes:
        folder: that relative names start from.
        given: files for the recipe's uploads, by the upload's name.
    """

    folder: Path = Path()
    given: Mapping[str, Path] = {}


def file_of(name: str, folder: Path | None = None) -> Path:
    """Where a named file is, or would be.

    Args:
        name: relative to the folder that it knows, if it is a `NamedFile`.
        folder: for other names; by default the working folder.
    """
    base = name.folder if folder is None and isinstance(name, NamedFile) else folder or Path()
    return as_spelt(base / _expanded(name))


def as_spelt(path: Path) -> Path:
    """The path that is there and differs at most in how accented letters are spelt; else the path itself."""
    try:
        if path.exists() or path == path.parent:
            return path
        parent = as_spelt(path.parent)
        wanted = unicodedata.normalize("NFC", path.name)
        same = [entry for entry in parent.iterdir() if unicodedata.normalize("NFC", entry.name) == wanted]
    except (OSError, ValueError):  # too long, not allowed, no folder: as good as missing
        return path
    return same[0] if same else path


def _expanded(name: str) -> Path:
    """With `~` written out, where there is a home."""
    try:
        return Path(name).expanduser()
    except RuntimeError:
        return Path(name)


def _from_recipe(name: TypedName, folder: Path) -> str:
    """A typed name as the recipe would write it; what is no file in the working folder stays as it is."""
    if _SCHEME.match(name) or not name:
        return str(name)
    path = file_of(name, name.folder)
    try:
        if not path.exists():
            return str(name)
    except (OSError, ValueError):
        return str(name)
    whole, base = path.resolve(), folder.resolve()
    return whole.relative_to(base).as_posix() if whole.is_relative_to(base) else str(whole)


def _located(value: Any, check: ValidatorFunctionWrapHandler, info: ValidationInfo) -> NamedFile:
    context: Mapping[str, Any] = info.context or {}
    folder = Path(context.get("folder", "."))
    text = check(value)
    named = NamedFile(_from_recipe(value, folder) if isinstance(value, TypedName) else text)
    named.folder = value.folder if isinstance(value, NamedFile) else folder
    named.given = value.given if isinstance(value, NamedFile) else context.get("given", {})
    return named


def _found(value: Any, check: ValidatorFunctionWrapHandler, info: ValidationInfo) -> NamedFile:
    named = _located(value, check, info)
    if info.context is not None and not file_of(named).is_file():
        where = "paths in a recipe are relative to it, on the command line to the working folder"
        raise ValueError(f"no such file: {str(named)!r}; {where}; check the path")
    return named


FileName = Annotated[str, WrapValidator(_located)]
"""The type of a field that names a file or folder, or something else by a name of its own: `orbifolio:oil`."""
ExistingFile = Annotated[str, WrapValidator(_found)]
"""The type of a field that names a file alone: one that is missing is a fault of the recipe."""
