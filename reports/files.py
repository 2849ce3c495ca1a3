"""A report's files: written only when their content changes, so that their times tell when it did."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from orbifolio.runner.errors import PathTaken
from orbifolio.runner.files import read_regular, write_atomically


def write_bytes(path: Path, content: bytes, *, durable: bool = False) -> bool:
    """Write a file atomically, unless it already holds this content.

    Args:
        path: its folder is made if missing.
        durable: whether it must outlast a power cut. Pages and thumbnails are made again from the log and the
            frames, and syncing each made the first build of a gallery of 40 runs 1.3 to 1.9 times as slow.

    Returns:
        Whether the file was written.
    """
    with contextlib.suppress(OSError):
        if path.stat().st_size == len(content) and read_regular(path) == content:
            return False
    write_atomically(path, content, durable=durable)
    return True


class Obstacles:
    """What lies in the way of files, gathered while all others are written."""

    def __init__(self) -> None:
        self._faults: dict[str, str] = {}

    @contextlib.contextmanager
    def gather(self) -> Iterator[None]:
        """Go on after the block if something lies in the way of what it writes."""
        try:
            yield
        except PathTaken as error:
            self._faults |= error.faults

    def note(self, faults: Mapping[str, str]) -> None:
        """Add what was found to be in the way: paths, each with "what; cure"."""
        self._faults |= faults

    def tell(self) -> None:
        """Raise what was gathered.

        Raises:
            PathTaken: names all of it.
        """
        if self._faults:
            raise PathTaken(self._faults)


def visible_folders(folder: Path) -> list[Path]:
    """Visible folders inside a folder, by name; none if it is not there."""
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith(".") and path.is_dir())
    except OSError:
        return []


def write_text(path: Path, content: str) -> bool:
    """Write UTF-8 text atomically, unless the file already holds it; lone surrogates become `?`."""
    return write_bytes(path, content.encode("utf-8", errors="replace"))


def data_script(function: str, data: object) -> str:
    r"""A classic script that passes data to a function of the page: from a disk, a page may load scripts but no data.

    >>> data_script("runs", ["</script>"])
    'orbifolio.runs(["\\u003c/script>"]);\n'
    """
    text = json.dumps(data, separators=(",", ":"), sort_keys=True)
    return f"orbifolio.{function}({text});\n".replace("<", "\\u003c")  # safe inside HTML too


_DATA_SCRIPT = re.compile(rb"orbifolio\.[a-z]+\((.*)\);\n", re.DOTALL)


def is_data_script(content: bytes) -> bool:
    r"""Whether a script only passes data, as `data_script` writes it: it can do nothing else, whoever wrote it.

    >>> is_data_script(data_script("runs", [1, None]).encode()), is_data_script(b"orbifolio.runs(alert(1));\n")
    (True, False)
    """
    match = _DATA_SCRIPT.fullmatch(content)
    try:
        json.loads(match[1] if match else b"")
    except (ValueError, RecursionError):
        return False
    return True
