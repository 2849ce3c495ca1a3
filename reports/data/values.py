"""Reading JSON values that may be missing, of another type, or from another version.

Every function is (any JSON value) -> the wanted type, never an exception: a report of an old, torn or
hand-edited `run.json` shows what there is and leaves out the rest.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from orbifolio.runner.files import read_regular


def as_text(value: object, default: str = "") -> str:
    """A string; numbers are spelled out, anything else gives the default.

    >>> as_text(3), as_text(None), as_text("p6")
    ('3', '', 'p6')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return default


def as_number(value: object) -> float | None:
    """A finite or infinite float (NaN included, as a diverged loss is news), or None.

    >>> as_number("0.5"), as_number(True), as_number([])
    (0.5, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def as_finite(value: object) -> float | None:
    """A finite float, or None."""
    parsed = as_number(value)
    return parsed if parsed is not None and math.isfinite(parsed) else None


def as_int(value: object) -> int | None:
    """An integer, or None.

    >>> as_int(3.0), as_int("x")
    (3, None)
    """
    parsed = as_finite(value)
    return None if parsed is None else int(parsed)


def as_mapping(value: object) -> Mapping[str, Any]:
    """A mapping, empty if the value is none."""
    return value if isinstance(value, Mapping) else {}


def as_tuple(value: object) -> tuple[Any, ...]:
    """A tuple of a JSON list, empty if the value is none."""
    return tuple(value) if isinstance(value, list | tuple) else ()


def as_texts(value: object) -> tuple[str, ...]:
    """The non-empty strings of a list; a bare string is a list of one."""
    if isinstance(value, str):
        return (value,) if value else ()
    return tuple(word for word in (as_text(item) for item in as_tuple(value)) if word)


def as_numbers(value: object) -> dict[str, float]:
    """Named numbers, in their order; entries that are not numbers are left out."""
    parsed = {str(name): as_number(item) for name, item in as_mapping(value).items()}
    return {name: item for name, item in parsed.items() if item is not None}


def inner_path(value: object) -> str:
    """A path that stays inside the run's folder, in POSIX spelling, or "".

    A `run.json` from a stranger could otherwise make the report read or write elsewhere.

    >>> inner_path("phases/1-128px"), inner_path("../../etc"), inner_path("/etc"), inner_path("a/./b")
    ('phases/1-128px', '', '', 'a/b')
    """
    spelled = as_text(value)
    if not spelled or "\\" in spelled or "\0" in spelled or ":" in spelled:
        return ""
    path = PurePosixPath(spelled)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        return ""
    return str(path)


def folder_name(value: object) -> str:
    """The name of one visible folder, as its file system allows it, or "".

    >>> folder_name("a: 100%?"), folder_name("a/b"), folder_name(".."), folder_name(".hidden")
    ('a: 100%?', '', '', '')
    """
    name = as_text(value)
    if not name or name.startswith(".") or "/" in name or "\0" in name:
        return ""
    return inner_path(name) if os.name == "nt" else name  # there, a colon or a backslash leads elsewhere


def parse_json(text: str | bytes) -> Mapping[str, Any]:
    """The mapping in a JSON text; empty if the text is torn or holds something else."""
    try:
        return as_mapping(json.loads(text))
    except (ValueError, RecursionError):
        return {}


def read_json(path: Path) -> Mapping[str, Any]:
    """The mapping in a JSON file; empty if the file is missing, torn, no regular file or holds something else."""
    try:
        return parse_json(read_regular(path).decode("utf-8", errors="replace"))
    except OSError:
        return {}
