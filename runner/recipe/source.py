"""A recipe's text -> `Source`: plain data with the position of every key and value.

`read(path)` and `parse(text)` never raise: what is wrong is among the source's problems, and a text
that is not a recipe at all makes a *fatal* source, without data.

The language is YAML 1.2's core schema (see `scalars.py`) with bounds on size, depth and the number
of values (see `composition.py`); keys that begin with `x-` are for anchors and notes, and are dropped.
"""

from __future__ import annotations

import difflib
from pathlib import Path

from orbifolio.runner.errors import Problem
from orbifolio.runner.recipe.composition import read_mapping
from orbifolio.runner.recipe.marks import Mark, Marks, Route, Source, Text, dotted, mark_at, split_lines

__all__ = ["MAX_FILE_SIZE", "Mark", "Marks", "Route", "Source", "Text", "dotted", "parse", "read"]

MAX_FILE_SIZE = 1_000_000
"""Bytes. The longest shipped recipe has 2.4 kB; a larger file is a picture or a log, given by mistake."""


def read(path: Path, *, name: str | None = None) -> Source:
    """Read a recipe's file.

    Args:
        path: of the YAML file.
        name: what to call it in errors; by default the path as given.

    Returns:
        The source; a file that is missing or not a recipe gives a fatal source with one problem.
    """
    name = str(path) if name is None else name
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_FILE_SIZE + 1)
    except (OSError, ValueError) as error:
        return _unread(name, _why_unread(path, error))
    return parse(content, file=name)


def parse(content: bytes | str, *, file: str = "recipe") -> Source:
    """Read a recipe's text.

    Args:
        content: bytes in UTF-8 (with or without a byte order mark), or text.
        file: what to call it in errors.

    Returns:
        The source, never raising for any content.
    """
    size = len(content)
    if size > MAX_FILE_SIZE:
        message = (
            f"the file has more than {MAX_FILE_SIZE:,} bytes; a recipe has a few thousand; is this the right file?"
        )
        return _unread(file, message)
    if isinstance(content, bytes):
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            return _not_utf8(file, content, error)
    else:
        text = content.removeprefix("\ufeff")
    return read_mapping(Text(file, split_lines(text)), text)


def _unread(file: str, message: str) -> Source:
    problem = Problem(message, file=file)
    return Source({}, {(): Marks(None, Mark())}, (Text(file, ()),), ((Mark(), (), problem),), fatal=True)


def _why_unread(path: Path, error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        try:
            names = sorted(entry.name for entry in path.parent.iterdir())
        except OSError:
            return "no such file; its folder does not exist either; check the path"
        close = difflib.get_close_matches(path.name, [n for n in names if n.endswith((".yaml", ".yml"))], 1)
        cure = f"did you mean {str(path.parent / close[0])!r}?" if close else "check the path"
        return f"no such file; a recipe is a YAML file; {cure}"
    if isinstance(error, IsADirectoryError):
        return "is a folder; a recipe is one YAML file; name a file in it"
    if isinstance(error, PermissionError):
        return "permission denied; this user must be able to read the file; change its permissions"
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"cannot be read: {reason}; a recipe is a YAML file"


def _not_utf8(file: str, content: bytes, error: UnicodeDecodeError) -> Source:
    before = content[: error.start].decode("utf-8-sig", errors="replace")
    text = content.decode("utf-8-sig", errors="replace")
    mark = mark_at(before, len(before))
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        what = "the file is UTF-16"
    elif b"\0" in content:
        what = f"the file is not text (byte {error.start} is 0x{content[error.start]:02x})"
    else:
        what = f"byte {error.start} (0x{content[error.start]:02x}) is not UTF-8"
    origin = Text(file, split_lines(text))
    problem = origin.problem(mark, f"{what}; a recipe is text in UTF-8; save it again in that encoding")
    return Source({}, {(): Marks(None, Mark())}, (origin,), ((mark, (), problem),), fatal=True)
