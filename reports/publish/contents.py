"""What of a gallery is published: its folder -> (runs with their files, files beside them).

Left out are hidden files (`.report`, `.orbifolio.lock`, `.*.tmp`), `*.part`, `checkpoint` folders, linked
folders and links that lead out of the gallery: who publishes a folder does not mean what lies elsewhere.

A run may go on while it is published. Its pages are therefore read first and kept, outermost first, and its
other files are listed last: whatever a page that was read links to was there before it, so it is found.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orbifolio.reports.publish import serving
from orbifolio.runner.errors import PublishError

_CHECKPOINT = "checkpoint"


@dataclass(frozen=True)
class Contents:
    """Files of a folder as of a moment.

    Attributes:
        folder: where they lie.
        pages: what links to other files, by its path, with its content.
        files: paths of all other files.
    """

    folder: Path
    pages: Mapping[str, bytes]
    files: tuple[str, ...]


def _walk(folder: Path, gallery: Path, within: str = "", skip: Collection[str] = ()) -> Iterator[str]:
    """Relative paths of all files that may be published, by name; without what lies in the folders to skip."""
    try:
        entries = sorted(os.scandir(folder / within), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name.endswith(".part") or not _utf8(entry.name):
            continue
        path = f"{within}/{entry.name}" if within else entry.name
        if entry.is_dir(follow_symlinks=False):
            if entry.name != _CHECKPOINT and path not in skip:
                yield from _walk(folder, gallery, path, skip)
        elif entry.is_file() and (not entry.is_symlink() or Path(entry.path).resolve().is_relative_to(gallery)):
            yield path


def _utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # bytes that are no UTF-8: no address can say them
        return False
    return True


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise PublishError(
            f"{path}: cannot be read ({error.strerror or error}); what is published must be readable; "
            "mend its permissions, or move it out of the gallery"
        ) from error


def read(path: Path) -> bytes:
    """A file's content.

    Raises:
        FileNotFoundError: it is gone.
        PublishError: it cannot be read.
    """
    with _readable(path):
        return path.read_bytes()


def digest(path: Path) -> tuple[str, int]:
    """SHA-256 and length of a file.

    Raises:
        FileNotFoundError: it is gone.
        PublishError: it cannot be read.
    """
    with _readable(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), file.tell()


def snapshot(folder: Path, gallery: Path) -> Contents:
    """The files of a run, of which it may be writing more at this moment."""
    pages: dict[str, bytes] = {}
    gone: set[str] = set()
    while True:
        found = list(_walk(folder, gallery.resolve()))
        new = [path for path in found if serving.links(path) and path not in pages and path not in gone]
        if not new:
            return Contents(folder, pages, tuple(path for path in found if not serving.links(path)))
        for path in sorted(new, key=lambda path: (path.count("/"), path)):
            try:
                pages[path] = read(folder / path)
            except FileNotFoundError:
                gone.add(path)


def beside(gallery: Path, runs: Sequence[Path]) -> Contents:
    """The files of a gallery that belong to no run: its assets and whatever its owner has put there."""
    own = {folder.relative_to(gallery).as_posix() for folder in runs}
    return Contents(gallery, {}, tuple(_walk(gallery, gallery.resolve(), skip=own)))
