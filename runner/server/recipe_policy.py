"""What a recipe from a browser may not ask for: (data, what its file asks for already) -> problems.

A recipe's file may read any picture and publish anywhere, since the user has chosen to run it. A text that
arrives over the network may name pictures that were uploaded, that ship with the program, that lie below
the recipe's own folder, or that the public internet has; everything else must be in the recipe's own file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from orbifolio.runner.named_files import file_of
from orbifolio.runner.recipe.marks import Route, Source

_FREE_TEXTS = ("title", "about", "quality")
"""Words for people, at the top of a recipe: they name nothing."""
_SCHEMES = ("https",)


@dataclass(frozen=True)
class Violation:
    """Something that a recipe from a browser may not hold: where, and why not."""

    route: Route
    message: str


def find_violations(source: Source, allowed: Source | None, folder: Path) -> list[Violation]:
    """Everything that a recipe asks for and may not.

    Args:
        source: the text as it came, parsed.
        allowed: the recipe's own file, or None.
        folder: that relative paths start from.
    """
    permitted = {text for _, text in _texts(allowed.data)} if allowed is not None else set()
    publish = source.data.get("publish")
    violations: list[Violation] = []
    if publish is not None and (allowed is None or allowed.data.get("publish") != publish):
        message = "where pictures are published is set when the server is started (--publish); leave it out here"
        violations.append(Violation(("publish",), message))
    for route, text in _texts(source.data):
        if text in permitted or (len(route) == 1 and route[0] in _FREE_TEXTS) or route[:1] == ("publish",):
            continue
        why = _why_not(text, folder)
        if why:
            violations.append(Violation(route, f"{text[:80]!r} {why}"))
    return violations


def _texts(value: Any, route: Route = ()) -> Iterator[tuple[Route, str]]:
    """Every text of nested data, keys too, since a quality's keys are paths of the recipe only."""
    if isinstance(value, str):
        yield route, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, (*route, str(key)))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _texts(item, (*route, number))


def _why_not(text: str, folder: Path) -> str:
    """Why a text is refused in a recipe that came over the network, "" if it is allowed."""
    cure = "upload the picture instead"
    scheme, mark, _ = text.partition("://")
    if mark and scheme.isalnum():
        return "" if scheme.lower() in _SCHEMES else f"is not fetched from here; only https:// is; {cure}"
    if "\0" in text:
        return "holds a zero byte; no name does; remove it"
    parts = PurePosixPath(text).parts + PureWindowsPath(text).parts
    if text.startswith(("/", "\\", "~")) or PureWindowsPath(text).drive and len(text.partition(":")[0]) == 1:
        return f"is a path on this machine; only files below the recipe's folder are read; {cure}"
    if ".." in parts:
        return f"leads out of the recipe's folder; only files below it are read; {cure}"
    try:
        target = file_of(text, folder)  # as it will be looked for, in either spelling of its letters
        if len(text) < 1000 and target.exists() and not target.resolve().is_relative_to(folder.resolve()):
            return f"is a link that leads out of the recipe's folder; {cure}"
    except (OSError, ValueError):
        pass
    return ""
