"""Which files of a gallery are published: folder -> its files as of a moment.

Left out are hidden files (`.report`, `.orbifolio.lock`, `.*.part`), `*.part`, `checkpoint` folders, a reader's own
`notes.json`, linked folders and links that lead out of the gallery: publishing a folder does not mean publishing what
lies elsewhere. What lies in a run's folder and is nothing that a run makes stays at home, too: whoever puts a draft or
a key beside a picture does not mean to publish it. Beside the runs everything is the gallery's owner's, and goes along.

A run may be running while it is published. So its pages are read into memory first, outermost first, and its other
files are listed last: whatever a page links to was written before the page, so the list holds it.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orbifolio.reports.data.notes import NOTES_NAME
from orbifolio.reports.publish.serving import may_link
from orbifolio.runner.errors import PublishError

_CHECKPOINT = "checkpoint"
_MADE = frozenset(
    "again animation.avif animation.mp4 animation.webp card.json compare.js events.jsonl extras final.png index.html "
    "inputs live.js phases recipe.yaml run.json stages system thumbs".split()
)
"""What runs and their reports make, at the top of a run's folder."""


class UnreadableFile(PublishError):
    """A file of the gallery cannot be read."""


@dataclass(frozen=True)
class Snapshot:
    """Files of a folder as of a moment; paths are relative to it.

    Attributes:
        folder: of a run, or the gallery.
        pages: contents of the files that link to others, by path.
        files: paths of all other files.
        strangers: files and folders at the top of a run's folder that no run makes, which are left out.
    """

    folder: Path
    pages: Mapping[str, bytes]
    files: tuple[str, ...]
    strangers: tuple[str, ...] = ()


def _walk(folder: Path, gallery: Path, within: str = "", skip: Collection[str] = ()) -> Iterator[str]:
    """Relative paths of all files that may be published, sorted, without those in the folders to skip."""
    try:
        entries = sorted(os.scandir(folder / within), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.name.endswith(".part") or not _utf8(entry.name):
            continue
        path = f"{within}/{entry.name}" if within else entry.name
        if path == NOTES_NAME:
            continue
        if entry.is_dir(follow_symlinks=False):
            if entry.name != _CHECKPOINT and path not in skip:
                yield from _walk(folder, gallery, path, skip)
        elif entry.is_file() and (not entry.is_symlink() or Path(entry.path).resolve().is_relative_to(gallery)):
            yield path


def _utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:  # not UTF-8, so no address can name it
        return False
    return True


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UnreadableFile(
            f"{path}: cannot be read ({error.strerror or error}); correct its permissions, or move it elsewhere"
        ) from error


def read_file(path: Path) -> bytes:
    """A file's content.

    Raises:
        FileNotFoundError: the file is gone.
        UnreadableFile: the file cannot be read.
    """
    with _readable(path):
        return path.read_bytes()


def file_digest(path: Path) -> tuple[str, int]:
    """SHA-256 and length of a file.

    Raises:
        FileNotFoundError: the file is gone.
        UnreadableFile: the file cannot be read.
    """
    with _readable(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), file.tell()


def snapshot(folder: Path, gallery: Path) -> Snapshot:
    """The files of a run, which may be writing more of them at this moment."""
    pages: dict[str, bytes] = {}
    gone: set[str] = set()
    while True:
        every = list(_walk(folder, gallery.resolve()))
        paths = [path for path in every if path.partition("/")[0] in _MADE]
        new = [path for path in paths if may_link(path) and path not in pages and path not in gone]
        if not new:
            strangers = dict.fromkeys(path.partition("/")[0] for path in every)
            return Snapshot(
                folder,
                pages,
                tuple(path for path in paths if not may_link(path)),
                tuple(name for name in strangers if name not in _MADE),
            )
        for path in sorted(new, key=lambda path: (path.count("/"), path)):
            try:
                pages[path] = read_file(folder / path)
            except FileNotFoundError:
                gone.add(path)


def files_beside_runs(gallery: Path, runs: Sequence[Path]) -> Snapshot:
    """The files of a gallery that belong to no run: its assets, and whatever its owner has put there."""
    own = {folder.relative_to(gallery).as_posix() for folder in runs}
    return Snapshot(gallery, {}, tuple(_walk(gallery, gallery.resolve(), skip=own)))
