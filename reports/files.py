"""Writing files so that a reader never sees half of one: beside, then renamed over.

Two processes may write the same file: each has its own temporary name, and the later rename wins whole.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path


def write_bytes(path: Path, content: bytes) -> bool:
    """Write a file atomically, unless it already holds this content.

    Args:
        path: its folder is made if missing.
        content: the whole file.

    Returns:
        Whether the file was written.
    """
    with contextlib.suppress(OSError):
        if path.stat().st_size == len(content) and path.read_bytes() == content:
            return False
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.tmp")
    try:
        with beside.open("xb") as file:
            file.write(content)
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return True


def visible_folders(folder: Path) -> list[Path]:
    """Visible folders inside a folder, by name; none if it is not there."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith(".") and path.is_dir())
    except OSError:
        return []


def write_text(path: Path, content: str) -> bool:
    """Write UTF-8 text atomically, unless the file already holds it; lone surrogates become `?`."""
    return write_bytes(path, content.encode("utf-8", errors="replace"))
